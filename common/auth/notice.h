/* Mails and events, put into the outbox inside the transaction of what causes them. */
#ifndef YETT_AUTH_NOTICE_H
#define YETT_AUTH_NOTICE_H

#include "base/client.h"
#include "base/mail.h"
#include "store/onetime.h"

/* A mail without a link to "to" (the user's address, or a former one). One that counts for
 * limit.recipient is left out beyond it, which is RC_OK too. With mail.transport = none nothing is
 * kept. */
enum rc notice_mail(struct ctx *, enum mail_kind, const struct user *, struct span to,
    struct span language) RC_MUST;

/* The same with a new token of that kind in its link (grants OUTBOX_SEAL and the kind's own). The
 * token lives as long as the configuration says. */
enum rc notice_link(struct ctx *, enum mail_kind, const struct user *, const struct onetime *,
    struct span language) RC_MUST;

/* A token of that kind that nobody is sent and nobody can know: what is pending only seems so. */
enum rc notice_pending(struct ctx *, const struct user *, const struct onetime *) RC_MUST;

/* An event for hooks.command; nothing where there is none. "user" is a public id. */
enum rc notice_event(struct ctx *, const char *event, struct span user) RC_MUST;

#endif
