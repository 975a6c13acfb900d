/* Addresses as messages, envelopes and argument lists take them: RFC 5321 4.1.2, 5322 3.4.1, with
 * RFC 6531/6532 where they are not ASCII. */
#ifndef YETT_MAIL_MAILBOX_H
#define YETT_MAIL_MAILBOX_H

#include "base/buf.h"

#define MAILBOX_MAX 900 /* bytes of an address once it is quoted: one line holds it */

/* Appends the address of an account, its local part quoted where that is needed
 * ("a,b"@example.org), so that it is one address to every reader. What accounts have is taken by
 * the letter: quotes in it are characters of the name, and no two accounts come to share a mailbox.
 * RC_NO, and nothing appended, when there is no such address: not one '@', white space, control
 * characters, bad UTF-8, a domain that is neither a host's name nor an address literal, too long.
 */
enum rc mailbox_put(struct buf *, struct span address) RC_MUST;

/* Whether all of it is ASCII. */
bool mailbox_is_ascii(struct span address);

/* Whether the byte may stand in an atom (RFC 5322 3.2.3, 6532 3.2). */
bool mailbox_is_atext(char c);

/* Appends a quoted-string (RFC 5322 3.2.4) of what has no control characters. */
void mailbox_put_quoted(struct buf *, struct span text);

#endif
