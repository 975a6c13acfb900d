/* How often something may be tried. The buckets are keyed digests of what is counted. */
#ifndef YETT_AUTH_LIMIT_H
#define YETT_AUTH_LIMIT_H

#include "base/config.h"
#include "store/attempt.h"

enum limit {
	LIMIT_LOGIN,          /* identifier and address */
	LIMIT_LOGIN_ADDRESS,  /* address */
	LIMIT_LOCKOUT,        /* identifier */
	LIMIT_REFRESH,        /* address */
	LIMIT_REGISTER,       /* address */
	LIMIT_PASSWORD_PROOF, /* user id */
	LIMIT_FORGOT,         /* address of mail and address */
	LIMIT_REQUEST_VERIFY, /* the same */
	LIMIT_RESET,          /* address */
	LIMIT_VERIFY,         /* address */
	LIMIT_TOTP_LOGIN,     /* user id; and address */
	LIMIT_TOTP,           /* user id, signed in */
	LIMIT_RECIPIENT,      /* address of mail */
	LIMIT_WARNING, /* the same, for mails that somebody else causes and that help nobody in */
	LIMIT_NOTICE,  /* the same, for notices to an address that nobody has confirmed */
	LIMIT_CHANGE,  /* user id */
	LIMITS
};

/* One thing to count: a limit and what it is about. */
struct limit_subject {
	enum limit limit;
	struct span what;
	struct span where; /* "not given" where one part says it all */
};

#define LIMIT_SUBJECTS_MAX 3

/* What was counted, so that it can be given back. */
struct limit_ticket {
	struct attempt attempts[LIMIT_SUBJECTS_MAX];
	size_t count;
};

/* Inside the caller's transaction: RC_OK below the limit; RC_NO at it, *wait says how many
 * milliseconds until the next try. */
enum rc limit_check(struct ctx *, const struct limit_subject *, int64_t *wait) RC_MUST;

/* Inside the caller's transaction: counts one attempt. */
enum rc limit_count(struct ctx *, const struct limit_subject *, struct limit_ticket *) RC_MUST;

/* Checks all subjects and counts an attempt on each, in one transaction of its own; at the first
 * full one nothing is counted: RC_NO and *wait. */
enum rc limit_take(struct ctx *, const struct limit_subject *, size_t count, struct limit_ticket *,
    int64_t *wait) RC_MUST;

/* Inside the caller's transaction: takes the counted attempts back. */
enum rc limit_give_back(struct ctx *, const struct limit_ticket *) RC_MUST;

#endif
