/* What a signed-in user does with the second factor of the own account. */
#ifndef YETT_FLOW_TWOFACTOR_H
#define YETT_FLOW_TWOFACTOR_H

#include "auth/second_factor.h"
#include "auth/strategy.h"
#include "base/client.h"
#include "base/problem.h"
#include "crypto/token.h"
#include "flow/refusal.h"

/* What an app takes, and what confirms it. */
struct enrolment {
	struct factor_shown shown;
	struct buf token;
};

#define ENROLMENT_INIT ((struct enrolment){ FACTOR_SHOWN_INIT, BUF_INIT(TOKEN_LEN) })

void enrolment_wipe(struct enrolment *);

/* Begins to set up a second factor, in place of what was begun before. LOGIN_BAD_CREDENTIALS,
 * TOTP_ALREADY_ENABLED, RATE_LIMITED. */
enum problem twofactor_enable(struct ctx *, const struct identity *, const struct client *,
    const struct secret *password, struct enrolment *, struct refusal *);

/* What twofactor_enable gave with that token, as long as it can be confirmed.
 * TOTP_ENROLL_BAD_TOKEN. */
enum problem twofactor_enrolment(
    struct ctx *, const struct identity *, struct span token, struct enrolment *);

struct confirm_input {
	struct span token;
	struct secret code;
};

/* Ends it by a code of the app. Every JWT of the account ends, sessions go on.
 * TOTP_ENROLL_BAD_TOKEN, TOTP_CODE_INVALID, TOTP_ALREADY_ENABLED, RATE_LIMITED. */
enum problem twofactor_confirm(struct ctx *, const struct identity *, const struct client *,
    const struct confirm_input *, struct recovery_codes *, struct refusal *);

/* Takes the second factor away, by a code of the app or a recovery code. TOTP_CODE_INVALID (also
 * where there is none), RATE_LIMITED. */
enum problem twofactor_disable(struct ctx *, const struct identity *, const struct client *,
    const struct secret *code, struct refusal *);

struct renew_input {
	struct secret current_password;
	struct secret totp_code; /* empty: not given */
};

/* New recovery codes. LOGIN_BAD_CREDENTIALS, TOTP_NOT_ENABLED, TOTP_STEPUP_REQUIRED,
 * TOTP_CODE_INVALID, RATE_LIMITED. */
enum problem twofactor_renew(struct ctx *, const struct identity *, const struct client *,
    const struct renew_input *, struct recovery_codes *, struct refusal *);

#endif
