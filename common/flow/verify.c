#include "flow/verify.h"

#include "auth/ending.h"
#include "auth/event.h"
#include "auth/limit.h"
#include "auth/notice.h"
#include "crypto/keyring.h"
#include "crypto/token.h"

struct verify {
	struct ctx *ctx;
	const struct client *client;
	struct digest digest;
	struct user user;
	struct onetime onetime;
};

static enum rc
verify_record(struct verify *verify, const char *name)
{
	const struct event event = {
		.name = name,
		.client = verify->client,
		.user = &verify->user,
		.session = verify->onetime.session,
	};

	return event_record(verify->ctx, &event);
}

/* The account's own address. Other links that confirm it have nothing more to do. */
static enum rc
verify_own(struct verify *verify)
{
	enum rc rc = RC_NO;

	if (span_equal(verify->onetime.email, verify->user.email))
		rc = user_mark_verified(verify->ctx, &verify->user);
	if (rc == RC_OK)
		rc = onetime_end(verify->ctx, &verify->user, ONETIME_VERIFY);
	return rc == RC_OK ? verify_record(verify, "user.verified") : rc;
}

/* The address that was pending. Links that were sent to the old one end with it. */
static enum rc
verify_new(struct verify *verify)
{
	struct ctx *ctx = verify->ctx;
	const struct user *user = &verify->user;
	enum rc rc = user_replace_email(ctx, user, verify->onetime.email);

	if (rc == RC_OK)
		rc = ending_sessions(ctx, user, span_of(verify->onetime.session));
	if (rc == RC_OK)
		rc = onetime_end(ctx, user, ONETIME_RESET);
	if (rc == RC_OK)
		rc = onetime_end(ctx, user, ONETIME_VERIFY);
	if (rc == RC_OK)
		rc = notice_mail(
		    ctx, MAIL_KIND_EMAIL_CHANGED, user, user->email, verify->client->language);
	return rc == RC_OK ? verify_record(verify, "user.email_changed") : rc;
}

/* Inside the transaction: everything that can fail, then the token, or nothing. */
static enum rc
verify_use(struct verify *verify, struct user *changed)
{
	struct ctx *ctx = verify->ctx;
	struct span digest = DIGEST_SPAN(verify->digest);
	enum rc rc = onetime_find(ctx, false, digest, &verify->user, &verify->onetime);

	if (rc == RC_OK)
		rc = onetime_take(ctx, verify->onetime.kind, digest);
	if (rc == RC_OK)
		rc = verify->onetime.kind == ONETIME_CHANGE ? verify_new(verify)
							    : verify_own(verify);
	return rc == RC_OK ? user_by_id(ctx, span_of(verify->user.id), changed) : rc;
}

enum problem
verify_address(struct ctx *ctx, const struct client *client, struct span token,
    struct user *changed, struct refusal *refusal)
{
	const struct limit_subject subject = { LIMIT_VERIFY, client_address(client), { NULL, 0 } };
	struct limit_ticket ticket = { .count = 0 };
	struct verify verify = { .ctx = ctx, .client = client };
	enum rc rc = limit_take(ctx, &subject, 1, &ticket, &refusal->wait);

	if (rc == RC_NO)
		return PROBLEM_RATE_LIMITED;
	if (rc == RC_OK)
		rc = token_digest(keyring_key(ctx->keys, PURPOSE_VERIFY), token, &verify.digest);
	if (rc == RC_OK)
		rc = db_begin(ctx->db);
	if (rc == RC_OK)
		rc = db_end(ctx->db, verify_use(&verify, changed));
	return rc == RC_NO ? PROBLEM_VERIFY_BAD_TOKEN : problem_of(rc);
}

/* RC_NO: there is nobody to write to. */
static enum rc
verify_send(struct ctx *ctx, const struct client *client, struct span email)
{
	struct onetime link = { .kind = ONETIME_VERIFY, .email = email };
	enum mail_kind kind = MAIL_KIND_VERIFY;
	struct user user;
	bool contested = false;
	enum rc rc = user_by_email(ctx, email, &user, &contested);

	if (rc == RC_OK && (!user.is_active || user.is_verified))
		rc = RC_NO;
	if (rc != RC_OK)
		return rc;
	if (contested && !ctx->config->routes.reset)
		return RC_NO;
	if (contested) {
		link.kind = ONETIME_RESET;
		kind = MAIL_KIND_SET_PASSWORD;
	}
	return notice_link(ctx, kind, &user, &link, client->language);
}

enum problem
verify_request(
    struct ctx *ctx, const struct client *client, struct span email, struct refusal *refusal)
{
	const struct limit_subject subject = { LIMIT_REQUEST_VERIFY, email,
		client_address(client) };
	struct limit_ticket ticket = { .count = 0 };
	enum rc rc = limit_take(ctx, &subject, 1, &ticket, &refusal->wait);

	if (rc == RC_NO)
		return PROBLEM_RATE_LIMITED;
	if (rc == RC_OK)
		rc = db_begin(ctx->db);
	if (rc == RC_OK)
		rc = db_end(ctx->db, verify_send(ctx, client, email));
	/* Whoever times other answers meanwhile need not see that there was somebody to write to.
	 */
	ctx->posted = true;
	return rc == RC_NO ? PROBLEM_NONE : problem_of(rc);
}
