/* Sign-ins whose password was right and whose second factor is still to come. Tokens appear here as
 * keyed digests alone. */
#ifndef YETT_STORE_PENDING_H
#define YETT_STORE_PENDING_H

#include "store/user.h"

/* What such a sign-in is bound to, beside the account as it is now. */
struct pending {
	struct span digest;  /* of its token */
	struct span backend; /* its name */
	struct span agent;   /* keyed digest of the user agent */
};

/* One more, which is over at "expires_at", milliseconds of wall time. */
enum rc pending_insert(
    struct ctx *, const struct user *, const struct pending *, int64_t expires_at) RC_MUST;

/* Takes those of the account away that have expired. */
enum rc pending_expire(struct ctx *, const struct user *) RC_MUST;

/* Whose it is; texts live in the arena. RC_NO: none like that, expired, or the account has changed
 * since. */
enum rc pending_find(struct ctx *, const struct pending *, struct user *) RC_MUST;

/* Uses it up, inside the caller's transaction: RC_NO when somebody else was faster. */
enum rc pending_take(struct ctx *, const struct pending *) RC_MUST;

/* Counts a wrong code inside the caller's transaction; the one that makes "most" ends the sign-in.
 */
enum rc pending_fail(struct ctx *, const struct pending *, int64_t most) RC_MUST;

#endif
