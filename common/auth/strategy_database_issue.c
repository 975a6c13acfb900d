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
	struct token token = { 0 };
	struct digest digest;
	enum rc rc = token_new(&ctx->random, &token);

	(void)user;
	if (rc == RC_OK)
		rc = token_digest(
		    keyring_key(ctx->keys, PURPOSE_ACCESS), token_span(&token), &digest);
	if (rc == RC_OK)
		rc = access_token_insert(
		    ctx, session->row, DIGEST_SPAN(digest), ctx->now + lifetime);
	if (rc == RC_OK) {
		buf_add(&tokens->access, token_span(&token));
		tokens->access_lifetime = lifetime;
		rc = buf_check(&tokens->access);
	}
	token_wipe(&token);
	return rc;
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
