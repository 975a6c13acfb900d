#include "flow/twofactor.h"

#include <sodium.h>

#include "auth/account.h"
#include "auth/event.h"
#include "auth/limit.h"
#include "auth/notice.h"
#include "auth/reauth.h"
#include "crypto/keyring.h"
#include "crypto/token.h"
#include "store/onetime.h"

struct twofactor {
	struct ctx *ctx;
	const struct identity *identity;
	const struct client *client;
	struct refusal *refusal;
	struct credential credential;
	struct limit_ticket ticket;
	struct digest digest; /* of an enrolment's token */
};

void
enrolment_wipe(struct enrolment *enrolment)
{
	factor_shown_wipe(&enrolment->shown);
	buf_free(&enrolment->token);
}

static enum rc
twofactor_record(struct twofactor *work, const char *name, const struct user *user)
{
	return event_record_by(work->ctx, name, work->identity, user, work->client);
}

static enum rc
twofactor_tell(struct twofactor *work, enum mail_kind kind, const struct user *user)
{
	return notice_mail(work->ctx, kind, user, user->email, work->client->language);
}

/* Codes are counted before they are judged, and given back when they are right. */
static enum rc
twofactor_count(struct twofactor *work)
{
	const struct limit_subject subject = { LIMIT_TOTP, span_of(work->identity->user.id),
		{ NULL, 0 } };

	return limit_take(work->ctx, &subject, 1, &work->ticket, &work->refusal->wait);
}

static enum rc
twofactor_digest(struct twofactor *work, struct span token)
{
	return token_digest(keyring_key(work->ctx->keys, PURPOSE_ENROLMENT), token, &work->digest);
}

/* --- setting it up -----------------------------------------------------------------------------
 */

static enum rc
twofactor_enrol(struct twofactor *work, struct enrolment *enrolment)
{
	struct ctx *ctx = work->ctx;
	const struct user *user = &work->credential.user;
	struct factor factor;
	enum rc rc = second_factor_new(ctx, user, &factor, &enrolment->shown);

	if (rc == RC_OK)
		rc = token_issue(&ctx->random, keyring_key(ctx->keys, PURPOSE_ENROLMENT),
		    &enrolment->token, &work->digest);
	return rc == RC_OK ? enrolment_replace(ctx, user, DIGEST_SPAN(work->digest), &factor,
				 ctx->now + FACTOR_LIFETIME)
			   : rc;
}

enum problem
twofactor_enable(struct ctx *ctx, const struct identity *identity, const struct client *client,
    const struct secret *password, struct enrolment *enrolment, struct refusal *refusal)
{
	struct twofactor work = {
		.ctx = ctx, .identity = identity, .client = client, .refusal = refusal
	};
	enum problem problem =
	    reauth_password(ctx, identity, client, password, &work.credential, &refusal->wait);

	if (problem != PROBLEM_NONE)
		return problem;
	if (work.credential.user.second_factor)
		return PROBLEM_TOTP_ALREADY_ENABLED;
	return problem_of(twofactor_enrol(&work, enrolment));
}

enum problem
twofactor_enrolment(struct ctx *ctx, const struct identity *identity, struct span token,
    struct enrolment *enrolment)
{
	struct twofactor work = { .ctx = ctx, .identity = identity };
	struct factor factor;
	enum rc rc = twofactor_digest(&work, token);

	if (rc == RC_OK)
		rc = enrolment_find(ctx, &identity->user, DIGEST_SPAN(work.digest), &factor);
	if (rc == RC_OK)
		rc = second_factor_show(ctx, &identity->user, &factor, &enrolment->shown);
	if (rc == RC_OK) {
		buf_add(&enrolment->token, token);
		rc = buf_check(&enrolment->token);
	}
	return rc == RC_NO ? PROBLEM_TOTP_ENROLL_BAD_TOKEN : problem_of(rc);
}

/* Inside the transaction, with the account as it is. RC_NO: *problem says what is wrong. */
static enum rc
twofactor_confirm_use(struct twofactor *work, const struct user *user, struct span code,
    struct recovery_codes *codes, enum problem *problem)
{
	struct ctx *ctx = work->ctx;
	struct span digest = DIGEST_SPAN(work->digest);
	struct factor factor;
	enum rc rc;

	*problem = PROBLEM_TOTP_ALREADY_ENABLED;
	if (user->second_factor)
		return RC_NO;
	*problem = PROBLEM_TOTP_ENROLL_BAD_TOKEN;
	rc = enrolment_find(ctx, user, digest, &factor);
	if (rc != RC_OK)
		return rc;
	*problem = PROBLEM_TOTP_CODE_INVALID;
	rc = second_factor_match(ctx, user, &factor, code, &factor.last_step);
	if (rc != RC_OK)
		return rc;
	*problem = PROBLEM_TOTP_ENROLL_BAD_TOKEN; /* whatever is not there any more: not the code */
	rc = enrolment_take(ctx, user, digest);
	if (rc == RC_OK)
		rc = factor_insert(ctx, user, &factor);
	/* What was asked for without a code is not done any more: an address that waits for its
	 * link would take the account along. */
	if (rc == RC_OK)
		rc = onetime_end(ctx, user, ONETIME_CHANGE);
	if (rc == RC_OK)
		rc = second_factor_recovery(ctx, user, codes);
	if (rc == RC_OK)
		rc = limit_give_back(ctx, &work->ticket);
	if (rc == RC_OK)
		rc = second_factor_mark(ctx, user, work->identity->session_id);
	if (rc == RC_OK)
		rc = twofactor_record(work, "totp.enabled", user);
	return rc == RC_OK ? twofactor_tell(work, MAIL_KIND_FACTOR_ADDED, user) : rc;
}

/* In one transaction with its judgement: a wrong code counts against the enrolment and leaves an
 * audit row, which stay though it is refused. */
static enum rc
twofactor_confirm_judge(
    struct twofactor *work, struct span code, struct recovery_codes *codes, enum problem *problem)
{
	struct db *db = work->ctx->db;
	struct user user;
	enum rc rc = account_begin(work->ctx, &work->identity->user, &user);

	*problem = PROBLEM_NOT_AUTHENTICATED;
	if (rc != RC_OK)
		return rc;
	rc = twofactor_confirm_use(work, &user, code, codes, problem);
	if (rc != RC_NO || *problem != PROBLEM_TOTP_CODE_INVALID)
		return db_end(db, rc);
	rc = enrolment_fail(work->ctx, &user, DIGEST_SPAN(work->digest), FACTOR_TRIES);
	if (rc == RC_OK)
		rc = twofactor_record(work, "totp.failed", &user);
	return rc == RC_OK ? db_keep(db, RC_NO) : db_end(db, rc);
}

enum problem
twofactor_confirm(struct ctx *ctx, const struct identity *identity, const struct client *client,
    const struct confirm_input *input, struct recovery_codes *codes, struct refusal *refusal)
{
	struct twofactor work = {
		.ctx = ctx, .identity = identity, .client = client, .refusal = refusal
	};
	enum problem problem = PROBLEM_TOTP_ENROLL_BAD_TOKEN;
	struct factor factor;
	enum rc rc;

	if (identity->user.second_factor)
		return PROBLEM_TOTP_ALREADY_ENABLED;
	rc = twofactor_digest(&work, input->token);
	if (rc == RC_OK)
		rc = enrolment_find(ctx, &identity->user, DIGEST_SPAN(work.digest), &factor);
	if (rc == RC_OK) {
		problem = PROBLEM_RATE_LIMITED;
		rc = twofactor_count(&work);
	}
	if (rc == RC_OK)
		rc = twofactor_confirm_judge(&work, secret_span(&input->code), codes, &problem);
	return rc == RC_NO ? problem : problem_of(rc);
}

/* --- taking it away ----------------------------------------------------------------------------
 */

static enum rc
twofactor_disable_use(struct twofactor *work, const struct user *user, struct span code)
{
	enum factor_used used;
	enum rc rc = second_factor_use(work->ctx, user, code, true, &used);

	if (rc == RC_OK)
		rc = factor_delete(work->ctx, user);
	if (rc == RC_OK)
		rc = limit_give_back(work->ctx, &work->ticket);
	if (rc == RC_OK && used == FACTOR_RECOVERY)
		rc = twofactor_record(work, "totp.recovery_code_used", user);
	if (rc == RC_OK)
		rc = twofactor_record(work, "totp.disabled", user);
	return rc == RC_OK ? twofactor_tell(work, MAIL_KIND_FACTOR_REMOVED, user) : rc;
}

enum problem
twofactor_disable(struct ctx *ctx, const struct identity *identity, const struct client *client,
    const struct secret *code, struct refusal *refusal)
{
	struct twofactor work = {
		.ctx = ctx, .identity = identity, .client = client, .refusal = refusal
	};
	struct user user;
	enum rc rc = twofactor_count(&work);

	if (rc == RC_NO)
		return PROBLEM_RATE_LIMITED;
	if (rc == RC_OK)
		rc = account_begin(ctx, &identity->user, &user);
	if (rc == RC_NO)
		return PROBLEM_NOT_AUTHENTICATED; /* the code was not even looked at */
	if (rc == RC_OK)
		rc = db_end(ctx->db, twofactor_disable_use(&work, &user, secret_span(code)));
	return rc == RC_NO ? event_refused_by(ctx, "totp.failed", identity, &identity->user, client,
				 PROBLEM_TOTP_CODE_INVALID)
			   : problem_of(rc);
}

/* --- recovery codes ----------------------------------------------------------------------------
 */

static enum rc
twofactor_renew_use(struct twofactor *work, const struct user *user, struct recovery_codes *codes)
{
	enum rc rc = second_factor_recovery(work->ctx, user, codes);

	if (rc == RC_OK)
		rc = twofactor_record(work, "totp.recovery_codes_renewed", user);
	return rc == RC_OK ? twofactor_tell(work, MAIL_KIND_RECOVERY_RENEWED, user) : rc;
}

enum problem
twofactor_renew(struct ctx *ctx, const struct identity *identity, const struct client *client,
    const struct renew_input *input, struct recovery_codes *codes, struct refusal *refusal)
{
	struct twofactor work = {
		.ctx = ctx, .identity = identity, .client = client, .refusal = refusal
	};
	enum problem problem = reauth_weighty(ctx, identity, client, &input->current_password,
	    &input->totp_code, &work.credential, &refusal->wait);
	struct user user;
	enum rc rc;

	if (problem != PROBLEM_NONE)
		return problem;
	if (!work.credential.user.second_factor)
		return PROBLEM_TOTP_NOT_ENABLED;
	rc = account_begin(ctx, &work.credential.user, &user);
	if (rc == RC_OK)
		rc = db_end(ctx->db, twofactor_renew_use(&work, &user, codes));
	return rc == RC_NO ? PROBLEM_NOT_AUTHENTICATED : problem_of(rc);
}
