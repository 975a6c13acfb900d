/* Issues signed JWT access tokens. */
#include <sodium.h>

#include "auth/fingerprint.h"
#include "auth/jwt_rules.h"
#include "auth/session_start.h"
#include "crypto/jwt_sign.h"
#include "crypto/keyring.h"

static enum rc
strategy_jwt_claims(struct ctx *ctx, const struct user *user, const struct session *session,
    int64_t lifetime, struct jwt_claims *claims)
{
	unsigned char id[16];
	enum rc rc = random_bytes(&ctx->random, id, sizeof(id));

	if (rc != RC_OK)
		return rc;
	sodium_bin2hex(claims->jti, sizeof(claims->jti), id, sizeof(id));
	memcpy(claims->subject, user->id, sizeof(claims->subject));
	memcpy(claims->sid, session->id, sizeof(claims->sid));
	claims->issued_at = ctx->now;
	claims->not_before = ctx->now;
	claims->expires_at = ctx->now + lifetime;
	return fingerprint_of(ctx, user, &claims->sfp);
}

static enum rc
strategy_jwt_renew(struct ctx *ctx, const struct backend *backend, const struct user *user,
    const struct session *session, struct tokens *tokens)
{
	struct jwt_rules rules = jwt_rules_of(backend->config);
	struct jwt_claims claims = { 0 };
	int64_t lifetime = backend->config->jwt.lifetime;
	enum rc rc;

	if (backend->config->jwt.sessions)
		lifetime = issuer_access_lifetime(ctx, backend, lifetime, session);
	rc = strategy_jwt_claims(ctx, user, session, lifetime, &claims);
	if (rc == RC_OK)
		rc = jwt_sign_token(
		    keyring_jwt(ctx->keys, backend->index), &rules, &claims, &tokens->access);
	tokens->access_lifetime = lifetime;
	if (!backend->config->jwt.sessions)
		memcpy(tokens->jti, claims.jti, sizeof(claims.jti));
	return rc;
}

static enum rc
strategy_jwt_issue(struct ctx *ctx, const struct backend *backend, const struct user *user,
    struct span user_agent, struct tokens *tokens)
{
	struct session session = { 0 };
	enum rc rc = RC_OK;

	if (backend->config->jwt.sessions)
		rc = session_start(ctx, backend, user, user_agent, &session, tokens);
	return rc == RC_OK ? strategy_jwt_renew(ctx, backend, user, &session, tokens) : rc;
}

const struct issuer strategy_jwt_issuer = {
	.issue = strategy_jwt_issue,
	.renew = strategy_jwt_renew,
};
