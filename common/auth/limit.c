#include "auth/limit.h"

#include "crypto/keyring.h"

static const char *const limit_names[LIMITS] = {
	[LIMIT_LOGIN] = "login",
	[LIMIT_LOGIN_ADDRESS] = "login_address",
	[LIMIT_LOCKOUT] = "lockout",
	[LIMIT_REFRESH] = "refresh",
	[LIMIT_REGISTER] = "register",
	[LIMIT_PASSWORD_PROOF] = "password_proof",
	[LIMIT_FORGOT] = "forgot",
	[LIMIT_REQUEST_VERIFY] = "request_verify",
	[LIMIT_RESET] = "reset",
	[LIMIT_VERIFY] = "verify",
	[LIMIT_TOTP_LOGIN] = "totp_login",
	[LIMIT_TOTP] = "totp",
	[LIMIT_RECIPIENT] = "recipient",
	[LIMIT_WARNING] = "warning",
	[LIMIT_NOTICE] = "notice",
	[LIMIT_CHANGE] = "change",
};

static struct rate
limit_rate(const struct config *config, enum limit limit)
{
	switch (limit) {
	case LIMIT_LOGIN:
		return config->limit.login;
	case LIMIT_LOGIN_ADDRESS:
		return config->limit.login_address;
	case LIMIT_LOCKOUT:
		return (struct rate){ config->account.lockout_failures,
			config->account.lockout_window };
	case LIMIT_REFRESH:
		return config->limit.refresh;
	case LIMIT_REGISTER:
		return config->limit.registration;
	case LIMIT_PASSWORD_PROOF:
		return config->limit.password_proof;
	case LIMIT_FORGOT:
		return config->limit.forgot;
	case LIMIT_REQUEST_VERIFY:
		return config->limit.request_verify;
	case LIMIT_RESET:
		return config->limit.reset;
	case LIMIT_VERIFY:
		return config->limit.verify;
	case LIMIT_TOTP_LOGIN:
	case LIMIT_TOTP:
		return config->limit.totp;
	case LIMIT_RECIPIENT:
	case LIMIT_NOTICE:
	case LIMIT_CHANGE:
		return config->limit.recipient;
	case LIMIT_WARNING: /* a third, so that the others are left for what the owner asks for */
		return (struct rate){ (config->limit.recipient.count + 2) / 3,
			config->limit.recipient.window };
	case LIMITS:
		break;
	}
	return (struct rate){ 1, DAY };
}

static void
limit_bucket(
    struct ctx *ctx, const struct limit_subject *subject, unsigned char bucket[BUCKET_SIZE])
{
	const char *name = subject->limit < LIMITS ? limit_names[subject->limit] : "";
	struct digest digest;

	_Static_assert(BUCKET_SIZE == DIGEST_SIZE, "a bucket is a digest");
	digest_parts(&digest, keyring_key(ctx->keys, PURPOSE_LIMIT),
	    (const struct span[]){ span_of(name), subject->what, subject->where }, 3);
	memcpy(bucket, digest.bytes, BUCKET_SIZE);
}

enum rc
limit_check(struct ctx *ctx, const struct limit_subject *subject, int64_t *wait)
{
	struct rate rate = limit_rate(ctx->config, subject->limit);
	unsigned char bucket[BUCKET_SIZE];
	int64_t free_at = 0;
	enum rc rc;

	if (rate.count == 0)
		return RC_OK;
	limit_bucket(ctx, subject, bucket);
	rc = attempt_check(ctx, bucket, rate, &free_at);
	if (rc == RC_NO)
		*wait = free_at - ctx->now < 1 ? 1 : free_at - ctx->now;
	return rc;
}

enum rc
limit_count(struct ctx *ctx, const struct limit_subject *subject, struct limit_ticket *ticket)
{
	struct rate rate = limit_rate(ctx->config, subject->limit);
	struct attempt *attempt = &ticket->attempts[ticket->count];
	enum rc rc;

	if (rate.count == 0)
		return RC_OK;
	if (ticket->count == LIMIT_SUBJECTS_MAX)
		return RC_INTERNAL;
	limit_bucket(ctx, subject, attempt->bucket);
	rc = attempt_insert(ctx, attempt, rate);
	if (rc == RC_OK)
		ticket->count++;
	return rc;
}

enum rc
limit_take(struct ctx *ctx, const struct limit_subject *subjects, size_t count,
    struct limit_ticket *ticket, int64_t *wait)
{
	enum rc rc = db_begin(ctx->db);

	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < count && rc == RC_OK; i++)
		rc = limit_check(ctx, &subjects[i], wait);
	for (size_t i = 0; i < count && rc == RC_OK; i++)
		rc = limit_count(ctx, &subjects[i], ticket);
	return db_end(ctx->db, rc);
}

enum rc
limit_give_back(struct ctx *ctx, const struct limit_ticket *ticket)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < ticket->count && rc == RC_OK; i++)
		rc = attempt_give_back(ctx, &ticket->attempts[i]);
	return rc;
}
