/* Second factors: the secrets of authenticator apps, and recovery codes. Secrets appear here
 * sealed, tokens and recovery codes as keyed digests alone. */
#ifndef YETT_STORE_FACTOR_H
#define YETT_STORE_FACTOR_H

#include "store/user.h"

/* A sealed secret and how its codes are made; texts live in the arena when it was found. */
struct factor {
	struct span sealed;
	struct span algorithm;
	int64_t digits;    /* of a code */
	int64_t period;    /* seconds, of a step */
	int64_t last_step; /* the last one whose code was accepted; of an enrolment 0 */
};

/* RC_NO: the account has none. */
enum rc factor_find(struct ctx *, const struct user *, struct factor *) RC_MUST;

/* Accepts the code of a step, inside the caller's transaction or as one of its own. RC_NO: this one
 * or a later one was accepted before. */
enum rc factor_spend(struct ctx *, const struct user *, int64_t step) RC_MUST;

/* Gives the account the factor, takes it away with all recovery codes and marks of sessions. Either
 * ends every JWT. RC_NO: it has one already, or none. */
enum rc factor_insert(struct ctx *, const struct user *, const struct factor *) RC_MUST;
enum rc factor_delete(struct ctx *, const struct user *) RC_MUST;

/* Marks the session (public id) up to "until", milliseconds of wall time. RC_NO: the account has
 * none like that. */
enum rc factor_mark_session(
    struct ctx *, const struct user *, struct span session, int64_t until) RC_MUST;

/* Whether it is marked now. RC_NO: it is not, or by a clock that was ahead: for longer than
 * totp.stepup_lifetime from now. */
enum rc factor_session_is_marked(struct ctx *, const struct user *, struct span session) RC_MUST;

/* An enrolment, which takes the place of one before and is over at "expires_at", milliseconds of
 * wall time. */
enum rc enrolment_replace(struct ctx *, const struct user *, struct span digest,
    const struct factor *, int64_t expires_at) RC_MUST;

/* RC_NO: none with that token, expired, or the account has changed since. */
enum rc enrolment_find(
    struct ctx *, const struct user *, struct span digest, struct factor *) RC_MUST;

/* Uses it up, inside the caller's transaction: RC_NO when somebody else was faster. */
enum rc enrolment_take(struct ctx *, const struct user *, struct span digest) RC_MUST;

/* Counts a wrong code inside the caller's transaction; the one that makes "most" ends it. */
enum rc enrolment_fail(struct ctx *, const struct user *, struct span digest, int64_t most) RC_MUST;

/* One recovery code more; all of the account gone, RC_OK also where there are none. Both inside the
 * caller's transaction. */
enum rc recovery_insert(struct ctx *, const struct user *, struct span digest) RC_MUST;
enum rc recovery_delete(struct ctx *, const struct user *) RC_MUST;

/* Uses one up, inside the caller's transaction. RC_NO: there is none like that. */
enum rc recovery_spend(struct ctx *, const struct user *, struct span digest) RC_MUST;

/* How many are left. */
enum rc recovery_count(struct ctx *, const struct user *, int64_t *count) RC_MUST;

/* What follows is for the operator (grant OPERATE). */

struct factor_key {
	struct span id; /* "not given": they are damaged and name none */
	int64_t count;
};

/* How many secrets name each key, those that can still be confirmed among them, as of one instant:
 * an array in the arena. What is shorter than "least" bytes is damaged. */
enum rc factor_keys(struct ctx *, int64_t least, struct factor_key **keys, size_t *count) RC_MUST;

/* How many of these are sealed with the key of that id. */
enum rc factor_sealed_with(struct ctx *, struct span key_id, int64_t *count) RC_MUST;

struct factor_row {
	struct user user; /* only row, id and address are set */
	struct span sealed;
};

/* Those of accounts after "after" that are sealed with another key or shorter than "least" bytes:
 * up to "limit" in the arena. */
enum rc factor_sealed_otherwise(struct ctx *, int64_t after, struct span key_id, int64_t least,
    int64_t limit, struct factor_row **rows, size_t *count) RC_MUST;

/* A secret under its new seal; RC_NO when it was changed meanwhile. */
enum rc factor_reseal(struct ctx *, const struct factor_row *, struct span sealed) RC_MUST;

#endif
