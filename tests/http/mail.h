/* Mails that a site has sent, as mail.transport = directory leaves them. */
#ifndef YETT_TESTS_HTTP_MAIL_H
#define YETT_TESTS_HTTP_MAIL_H

#include "http/site.h"

#define MAIL_MAX 32
#define MAIL_PATIENCE 30.0 /* seconds for a mail to be tried, or to come */

struct mail {
	const char *subject; /* as it stands in its header */
	const char *text;    /* the whole message, soft line breaks and =XX undone */
	const char *raw;
};

/* The mails to that address, oldest first; how many there are. */
size_t mail_to(const struct site *, const char *address, struct mail mails[MAIL_MAX]);

/* Waits until that many have come to the address, and fails when they do not or more do; the newest
 * of them. */
struct mail mail_wait(const struct site *, const char *address, size_t count);

/* The token of the link in it, which must be the page of that name ("verify"). */
const char *mail_token(const struct site *, const struct mail *, const char *page);

/* What stands in the outbox: rows that wait, of that address. */
size_t mail_waiting(const struct site *, const char *address);

/* A real mail server (tests/mail/smtp_server.py) on a port of 127.0.0.1; the mails that it takes
 * are those that mail_to finds. */
struct relay {
	pid_t pid;
	int port;
	int in; /* ends it when closed */
};

/* Starts one that behaves as the options say (separated by '|', see there), before the site is
 * ("site" is NULL) or for it; port 0 is a free one. */
struct relay relay_start(const struct site *, int port, const char *options);
/* Gives a site the mails of the server that was started before it. */
void relay_serve(const struct site *);
void relay_stop(struct relay *);
/* Waits until the newest server hangs as it was told to; lets it go on. */
void relay_wait_for_hang(void);
void relay_let_go(void);

#endif
