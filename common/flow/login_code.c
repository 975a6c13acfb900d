#include "flow/login_code.h"

#include "auth/account.h"
#include "auth/event.h"
#include "auth/limit.h"
#include "auth/notice.h"
#include "auth/second_factor.h"
#include "auth/waiting.h"

struct login_code {
	struct ctx *ctx;
	const struct backend *backend;
	const struct client *client;
	struct span code;
	struct waiting waiting;
	struct limit_ticket ticket;
	struct user user;
};

/* Counts before judging, so that parallel tries cannot slip through; success gives it back.
 * Recovery codes cannot be guessed, so they do not count for the user: who knows the password can
 * keep the owner's app out for a while, but not the owner. */
static enum rc
code_count(struct login_code *login, int64_t *wait)
{
	const struct limit_subject subjects[] = {
		{ LIMIT_TOTP_LOGIN, client_address(login->client), { NULL, 0 } },
		{ LIMIT_TOTP_LOGIN, span_of(login->user.id), { NULL, 0 } },
	};

	return limit_take(login->ctx, subjects,
	    second_factor_of(login->code) == FACTOR_RECOVERY ? 1 : 2, &login->ticket, wait);
}

static enum rc
code_record(struct login_code *login, const char *name, const char *session)
{
	const struct event event = {
		.name = name,
		.client = login->client,
		.user = &login->user,
		.by_user = true,
		.backend = login->backend->config->name,
		.session = session,
	};

	return event_record(login->ctx, &event);
}

/* The owner is told of each, and when they run out. */
static enum rc
code_recovery_used(struct login_code *login)
{
	const struct user *user = &login->user;
	int64_t left = 0;
	enum rc rc = recovery_count(login->ctx, user, &left);

	if (rc == RC_OK)
		rc = code_record(login, "totp.recovery_code_used", NULL);
	if (rc == RC_OK)
		rc = notice_mail(login->ctx,
		    left <= RECOVERY_FEW ? MAIL_KIND_RECOVERY_FEW : MAIL_KIND_RECOVERY_USED, user,
		    user->email, login->client->language);
	return rc;
}

static enum rc
code_issue(struct login_code *login, enum factor_used used, struct tokens *tokens)
{
	enum rc rc = issuer_of(login->backend)
			 ->issue(login->ctx, login->backend, &login->user,
			     login->client->user_agent, tokens);

	if (rc == RC_OK) /* a code of the app is a step-up, too */
		rc = used == FACTOR_APP
			 ? second_factor_mark(login->ctx, &login->user, tokens->session_id)
			 : code_recovery_used(login);
	if (rc == RC_OK)
		rc = limit_give_back(login->ctx, &login->ticket);
	return rc == RC_OK ? code_record(login, "session.started", tokens->session_id) : rc;
}

/* Everything in one transaction, where the sign-in that waits is looked for once more: the code is
 * spent with the session that it gives, or not at all. RC_NO: *problem says what is wrong. */
static enum rc
code_use(struct login_code *login, struct tokens *tokens, enum problem *problem)
{
	struct ctx *ctx = login->ctx;
	enum factor_used used;
	enum rc rc;

	*problem = PROBLEM_TOTP_PENDING_BAD_TOKEN;
	rc = waiting_find(ctx, &login->waiting, &login->user);
	if (rc == RC_OK && !account_may_sign_in(ctx->config, &login->user)) {
		*problem = PROBLEM_LOGIN_ACCOUNT_UNAVAILABLE;
		rc = RC_NO;
	}
	if (rc != RC_OK)
		return rc;
	*problem = PROBLEM_TOTP_CODE_INVALID;
	rc = second_factor_use(ctx, &login->user, login->code, true, &used);
	if (rc != RC_OK)
		return rc;
	*problem = PROBLEM_TOTP_PENDING_BAD_TOKEN;
	rc = waiting_take(ctx, &login->waiting);
	return rc == RC_OK ? code_issue(login, used, tokens) : rc;
}

/* In one transaction with its judgement: a wrong code counts against the sign-in and leaves an
 * audit row, which stay though it is refused. */
static enum rc
code_judge(struct login_code *login, struct tokens *tokens, enum problem *problem)
{
	struct db *db = login->ctx->db;
	enum rc rc = db_begin(db);

	if (rc != RC_OK)
		return rc;
	rc = code_use(login, tokens, problem);
	if (rc != RC_NO || *problem != PROBLEM_TOTP_CODE_INVALID)
		return db_end(db, rc);
	rc = waiting_fail(login->ctx, &login->waiting);
	if (rc == RC_OK)
		rc = code_record(login, "totp.failed", NULL);
	return rc == RC_OK ? db_keep(db, RC_NO) : db_end(db, rc);
}

enum problem
login_waits(
    struct ctx *ctx, const struct backend *backend, const struct client *client, struct span token)
{
	struct waiting waiting;
	struct user user;
	enum rc rc = waiting_read(ctx, backend, client, token, &waiting);

	if (rc == RC_OK)
		rc = waiting_find(ctx, &waiting, &user);
	return rc == RC_NO ? PROBLEM_TOTP_PENDING_BAD_TOKEN : problem_of(rc);
}

enum problem
login_with_code(struct ctx *ctx, const struct backend *backend, const struct client *client,
    const struct code_input *input, struct tokens *tokens, struct refusal *refusal)
{
	struct login_code login = {
		.ctx = ctx, .backend = backend, .client = client, .code = secret_span(&input->code)
	};
	enum problem problem = PROBLEM_TOTP_PENDING_BAD_TOKEN;
	enum rc rc = waiting_read(ctx, backend, client, input->pending_token, &login.waiting);

	if (rc == RC_OK)
		rc = waiting_find(ctx, &login.waiting, &login.user);
	if (rc == RC_OK) {
		problem = PROBLEM_RATE_LIMITED;
		rc = code_count(&login, &refusal->wait);
	}
	if (rc == RC_OK)
		rc = code_judge(&login, tokens, &problem);
	return rc == RC_NO ? problem : problem_of(rc);
}
