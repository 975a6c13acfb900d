/* The kinds of mail; the rows are in mail.def. */
#ifndef YETT_BASE_MAIL_H
#define YETT_BASE_MAIL_H

#include <stdbool.h>

#include "base/span.h"

enum mail_kind {
#define MAIL(name, kind, share, link, words) MAIL_KIND_##name,
#include "base/mail.def"
#undef MAIL
	MAIL_KINDS
};

enum mail_share { MAIL_LIMITED, MAIL_WARNING, MAIL_NOTICE };
enum mail_link { LINK_NONE, LINK_VERIFY, LINK_RESET };

struct mail_row {
	const char *kind;
	enum mail_share share;
	enum mail_link link;
};

/* By enum mail_kind. */
extern const struct mail_row mail_rows[MAIL_KINDS];

/* The kind of that name; MAIL_KINDS when there is none. */
enum mail_kind mail_kind_of(struct span name);

#endif
