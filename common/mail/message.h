/* A mail as bytes: RFC 5322, 2045 to 2047, 6532. */
#ifndef YETT_MAIL_MESSAGE_H
#define YETT_MAIL_MESSAGE_H

#include <stdint.h>

#include "base/buf.h"

#define MESSAGE_MAX (768 * 1024)
#define MESSAGE_ID_MAX 64

struct message {
	struct span from;    /* "Name <address>" or an address, as in mail.from */
	struct span to;      /* an address as accounts have it (UTF-8) */
	struct span subject; /* UTF-8 */
	struct span text;    /* UTF-8, LF line ends */
	struct span html;    /* the same content */
	struct span id;      /* left side of the Message-ID: the same for every try */
	int64_t written_at;  /* wall time, for Date */
};

/* Appends the message with CRLF line ends: From, To, Subject, Date, Message-ID, MIME-Version,
 * Auto-Submitted: auto-generated, multipart/alternative of text and HTML, lines of at most 76
 * characters where encoded and never over 998. No value can add a header, a recipient or a part:
 * in the sender's name and the subject, line ends and other control characters become spaces, bytes
 * that are not UTF-8 become U+FFFD, and spaces around them go.
 *
 * RC_NO when "to" cannot stand in a message (see mailbox_put); RC_INTERNAL when the sender's
 * address cannot or is not ASCII, "id" is none or the time is outside of 1970 to 9999;
 * RC_UNAVAILABLE when the buffer is too small. Whatever was appended is then useless. */
enum rc message_put(struct buf *, const struct message *) RC_MUST;

/* Whether it is 1 to MESSAGE_ID_MAX letters, digits and '-': safe in a header and as a file's name.
 */
bool message_id_is_valid(struct span id);

/* Whether sending to that address takes SMTPUTF8 (RFC 6531): it is not all ASCII. */
bool message_is_international(struct span to);

/* The address in "Name <address>" or of an address alone. */
struct span message_address(struct span mailbox);

#endif
