#include "auth/waiting.h"

#include "auth/second_factor.h"
#include "crypto/keyring.h"
#include "crypto/token.h"
#include "store/pending.h"

static void
waiting_bind(struct ctx *ctx, const struct backend *backend, const struct client *client,
    struct waiting *waiting)
{
	const struct span agent[] = { SPAN("agent"), client->user_agent };

	digest_parts(&waiting->agent, keyring_key(ctx->keys, PURPOSE_PENDING), agent, 2);
	waiting->backend = span_of(backend->config->name);
}

/* Views of it. */
static struct pending
waiting_pending(const struct waiting *waiting)
{
	return (struct pending){
		.digest = DIGEST_SPAN(waiting->digest),
		.backend = waiting->backend,
		.agent = DIGEST_SPAN(waiting->agent),
	};
}

enum rc
waiting_make(struct ctx *ctx, const struct backend *backend, const struct client *client,
    const struct user *user, struct buf *token)
{
	int64_t expires_at = ctx->now + ctx->config->totp.pending_lifetime;
	struct waiting waiting;
	struct pending pending;
	enum rc rc = token_issue(
	    &ctx->random, keyring_key(ctx->keys, PURPOSE_PENDING), token, &waiting.digest);

	waiting_bind(ctx, backend, client, &waiting);
	pending = waiting_pending(&waiting);
	if (rc == RC_OK)
		rc = pending_expire(ctx, user);
	return rc == RC_OK ? pending_insert(ctx, user, &pending, expires_at) : rc;
}

enum rc
waiting_read(struct ctx *ctx, const struct backend *backend, const struct client *client,
    struct span token, struct waiting *waiting)
{
	waiting_bind(ctx, backend, client, waiting);
	return token_digest(keyring_key(ctx->keys, PURPOSE_PENDING), token, &waiting->digest);
}

enum rc
waiting_find(struct ctx *ctx, const struct waiting *waiting, struct user *user)
{
	const struct pending pending = waiting_pending(waiting);

	return pending_find(ctx, &pending, user);
}

enum rc
waiting_take(struct ctx *ctx, const struct waiting *waiting)
{
	const struct pending pending = waiting_pending(waiting);

	return pending_take(ctx, &pending);
}

enum rc
waiting_fail(struct ctx *ctx, const struct waiting *waiting)
{
	const struct pending pending = waiting_pending(waiting);

	return pending_fail(ctx, &pending, FACTOR_TRIES);
}
