/* Text in the 7 bits that every mail server passes on: encoded words for headers (RFC 2047),
 * quoted-printable for bodies (RFC 2045 section 6.7). */
#ifndef YETT_MAIL_ENCODED_H
#define YETT_MAIL_ENCODED_H

#include "base/buf.h"

#define ENCODED_LINE_MAX 76

/* Appends valid UTF-8 as encoded words, folded; "column" is where the first begins in its line and
 * leaves room for one. No word holds part of a code point. */
void encoded_words(struct buf *, struct span text, size_t column);

/* Appends text with LF or CRLF line ends as quoted-printable with CRLF, without one at the end
 * unless the text has it. No line is ".", begins with a dot or with "From ", ends with white space,
 * or holds "=_", so a boundary with that in it stands in no body. */
void encoded_printable(struct buf *, struct span text);

#endif
