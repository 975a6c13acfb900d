#include "crypto/jwt_verify.h"

#include <sodium.h>

#include "base/json.h"
#include "base/text.h"
#include "crypto/base64url.h"

#define JWT_DATE_END 253402300800.0 /* the first second of the year 10000 */

struct jwt_parts {
	struct span header, payload, signature;
	struct span signed_part;
};

static bool
jwt_split(struct span token, struct jwt_parts *parts)
{
	struct span rest = token;

	if (token.len > JWT_MAX)
		return false;
	parts->header = span_cut(&rest, '.');
	parts->payload = span_cut(&rest, '.');
	parts->signature = rest;
	if (parts->header.len == 0 || parts->signature.len == 0 ||
	    memchr(rest.data, '.', rest.len) != NULL)
		return false;
	parts->signed_part =
	    (struct span){ token.data, parts->header.len + 1 + parts->payload.len };
	return true;
}

bool
jwt_looks_like(struct span token)
{
	struct jwt_parts parts;

	return jwt_split(token, &parts) && parts.payload.len > 0;
}

static bool
jwt_is(const struct json *value, const char *want)
{
	return value != NULL && json_kind(value) == JSON_STRING &&
	       span_equal(json_string(value), span_of(want));
}

static const struct jwt_key *
jwt_find_key(const struct jwt_keys *keys, const struct json *kid)
{
	for (size_t i = 0; i < keys->count; i++) {
		if (jwt_is(kid, keys->keys[i].kid))
			return &keys->keys[i];
	}
	return NULL;
}

/* What a header says about keys elsewhere, or demands of the reader, is never followed. */
static bool
jwt_header_asks(const struct json *header)
{
	static const char *const refused[] = { "jku", "x5u", "x5c", "jwk", "crit", "b64" };

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (json_member(header, refused[i]) != NULL)
			return true;
	}
	return false;
}

/* The key that the header names, when the header is one we take. */
static enum rc
jwt_header_key(
    const struct jwt_keys *keys, struct span text, const char *type, const struct jwt_key **out)
{
	struct json *header = NULL;
	const struct jwt_key *key;
	enum rc rc = json_read(text, &header);

	if (rc != RC_OK)
		goto out;
	rc = RC_NO;
	if (json_kind(header) != JSON_OBJECT || jwt_header_asks(header))
		goto out;
	if (type != NULL && !jwt_is(json_member(header, "typ"), type))
		goto out;
	key = jwt_find_key(keys, json_member(header, "kid"));
	if (key == NULL || !jwt_is(json_member(header, "alg"), jwt_algorithm_name(key->algorithm)))
		goto out;
	*out = key;
	rc = RC_OK;
out:
	json_free(header);
	return rc;
}

enum rc
jwt_signature(const struct jwt_key *key, struct span signed_part, struct span signature)
{
	struct digest mac;
	int differs;

	switch (key->algorithm) {
	case JWT_EDDSA:
		if (signature.len != crypto_sign_BYTES ||
		    crypto_sign_verify_detached((const unsigned char *)signature.data,
			(const unsigned char *)signed_part.data, signed_part.len,
			key->public_key) != 0)
			return RC_NO;
		return RC_OK;
	case JWT_HS256:
		if (key->secret_len < DIGEST_SIZE)
			return RC_INTERNAL;
		if (signature.len != DIGEST_SIZE)
			return RC_NO;
		digest_hmac(
		    &mac, (struct span){ (const char *)key->secret, key->secret_len }, signed_part);
		differs = sodium_memcmp(mac.bytes, signature.data, DIGEST_SIZE);
		/* The right value for other bytes would be a forged token. */
		sodium_memzero(&mac, sizeof(mac));
		return differs == 0 ? RC_OK : RC_NO;
	case JWT_ALGORITHMS:
		break;
	}
	return RC_INTERNAL;
}

enum rc
jwt_verify_jws(const struct jwt_keys *keys, struct span token, const char *type,
    unsigned char payload[JWT_MAX], size_t *len)
{
	unsigned char signature[crypto_sign_BYTES];
	const struct jwt_key *key = NULL;
	struct jwt_parts parts;
	size_t signature_len;
	enum rc rc;

	*len = 0;
	if (!jwt_split(token, &parts))
		return RC_NO;
	/* The header uses the payload's place until the payload is read. */
	rc = base64url_decode(parts.header, payload, JWT_MAX, len);
	if (rc == RC_OK)
		rc = jwt_header_key(keys, (struct span){ (const char *)payload, *len }, type, &key);
	*len = 0;
	if (rc == RC_OK)
		rc =
		    base64url_decode(parts.signature, signature, sizeof(signature), &signature_len);
	if (rc == RC_OK)
		rc = jwt_signature(key, parts.signed_part,
		    (struct span){ (const char *)signature, signature_len });
	if (rc == RC_OK)
		rc = base64url_decode(parts.payload, payload, JWT_MAX, len);
	return rc;
}

/* A NumericDate in milliseconds. The comparisons are false for NaN. */
static bool
jwt_date(const struct json *claims, const char *name, int64_t *out)
{
	const struct json *value = json_member(claims, name);
	double seconds;

	if (value == NULL || !json_number(value, &seconds) ||
	    !(seconds >= 0 && seconds < JWT_DATE_END))
		return false;
	*out = (int64_t)(seconds * 1000 + 0.5);
	return true;
}

static bool
jwt_dates_hold(
    const struct json *json, const struct jwt_rules *rules, int64_t now, struct jwt_claims *claims)
{
	return jwt_date(json, "exp", &claims->expires_at) &&
	       jwt_date(json, "nbf", &claims->not_before) &&
	       jwt_date(json, "iat", &claims->issued_at) &&
	       now < claims->expires_at + rules->leeway &&
	       claims->not_before <= now + rules->leeway &&
	       claims->issued_at <= now + rules->leeway;
}

/* "aud" is one string or several (RFC 7519 section 4.1.3). */
static bool
jwt_audience_holds(const struct json *audience, struct span want)
{
	bool found = false;

	if (audience == NULL)
		return false;
	if (json_kind(audience) == JSON_STRING)
		return span_equal(json_string(audience), want);
	if (json_kind(audience) != JSON_ARRAY)
		return false;
	for (const struct json *one = json_first(audience); one != NULL; one = json_next(one)) {
		if (json_kind(one) != JSON_STRING)
			return false;
		if (span_equal(json_string(one), want))
			found = true;
	}
	return found;
}

static bool
jwt_issuer_holds(const struct json *issuer, struct span want)
{
	if (want.len == 0)
		return true;
	return issuer != NULL && json_kind(issuer) == JSON_STRING &&
	       span_equal(json_string(issuer), want);
}

static bool
jwt_uuid(const struct json *value, char to[UUID_SIZE])
{
	return value != NULL && json_kind(value) == JSON_STRING &&
	       text_is_uuid(json_string(value)) && span_copy(to, UUID_SIZE, json_string(value));
}

static bool
jwt_jti(const struct json *value, char to[JWT_JTI_SIZE])
{
	struct span text;

	if (value == NULL || json_kind(value) != JSON_STRING)
		return false;
	text = json_string(value);
	if (text.len != JWT_JTI_SIZE - 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!((text.data[i] >= '0' && text.data[i] <= '9') ||
			(text.data[i] >= 'a' && text.data[i] <= 'f')))
			return false;
	}
	return span_copy(to, JWT_JTI_SIZE, text);
}

static bool
jwt_sfp(const struct json *value, struct digest *to)
{
	size_t count;

	return value != NULL && json_kind(value) == JSON_STRING &&
	       base64url_decode(json_string(value), to->bytes, DIGEST_SIZE, &count) == RC_OK &&
	       count == DIGEST_SIZE;
}

/* A stateless backend refuses "sid" too: a token of a session that was ended would otherwise live
 * again once the operator turns sessions off. */
static bool
jwt_sid(const struct json *value, const struct jwt_rules *rules, char to[UUID_SIZE])
{
	return rules->needs_sid ? jwt_uuid(value, to) : value == NULL;
}

static enum rc
jwt_claims_hold(
    struct span text, const struct jwt_rules *rules, int64_t now, struct jwt_claims *claims)
{
	struct json *json = NULL;
	enum rc rc = json_read(text, &json);

	if (rc == RC_OK &&
	    !(json_kind(json) == JSON_OBJECT && jwt_dates_hold(json, rules, now, claims) &&
		jwt_issuer_holds(json_member(json, "iss"), rules->issuer) &&
		jwt_audience_holds(json_member(json, "aud"), rules->audience) &&
		jwt_uuid(json_member(json, "sub"), claims->subject) &&
		jwt_jti(json_member(json, "jti"), claims->jti) &&
		jwt_sfp(json_member(json, "sfp"), &claims->sfp) &&
		jwt_sid(json_member(json, "sid"), rules, claims->sid)))
		rc = RC_NO;
	json_free(json);
	return rc;
}

enum rc
jwt_verify(const struct jwt_keys *keys, const struct jwt_rules *rules, struct span token,
    int64_t now, struct jwt_claims *claims)
{
	unsigned char payload[JWT_MAX];
	struct jwt_claims found = { 0 };
	size_t len;
	enum rc rc;

	memset(claims, 0, sizeof(*claims));
	rc = jwt_verify_jws(keys, token, "JWT", payload, &len);
	if (rc == RC_OK)
		rc = jwt_claims_hold(
		    (struct span){ (const char *)payload, len }, rules, now, &found);
	if (rc == RC_OK)
		*claims = found;
	return rc;
}
