/* The second factor: codes of an authenticator app, and recovery codes. */
#ifndef YETT_AUTH_SECOND_FACTOR_H
#define YETT_AUTH_SECOND_FACTOR_H

#include "base/config.h"
#include "base/secret.h"
#include "crypto/base32.h"
#include "crypto/totp.h"
#include "store/factor.h"

#define FACTOR_TRIES 5 /* wrong codes that end an enrolment, or a sign-in that waits */
#define FACTOR_LIFETIME (10 * MINUTE) /* of an enrolment */
#define RECOVERY_CODES 10
#define RECOVERY_FEW 3    /* so many left are few */
#define RECOVERY_BYTES 14 /* 112 bits */
#define RECOVERY_LEN (2 * RECOVERY_BYTES)

/* A secret as its owner sees it. Whoever has it wipes it. */
struct factor_shown {
	struct buf secret; /* base32 */
	struct buf uri;    /* otpauth://..., which apps read */
};

#define FACTOR_SHOWN_INIT \
	((struct factor_shown){ BUF_INIT(BASE32_LEN(TOTP_SECRET)), BUF_INIT(TOTP_URI_MAX) })

void factor_shown_wipe(struct factor_shown *);

/* Makes one as configured: *factor holds it sealed for the account, in the arena. */
enum rc second_factor_new(
    struct ctx *, const struct user *, struct factor *, struct factor_shown *) RC_MUST;

/* Shows one that was made before. One that cannot be opened, or is of a kind that this version does
 * not know, is a fault. */
enum rc second_factor_show(
    struct ctx *, const struct user *, const struct factor *, struct factor_shown *) RC_MUST;

/* The same secret under the seal of the key whose turn it is, appended. RC_NO: it cannot be opened,
 * so that there is nothing to seal. */
enum rc second_factor_reseal(
    struct ctx *, const struct user *, struct span sealed, struct buf *) RC_MUST;

/* Whether the code is one of the app with that factor, now, and *step which. A secret that cannot
 * be opened is a fault, never a wrong code. */
enum rc second_factor_match(struct ctx *, const struct user *, const struct factor *,
    struct span code, int64_t *step) RC_MUST;

enum factor_used { FACTOR_APP, FACTOR_RECOVERY };

/* Which of them a code is, by its length. */
enum factor_used second_factor_of(struct span code);

/* Uses up a code of the app (digits) or, where "recovery" allows that, a recovery code
 * (RECOVERY_LEN hexadecimal digits, lower case), inside the caller's transaction. RC_NO: wrong,
 * used before, or none of these; all alike. An account that is marked and has no secret is a fault.
 */
enum rc second_factor_use(
    struct ctx *, const struct user *, struct span code, bool recovery, enum factor_used *) RC_MUST;

/* Marks a session in which a code of the app was shown, for totp.stepup_lifetime, inside the
 * caller's transaction. A stateless token ("") has no session that could be marked. */
enum rc second_factor_mark(struct ctx *, const struct user *, const char *session_id) RC_MUST;

/* Codes in clear, each with a NUL; whoever has them wipes them. */
struct recovery_codes {
	char codes[RECOVERY_CODES][RECOVERY_LEN + 1];
};

/* New ones in place of all before, inside the caller's transaction. */
enum rc second_factor_recovery(struct ctx *, const struct user *, struct recovery_codes *) RC_MUST;

#endif
