/* What a client and a server of SMTP say to each other (RFC 5321, 4954): where they are, what was
 * answered, what that means, and what of it may be shown. */
#ifndef YETT_MAIL_DIALOGUE_H
#define YETT_MAIL_DIALOGUE_H

#include "mail/courier.h"

enum dialogue_stage {
	DIALOGUE_CONNECT,
	DIALOGUE_HELLO,
	DIALOGUE_TLS,
	DIALOGUE_LOGIN,
	DIALOGUE_MAIL,
	DIALOGUE_RCPT,
	DIALOGUE_DATA, /* the message is part of it */
	DIALOGUE_STAGES
};

/* Zeroed at the start, but for "shown". */
struct dialogue {
	FILE *shown; /* gets every line, without secrets and control characters; or NULL */
	enum dialogue_stage stage;
	int code;                        /* of the last reply of this stage; 0: none yet */
	bool more;                       /* a reply of several lines goes on */
	bool secret;                     /* what the client says belongs to a login */
	bool signed_in;                  /* the login was taken */
	bool international;              /* SMTPUTF8 was asked for (RFC 6531) */
	bool over;                       /* QUIT was said: what comes now changes nothing */
	char reply[COURIER_REASON_SIZE]; /* that reply, all of its lines as one */
};

/* A command of the client's, which begins with the data; with or without its line end. */
void dialogue_sent(struct dialogue *, struct span line);

/* A line of the server's. */
void dialogue_heard(struct dialogue *, struct span line);

/* Whether the stage has its reply, a good one. */
bool dialogue_is_good(const struct dialogue *);

/* What a dialogue that failed here says about the message. RC_NO: refused for good. RC_INTERNAL:
 * this client must sign in, or its login was refused. Else RC_UNAVAILABLE. */
enum rc dialogue_answer(const struct dialogue *);

/* "sender", "recipient" and so on: what the stage is about. */
const char *dialogue_about(const struct dialogue *);

#endif
