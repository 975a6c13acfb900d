/* Opaque access tokens: a row in the database each, found by the token's keyed digest. */
#include "auth/backend.h"
#include "crypto/keyring.h"
#include "crypto/token.h"

static enum rc
strategy_database_verify(
    struct ctx *ctx, const struct backend *backend, struct span token, struct identity *identity)
{
	struct session session;
	struct digest digest;
	enum rc rc = token_digest(keyring_key(ctx->keys, PURPOSE_ACCESS), token, &digest);

	if (rc != RC_OK)
		return rc;
	rc = session_by_access(ctx, DIGEST_SPAN(digest), &identity->user, &session);
	if (rc != RC_OK)
		return rc;
	if (!identity->user.is_active ||
	    !span_equal(session.backend, span_of(backend->config->name)))
		return RC_NO;
	memcpy(identity->session_id, session.id, sizeof(session.id));
	return RC_OK;
}

const struct verifier strategy_database_verifier = {
	.verify = strategy_database_verify,
};
