/* A mail as bytes: RFC 5322, 2045 to 2047, 6532. */
#ifndef YETT_MAIL_MESSAGE_H
#define YETT_MAIL_MESSAGE_H

#include <stdint.h>

#include "base/buf.h"

#define MESSAGE_MAX (512 * 1024)

struct message {
	struct span from;    /* "Name <address>" or an address, as in mail.from */
	struct span to;      /* an address as accounts have it (UTF-8) */
	struct span subject; /* UTF-8; line ends and other control characters become spaces */
	struct span text;    /* UTF-8, LF line ends */
	struct span html;    /* the same content */
	struct span id;      /* left side of the Message-ID: the same for every try */
	int64_t written_at;  /* wall time, for Date */
};

/* Appends the message with CRLF line ends: From, To, Subject, Date, Message-ID, MIME-Version,
 * Auto-Submitted: auto-generated, multipart/alternative of text and HTML, lines of at most 76
 * characters where encoded and never over 998. No value can add a header, a recipient or a part.
 * RC_NO when "to" cannot stand in a message; RC_UNAVAILABLE when the buffer is too small. */
enum rc message_put(struct buf *, const struct message *) RC_MUST;

/* Whether sending to that address takes SMTPUTF8 (RFC 6531): it is not all ASCII. */
bool message_is_international(struct span to);

/* The address in "Name <address>" or of an address alone. */
struct span message_address(struct span mailbox);

#endif
