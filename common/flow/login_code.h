/* The second half of a sign-in: a code of the authenticator app, or a recovery code. */
#ifndef YETT_FLOW_LOGIN_CODE_H
#define YETT_FLOW_LOGIN_CODE_H

#include "auth/issuer.h"
#include "base/client.h"
#include "base/problem.h"
#include "base/secret.h"
#include "flow/refusal.h"

struct code_input {
	struct span pending_token;
	struct secret code; /* a recovery code in lower case */
};

/* Whether a sign-in waits for its code at this backend under that token. TOTP_PENDING_BAD_TOKEN. */
enum problem login_waits(
    struct ctx *, const struct backend *, const struct client *, struct span token);

/* Finishes the sign-in that waits at this backend as one without a second factor ends. The fifth
 * wrong code ends it. TOTP_PENDING_BAD_TOKEN (none, expired, of another backend or user agent, or
 * the account has changed since), TOTP_CODE_INVALID (wrong or used before, all alike),
 * LOGIN_ACCOUNT_UNAVAILABLE, RATE_LIMITED. */
enum problem login_with_code(struct ctx *, const struct backend *, const struct client *,
    const struct code_input *, struct tokens *, struct refusal *);

#endif
