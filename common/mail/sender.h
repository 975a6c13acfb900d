/* Whom mails come from. */
#ifndef YETT_MAIL_SENDER_H
#define YETT_MAIL_SENDER_H

#include "base/buf.h"
#include "base/config.h"

#define SENDER_MAX 1024

/* Appends mail.from; where that is empty, the site's name and no-reply at the host of site.url, an
 * address literal (RFC 5321 section 4.1.3) where that is an IP address. */
void sender_put(struct buf *, const struct config *);

#endif
