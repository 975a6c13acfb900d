#include "flow/login.h"

#include "auth/account.h"
#include "auth/event.h"
#include "auth/limit.h"
#include "auth/proof.h"
#include "auth/waiting.h"

struct login {
	struct ctx *ctx;
	const struct backend *backend;
	const struct client *client;
	const struct login_input *input;
	struct limit_ticket ticket;
	bool locked; /* too many failures on this account: its hash is not even looked at */
	bool found;
	struct credential credential;
};

/* Counts before judging, so that parallel tries cannot slip through; success gives it back. */
static enum rc
login_count(struct login *login, int64_t *wait)
{
	const struct limit_subject subjects[] = {
		{ LIMIT_LOGIN, login->input->identifier, client_address(login->client) },
		{ LIMIT_LOGIN_ADDRESS, client_address(login->client), { NULL, 0 } },
		{ LIMIT_LOCKOUT, login->input->identifier, { NULL, 0 } },
	};
	int64_t locked_for;
	enum rc rc = db_begin(login->ctx->db);

	if (rc != RC_OK)
		return rc;
	rc = limit_check(login->ctx, &subjects[0], wait);
	if (rc == RC_OK)
		rc = limit_check(login->ctx, &subjects[1], wait);
	if (rc == RC_OK) {
		rc = limit_check(login->ctx, &subjects[2], &locked_for);
		login->locked = rc == RC_NO;
		rc = rc == RC_NO ? RC_OK : rc;
	}
	for (size_t i = 0; i < (login->locked ? 2 : 3) && rc == RC_OK; i++)
		rc = limit_count(login->ctx, &subjects[i], &login->ticket);
	return db_end(login->ctx->db, rc);
}

static enum rc
login_find(struct login *login)
{
	enum rc rc =
	    login->ctx->config->account.login_identifier == LOGIN_BY_USERNAME
		? credential_by_username(login->ctx, login->input->identifier, &login->credential)
		: credential_by_email(login->ctx, login->input->identifier, &login->credential);

	login->found = rc == RC_OK;
	return rc == RC_NO ? RC_OK : rc;
}

/* RC_OK: the right password of an account that may sign in. */
static enum rc
login_prove(struct login *login)
{
	const struct user *user = &login->credential.user;
	bool judged = login->found && !login->locked;
	enum rc rc =
	    proof_verify(login->ctx, judged ? &login->credential : NULL, &login->input->password);

	if (rc != RC_OK)
		return rc;
	if (!account_may_sign_in(login->ctx->config, user))
		return RC_NO;
	proof_upgrade(login->ctx, &login->credential, &login->input->password);
	return RC_OK;
}

static struct event
login_event(const struct login *login, const char *name, bool proved, const char *session)
{
	return (struct event){
		.name = name,
		.client = login->client,
		.user = login->found ? &login->credential.user : NULL,
		.by_user = proved,
		.backend = login->backend->config->name,
		.session = session,
	};
}

/* A session; or, where the account has a second factor, a sign-in that waits for it, and nothing
 * else. */
static enum rc
login_issue(struct login *login, const struct user *user, struct tokens *tokens)
{
	if (user->second_factor)
		return waiting_make(
		    login->ctx, login->backend, login->client, user, &tokens->pending);
	tokens->must_enrol = account_must_enrol(login->ctx->config, user);
	return issuer_of(login->backend)
	    ->issue(login->ctx, login->backend, user, login->client->user_agent, tokens);
}

/* Session, counters and audit row in one transaction. The account is read once more inside it: a
 * password change or deactivation that came between must win. */
static enum rc
login_start(struct login *login, struct tokens *tokens)
{
	const struct user *user = &login->credential.user;
	struct user current;
	struct event event;
	enum rc rc = account_begin(login->ctx, user, &current);

	if (rc != RC_OK)
		return rc;
	if (!account_may_sign_in(login->ctx->config, &current))
		rc = RC_NO;
	if (rc == RC_OK)
		rc = login_issue(login, &current, tokens);
	if (rc == RC_OK)
		rc = limit_give_back(login->ctx, &login->ticket);
	event = login_event(login, current.second_factor ? "login.waits" : "session.started", true,
	    tokens->session_id);
	if (rc == RC_OK)
		rc = event_record(login->ctx, &event);
	return db_end(login->ctx->db, rc);
}

enum problem
login_with_password(struct ctx *ctx, const struct backend *backend, const struct client *client,
    const struct login_input *input, struct tokens *tokens, struct refusal *refusal)
{
	struct login login = { .ctx = ctx, .backend = backend, .client = client, .input = input };
	struct event event;
	enum rc rc = login_count(&login, &refusal->wait);

	if (rc == RC_NO)
		return PROBLEM_RATE_LIMITED;
	if (rc == RC_OK)
		rc = login_find(&login);
	if (rc == RC_OK)
		rc = login_prove(&login);
	if (rc == RC_OK)
		rc = login_start(&login, tokens);
	event = login_event(&login, "login.failed", false, NULL);
	return rc == RC_NO ? event_refused(ctx, &event, PROBLEM_LOGIN_BAD_CREDENTIALS)
			   : problem_of(rc);
}
