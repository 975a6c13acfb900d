/* The second factor: codes of an authenticator app, and recovery codes. */
#ifndef YETT_AUTH_SECOND_FACTOR_H
#define YETT_AUTH_SECOND_FACTOR_H

#include "base/config.h"
#include "base/secret.h"
#include "crypto/totp.h"
#include "store/factor.h"

#define FACTOR_TRIES 5 /* wrong codes that end an enrolment, or a sign-in that waits */
#define FACTOR_LIFETIME (10 * MINUTE) /* of an enrolment */
#define RECOVERY_CODES 10
#define RECOVERY_FEW 3    /* so many left are few */
#define RECOVERY_BYTES 14 /* 112 bits */
#define RECOVERY_LEN (2 * RECOVERY_BYTES)

/* A new secret in clear; whoever has it wipes it. */
struct factor_secret {
	unsigned char bytes[TOTP_SECRET];
};

/* Makes one as configured, and seals it for the account into factor->sealed, in the arena. */
enum rc second_factor_new(
    struct ctx *, const struct user *, struct factor_secret *, struct factor *) RC_MUST;

/* How the codes of a stored factor are made; RC_INTERNAL for what this version does not know. */
enum rc second_factor_kind(const struct user *, const struct factor *, struct totp *) RC_MUST;

/* The same secret under the seal of the key whose turn it is, appended. RC_NO: it cannot be opened,
 * so that there is nothing to seal. */
enum rc second_factor_reseal(
    struct ctx *, const struct user *, struct span sealed, struct buf *) RC_MUST;

/* Whether the code is one of the app with that factor, now, and *step which. A secret that cannot
 * be opened is a fault, never a wrong code. */
enum rc second_factor_match(struct ctx *, const struct user *, const struct factor *,
    struct span code, int64_t *step) RC_MUST;

enum factor_used { FACTOR_APP, FACTOR_RECOVERY };

/* Uses up a code of the app (digits) or, where "recovery" allows that, a recovery code
 * (RECOVERY_LEN hexadecimal digits, lower case), inside the caller's transaction. RC_NO: wrong,
 * used before, or none of these; all alike. An account that is marked and has no secret is a fault.
 */
enum rc second_factor_use(
    struct ctx *, const struct user *, struct span code, bool recovery, enum factor_used *) RC_MUST;

/* Codes in clear, each with a NUL; whoever has them wipes them. */
struct recovery_codes {
	char codes[RECOVERY_CODES][RECOVERY_LEN + 1];
};

/* New ones in place of all before, inside the caller's transaction. */
enum rc second_factor_recovery(struct ctx *, const struct user *, struct recovery_codes *) RC_MUST;

#endif
