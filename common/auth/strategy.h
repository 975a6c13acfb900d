/* Strategies: what a token means. Each is up to three tables of functions, so that a program links
 * only what it may do: verifying here, issuing in issuer.h, the care of sessions in sessions.h. */
#ifndef YETT_AUTH_STRATEGY_H
#define YETT_AUTH_STRATEGY_H

#include "auth/identity.h"
#include "base/ctx.h"
#include "store/session.h"

/* Token to identity. RC_NO: this strategy does not accept the token, or the user is inactive. */
typedef enum rc verify_fn(
    struct ctx *, const struct backend *, struct span token, struct identity *);

struct verifier {
	verify_fn *verify;
};

extern const struct verifier strategy_database_verifier;
extern const struct verifier strategy_jwt_verifier;

#endif
