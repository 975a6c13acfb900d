/* Whether an account may be used. */
#ifndef YETT_AUTH_ACCOUNT_H
#define YETT_AUTH_ACCOUNT_H

#include "base/config.h"
#include "store/user.h"

/* Active, and verified where the configuration requires that. */
static inline bool
account_may_sign_in(const struct config *config, const struct user *user)
{
	return user->is_active && (user->is_verified || !config->account.requires_verification);
}

/* It must have a second factor (totp.required_for) and has none: until it has, it may set one up
 * and nothing else. */
bool account_must_enrol(const struct config *, const struct user *);

/* Begins a transaction with the account as it is inside it. RC_NO, and there is none: it is not
 * active any more, or has another security version than "known", so that what was proved for that
 * does not hold. */
enum rc account_begin(struct ctx *, const struct user *known, struct user *current) RC_MUST;

#endif
