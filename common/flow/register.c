#include "flow/register.h"

#include "auth/event.h"
#include "auth/limit.h"
#include "auth/notice.h"
#include "auth/policy.h"
#include "crypto/password.h"

/* The name that was given with a taken address is kept as an account would keep it. */
static enum rc
register_reserve(struct ctx *ctx, const struct register_input *input)
{
	int64_t lifetime = ctx->config->account.unverified_lifetime;

	if (input->username.data == NULL)
		return RC_OK;
	/* Where unverified accounts are kept for ever, so is the name. */
	return username_reserve(
	    ctx, input->username, lifetime == 0 ? INT64_MAX : ctx->now + lifetime);
}

/* Who has opened an account under somebody else's address must not be able to wait in it: from now
 * on only a link that sets a password confirms this address, and that ends all sessions. */
static enum rc
register_contest(struct ctx *ctx, const struct client *client, const struct user *owner)
{
	struct span language = client->language;
	const struct onetime link = { .kind = ONETIME_RESET, .email = owner->email };
	const struct event event = { .name = "user.contested", .client = client, .user = owner };
	enum rc rc = user_contest(ctx, owner);

	if (rc == RC_OK)
		rc = onetime_end(ctx, owner, ONETIME_VERIFY);
	if (rc == RC_OK)
		rc = event_record(ctx, &event);
	if (rc != RC_OK)
		return rc;
	if (!ctx->config->routes.reset) /* then it is for the operator to say whose it is */
		return notice_mail(ctx, MAIL_KIND_REGISTER_TAKEN, owner, owner->email, language);
	return notice_link(ctx, MAIL_KIND_SET_PASSWORD, owner, &link, language);
}

/* A taken address: the client gets the answer of a new one, its owner a mail. */
static enum rc
register_taken(struct ctx *ctx, const struct client *client, const struct register_input *input)
{
	struct user owner;
	enum rc rc;

	if (!ctx->config->account.requires_verification)
		return RC_NO;
	rc = register_reserve(ctx, input);
	if (rc == RC_OK)
		rc = user_by_email(ctx, input->email, &owner, NULL);
	if (rc != RC_OK)
		return rc == RC_NO ? RC_INTERNAL : rc;
	if (owner.is_active && !owner.is_verified)
		return register_contest(ctx, client, &owner);
	return notice_mail(ctx, MAIL_KIND_REGISTER_TAKEN, &owner, owner.email, client->language);
}

/* The link that confirms the address of a new account, where it must be confirmed. */
static enum rc
register_welcome(struct ctx *ctx, const struct client *client, const struct register_input *input)
{
	const struct onetime link = { .kind = ONETIME_VERIFY, .email = input->email };
	struct user user;
	enum rc rc;

	if (!ctx->config->account.requires_verification || !ctx->config->routes.verification)
		return RC_OK;
	rc = user_by_email(ctx, input->email, &user, NULL);
	if (rc == RC_OK)
		rc = notice_link(ctx, MAIL_KIND_VERIFY, &user, &link, client->language);
	return rc == RC_NO ? RC_INTERNAL : rc;
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
		.self_registered = ctx->config->account.requires_verification,
	};
	const struct event event = { .name = "user.registered", .client = client, .user = shown };
	enum rc rc = RC_NO;

	if (input->username.data != NULL)
		rc = username_taken(ctx, input->username);
	if (rc != RC_NO)
		return rc == RC_OK ? RC_NO : rc;
	rc = user_insert(ctx, &row);
	if (rc == RC_NO)
		return register_taken(ctx, client, input);
	if (rc == RC_OK)
		rc = register_welcome(ctx, client, input);
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
