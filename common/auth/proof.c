#include "auth/proof.h"

#include "base/log.h"
#include "crypto/password.h"

static enum rc
proof_verify_decoy(struct ctx *ctx, const struct secret *password)
{
	char decoy[HASH_TEXT_SIZE];
	enum rc rc = user_decoy(ctx, decoy);

	if (rc != RC_OK) {
		LOG_FAULT(LOG_ERROR, "%s", "there is no decoy hash; run yettctl migrate");
		return rc == RC_NO ? RC_INTERNAL : rc;
	}
	rc = password_verify(ctx->slots, decoy, secret_span(password));
	return rc == RC_OK ? RC_NO : rc;
}

enum rc
proof_verify(struct ctx *ctx, const struct credential *credential, const struct secret *password)
{
	_Static_assert(HASH_TEXT_SIZE == PASSWORD_HASH_SIZE, "the store keeps whole hashes");
	if (credential == NULL || !password_usable(credential->hash))
		return proof_verify_decoy(ctx, password);
	return password_verify(ctx->slots, credential->hash, secret_span(password));
}

void
proof_upgrade(struct ctx *ctx, const struct credential *credential, const struct secret *password)
{
	char hash[HASH_TEXT_SIZE];
	enum rc rc;

	if (!password_outdated(&ctx->config->password, credential->hash))
		return;
	rc = password_hash(&ctx->config->password, ctx->slots, secret_span(password), hash);
	if (rc == RC_OK)
		rc = user_upgrade_hash(ctx, &credential->user, hash, credential->hash);
	if (rc != RC_OK && rc != RC_NO) /* no: it was replaced meanwhile */
		log_line(LOG_WARN, "a password hash of old parameters could not be replaced");
}
