#include "auth/reauth.h"

#include "auth/event.h"
#include "auth/limit.h"
#include "auth/proof.h"
#include "auth/second_factor.h"

static enum rc
reauth_give_back(struct ctx *ctx, const struct limit_ticket *ticket)
{
	enum rc rc = db_begin(ctx->db);

	return rc == RC_OK ? db_end(ctx->db, limit_give_back(ctx, ticket)) : rc;
}

enum problem
reauth_password(struct ctx *ctx, const struct identity *identity, const struct client *client,
    const struct secret *password, struct credential *credential, int64_t *wait)
{
	struct span id = span_of(identity->user.id);
	const struct limit_subject subject = { LIMIT_PASSWORD_PROOF, id, { NULL, 0 } };
	struct limit_ticket ticket = { .count = 0 };
	enum rc rc = limit_take(ctx, &subject, 1, &ticket, wait);

	if (rc == RC_NO)
		return PROBLEM_RATE_LIMITED;
	if (rc == RC_OK)
		rc = credential_by_id(ctx, id, credential);
	if (rc == RC_NO)
		return PROBLEM_NOT_AUTHENTICATED;
	if (rc == RC_OK)
		rc = proof_verify(ctx, credential, password);
	if (rc == RC_OK)
		rc = reauth_give_back(ctx, &ticket);
	if (rc == RC_OK && credential->user.security_version != identity->user.security_version)
		return PROBLEM_NOT_AUTHENTICATED; /* it has changed since the token was judged */
	return rc == RC_NO ? event_refused_by(ctx, "proof.failed", identity, &credential->user,
				 client, PROBLEM_LOGIN_BAD_CREDENTIALS)
			   : problem_of(rc);
}

/* Inside the transaction: the code works once, whatever comes after. */
static enum rc
reauth_use(struct ctx *ctx, const struct identity *identity, const struct client *client,
    const struct user *user, struct span code, const struct limit_ticket *ticket)
{
	enum factor_used used;
	enum rc rc = second_factor_use(ctx, user, code, false, &used);

	if (rc == RC_OK)
		rc = limit_give_back(ctx, ticket);
	if (rc == RC_OK)
		rc = second_factor_mark(ctx, user, identity->session_id);
	return rc == RC_OK ? event_record_by(ctx, "session.stepped_up", identity, user, client)
			   : rc;
}

/* The step-up: a code of the app, or a mark of the session. */
static enum problem
reauth_factor(struct ctx *ctx, const struct identity *identity, const struct client *client,
    const struct user *user, struct span code, int64_t *wait)
{
	const struct limit_subject subject = { LIMIT_TOTP, span_of(user->id), { NULL, 0 } };
	struct limit_ticket ticket = { .count = 0 };
	enum rc rc;

	if (!user->second_factor)
		return PROBLEM_NONE;
	if (code.data == NULL) {
		rc = identity->session_id[0] == '\0'
			 ? RC_NO
			 : factor_session_is_marked(ctx, user, span_of(identity->session_id));
		return rc == RC_NO ? PROBLEM_TOTP_STEPUP_REQUIRED : problem_of(rc);
	}
	rc = limit_take(ctx, &subject, 1, &ticket, wait);
	if (rc == RC_NO)
		return PROBLEM_RATE_LIMITED;
	if (rc == RC_OK)
		rc = db_begin(ctx->db);
	if (rc == RC_OK)
		rc = db_end(ctx->db, reauth_use(ctx, identity, client, user, code, &ticket));
	return rc == RC_NO ? event_refused_by(ctx, "totp.failed", identity, user, client,
				 PROBLEM_TOTP_CODE_INVALID)
			   : problem_of(rc);
}

enum problem
reauth_weighty(struct ctx *ctx, const struct identity *identity, const struct client *client,
    const struct secret *password, const struct secret *code, struct credential *credential,
    int64_t *wait)
{
	enum problem problem = reauth_password(ctx, identity, client, password, credential, wait);

	return problem == PROBLEM_NONE ? reauth_factor(ctx, identity, client, &credential->user,
					     secret_given(code), wait)
				       : problem;
}
