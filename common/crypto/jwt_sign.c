#include "crypto/jwt_sign.h"

#include <sodium.h>

#include "base/json.h"
#include "crypto/base64url.h"

static void
jwt_sign_put_header(struct buf *buf, const struct jwt_key *key)
{
	buf_char(buf, '{');
	json_put_text(buf, "alg", span_of(jwt_algorithm_name(key->algorithm)));
	json_put_text(buf, "typ", SPAN("JWT"));
	json_put_text(buf, "kid", span_of(key->kid));
	buf_char(buf, '}');
}

/* Times go out in whole seconds, all rounded down alike, since many readers take integers only. */
static void
jwt_sign_put_claims(struct buf *buf, const struct jwt_rules *rules, const struct jwt_claims *claims)
{
	char sfp[BASE64URL_LEN(DIGEST_SIZE) + 1];

	base64url_encode(sfp, sizeof(sfp), claims->sfp.bytes, DIGEST_SIZE);
	buf_char(buf, '{');
	if (rules->issuer.len > 0)
		json_put_text(buf, "iss", rules->issuer);
	json_put_text(buf, "sub", span_of(claims->subject));
	json_put_text(buf, "aud", rules->audience);
	json_put_number(buf, "iat", claims->issued_at / 1000);
	json_put_number(buf, "nbf", claims->not_before / 1000);
	json_put_number(buf, "exp", claims->expires_at / 1000);
	json_put_text(buf, "jti", span_of(claims->jti));
	json_put_text(buf, "sfp", span_of(sfp));
	if (claims->sid[0] != '\0')
		json_put_text(buf, "sid", span_of(claims->sid));
	buf_char(buf, '}');
}

static enum rc
jwt_sign_bytes(const struct jwt_key *key, struct span text, struct buf *out)
{
	unsigned char signature[crypto_sign_BYTES];
	struct digest mac;

	switch (key->algorithm) {
	case JWT_EDDSA:
		if (crypto_sign_detached(signature, NULL, (const unsigned char *)text.data,
			text.len, key->secret) != 0)
			return RC_INTERNAL;
		base64url_put(out, signature, sizeof(signature));
		return RC_OK;
	case JWT_HS256:
		digest_hmac(
		    &mac, (struct span){ (const char *)key->secret, key->secret_len }, text);
		base64url_put(out, mac.bytes, DIGEST_SIZE);
		return RC_OK;
	case JWT_ALGORITHMS:
		break;
	}
	return RC_INTERNAL;
}

/* Appends "header.claims" as they are signed. */
static enum rc
jwt_sign_put_text(const struct jwt_key *key, const struct jwt_rules *rules,
    const struct jwt_claims *claims, struct buf *text)
{
	struct buf header = BUF_INIT(JWT_MAX);
	struct buf body = BUF_INIT(JWT_MAX);
	enum rc rc;

	jwt_sign_put_header(&header, key);
	jwt_sign_put_claims(&body, rules, claims);
	rc = buf_check(&header);
	if (rc == RC_OK)
		rc = buf_check(&body);
	if (rc == RC_OK) {
		base64url_put(text, header.data, header.len);
		buf_char(text, '.');
		base64url_put(text, body.data, body.len);
		rc = buf_check(text);
	}
	buf_free(&header);
	buf_free(&body);
	return rc;
}

enum rc
jwt_sign_token(const struct jwt_keys *keys, const struct jwt_rules *rules,
    const struct jwt_claims *claims, struct buf *out)
{
	const struct jwt_key *key = keys->count == 0 ? NULL : &keys->keys[keys->count - 1];
	struct buf token = BUF_INIT(JWT_MAX - 1 - BASE64URL_LEN(crypto_sign_BYTES));
	struct span text;
	enum rc rc;

	if (key == NULL || key->secret_len == 0)
		return RC_INTERNAL;
	rc = jwt_sign_put_text(key, rules, claims, &token);
	if (rc != RC_OK)
		goto out;
	text = buf_span(&token);
	buf_add(out, text);
	buf_char(out, '.');
	rc = jwt_sign_bytes(key, text, out);
	if (rc == RC_OK)
		rc = buf_check(out);
out:
	buf_free(&token);
	return rc;
}

enum rc
jwt_sign_new_key(const struct random_source *random, struct jwt_key *key)
{
	unsigned char seed[crypto_sign_SEEDBYTES];
	enum rc rc = random_bytes(random, seed, sizeof(seed));

	memset(key, 0, sizeof(*key));
	if (rc == RC_OK) {
		key->algorithm = JWT_EDDSA;
		crypto_sign_seed_keypair(key->public_key, key->secret, seed);
		key->secret_len = crypto_sign_SECRETKEYBYTES;
	}
	sodium_memzero(seed, sizeof(seed));
	return rc;
}
