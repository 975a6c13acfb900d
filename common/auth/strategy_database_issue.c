/* Issues opaque access tokens. */
#include "auth/session_start.h"
#include "crypto/keyring.h"
#include "crypto/token.h"

static enum rc
strategy_database_renew(struct ctx *ctx, const struct backend *backend, const struct user *user,
    const struct session *session, struct tokens *tokens)
{
	int64_t lifetime = issuer_access_lifetime(
	    ctx, backend, backend->config->database.access_lifetime, session);
	struct digest digest;
	enum rc rc = token_issue(
	    &ctx->random, keyring_key(ctx->keys, PURPOSE_ACCESS), &tokens->access, &digest);

	(void)user;
	tokens->access_lifetime = lifetime;
	return rc == RC_OK ? access_token_insert(
				 ctx, session->row, DIGEST_SPAN(digest), ctx->now + lifetime)
			   : rc;
}

static enum rc
strategy_database_issue(struct ctx *ctx, const struct backend *backend, const struct user *user,
    struct span user_agent, struct tokens *tokens)
{
	struct session session = { 0 };
	enum rc rc = session_start(ctx, backend, user, user_agent, &session, tokens);

	return rc == RC_OK ? strategy_database_renew(ctx, backend, user, &session, tokens) : rc;
}

const struct issuer strategy_database_issuer = {
	.issue = strategy_database_issue,
	.renew = strategy_database_renew,
};
