/* JWT access tokens: signature first, then what only the database knows: the session behind "sid",
 * the user, the fingerprint. */
#include "auth/backend.h"
#include "auth/fingerprint.h"
#include "auth/jwt_rules.h"
#include "base/secret.h"
#include "crypto/jwt_cache.h"
#include "crypto/jwt_verify.h"
#include "crypto/keyring.h"

/* The account, while the token's session lives or its id is not on the denylist. */
static enum rc
strategy_jwt_user(struct ctx *ctx, const struct backend *backend, const struct jwt_claims *claims,
    struct user *user)
{
	struct session session;
	enum rc rc;

	if (backend->config->jwt.sessions) {
		rc = session_by_id(ctx, span_of(claims->sid), user, &session);
		if (rc == RC_OK && !span_equal(session.backend, span_of(backend->config->name)))
			rc = RC_NO;
		return rc;
	}
	rc = denied_jwt_find(ctx, span_of(claims->jti));
	if (rc != RC_NO)
		return rc == RC_OK ? RC_NO : rc;
	return user_by_subject(ctx, span_of(claims->subject), user);
}

/* Form, signature and claims; or the memory that they were good a moment ago. */
static enum rc
strategy_jwt_claims(
    struct ctx *ctx, const struct backend *backend, struct span token, struct jwt_claims *claims)
{
	const struct jwt_rules rules = jwt_rules_of(backend->config);
	enum rc rc = jwt_cache_find(backend->index, &rules, token, ctx->now, claims);

	if (rc != RC_NO)
		return rc;
	rc = jwt_verify(keyring_jwt(ctx->keys, backend->index), &rules, token, ctx->now, claims);
	if (rc == RC_OK)
		jwt_cache_keep(backend->index, token, claims);
	return rc;
}

static enum rc
strategy_jwt_verify(
    struct ctx *ctx, const struct backend *backend, struct span token, struct identity *identity)
{
	struct jwt_claims claims;
	struct digest expected;
	enum rc rc;

	if (!jwt_looks_like(token))
		return RC_NO;
	rc = strategy_jwt_claims(ctx, backend, token, &claims);
	if (rc == RC_OK)
		rc = strategy_jwt_user(ctx, backend, &claims, &identity->user);
	if (rc == RC_OK)
		rc = fingerprint_of(ctx, &identity->user, &expected);
	if (rc != RC_OK)
		return rc;
	if (!identity->user.is_active || strcmp(identity->user.id, claims.subject) != 0 ||
	    !secret_equal(DIGEST_SPAN(expected), DIGEST_SPAN(claims.sfp)))
		return RC_NO;
	memcpy(identity->session_id, claims.sid, sizeof(claims.sid));
	memcpy(identity->jti, claims.jti, sizeof(claims.jti));
	identity->token_expires_at = claims.expires_at;
	return RC_OK;
}

const struct verifier strategy_jwt_verifier = {
	.verify = strategy_jwt_verify,
};
