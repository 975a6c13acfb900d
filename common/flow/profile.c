#include "flow/profile.h"

#include "auth/account.h"
#include "auth/backend.h"
#include "auth/ending.h"
#include "auth/event.h"
#include "auth/limit.h"
#include "auth/notice.h"
#include "auth/policy.h"
#include "auth/reauth.h"
#include "crypto/password.h"

struct profile {
	struct ctx *ctx;
	const struct identity *identity;
	const struct client *client;
	struct refusal *refusal;
	struct credential credential;
};

static enum rc
profile_record(struct profile *profile, const char *name)
{
	return event_record_by(
	    profile->ctx, name, profile->identity, &profile->credential.user, profile->client);
}

/* Each new address gets a mail, and each taken one or taken name tells that it is: one account may
 * not name them without end. RC_NO: it has. */
static enum rc
profile_count(struct profile *profile, const struct profile_input *input)
{
	const struct user *user = &profile->credential.user;
	const struct limit_subject subject = { LIMIT_CHANGE, span_of(user->id), { NULL, 0 } };
	struct limit_ticket ticket = { .count = 0 };

	if ((input->email.data == NULL || span_equal(input->email, user->email)) &&
	    (input->username.data == NULL || span_equal(input->username, user->username)))
		return RC_OK;
	return limit_take(profile->ctx, &subject, 1, &ticket, &profile->refusal->wait);
}

/* A new address at once: nobody has confirmed it, so all sessions end, and no link that was sent to
 * the old one works any more. The old one is told, and the new one gets its link. */
static enum rc
profile_replace_email(struct profile *profile, struct span email, enum problem *problem)
{
	const struct user *user = &profile->credential.user;
	const struct onetime link = { .kind = ONETIME_VERIFY, .email = email };
	struct span language = profile->client->language;
	enum rc rc = user_set_email(profile->ctx, user, email);

	if (rc == RC_NO)
		*problem = PROBLEM_UPDATE_EMAIL_EXISTS;
	if (rc == RC_OK)
		rc = ending_sessions(profile->ctx, user, SPAN_NONE);
	if (rc == RC_OK)
		rc = ending_links(profile->ctx, user);
	if (rc == RC_OK)
		rc =
		    notice_mail(profile->ctx, MAIL_KIND_EMAIL_CHANGED, user, user->email, language);
	if (rc == RC_OK && profile->ctx->config->routes.verification)
		rc = notice_link(profile->ctx, MAIL_KIND_VERIFY, user, &link, language);
	return rc == RC_OK ? profile_record(profile, "user.email_changed") : rc;
}

/* The link goes to the new address, unless that is somebody's: then a mail tells the owner, and
 * what is pending here can never be confirmed. */
static enum rc
profile_offer_email(struct profile *profile, struct span email)
{
	const struct user *user = &profile->credential.user;
	struct onetime link = { .kind = ONETIME_CHANGE, .email = email };
	struct span language = profile->client->language;
	struct user owner;
	enum rc rc = user_by_email(profile->ctx, email, &owner, NULL);

	memcpy(link.session, profile->identity->session_id, sizeof(link.session));
	if (rc == RC_NO)
		return notice_link(profile->ctx, MAIL_KIND_CHANGE_CONFIRM, user, &link, language);
	if (rc == RC_OK)
		rc = notice_pending(profile->ctx, user, &link);
	if (rc == RC_OK)
		rc = notice_mail(
		    profile->ctx, MAIL_KIND_CHANGE_TAKEN, &owner, owner.email, language);
	return rc;
}

/* A new address is pending until its link is followed, and takes the place of one before it. */
static enum rc
profile_propose_email(struct profile *profile, struct span email)
{
	const struct user *user = &profile->credential.user;
	enum rc rc = onetime_end(profile->ctx, user, ONETIME_CHANGE);

	if (rc == RC_OK)
		rc = profile_offer_email(profile, email);
	if (rc == RC_OK)
		rc = notice_mail(profile->ctx, MAIL_KIND_CHANGE_REQUESTED, user, user->email,
		    profile->client->language);
	return rc == RC_OK ? profile_record(profile, "user.email_change_requested") : rc;
}

/* The address that is the account's already cancels what is pending. */
static enum rc
profile_set_email(struct profile *profile, struct span email, enum problem *problem)
{
	const struct user *user = &profile->credential.user;

	if (email.data == NULL)
		return RC_OK;
	if (span_equal(email, user->email))
		return onetime_end(profile->ctx, user, ONETIME_CHANGE);
	if (profile->ctx->config->account.email_change == EMAIL_CHANGE_IMMEDIATE)
		return profile_replace_email(profile, email, problem);
	return profile_propose_email(profile, email);
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

static enum rc
profile_pending(struct ctx *ctx, struct profile_view *view)
{
	enum rc rc = onetime_pending(ctx, &view->user, &view->pending_email);

	if (rc == RC_NO)
		view->pending_email = SPAN_NONE;
	return rc == RC_NO ? RC_OK : rc;
}

enum problem
profile_read(struct ctx *ctx, const struct identity *identity, struct profile_view *view)
{
	view->user = identity->user;
	return problem_of(profile_pending(ctx, view));
}

enum problem
profile_update(struct ctx *ctx, const struct identity *identity, const struct client *client,
    const struct profile_input *input, struct profile_view *changed, struct refusal *refusal)
{
	struct profile profile = {
		.ctx = ctx, .identity = identity, .client = client, .refusal = refusal
	};
	enum problem problem = reauth_weighty(ctx, identity, client, &input->current_password,
	    &input->totp_code, &profile.credential, &refusal->wait);
	struct user current;
	enum rc rc;

	if (problem != PROBLEM_NONE)
		return problem;
	rc = profile_count(&profile, input);
	problem = PROBLEM_RATE_LIMITED;
	if (rc == RC_OK) {
		rc = account_begin(ctx, &profile.credential.user, &current);
		problem = PROBLEM_NOT_AUTHENTICATED;
	}
	if (rc == RC_OK) {
		rc = profile_set_email(&profile, input->email, &problem);
		if (rc == RC_OK)
			rc = profile_set_username(&profile, input->username, &problem);
		if (rc == RC_OK)
			rc = user_by_id(ctx, span_of(identity->user.id), &changed->user);
		if (rc == RC_OK)
			rc = profile_pending(ctx, changed);
		rc = db_end(ctx->db, rc);
	}
	return rc == RC_NO ? problem : problem_of(rc);
}

/* A new password; it ends all sessions, all links, and what address is pending. */
static enum rc
profile_replace_password(struct profile *profile, const char *hash)
{
	const struct user *user = &profile->credential.user;
	enum rc rc = user_set_password(profile->ctx, user, hash, profile->credential.hash);

	if (rc == RC_OK)
		rc = ending_sessions(profile->ctx, user, SPAN_NONE);
	if (rc == RC_OK)
		rc = ending_links(profile->ctx, user);
	if (rc == RC_OK)
		rc = notice_mail(profile->ctx, MAIL_KIND_PASSWORD_CHANGED, user, user->email,
		    profile->client->language);
	return rc == RC_OK ? profile_record(profile, "user.password_changed") : rc;
}

enum problem
profile_change_password(struct ctx *ctx, const struct identity *identity,
    const struct client *client, const struct password_input *input, struct refusal *refusal)
{
	struct profile profile = {
		.ctx = ctx, .identity = identity, .client = client, .refusal = refusal
	};
	const struct user *user = &profile.credential.user;
	struct user current;
	char hash[HASH_TEXT_SIZE];
	enum problem problem = reauth_password(
	    ctx, identity, client, &input->current_password, &profile.credential, &refusal->wait);
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
		rc = account_begin(ctx, user, &current);
	if (rc == RC_OK)
		rc = db_end(ctx->db, profile_replace_password(&profile, hash));
	return rc == RC_NO ? PROBLEM_LOGIN_BAD_CREDENTIALS : problem_of(rc);
}
