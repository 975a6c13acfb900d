/* Stateless JWTs have no session to end: their id goes on the denylist until they expire. */
#include "auth/sessions.h"

static enum rc
strategy_jwt_revoke(struct ctx *ctx, const struct identity *identity)
{
	int64_t until = identity->token_expires_at + identity->backend->config->jwt.leeway;

	return denied_jwt_insert(ctx, span_of(identity->jti), until);
}

const struct sessions strategy_jwt_stateless_sessions = {
	.revoke = strategy_jwt_revoke,
	.list = NULL,
};
