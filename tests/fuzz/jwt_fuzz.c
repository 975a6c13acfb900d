/* The first byte says what the rest is: a token as it came; changes to a token that is valid; or a
 * header or claims that are then signed rightly, so that the reader behind the signature is
 * reached too. Nothing verifies but the valid token, or claims that keep the rules. */
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "crypto/base64url.h"
#include "crypto/jwt_sign.h"
#include "crypto/jwt_verify.h"

#define NOW INT64_C(1800000000000)
#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k\"}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct jwt_keys keys = {
	.keys = { { .kid = "e", .algorithm = JWT_EDDSA, .secret_len = 64 },
	    { .kid = "k",
		.algorithm = JWT_HS256,
		.secret = "0123456789abcdef",
		.secret_len = 32 } },
	.count = 2,
};
static struct jwt_rules rules = { .leeway = 30000, .needs_sid = true };
static const struct jwt_claims wanted = {
	.subject = "0f6f6d4e-8f3a-4c0e-9d2b-1a2b3c4d5e6f",
	.sid = "11111111-2222-4333-8444-555555555555",
	.jti = "00112233445566778899aabbccddeeff",
	.issued_at = NOW,
	.not_before = NOW,
	.expires_at = NOW + 900000,
};

static bool
verifies(struct span token)
{
	struct jwt_claims claims;
	enum rc rc = jwt_verify(&keys, &rules, token, NOW, &claims);

	if (rc == RC_INTERNAL)
		abort();
	if (rc != RC_OK)
		return false;
	if (!jwt_looks_like(token) || !text_is_uuid(span_of(claims.subject)) ||
	    !text_is_uuid(span_of(claims.sid)) || strlen(claims.jti) != JWT_JTI_SIZE - 1 ||
	    NOW >= claims.expires_at + rules.leeway || claims.not_before > NOW + rules.leeway ||
	    claims.issued_at > NOW + rules.leeway || claims.issued_at < 0 || claims.not_before < 0)
		abort();
	return true;
}

static void
start(void)
{
	static const unsigned char seed[32] = { 1, 2, 3 };

	rules.audience = SPAN("yett:access");
	crypto_sign_seed_keypair(keys.keys[0].public_key, keys.keys[0].secret, seed);
}

static void
judge_changed(const uint8_t *data, size_t size)
{
	struct buf token = BUF_INIT(JWT_MAX);
	struct jwt_keys signing = keys;
	char original[JWT_MAX];
	size_t len;

	signing.count = 1 + data[0] % 2;
	if (jwt_sign_token(&signing, &rules, &wanted, &token) != RC_OK ||
	    !verifies(buf_span(&token)))
		abort();
	len = token.len;
	memcpy(original, token.data, len);
	for (size_t i = 1; i + 2 < size; i += 3)
		token.data[((size_t)data[i] << 8 | data[i + 1]) % len] ^= (char)data[i + 2];
	if (memcmp(original, token.data, len) != 0 && verifies(buf_span(&token)))
		abort();
	buf_free(&token);
}

static void
judge_signed(struct span header, struct span payload)
{
	struct buf token = BUF_INIT(4 * JWT_MAX);
	struct digest mac;

	base64url_put(&token, header.data, header.len);
	buf_char(&token, '.');
	base64url_put(&token, payload.data, payload.len);
	digest_hmac(&mac, (struct span){ (const char *)keys.keys[1].secret, 32 }, buf_span(&token));
	buf_char(&token, '.');
	base64url_put(&token, mac.bytes, DIGEST_SIZE);
	if (buf_check(&token) == RC_OK)
		(void)verifies(buf_span(&token));
	buf_free(&token);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char payload[] =
	    "{\"exp\":1800000900,\"iat\":1800000000,\"nbf\":1800000000,\"aud\":\"yett:access\","
	    "\"sub\":\"0f6f6d4e-8f3a-4c0e-9d2b-1a2b3c4d5e6f\","
	    "\"sid\":\"11111111-2222-4333-8444-555555555555\","
	    "\"jti\":\"00112233445566778899aabbccddeeff\","
	    "\"sfp\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}";
	struct span rest;

	if (sodium_init() < 0 || size < 2)
		return 0;
	start();
	rest = (struct span){ (const char *)data + 1, size - 1 };
	switch (data[0] % 4) {
	case 0:
		if (verifies(rest))
			abort();
		break;
	case 1:
		judge_changed(data + 1, size - 1);
		break;
	case 2:
		judge_signed(SPAN(HEADER), rest);
		break;
	default:
		judge_signed(rest, SPAN(payload));
	}
	return 0;
}
