/* Signing in with a password. */
#ifndef YETT_FLOW_LOGIN_H
#define YETT_FLOW_LOGIN_H

#include "auth/issuer.h"
#include "base/client.h"
#include "base/problem.h"
#include "base/secret.h"
#include "flow/refusal.h"

struct login_input {
	struct span identifier;
	struct secret password;
};

/* Counts the attempt, verifies exactly one password hash, and issues tokens; of an account with a
 * second factor only tokens->pending. Unknown, wrong, inactive, unverified and locked out are one
 * answer: LOGIN_BAD_CREDENTIALS. */
enum problem login_with_password(struct ctx *, const struct backend *, const struct client *,
    const struct login_input *, struct tokens *, struct refusal *);

#endif
