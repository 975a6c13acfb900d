/* Lines of an INI file, with their numbers. Reading and editing a yett.conf share it. */
#ifndef YETT_BASE_INI_H
#define YETT_BASE_INI_H

#include "base/rc.h"
#include "base/span.h"

enum ini_kind {
	INI_BLANK,   /* empty or a comment (';' or '#') */
	INI_SECTION, /* [name] or [name argument] */
	INI_SETTING, /* key = value; a comment does not begin inside a value */
	INI_BROKEN   /* anything else; "value" says what is wrong with it */
};

struct ini_line {
	enum ini_kind kind;
	size_t number;     /* from 1 */
	struct span whole; /* with its line end */
	struct span name;  /* of a section, or the key */
	struct span value; /* a section's argument, a setting's value, trimmed */
};

/* Takes the next line off *rest; RC_NO at the end. Refused as INI_BROKEN: over CONFIG_LINE_MAX
 * bytes, control characters other than tab, invalid UTF-8, an indented setting, missing '=' or
 * ']', text after ']', an empty key or section name. CRLF ends are taken as LF. */
enum rc ini_next(struct span *rest, size_t *number, struct ini_line *line) RC_MUST;

#endif
