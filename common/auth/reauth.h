/* What somebody who is signed in must show once more: the password, and before something weighty a
 * code of the authenticator app, where the account has one. What they do then is done between
 * account_begin with the account as *credential has it, and db_end. */
#ifndef YETT_AUTH_REAUTH_H
#define YETT_AUTH_REAUTH_H

#include "auth/strategy.h"
#include "base/client.h"
#include "base/problem.h"
#include "base/secret.h"

/* The own password: counted before it is judged, given back when it holds; *credential is then the
 * account as it was. RATE_LIMITED (*wait), LOGIN_BAD_CREDENTIALS, NOT_AUTHENTICATED when the
 * account is gone, or is not any more what the token was judged by. */
enum problem reauth_password(struct ctx *, const struct identity *, const struct client *,
    const struct secret *, struct credential *credential, int64_t *wait);

/* The same, and then the step-up: nothing is asked of an account without a second factor; a code of
 * the app (empty: not given) marks the session for totp.stepup_lifetime, without it the session
 * must be marked. TOTP_STEPUP_REQUIRED and TOTP_CODE_INVALID beside the others. */
enum problem reauth_weighty(struct ctx *, const struct identity *, const struct client *,
    const struct secret *password, const struct secret *code, struct credential *credential,
    int64_t *wait);

#endif
