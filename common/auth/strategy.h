/* Strategies: what a token means. Each is up to three tables of functions, so that a program links
 * only what it may do: verifying here, issuing in issuer.h, the care of sessions in sessions.h. */
#ifndef YETT_AUTH_STRATEGY_H
#define YETT_AUTH_STRATEGY_H

#include "base/ctx.h"
#include "crypto/jwt.h"
#include "store/session.h"

struct backend;

/* Who a request comes from, as a token told. */
struct identity {
	bool known;
	bool must_enrol; /* may set up a second factor, and nothing else */
	struct user user;
	char session_id[UUID_SIZE]; /* public; empty for a stateless token */
	char jti[JWT_JTI_SIZE];     /* of a JWT; else empty */
	int64_t token_expires_at;   /* of a JWT; else 0 */
	const struct backend *backend;
};

/* Token to identity. RC_NO: this strategy does not accept the token, or the user is inactive. */
typedef enum rc verify_fn(
    struct ctx *, const struct backend *, struct span token, struct identity *);

struct verifier {
	verify_fn *verify;
};

extern const struct verifier strategy_database_verifier;
extern const struct verifier strategy_jwt_verifier;

#endif
