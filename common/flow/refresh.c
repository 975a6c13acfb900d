#include "flow/refresh.h"

#include "auth/account.h"
#include "auth/ending.h"
#include "auth/event.h"
#include "auth/limit.h"
#include "auth/notice.h"
#include "crypto/keyring.h"
#include "crypto/token.h"

struct refresh {
	struct ctx *ctx;
	const struct backend *backend;
	const struct client *client;
	struct span presented;
	struct digest digest; /* of what was presented */
	struct user user;
	struct session session;
	struct tokens *tokens;
	enum problem problem; /* the answer, where it is a refusal */
};

static enum rc
refresh_record(struct refresh *refresh, const char *name)
{
	const struct event event = {
		.name = name,
		.client = refresh->client,
		.user = &refresh->user,
		.by_user = false,
		.backend = refresh->backend->config->name,
		.session = refresh->session.id,
	};

	return event_record(refresh->ctx, &event);
}

/* Whether the session lives at this backend. */
static bool
refresh_lives(const struct refresh *refresh)
{
	const struct config_database *rules = &refresh->backend->config->database;
	const struct session *session = &refresh->session;
	int64_t now = refresh->ctx->now;

	return span_equal(session->backend, span_of(refresh->backend->config->name)) &&
	       issuer_refreshes(refresh->backend) && session->expires_at > now &&
	       (rules->idle_lifetime == 0 || session->last_used_at + rules->idle_lifetime > now);
}

/* The account behind a token that is good in itself. RC_NO after ending what must end. */
static enum rc
refresh_account(struct refresh *refresh)
{
	enum rc rc;

	if (account_may_sign_in(refresh->ctx->config, &refresh->user))
		return RC_OK;
	refresh->problem = PROBLEM_LOGIN_ACCOUNT_UNAVAILABLE;
	rc = ending_sessions(refresh->ctx, &refresh->user, SPAN_NONE);
	if (rc == RC_OK)
		rc = refresh_record(refresh, "session.all_ended");
	return rc == RC_OK ? RC_NO : rc;
}

/* The successor into the answer, with a new access token. */
static enum rc
refresh_renew(struct refresh *refresh, const struct token *successor)
{
	struct tokens *tokens = refresh->tokens;

	buf_add(&tokens->refresh, token_span(successor));
	tokens->refresh_lifetime = refresh->session.expires_at - refresh->ctx->now;
	memcpy(tokens->session_id, refresh->session.id, sizeof(tokens->session_id));
	if (tokens->refresh.failed)
		return RC_UNAVAILABLE;
	tokens->must_enrol = account_must_enrol(refresh->ctx->config, &refresh->user);
	return issuer_of(refresh->backend)
	    ->renew(refresh->ctx, refresh->backend, &refresh->user, &refresh->session, tokens);
}

static enum rc
refresh_current(struct refresh *refresh, const struct token *successor)
{
	struct digest next;
	enum rc rc = session_by_refresh(
	    refresh->ctx, DIGEST_SPAN(refresh->digest), &refresh->user, &refresh->session);

	if (rc != RC_OK)
		return rc;
	if (!refresh_lives(refresh))
		return RC_NO;
	rc = refresh_account(refresh);
	if (rc == RC_OK)
		rc = token_digest(
		    keyring_key(refresh->ctx->keys, PURPOSE_REFRESH), token_span(successor), &next);
	if (rc == RC_OK)
		rc = session_rotate(refresh->ctx, &refresh->session, DIGEST_SPAN(refresh->digest),
		    DIGEST_SPAN(next));
	return rc == RC_OK ? refresh_renew(refresh, successor) : rc;
}

/* Somebody else has or had a copy: nobody goes on with the session, and the owner is told. */
static enum rc
refresh_reused(struct refresh *refresh)
{
	struct ctx *ctx = refresh->ctx;
	const struct user *user = &refresh->user;
	enum rc rc = session_end_row(ctx, refresh->session.row);

	if (rc == RC_OK)
		rc = refresh_record(refresh, "session.reuse_detected");
	if (rc == RC_OK)
		rc = notice_event(ctx, "session.ended", span_of(user->id));
	if (rc == RC_OK)
		rc = notice_mail(
		    ctx, MAIL_KIND_SESSION_REUSED, user, user->email, refresh->client->language);
	return rc;
}

static enum rc
refresh_consumed(struct refresh *refresh, const struct token *successor)
{
	int64_t grace = refresh->backend->config->database.refresh_grace;
	int64_t consumed_at = 0;
	enum rc rc = session_by_consumed(refresh->ctx, DIGEST_SPAN(refresh->digest), &refresh->user,
	    &refresh->session, &consumed_at);

	if (rc != RC_OK)
		return rc;
	if (!refresh_lives(refresh))
		return RC_NO;
	if (consumed_at + grace > refresh->ctx->now) {
		rc = refresh_account(refresh);
		return rc == RC_OK ? refresh_renew(refresh, successor) : rc;
	}
	rc = refresh_reused(refresh);
	return rc == RC_OK ? RC_NO : rc;
}

/* Inside the transaction: RC_NO is a refusal whose traces are kept. */
static enum rc
refresh_judge(struct refresh *refresh)
{
	const struct keyring *keys = refresh->ctx->keys;
	struct token successor = { 0 };
	enum rc rc =
	    token_digest(keyring_key(keys, PURPOSE_REFRESH), refresh->presented, &refresh->digest);

	if (rc == RC_OK)
		rc = token_successor(
		    keyring_key(keys, PURPOSE_SUCCESSOR), refresh->presented, &successor);
	if (rc == RC_OK) {
		rc = refresh_current(refresh, &successor);
		if (rc == RC_NO && refresh->session.row == 0)
			rc = refresh_consumed(refresh, &successor);
	}
	token_wipe(&successor);
	return rc;
}

enum problem
refresh_rotate(struct ctx *ctx, const struct backend *backend, const struct client *client,
    struct span presented, struct tokens *tokens, struct refusal *refusal)
{
	const struct limit_subject subject = { LIMIT_REFRESH, client_address(client), { NULL, 0 } };
	struct limit_ticket ticket = { .count = 0 };
	struct refresh refresh = {
		.ctx = ctx,
		.backend = backend,
		.client = client,
		.presented = presented,
		.tokens = tokens,
		.problem = PROBLEM_REFRESH_TOKEN_INVALID,
	};
	enum rc rc = db_begin(ctx->db);

	if (rc != RC_OK)
		return problem_of(rc);
	rc = limit_check(ctx, &subject, &refusal->wait);
	if (rc == RC_NO)
		return db_end(ctx->db, RC_NO) == RC_NO ? PROBLEM_RATE_LIMITED
						       : PROBLEM_SERVICE_UNAVAILABLE;
	if (rc == RC_OK)
		rc = refresh_judge(&refresh);
	if (rc != RC_NO)
		return problem_of(db_end(ctx->db, rc));
	rc = limit_count(ctx, &subject, &ticket);
	rc = rc == RC_OK ? db_keep(ctx->db, RC_NO) : db_end(ctx->db, rc);
	return rc == RC_NO ? refresh.problem : problem_of(rc);
}
