/* Tokens of links in mails: each works once. They appear here as keyed digests alone. */
#ifndef YETT_STORE_ONETIME_H
#define YETT_STORE_ONETIME_H

#include "store/user.h"

enum onetime_kind {
	ONETIME_VERIFY, /* confirms the account's own address */
	ONETIME_CHANGE, /* confirms a new one, which is pending till then */
	ONETIME_RESET   /* sets a password */
};

struct onetime {
	enum onetime_kind kind;
	struct span email;       /* where it was sent; for a change the new address */
	char session[UUID_SIZE]; /* public id of the session that asked; empty without one */
	int64_t expires_at;      /* to insert; what is found has not expired */
};

enum rc onetime_insert(
    struct ctx *, const struct user *, struct span digest, const struct onetime *) RC_MUST;

/* Token and account behind the digest of a token that sets a password ("reset"), or that confirms
 * an address; texts live in the arena. RC_NO: none, or expired. */
enum rc onetime_find(
    struct ctx *, bool reset, struct span digest, struct user *, struct onetime *) RC_MUST;

/* Uses it up, inside the caller's transaction, after every check that can fail: RC_NO when somebody
 * else was faster. */
enum rc onetime_take(struct ctx *, enum onetime_kind, struct span digest) RC_MUST;

/* Ends all tokens of that kind that the user has. */
enum rc onetime_end(struct ctx *, const struct user *, enum onetime_kind) RC_MUST;

/* The address that is pending for the user, in the arena; RC_NO without one. */
enum rc onetime_pending(struct ctx *, const struct user *, struct span *email) RC_MUST;

#endif
