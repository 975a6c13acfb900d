/* The server that mail.smtp_url names, and how to come to it. */
#ifndef YETT_MAIL_SMTP_SERVER_H
#define YETT_MAIL_SMTP_SERVER_H

#include <limits.h>

#include "base/secret.h"
#include "mail/courier.h"

#define SMTP_TEXT_SIZE 1024
#define SMTP_FILE_SIZE (PATH_MAX + SMTP_TEXT_SIZE)

struct smtp_server {
	char url[SMTP_TEXT_SIZE]; /* scheme, host and port alone */
	char user[SMTP_TEXT_SIZE];
	struct secret password;
	char ca_file[SMTP_FILE_SIZE];
	bool has_user;
	bool has_ca_file;
	bool needs_tls; /* the password may not go without it: to loopback alone it may */
};

/* Takes them out of the configuration, and the password out of its file: the first line of one that
 * nobody else may read. RC_INTERNAL with "reason" when they are not usable. The caller wipes. */
enum rc smtp_server_read(
    struct smtp_server *, const struct config *, char reason[COURIER_REASON_SIZE]) RC_MUST;
void smtp_server_wipe(struct smtp_server *);

#endif
