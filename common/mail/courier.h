/* Ways in which a message leaves. Adding one is a file of its own and a line in courier.c. */
#ifndef YETT_MAIL_COURIER_H
#define YETT_MAIL_COURIER_H

#include <stdio.h>

#include "base/config.h"

#define COURIER_REASON_SIZE 201

struct envelope {
	struct span from; /* bare address */
	struct span to;   /* bare address */
	struct span id;   /* names the message: the file that "directory" writes */
	FILE *dialogue;   /* where what was said to the server is shown, without secrets; or NULL */
};

/* Hands the message over. RC_OK: it was taken. RC_UNAVAILABLE: not now, try again (reason says
 * why). RC_NO: refused for good. RC_INTERNAL: it is set up wrongly; trying again helps once that
 * is mended. "reason" is one line of text for the operator, without secrets and control
 * characters; with RC_OK, what was answered (the server's last reply, the file's name). */
typedef enum rc courier_send_fn(const struct config *, const struct envelope *, struct span message,
    char reason[COURIER_REASON_SIZE]);

struct courier {
	const char *name;
	courier_send_fn *send;
};

extern const struct courier courier_sendmail, courier_smtp, courier_command, courier_directory,
    courier_none;

/* The one that mail.transport names. */
const struct courier *courier_of(const struct config *);

#endif
