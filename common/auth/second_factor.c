#include "auth/second_factor.h"

#include <sodium.h>

#include "base/log.h"
#include "crypto/base32.h"
#include "crypto/keyring.h"
#include "crypto/seal.h"
#include "http/fields.h"

_Static_assert(FIELD_CODE_DIGITS == TOTP_DIGITS && FIELD_RECOVERY_DIGITS == RECOVERY_LEN &&
		   TOTP_DIGITS != RECOVERY_LEN,
    "what is read as a code is one");

static const char *const factor_algorithms[TOTP_ALGORITHMS] = {
	[TOTP_SHA1] = "sha1",
	[TOTP_SHA256] = "sha256",
	[TOTP_SHA512] = "sha512",
};
_Static_assert((int)TOTP_SHA1 == (int)TOTP_BY_SHA1 && (int)TOTP_SHA256 == (int)TOTP_BY_SHA256 &&
		   (int)TOTP_SHA512 == (int)TOTP_BY_SHA512,
    "the setting names the algorithm");

static enum rc
factor_totp(const struct user *user, const struct factor *factor, struct totp *totp)
{
	int which = 0;

	while (which < TOTP_ALGORITHMS &&
	       !span_equal(factor->algorithm, span_of(factor_algorithms[which])))
		which++;
	if (which == TOTP_ALGORITHMS || factor->digits != TOTP_DIGITS || factor->period < 1 ||
	    factor->period > DAY / SECOND) {
		LOG_FAULT(
		    LOG_ERROR, "the second factor of %s is stored in a way unknown here", user->id);
		return RC_UNAVAILABLE;
	}
	*totp =
	    (struct totp){ (enum totp_algorithm)which, (int)factor->digits, (int)factor->period };
	return RC_OK;
}

static enum rc
factor_open(
    struct ctx *ctx, const struct user *user, const struct factor *factor, struct buf *secret)
{
	enum rc rc = seal_open(
	    secret, keyring_sealing(ctx->keys, PURPOSE_TOTP), factor->sealed, span_of(user->id));

	if (rc != RC_NO)
		return rc;
	LOG_FAULT(LOG_ERROR,
	    "the second factor of %s is damaged, or another's; \"yettctl user reset-2fa\" takes it "
	    "away",
	    user->id);
	return RC_UNAVAILABLE;
}

/* Nobody but the owner sees it: the secret is in it. */
static enum rc
factor_put_uri(struct ctx *ctx, const struct user *user, const struct factor *factor,
    struct span secret, struct buf *uri)
{
	const struct config *config = ctx->config;
	const char *issuer =
	    config->totp.issuer[0] != '\0' ? config->totp.issuer : config->site.name;
	struct totp totp;
	enum rc rc = factor_totp(user, factor, &totp);

	if (rc == RC_OK)
		totp_put_uri(uri, &totp, secret, span_of(issuer), user->email);
	return rc == RC_OK ? buf_check(uri) : rc;
}

/* Seals a secret for the account into factor->sealed, in the arena. */
static enum rc
factor_seal(struct ctx *ctx, const struct user *user, struct span secret, struct factor *factor)
{
	struct buf sealed = BUF_INIT(SEAL_OVERHEAD + TOTP_SECRET);
	enum rc rc = seal_put(&sealed, keyring_sealing(ctx->keys, PURPOSE_TOTP), ctx->now,
	    &ctx->random, secret, span_of(user->id));

	if (rc == RC_OK) {
		factor->sealed =
		    (struct span){ arena_text(ctx->arena, buf_span(&sealed)), sealed.len };
		rc = factor->sealed.data == NULL ? RC_UNAVAILABLE : RC_OK;
	}
	buf_free(&sealed);
	return rc;
}

static enum rc
factor_show(struct ctx *ctx, const struct user *user, const struct factor *factor,
    struct span secret, struct factor_shown *shown)
{
	base32_put(&shown->secret, secret);
	if (buf_check(&shown->secret) != RC_OK)
		return RC_UNAVAILABLE;
	return factor_put_uri(ctx, user, factor, secret, &shown->uri);
}

enum rc
second_factor_new(
    struct ctx *ctx, const struct user *user, struct factor *factor, struct factor_shown *shown)
{
	unsigned char bytes[TOTP_SECRET];
	struct span secret = { (const char *)bytes, sizeof(bytes) };
	enum rc rc = random_bytes(&ctx->random, bytes, sizeof(bytes));

	*factor = (struct factor){
		.algorithm = span_of(factor_algorithms[ctx->config->totp.algorithm]),
		.digits = TOTP_DIGITS,
		.period = TOTP_PERIOD,
	};
	if (rc == RC_OK)
		rc = factor_seal(ctx, user, secret, factor);
	if (rc == RC_OK)
		rc = factor_show(ctx, user, factor, secret, shown);
	sodium_memzero(bytes, sizeof(bytes));
	return rc;
}

enum rc
second_factor_show(struct ctx *ctx, const struct user *user, const struct factor *factor,
    struct factor_shown *shown)
{
	struct buf secret = BUF_INIT(TOTP_SECRET);
	enum rc rc = factor_open(ctx, user, factor, &secret);

	if (rc == RC_OK)
		rc = factor_show(ctx, user, factor, buf_span(&secret), shown);
	buf_free(&secret);
	return rc;
}

void
factor_shown_wipe(struct factor_shown *shown)
{
	buf_free(&shown->secret);
	buf_free(&shown->uri);
}

enum rc
second_factor_reseal(struct ctx *ctx, const struct user *user, struct span sealed, struct buf *out)
{
	const struct sealing_keys *keys = keyring_sealing(ctx->keys, PURPOSE_TOTP);
	struct buf secret = BUF_INIT(TOTP_SECRET);
	enum rc rc = seal_open(&secret, keys, sealed, span_of(user->id));

	if (rc == RC_OK)
		rc = seal_put(
		    out, keys, ctx->now, &ctx->random, buf_span(&secret), span_of(user->id));
	buf_free(&secret);
	return rc;
}

enum rc
second_factor_match(struct ctx *ctx, const struct user *user, const struct factor *factor,
    struct span code, int64_t *step)
{
	struct buf secret = BUF_INIT(TOTP_SECRET);
	struct totp totp;
	enum rc rc = factor_totp(user, factor, &totp);

	if (rc == RC_OK)
		rc = factor_open(ctx, user, factor, &secret);
	if (rc == RC_OK)
		rc = totp_match(
		    &totp, buf_span(&secret), ctx->now, ctx->config->totp.drift, code, step);
	buf_free(&secret);
	return rc;
}

static void
factor_recovery_digest(
    struct ctx *ctx, const struct user *user, struct span code, struct digest *digest)
{
	digest_parts(digest, keyring_key(ctx->keys, PURPOSE_RECOVERY),
	    (const struct span[]){ span_of(user->id), code }, 2);
}

static enum rc
factor_use_app(struct ctx *ctx, const struct user *user, struct span code)
{
	struct factor factor;
	int64_t step;
	enum rc rc = factor_find(ctx, user, &factor);

	if (rc == RC_NO) {
		LOG_FAULT(LOG_ERROR, "the second factor of %s is missing", user->id);
		return RC_UNAVAILABLE;
	}
	if (rc == RC_OK)
		rc = second_factor_match(ctx, user, &factor, code, &step);
	return rc == RC_OK ? factor_spend(ctx, user, step) : rc;
}

enum factor_used
second_factor_of(struct span code)
{
	return code.len == RECOVERY_LEN ? FACTOR_RECOVERY : FACTOR_APP;
}

enum rc
second_factor_use(struct ctx *ctx, const struct user *user, struct span code, bool recovery,
    enum factor_used *used)
{
	struct digest digest;

	*used = second_factor_of(code);
	if (!user->second_factor || (*used == FACTOR_RECOVERY && !recovery))
		return RC_NO;
	if (*used == FACTOR_APP)
		return factor_use_app(ctx, user, code);
	factor_recovery_digest(ctx, user, code, &digest);
	return recovery_spend(ctx, user, DIGEST_SPAN(digest));
}

enum rc
second_factor_mark(struct ctx *ctx, const struct user *user, const char *session_id)
{
	int64_t until = ctx->now + ctx->config->totp.stepup_lifetime;

	return session_id[0] == '\0' ? RC_OK
				     : factor_mark_session(ctx, user, span_of(session_id), until);
}

enum rc
second_factor_recovery(struct ctx *ctx, const struct user *user, struct recovery_codes *codes)
{
	unsigned char bytes[RECOVERY_BYTES];
	struct digest digest;
	enum rc rc = recovery_delete(ctx, user);

	for (int i = 0; i < RECOVERY_CODES && rc == RC_OK; i++) {
		rc = random_bytes(&ctx->random, bytes, sizeof(bytes));
		if (rc != RC_OK)
			break;
		sodium_bin2hex(codes->codes[i], sizeof(codes->codes[i]), bytes, sizeof(bytes));
		factor_recovery_digest(ctx, user, span_of(codes->codes[i]), &digest);
		rc = recovery_insert(ctx, user, DIGEST_SPAN(digest));
	}
	sodium_memzero(bytes, sizeof(bytes));
	return rc;
}
