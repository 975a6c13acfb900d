#include "auth/session_start.h"

#include "crypto/keyring.h"
#include "crypto/token.h"

enum rc
session_start(struct ctx *ctx, const struct backend *backend, const struct user *user,
    struct span user_agent, struct session *session, struct tokens *tokens)
{
	int64_t lifetime = backend->config->database.refresh_lifetime;
	struct digest digest;
	struct session_new row = {
		.id = session->id,
		.user_row = user->row,
		.backend = span_of(backend->config->name),
		.user_agent = user_agent.data == NULL ? SPAN("") : user_agent,
	};
	enum rc rc = random_uuid(&ctx->random, session->id);

	if (rc == RC_OK && issuer_refreshes(backend)) {
		rc = token_issue(&ctx->random, keyring_key(ctx->keys, PURPOSE_REFRESH),
		    &tokens->refresh, &digest);
		row.refresh_digest = DIGEST_SPAN(digest);
	} else if (rc == RC_OK) {
		lifetime = backend->config->strategy == STRATEGY_JWT
			       ? backend->config->jwt.lifetime
			       : backend->config->database.access_lifetime;
	}
	row.expires_at = ctx->now + lifetime;
	if (rc == RC_OK)
		rc = session_insert(ctx, &row, &session->row);
	session->backend = row.backend;
	session->expires_at = row.expires_at;
	tokens->refresh_lifetime = lifetime;
	memcpy(tokens->session_id, session->id, sizeof(session->id));
	return rc;
}
