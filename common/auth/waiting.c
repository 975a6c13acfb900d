#include "auth/waiting.h"

#include "crypto/keyring.h"
#include "crypto/token.h"

enum rc
waiting_read(struct ctx *ctx, const struct backend *backend, const struct client *client,
    struct span token, struct waiting *waiting)
{
	const struct key *key = keyring_key(ctx->keys, PURPOSE_PENDING);

	digest_parts(
	    &waiting->agent, key, (const struct span[]){ SPAN("agent"), client->user_agent }, 2);
	waiting->pending = (struct pending){
		.digest = DIGEST_SPAN(waiting->digest),
		.backend = span_of(backend->config->name),
		.agent = DIGEST_SPAN(waiting->agent),
	};
	return token_digest(key, token, &waiting->digest);
}

enum rc
waiting_make(struct ctx *ctx, const struct backend *backend, const struct client *client,
    const struct user *user, struct buf *text)
{
	int64_t expires_at = ctx->now + ctx->config->totp.pending_lifetime;
	struct waiting waiting;
	struct token token = { "" };
	enum rc rc = token_new(&ctx->random, &token);

	if (rc == RC_OK)
		rc = waiting_read(ctx, backend, client, token_span(&token), &waiting);
	if (rc == RC_OK)
		rc = pending_insert(ctx, user, &waiting.pending, expires_at);
	if (rc == RC_OK) {
		buf_add(text, token_span(&token));
		rc = buf_check(text);
	}
	token_wipe(&token);
	return rc == RC_NO ? RC_INTERNAL : rc;
}
