/* Ending sessions of a user, with an event for each one that ends, and the links in mails. */
#ifndef YETT_AUTH_ENDING_H
#define YETT_AUTH_ENDING_H

#include "store/onetime.h"
#include "store/session.h"

/* Inside the caller's transaction: ends all sessions of the user but the one of that public id
 * ("not given" or empty: all of them), with their tokens. */
enum rc ending_sessions(struct ctx *, const struct user *, struct span except) RC_MUST;

/* Inside the caller's transaction: ends all links that were mailed for the account, and with them
 * what address is pending. */
enum rc ending_links(struct ctx *, const struct user *) RC_MUST;

#endif
