/* Human text: UTF-8, code points, normal forms (utf8proc). */
#ifndef YETT_BASE_TEXT_H
#define YETT_BASE_TEXT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/rc.h"

#define EMAIL_MAX (320 * 4) /* bytes of an address of 320 code points */
#define USERNAME_MAX (150 * 4)
#define ROLE_NAME_MAX (255 * 4)

/* Whether the bytes are valid UTF-8 (no surrogates, no over-long forms, nothing past U+10FFFF). */
bool text_is_utf8(struct span text);

/* Takes the first code point off the text, which may not be empty. A byte that begins no valid
 * UTF-8 sequence gives -1, and that one byte is taken. */
int32_t text_next(struct span *text);

/* The number of code points; the text must be valid UTF-8. */
size_t text_length(struct span text);

/* Whether there is a control character (C0, DEL, C1) in it. */
bool text_has_control(struct span text);

/* Whether there is white space (any Unicode space or separator) or a control character in it. */
bool text_has_space(struct span text);

/* An address in the form it is stored and compared in: trimmed, NFKC, lower case; then checked:
 * 3..320 code points, one '@', something before it, a dotted name after it (labels not empty, at
 * least two), no white space or control character, nothing invisible (format characters and what
 * else Unicode ignores by default) and no ideographic full stop, which IDNA takes for a dot. RC_NO
 * when it is none, RC_UNAVAILABLE when the arena is full. The result lives in the arena. */
enum rc text_email(struct arena *, struct span given, struct span *stored) RC_MUST;

/* A user name: trimmed, NFKC, lower case; 1..150 code points, no white space or control. */
enum rc text_username(struct arena *, struct span given, struct span *stored) RC_MUST;

/* A role name: NFKC, trimmed, lower case; 1..255, no white space, comma or control character. */
enum rc text_role(struct arena *, struct span given, struct span *stored) RC_MUST;

/* Whether the text is a UUID in its canonical lower-case form of 36 characters. */
bool text_is_uuid(struct span text);

#endif
