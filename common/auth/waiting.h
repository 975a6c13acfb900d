/* A sign-in that waits for its second factor: bound to account, backend and user agent by a token.
 */
#ifndef YETT_AUTH_WAITING_H
#define YETT_AUTH_WAITING_H

#include "auth/backend.h"
#include "base/client.h"
#include "crypto/digest.h"
#include "store/user.h"

struct waiting {
	struct digest digest; /* of its token */
	struct digest agent;
	struct span backend; /* its name */
};

/* Makes one inside the caller's transaction, and appends its token to the buffer. */
enum rc waiting_make(struct ctx *, const struct backend *, const struct client *,
    const struct user *, struct buf *token) RC_MUST;

/* What a presented token is stored under; RC_NO when it has not the form of one. */
enum rc waiting_read(struct ctx *, const struct backend *, const struct client *, struct span token,
    struct waiting *) RC_MUST;

/* Whose it is. RC_NO: there is none, it has expired, or the account has changed since. */
enum rc waiting_find(struct ctx *, const struct waiting *, struct user *) RC_MUST;

/* Uses it up, inside the caller's transaction: RC_NO when somebody else was faster. */
enum rc waiting_take(struct ctx *, const struct waiting *) RC_MUST;

/* Counts a wrong code inside the caller's transaction; the last of FACTOR_TRIES ends it. */
enum rc waiting_fail(struct ctx *, const struct waiting *) RC_MUST;

#endif
