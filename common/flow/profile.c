#include "flow/profile.h"

#include "auth/backend.h"
#include "auth/event.h"
#include "auth/limit.h"
#include "auth/policy.h"
#include "auth/proof.h"
#include "crypto/password.h"

struct profile {
	struct ctx *ctx;
	const struct identity *identity;
	const struct client *client;
	struct credential credential;
};

static enum rc
profile_give_back(struct ctx *ctx, const struct limit_ticket *ticket)
{
	enum rc rc = db_begin(ctx->db);

	return rc == RC_OK ? db_end(ctx->db, limit_give_back(ctx, ticket)) : rc;
}

/* The password proof: counted before it is judged, given back when it holds. */
static enum problem
profile_prove(struct profile *profile, const struct secret *password, struct refusal *refusal)
{
	struct span id = span_of(profile->identity->user.id);
	const struct limit_subject subject = { LIMIT_PASSWORD_PROOF, id, { NULL, 0 } };
	struct limit_ticket ticket = { .count = 0 };
	enum rc rc = limit_take(profile->ctx, &subject, 1, &ticket, &refusal->wait);

	if (rc == RC_NO)
		return PROBLEM_RATE_LIMITED;
	if (rc == RC_OK)
		rc = credential_by_id(profile->ctx, id, &profile->credential);
	if (rc == RC_NO)
		return PROBLEM_NOT_AUTHENTICATED;
	if (rc == RC_OK)
		rc = proof_verify(profile->ctx, &profile->credential, password);
	if (rc == RC_OK)
		rc = profile_give_back(profile->ctx, &ticket);
	return rc == RC_NO ? PROBLEM_LOGIN_BAD_CREDENTIALS : problem_of(rc);
}

static enum rc
profile_record(struct profile *profile, const char *name)
{
	const struct event event = {
		.name = name,
		.client = profile->client,
		.user = &profile->credential.user,
		.by_user = true,
		.backend = profile->identity->backend->config->name,
		.session = profile->identity->session_id,
	};

	return event_record(profile->ctx, &event);
}

/* What was proved must still hold inside the transaction. */
static enum rc
profile_begin(struct profile *profile)
{
	struct user current;
	enum rc rc = db_begin(profile->ctx->db);

	if (rc != RC_OK)
		return rc;
	rc = user_by_id(profile->ctx, span_of(profile->credential.user.id), &current);
	if (rc == RC_OK && (!current.is_active || current.security_version !=
						      profile->credential.user.security_version))
		rc = RC_NO;
	return rc == RC_OK ? RC_OK : db_end(profile->ctx->db, rc);
}

static enum rc
profile_set_email(struct profile *profile, struct span email, enum problem *problem)
{
	const struct user *user = &profile->credential.user;
	enum rc rc;

	if (email.data == NULL || span_equal(email, user->email))
		return RC_OK;
	rc = user_set_email(profile->ctx, user, email);
	if (rc == RC_NO)
		*problem = PROBLEM_UPDATE_EMAIL_EXISTS;
	if (rc == RC_OK)
		rc = session_end_all(profile->ctx, user);
	return rc == RC_OK ? profile_record(profile, "user.email_changed") : rc;
}

static enum rc
profile_set_username(struct profile *profile, struct span username, enum problem *problem)
{
	const struct user *user = &profile->credential.user;
	enum rc rc;

	if (username.data == NULL || span_equal(username, user->username))
		return RC_OK;
	rc = user_set_username(profile->ctx, user, username);
	if (rc == RC_NO)
		*problem = PROBLEM_UPDATE_USERNAME_EXISTS;
	return rc == RC_OK ? profile_record(profile, "user.username_changed") : rc;
}

enum problem
profile_update(struct ctx *ctx, const struct identity *identity, const struct client *client,
    const struct profile_input *input, struct user *changed, struct refusal *refusal)
{
	struct profile profile = { .ctx = ctx, .identity = identity, .client = client };
	enum problem problem = profile_prove(&profile, &input->current_password, refusal);
	enum rc rc;

	if (problem != PROBLEM_NONE)
		return problem;
	problem = PROBLEM_NOT_AUTHENTICATED;
	rc = profile_begin(&profile);
	if (rc == RC_OK) {
		rc = profile_set_email(&profile, input->email, &problem);
		if (rc == RC_OK)
			rc = profile_set_username(&profile, input->username, &problem);
		if (rc == RC_OK)
			rc = user_by_id(ctx, span_of(identity->user.id), changed);
		rc = db_end(ctx->db, rc);
	}
	return rc == RC_NO ? problem : problem_of(rc);
}

enum problem
profile_change_password(struct ctx *ctx, const struct identity *identity,
    const struct client *client, const struct password_input *input, struct refusal *refusal)
{
	struct profile profile = { .ctx = ctx, .identity = identity, .client = client };
	const struct user *user = &profile.credential.user;
	char hash[HASH_TEXT_SIZE];
	enum problem problem = profile_prove(&profile, &input->current_password, refusal);
	enum rc rc;

	if (problem != PROBLEM_NONE)
		return problem;
	refusal->reasons = policy_judge(
	    &ctx->config->password, secret_span(&input->new_password), user->email, user->username);
	if (refusal->reasons != 0)
		return PROBLEM_UPDATE_INVALID_PASSWORD;
	rc = password_hash(
	    &ctx->config->password, ctx->slots, secret_span(&input->new_password), hash);
	if (rc == RC_OK)
		rc = profile_begin(&profile);
	if (rc == RC_OK) {
		rc = user_set_password(ctx, user, hash, profile.credential.hash);
		if (rc == RC_OK)
			rc = session_end_all(ctx, user);
		if (rc == RC_OK)
			rc = profile_record(&profile, "user.password_changed");
		rc = db_end(ctx->db, rc);
	}
	return rc == RC_NO ? PROBLEM_LOGIN_BAD_CREDENTIALS : problem_of(rc);
}
