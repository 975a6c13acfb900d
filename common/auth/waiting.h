/* A sign-in that waits for its second factor: bound to account, backend and user agent by a token.
 */
#ifndef YETT_AUTH_WAITING_H
#define YETT_AUTH_WAITING_H

#include "auth/backend.h"
#include "base/client.h"
#include "crypto/digest.h"
#include "store/pending.h"

struct waiting {
	struct digest digest, agent;
	struct pending pending; /* views of these */
};

/* Makes one inside the caller's transaction, and appends its token to the buffer. */
enum rc waiting_make(struct ctx *, const struct backend *, const struct client *,
    const struct user *, struct buf *token) RC_MUST;

/* What a presented token would be stored under; RC_NO when it has not the form of one. *waiting
 * must stay where it is. */
enum rc waiting_read(struct ctx *, const struct backend *, const struct client *, struct span token,
    struct waiting *) RC_MUST;

#endif
