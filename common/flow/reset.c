#include "flow/reset.h"

#include "auth/ending.h"
#include "auth/event.h"
#include "auth/limit.h"
#include "auth/notice.h"
#include "auth/policy.h"
#include "crypto/keyring.h"
#include "crypto/password.h"
#include "crypto/token.h"

/* RC_NO: there is nobody to write to. */
static enum rc
reset_send(struct ctx *ctx, const struct client *client, struct span email)
{
	const struct onetime link = { .kind = ONETIME_RESET, .email = email };
	struct user user;
	enum rc rc = user_by_email(ctx, email, &user, NULL);

	if (rc == RC_OK && !user.is_active)
		rc = RC_NO;
	return rc == RC_OK ? notice_link(ctx, MAIL_KIND_RESET, &user, &link, client->language) : rc;
}

enum problem
reset_request(
    struct ctx *ctx, const struct client *client, struct span email, struct refusal *refusal)
{
	const struct limit_subject subject = { LIMIT_FORGOT, email, client_address(client) };
	struct limit_ticket ticket = { .count = 0 };
	enum rc rc = limit_take(ctx, &subject, 1, &ticket, &refusal->wait);

	if (rc == RC_NO)
		return PROBLEM_RATE_LIMITED;
	if (rc == RC_OK)
		rc = db_begin(ctx->db);
	if (rc == RC_OK)
		rc = db_end(ctx->db, reset_send(ctx, client, email));
	/* Whoever times other answers meanwhile need not see that there was somebody to write to.
	 */
	ctx->posted = true;
	return rc == RC_NO ? PROBLEM_NONE : problem_of(rc);
}

struct reset {
	struct ctx *ctx;
	const struct client *client;
	struct digest digest;
	struct user user;
	struct onetime onetime;
	char hash[HASH_TEXT_SIZE];
};

static enum rc
reset_record(struct reset *reset, const char *name)
{
	const struct event event = { .name = name, .client = reset->client, .user = &reset->user };

	return event_record(reset->ctx, &event);
}

/* Whose token it is; RC_NO when it is none, or was sent to an address that is no longer the
 * account's. */
static enum rc
reset_find(struct reset *reset, struct span token)
{
	struct ctx *ctx = reset->ctx;
	enum rc rc = token_digest(keyring_key(ctx->keys, PURPOSE_RESET), token, &reset->digest);

	if (rc == RC_OK)
		rc = onetime_find(
		    ctx, true, DIGEST_SPAN(reset->digest), &reset->user, &reset->onetime);
	if (rc == RC_OK &&
	    (!reset->user.is_active || !span_equal(reset->onetime.email, reset->user.email)))
		rc = RC_NO;
	return rc;
}

/* Inside the transaction, where the token is looked for once more. */
static enum rc
reset_use(struct reset *reset, struct span token, struct user *changed)
{
	struct ctx *ctx = reset->ctx;
	const struct user *user = &reset->user;
	enum rc rc = reset_find(reset, token);

	if (rc == RC_OK)
		rc = onetime_take(ctx, ONETIME_RESET, DIGEST_SPAN(reset->digest));
	if (rc == RC_OK)
		rc = user_reset_password(ctx, user, reset->hash);
	if (rc == RC_OK)
		rc = ending_sessions(ctx, user, SPAN_NONE);
	if (rc == RC_OK)
		rc = ending_links(ctx, user);
	if (rc == RC_OK && !user->is_verified)
		rc = reset_record(reset, "user.verified");
	if (rc == RC_OK)
		rc = reset_record(reset, "user.password_reset");
	if (rc == RC_OK)
		rc = notice_mail(
		    ctx, MAIL_KIND_PASSWORD_CHANGED, user, user->email, reset->client->language);
	return rc == RC_OK ? user_by_id(ctx, span_of(user->id), changed) : rc;
}

/* The policy is judged and the hash made outside the transaction, which others wait for. */
static enum problem
reset_prepare(struct reset *reset, const struct reset_input *input, struct refusal *refusal)
{
	const struct config_password *policy = &reset->ctx->config->password;
	struct span password = secret_span(&input->password);
	enum rc rc = reset_find(reset, input->token);

	if (rc != RC_OK)
		return rc == RC_NO ? PROBLEM_RESET_BAD_TOKEN : problem_of(rc);
	refusal->reasons = policy_judge(policy, password, reset->user.email, reset->user.username);
	if (refusal->reasons != 0)
		return PROBLEM_RESET_INVALID_PASSWORD;
	return problem_of(password_hash(policy, reset->ctx->slots, password, reset->hash));
}

enum problem
reset_password(struct ctx *ctx, const struct client *client, const struct reset_input *input,
    struct user *changed, struct refusal *refusal)
{
	const struct limit_subject subject = { LIMIT_RESET, client_address(client), { NULL, 0 } };
	struct limit_ticket ticket = { .count = 0 };
	struct reset reset = { .ctx = ctx, .client = client };
	enum rc rc = limit_take(ctx, &subject, 1, &ticket, &refusal->wait);
	enum problem problem;

	if (rc != RC_OK)
		return rc == RC_NO ? PROBLEM_RATE_LIMITED : problem_of(rc);
	problem = reset_prepare(&reset, input, refusal);
	if (problem != PROBLEM_NONE)
		return problem;
	rc = db_begin(ctx->db);
	if (rc == RC_OK)
		rc = db_end(ctx->db, reset_use(&reset, input->token, changed));
	return rc == RC_NO ? PROBLEM_RESET_BAD_TOKEN : problem_of(rc);
}
