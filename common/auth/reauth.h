/* What somebody who is signed in must show once more before something weighty: the password, and a
 * code of the authenticator app where the account has one. Every route that needs it calls these
 * two in this order, and looks inside its transaction that the account is still as *credential has
 * it. */
#ifndef YETT_AUTH_REAUTH_H
#define YETT_AUTH_REAUTH_H

#include "auth/strategy.h"
#include "base/client.h"
#include "base/problem.h"
#include "base/secret.h"

/* The own password: counted before it is judged, given back when it holds; *credential is then the
 * account as it was. RATE_LIMITED (*wait), LOGIN_BAD_CREDENTIALS, NOT_AUTHENTICATED when the
 * account is gone. */
enum problem reauth_password(struct ctx *, const struct identity *, const struct client *,
    const struct secret *, struct credential *credential, int64_t *wait);

/* The step-up. Nothing is asked of an account without a second factor. "code" (an app's, "not
 * given" without one) marks the session for totp.stepup_lifetime; without it the session must be
 * marked. TOTP_STEPUP_REQUIRED, TOTP_CODE_INVALID, RATE_LIMITED (*wait). */
enum problem reauth_factor(struct ctx *, const struct identity *, const struct client *,
    const struct user *, struct span code, int64_t *wait);

#endif
