#include "flow/register.h"

#include "auth/event.h"
#include "auth/limit.h"
#include "auth/policy.h"
#include "crypto/password.h"

static enum rc
register_taken(struct ctx *ctx, const struct register_input *input)
{
	int64_t lifetime = ctx->config->account.unverified_lifetime;

	if (!ctx->config->account.requires_verification)
		return RC_NO;
	if (input->username.data == NULL)
		return RC_OK;
	/* Where unverified accounts are kept for ever, so is the name. */
	return username_reserve(
	    ctx, input->username, lifetime == 0 ? INT64_MAX : ctx->now + lifetime);
}

static enum rc
register_insert(struct ctx *ctx, const struct client *client, const struct register_input *input,
    const char *hash, struct user *shown)
{
	const struct user_new row = {
		.id = shown->id,
		.email = input->email,
		.username = input->username,
		.hash = hash,
		.is_verified = false,
		.self_registered = true,
	};
	const struct event event = { .name = "user.registered", .client = client, .user = shown };
	enum rc rc = RC_NO;

	if (input->username.data != NULL)
		rc = username_taken(ctx, input->username);
	if (rc != RC_NO)
		return rc == RC_OK ? RC_NO : rc;
	rc = user_insert(ctx, &row);
	if (rc == RC_NO)
		return register_taken(ctx, input);
	return rc == RC_OK ? event_record(ctx, &event) : rc;
}

static enum rc
register_show(struct ctx *ctx, const struct register_input *input, struct user *shown)
{
	*shown = (struct user){
		.email = input->email,
		.username = input->username,
		.is_active = true,
	};
	return random_uuid(&ctx->random, shown->id);
}

enum problem
register_account(struct ctx *ctx, const struct client *client, const struct register_input *input,
    struct user *shown, struct refusal *refusal)
{
	const struct limit_subject subject = { LIMIT_REGISTER, client_address(client),
		{ NULL, 0 } };
	const struct config_password *policy = &ctx->config->password;
	struct limit_ticket ticket = { .count = 0 };
	char hash[HASH_TEXT_SIZE];
	enum rc rc = limit_take(ctx, &subject, 1, &ticket, &refusal->wait);

	if (rc != RC_OK)
		return rc == RC_NO ? PROBLEM_RATE_LIMITED : problem_of(rc);
	refusal->reasons =
	    policy_judge(policy, secret_span(&input->password), input->email, input->username);
	if (refusal->reasons != 0)
		return PROBLEM_REGISTER_INVALID_PASSWORD;
	rc = password_hash(policy, ctx->slots, secret_span(&input->password), hash);
	if (rc == RC_OK)
		rc = register_show(ctx, input, shown);
	if (rc == RC_OK)
		rc = db_begin(ctx->db);
	if (rc == RC_OK)
		rc = db_end(ctx->db, register_insert(ctx, client, input, hash, shown));
	return rc == RC_NO ? PROBLEM_REGISTER_FAILED : problem_of(rc);
}
