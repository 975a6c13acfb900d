#include <sodium.h>
#include <stdio.h>

#include "crypto/base64url.h"
#include "crypto/jwk.h"
#include "crypto/jwt_sign.h"
#include "crypto/jwt_verify.h"
#include "unit/fixture.h"

#define NOW INT64_C(1800000000000)
#define HEADER "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"k1\"}"
#define EXP "\"exp\":1800000900"
#define IAT "\"iat\":1800000000"
#define NBF "\"nbf\":1800000000"
#define TIMES EXP "," IAT "," NBF
#define AUD "\"aud\":\"yett:access\""
#define SUBJECT "0f6f6d4e-8f3a-4c0e-9d2b-1a2b3c4d5e6f"
#define SUB "\"sub\":\"" SUBJECT "\""
#define SESSION "11111111-2222-4333-8444-555555555555"
#define SID "\"sid\":\"" SESSION "\""
#define IDENTIFIER "00112233445566778899aabbccddeeff"
#define JTI "\"jti\":\"" IDENTIFIER "\""
#define SFP "\"sfp\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\""
#define REST AUD "," SUB "," JTI "," SFP
#define GOOD "{" TIMES "," REST "}"

static struct jwt_keys keys;
static const struct jwt_rules stateless = { .audience = SPAN_ROW("yett:access"), .leeway = 30000 };

/* k1 and k3 are Ed25519, k2 is shared; k3 signs. */
static void
make_keys(void)
{
	unsigned char next = 1;
	const struct random_source random = fixture_random(&next);

	keys.count = 3;
	ck_assert_int_eq(jwt_sign_new_key(&random, &keys.keys[0]), RC_OK);
	ck_assert_int_eq(random_bytes(&random, keys.keys[1].secret, 32), RC_OK);
	ck_assert_int_eq(jwt_sign_new_key(&random, &keys.keys[2]), RC_OK);
	keys.keys[1].algorithm = JWT_HS256;
	keys.keys[1].secret_len = 32;
	strcpy(keys.keys[0].kid, "k1");
	strcpy(keys.keys[1].kid, "k2");
	strcpy(keys.keys[2].kid, "k3");
}

static void
put_signature(struct buf *token, const struct jwt_key *key)
{
	unsigned char signature[crypto_sign_BYTES];
	struct digest mac;

	if (key->algorithm == JWT_HS256) {
		digest_hmac(&mac, (struct span){ (const char *)key->secret, key->secret_len },
		    buf_span(token));
		buf_char(token, '.');
		base64url_put(token, mac.bytes, DIGEST_SIZE);
		return;
	}
	crypto_sign_detached(
	    signature, NULL, (const unsigned char *)token->data, token->len, key->secret);
	buf_char(token, '.');
	base64url_put(token, signature, sizeof(signature));
}

/* A token of these texts, rightly signed by that key. */
static struct buf
make_token(const char *header, const char *payload, const struct jwt_key *key)
{
	struct buf token = BUF_INIT(4 * JWT_MAX);

	base64url_put(&token, header, strlen(header));
	buf_char(&token, '.');
	base64url_put(&token, payload, strlen(payload));
	put_signature(&token, key);
	return token;
}

static enum rc
verify(const char *header, const char *payload, const struct jwt_key *key,
    const struct jwt_rules *rules, struct jwt_claims *claims)
{
	struct buf token = make_token(header, payload, key);
	enum rc rc = jwt_verify(&keys, rules, buf_span(&token), NOW, claims);

	buf_free(&token);
	return rc;
}

static const struct {
	const char *why, *header;
	int key;
	enum rc expected;
} headers[] = {
	{ "as signed", HEADER, 0, RC_OK },
	{ "shared key", "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k2\"}", 1, RC_OK },
	{ "newest key", "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"k3\"}", 2, RC_OK },
	{ "white space", "{ \"kid\" : \"k1\",\n\t\"typ\" : \"JWT\", \"alg\" : \"EdDSA\" }", 0,
	    RC_OK },
	{ "a member without meaning", "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"k1\",\"x\":1}",
	    0, RC_OK },
	{ "another's kid", HEADER, 2, RC_NO },
	{ "unknown kid", "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"k4\"}", 0, RC_NO },
	{ "empty kid", "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"\"}", 0, RC_NO },
	{ "no kid", "{\"alg\":\"EdDSA\",\"typ\":\"JWT\"}", 0, RC_NO },
	{ "kid a number", "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":1}", 0, RC_NO },
	{ "kid as a path", "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"../k1\"}", 0, RC_NO },
	{ "no alg", "{\"typ\":\"JWT\",\"kid\":\"k1\"}", 0, RC_NO },
	{ "alg null", "{\"alg\":null,\"typ\":\"JWT\",\"kid\":\"k1\"}", 0, RC_NO },
	{ "alg none", "{\"alg\":\"none\",\"typ\":\"JWT\",\"kid\":\"k1\"}", 0, RC_NO },
	{ "alg in another case", "{\"alg\":\"EDDSA\",\"typ\":\"JWT\",\"kid\":\"k1\"}", 0, RC_NO },
	{ "alg of another key", "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}", 0, RC_NO },
	{ "alg of another key, too", "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"k2\"}", 1,
	    RC_NO },
	{ "no typ", "{\"alg\":\"EdDSA\",\"kid\":\"k1\"}", 0, RC_NO },
	{ "typ at+jwt", "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}", 0, RC_NO },
	{ "typ a list", "{\"alg\":\"EdDSA\",\"typ\":[\"JWT\"],\"kid\":\"k1\"}", 0, RC_NO },
	{ "jku", "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"k1\",\"jku\":\"https://e/\"}", 0,
	    RC_NO },
	{ "x5u", "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"k1\",\"x5u\":\"https://e/\"}", 0,
	    RC_NO },
	{ "x5c", "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"k1\",\"x5c\":[]}", 0, RC_NO },
	{ "jwk", "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"k1\",\"jwk\":{}}", 0, RC_NO },
	{ "crit", "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"k1\",\"crit\":[\"exp\"]}", 0,
	    RC_NO },
	{ "crit null", "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"k1\",\"crit\":null}", 0,
	    RC_NO },
	{ "b64", "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"k1\",\"b64\":true}", 0, RC_NO },
	{ "alg twice", "{\"alg\":\"none\",\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"k1\"}", 0,
	    RC_NO },
	{ "no object", "[]", 0, RC_NO },
	{ "no JSON", "{", 0, RC_NO },
	{ "text after", HEADER "x", 0, RC_NO },
};

START_TEST(a_header_names_a_key_and_nothing_else)
{
	struct jwt_claims claims;

	ck_assert_msg(verify(headers[_i].header, GOOD, &keys.keys[headers[_i].key], &stateless,
			  &claims) == headers[_i].expected,
	    "%s", headers[_i].why);
}
END_TEST

static const struct {
	const char *why, *payload;
	enum rc expected;
} payloads[] = {
	{ "all that is needed", GOOD, RC_OK },
	{ "more members", "{\"x\":[{}]," TIMES "," REST "}", RC_OK },
	{ "another issuer where none is wanted", "{\"iss\":\"x\"," TIMES "," REST "}", RC_OK },
	{ "no exp", "{" IAT "," NBF "," REST "}", RC_NO },
	{ "no iat", "{" EXP "," NBF "," REST "}", RC_NO },
	{ "no nbf", "{" EXP "," IAT "," REST "}", RC_NO },
	{ "no aud", "{" TIMES "," SUB "," JTI "," SFP "}", RC_NO },
	{ "no sub", "{" TIMES "," AUD "," JTI "," SFP "}", RC_NO },
	{ "no jti", "{" TIMES "," AUD "," SUB "," SFP "}", RC_NO },
	{ "no sfp", "{" TIMES "," AUD "," SUB "," JTI "}", RC_NO },
	{ "a sid that nobody would check", "{" TIMES "," REST "," SID "}", RC_NO },
	{ "a sid that is null", "{" TIMES "," REST ",\"sid\":null}", RC_NO },
	{ "fractional dates",
	    "{\"exp\":1800000000.5,\"iat\":1799999999.25,\"nbf\":1799999999.75," REST "}", RC_OK },
	{ "dates with an exponent", "{\"exp\":18.000009e8," IAT "," NBF "," REST "}", RC_OK },
	{ "expired within the leeway", "{\"exp\":1799999970.001," IAT "," NBF "," REST "}", RC_OK },
	{ "expired at the boundary", "{\"exp\":1799999970," IAT "," NBF "," REST "}", RC_NO },
	{ "expired", "{\"exp\":1799999000," IAT "," NBF "," REST "}", RC_NO },
	{ "not before, within the leeway", "{" EXP "," IAT ",\"nbf\":1800000030," REST "}", RC_OK },
	{ "not before", "{" EXP "," IAT ",\"nbf\":1800000030.001," REST "}", RC_NO },
	{ "issued in the future, within the leeway",
	    "{" EXP ",\"iat\":1800000030," NBF "," REST "}", RC_OK },
	{ "issued in the future", "{" EXP ",\"iat\":1800000030.001," NBF "," REST "}", RC_NO },
	{ "exp negative", "{\"exp\":-1," IAT "," NBF "," REST "}", RC_NO },
	{ "iat negative", "{" EXP ",\"iat\":-1," NBF "," REST "}", RC_NO },
	{ "nbf negative", "{" EXP "," IAT ",\"nbf\":-0.5," REST "}", RC_NO },
	{ "exp in the year 9999", "{\"exp\":253402300799," IAT "," NBF "," REST "}", RC_OK },
	{ "exp in the year 10000", "{\"exp\":253402300800," IAT "," NBF "," REST "}", RC_NO },
	{ "exp huge", "{\"exp\":1e300," IAT "," NBF "," REST "}", RC_NO },
	{ "exp infinite", "{\"exp\":1e999," IAT "," NBF "," REST "}", RC_NO },
	{ "exp NaN", "{\"exp\":NaN," IAT "," NBF "," REST "}", RC_NO },
	{ "exp a string", "{\"exp\":\"1800000900\"," IAT "," NBF "," REST "}", RC_NO },
	{ "exp null", "{\"exp\":null," IAT "," NBF "," REST "}", RC_NO },
	{ "exp twice", "{" EXP "," TIMES "," REST "}", RC_NO },
	{ "several audiences",
	    "{" TIMES "," SUB "," JTI "," SFP ",\"aud\":[\"a\",\"yett:access\"]}", RC_OK },
	{ "another audience", "{" TIMES "," SUB "," JTI "," SFP ",\"aud\":\"yett\"}", RC_NO },
	{ "other audiences", "{" TIMES "," SUB "," JTI "," SFP ",\"aud\":[\"a\",\"yett:access2\"]}",
	    RC_NO },
	{ "no audiences", "{" TIMES "," SUB "," JTI "," SFP ",\"aud\":[]}", RC_NO },
	{ "audiences of other kinds",
	    "{" TIMES "," SUB "," JTI "," SFP ",\"aud\":[\"yett:access\",1]}", RC_NO },
	{ "nested audiences", "{" TIMES "," SUB "," JTI "," SFP ",\"aud\":[[\"yett:access\"]]}",
	    RC_NO },
	{ "an object of audiences",
	    "{" TIMES "," SUB "," JTI "," SFP ",\"aud\":{\"a\":\"yett:access\"}}", RC_NO },
	{ "sub in capitals",
	    "{" TIMES "," AUD "," JTI "," SFP ",\"sub\":\"0F6F6D4E-8F3A-4C0E-9D2B-1A2B3C4D5E6F\"}",
	    RC_NO },
	{ "sub a number", "{" TIMES "," AUD "," JTI "," SFP ",\"sub\":1}", RC_NO },
	{ "sub empty", "{" TIMES "," AUD "," JTI "," SFP ",\"sub\":\"\"}", RC_NO },
	{ "jti short", "{" TIMES "," AUD "," SUB "," SFP ",\"jti\":\"00\"}", RC_NO },
	{ "jti in capitals",
	    "{" TIMES "," AUD "," SUB "," SFP ",\"jti\":\"00112233445566778899AABBCCDDEEFF\"}",
	    RC_NO },
	{ "sfp short", "{" TIMES "," AUD "," SUB "," JTI ",\"sfp\":\"AAEC\"}", RC_NO },
	{ "sfp with stray bits",
	    "{" TIMES "," AUD "," SUB "," JTI
	    ",\"sfp\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9\"}",
	    RC_NO },
	{ "no object", "\"x\"", RC_NO },
	{ "nothing", "", RC_NO },
	{ "no JSON", GOOD "x", RC_NO },
};

START_TEST(claims_are_all_checked)
{
	struct jwt_claims claims;

	ck_assert_msg(verify(HEADER, payloads[_i].payload, &keys.keys[0], &stateless, &claims) ==
			  payloads[_i].expected,
	    "%s", payloads[_i].why);
	if (payloads[_i].expected == RC_NO)
		ck_assert_str_eq(claims.subject, "");
}
END_TEST

static const struct {
	const char *why, *payload;
	enum rc expected;
} session_payloads[] = {
	{ "issuer and sid", "{\"iss\":\"https://i\"," TIMES "," REST "," SID "}", RC_OK },
	{ "no sid", "{\"iss\":\"https://i\"," TIMES "," REST "}", RC_NO },
	{ "sid null", "{\"iss\":\"https://i\"," TIMES "," REST ",\"sid\":null}", RC_NO },
	{ "sid no UUID", "{\"iss\":\"https://i\"," TIMES "," REST ",\"sid\":\"1\"}", RC_NO },
	{ "no issuer", "{" TIMES "," REST "," SID "}", RC_NO },
	{ "another issuer", "{\"iss\":\"https://i/\"," TIMES "," REST "," SID "}", RC_NO },
	{ "a list of issuers", "{\"iss\":[\"https://i\"]," TIMES "," REST "," SID "}", RC_NO },
};

START_TEST(issuer_and_session_are_demanded_where_configured)
{
	const struct jwt_rules rules = { SPAN("https://i"), SPAN("yett:access"), 30000, true };
	struct jwt_claims claims;

	ck_assert_msg(verify(HEADER, session_payloads[_i].payload, &keys.keys[0], &rules,
			  &claims) == session_payloads[_i].expected,
	    "%s", session_payloads[_i].why);
	if (session_payloads[_i].expected == RC_OK)
		ck_assert_str_eq(claims.sid, SESSION);
}
END_TEST

/* Whatever one character is changed to, the token is another one and refused. */
START_TEST(no_character_may_change)
{
	static const char others[] = "AZaz09-_.= \n\"";
	struct jwt_key *key = &keys.keys[_i];
	struct buf token = make_token(
	    _i == 1 ? "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k2\"}" : HEADER, GOOD, key);
	struct jwt_claims claims;

	ck_assert_int_eq(jwt_verify(&keys, &stateless, buf_span(&token), NOW, &claims), RC_OK);
	for (size_t i = 0; i < token.len; i++) {
		char kept = token.data[i];

		for (const char *other = others; *other != '\0'; other++) {
			token.data[i] = *other;
			if (*other != kept)
				ck_assert_int_eq(
				    jwt_verify(&keys, &stateless, buf_span(&token), NOW, &claims),
				    RC_NO);
		}
		token.data[i] = kept;
	}
	for (size_t len = 0; len < token.len; len++)
		ck_assert_int_eq(
		    jwt_verify(&keys, &stateless, (struct span){ token.data, len }, NOW, &claims),
		    RC_NO);
	buf_free(&token);
}
END_TEST

static const char *const forms[] = { "", ".", "..", "...", "a", "a.b", "a.b.c.d", "a..c", ".b.c",
	"a.b.", " a.b.c", "{}.{}.{}", "e30.e30.", "e30.e30.AA==" };

START_TEST(other_forms_are_refused)
{
	struct jwt_claims claims;

	ck_assert_int_eq(jwt_verify(&keys, &stateless, span_of(forms[_i]), NOW, &claims), RC_NO);
}
END_TEST

START_TEST(only_three_parts_look_like_a_token)
{
	char big[JWT_MAX + 2];

	ck_assert(jwt_looks_like(SPAN("a.b.c")));
	ck_assert(!jwt_looks_like(SPAN("a.b")));
	ck_assert(!jwt_looks_like(SPAN("a.b.c.d")));
	ck_assert(!jwt_looks_like(SPAN("a..c")));
	ck_assert(!jwt_looks_like(SPAN("")));
	ck_assert(!jwt_looks_like(SPAN_NONE));
	memset(big, 'a', sizeof(big));
	big[1] = big[3] = '.';
	ck_assert(jwt_looks_like((struct span){ big, JWT_MAX }));
	ck_assert(!jwt_looks_like((struct span){ big, JWT_MAX + 1 }));
}
END_TEST

/* A rightly signed token is accepted up to the cap and not past it. */
START_TEST(long_tokens_are_refused)
{
	static char payload[2 * JWT_MAX];
	size_t len = (size_t)snprintf(payload, sizeof(payload), "{" TIMES "," REST "}");
	struct jwt_claims claims;

	for (int over = 0; over < 2; over++) {
		size_t want = (size_t)(over ? JWT_MAX + 8 : JWT_MAX - 8) - 87 -
			      BASE64URL_LEN(strlen(HEADER)) - 1;

		memset(payload + len - 1, ' ', want * 3 / 4);
		strcpy(payload + want * 3 / 4 - 1, "}");
		ck_assert_int_eq(verify(HEADER, payload, &keys.keys[0], &stateless, &claims),
		    over ? RC_NO : RC_OK);
	}
}
END_TEST

static const struct jwt_claims wanted = {
	.subject = SUBJECT,
	.sid = SESSION,
	.jti = IDENTIFIER,
	.sfp = { { 1, 2, 3 } },
	.issued_at = NOW,
	.not_before = NOW,
	.expires_at = NOW + 900000,
};

START_TEST(what_is_signed_verifies)
{
	struct jwt_rules rules = { SPAN("https://i"), SPAN("yett:access"), 0, true };
	struct jwt_keys verifying;
	struct buf token = BUF_INIT(JWT_MAX);
	struct jwt_claims claims;

	keys.count = (size_t)_i;
	ck_assert_int_eq(jwt_sign_token(&keys, &rules, &wanted, &token), RC_OK);
	verifying = keys;
	if (verifying.keys[_i - 1].algorithm == JWT_EDDSA) {
		sodium_memzero(verifying.keys[_i - 1].secret, 64);
		verifying.keys[_i - 1].secret_len = 0;
	}
	ck_assert_int_eq(jwt_verify(&verifying, &rules, buf_span(&token), NOW, &claims), RC_OK);
	ck_assert_mem_eq(&claims.sfp, &wanted.sfp, DIGEST_SIZE);
	ck_assert_str_eq(claims.subject, wanted.subject);
	ck_assert_str_eq(claims.sid, wanted.sid);
	ck_assert_str_eq(claims.jti, wanted.jti);
	ck_assert(claims.expires_at == wanted.expires_at && claims.issued_at == NOW &&
		  claims.not_before == NOW);
	ck_assert_int_eq(
	    jwt_verify(&verifying, &rules, buf_span(&token), NOW + 899999, &claims), RC_OK);
	ck_assert_int_eq(
	    jwt_verify(&verifying, &rules, buf_span(&token), NOW + 900000, &claims), RC_NO);
	buf_free(&token);
}
END_TEST

START_TEST(a_key_that_only_verifies_signs_nothing)
{
	struct buf token = BUF_INIT(JWT_MAX);

	keys.keys[2].secret_len = 0;
	ck_assert_int_eq(jwt_sign_token(&keys, &stateless, &wanted, &token), RC_INTERNAL);
	keys.count = 0;
	ck_assert_int_eq(jwt_sign_token(&keys, &stateless, &wanted, &token), RC_INTERNAL);
	ck_assert_uint_eq(token.len, 0);
}
END_TEST

/* The public key's bytes as a shared secret: the oldest trick. */
START_TEST(a_public_key_is_no_secret)
{
	struct jwt_key forged = keys.keys[0];
	struct jwt_claims claims;

	forged.algorithm = JWT_HS256;
	memcpy(forged.secret, forged.public_key, 32);
	forged.secret_len = 32;
	ck_assert_int_eq(verify(HEADER, GOOD, &forged, &stateless, &claims), RC_NO);
	ck_assert_int_eq(verify("{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}", GOOD, &forged,
			     &stateless, &claims),
	    RC_NO);
}
END_TEST

/* RFC 7515 A.1 and RFC 8037 A.4. */
static const struct {
	enum jwt_algorithm algorithm;
	const char *key, *text, *signature;
} rfc_rows[] = {
	{ JWT_HS256,
	    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAo"
	    "w",
	    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODA"
	    "sDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
	    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" },
	{ JWT_EDDSA, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
	    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
	    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KA"
	    "g" },
};

START_TEST(signatures_are_those_of_the_rfcs)
{
	struct jwt_key key = { .algorithm = rfc_rows[_i].algorithm };
	unsigned char signature[64], bytes[64];
	size_t len, signature_len;

	ck_assert_int_eq(
	    base64url_decode(span_of(rfc_rows[_i].key), bytes, sizeof(bytes), &len), RC_OK);
	if (key.algorithm == JWT_HS256) {
		memcpy(key.secret, bytes, len);
		key.secret_len = len;
	} else {
		memcpy(key.public_key, bytes, 32);
	}
	ck_assert_int_eq(base64url_decode(span_of(rfc_rows[_i].signature), signature,
			     sizeof(signature), &signature_len),
	    RC_OK);
	ck_assert_int_eq(jwt_signature(&key, span_of(rfc_rows[_i].text),
			     (struct span){ (const char *)signature, signature_len }),
	    RC_OK);
	for (size_t i = 0; i < signature_len; i++) {
		signature[i] ^= 1;
		ck_assert_int_eq(jwt_signature(&key, span_of(rfc_rows[_i].text),
				     (struct span){ (const char *)signature, signature_len }),
		    RC_NO);
		signature[i] ^= 1;
	}
	ck_assert_int_eq(jwt_signature(&key, span_of(rfc_rows[_i].text),
			     (struct span){ (const char *)signature, signature_len - 1 }),
	    RC_NO);
	ck_assert_int_eq(jwt_signature(&key, span_of(rfc_rows[_i].text), SPAN_NONE), RC_NO);
}
END_TEST

START_TEST(a_shared_key_too_short_is_a_defect)
{
	struct jwt_key key = { .algorithm = JWT_HS256, .secret_len = 31 };
	struct digest mac;

	digest_hmac(&mac, (struct span){ (const char *)key.secret, 31 }, SPAN("x"));
	ck_assert_int_eq(
	    jwt_signature(&key, SPAN("x"), (struct span){ (const char *)mac.bytes, DIGEST_SIZE }),
	    RC_INTERNAL);
}
END_TEST

/* RFC 8037 A.2, in our order of members. */
START_TEST(a_key_set_shows_public_keys_alone)
{
	struct jwt_keys set = keys;
	struct buf buf = BUF_INIT(4096);
	bool first = true;
	size_t count;

	ck_assert_int_eq(base64url_decode(SPAN("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
			     set.keys[0].public_key, 32, &count),
	    RC_OK);
	set.count = 2;
	jwk_put_keys(&buf, &set, &first);
	ck_assert_str_eq(buf.data,
	    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\",\"use\":\"sig\",\"kid\":\"k1\","
	    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}");
	ck_assert(!first);
	set.keys[0] = set.keys[1];
	buf_clear(&buf);
	first = true;
	jwk_put_keys(&buf, &set, &first);
	ck_assert_uint_eq(buf.len, 0);
	ck_assert(first);
	jwk_put_keys(&buf, &keys, &first);
	jwk_put_keys(&buf, &keys, &first);
	count = 0;
	for (const char *at = buf.data; (at = strstr(at, "},{")) != NULL; at++)
		count++;
	ck_assert_uint_eq(count, 3);
	buf_free(&buf);
}
END_TEST

START_TEST(without_randomness_there_is_no_key)
{
	const struct random_source random = fixture_random_broken();
	struct jwt_key key;

	ck_assert_int_eq(jwt_sign_new_key(&random, &key), RC_UNAVAILABLE);
	ck_assert_uint_eq(key.secret_len, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("jwt");
	TCase *tests = tcase_create("jwt");

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	tcase_add_checked_fixture(tests, make_keys, NULL);
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(
	    tests, a_header_names_a_key_and_nothing_else, 0, sizeof(headers) / sizeof(headers[0]));
	tcase_add_loop_test(
	    tests, claims_are_all_checked, 0, sizeof(payloads) / sizeof(payloads[0]));
	tcase_add_loop_test(tests, issuer_and_session_are_demanded_where_configured, 0,
	    sizeof(session_payloads) / sizeof(session_payloads[0]));
	tcase_add_loop_test(tests, no_character_may_change, 0, 2);
	tcase_add_loop_test(tests, other_forms_are_refused, 0, sizeof(forms) / sizeof(forms[0]));
	tcase_add_test(tests, only_three_parts_look_like_a_token);
	tcase_add_test(tests, long_tokens_are_refused);
	tcase_add_loop_test(tests, what_is_signed_verifies, 1, 4);
	tcase_add_test(tests, a_key_that_only_verifies_signs_nothing);
	tcase_add_test(tests, a_public_key_is_no_secret);
	tcase_add_loop_test(tests, signatures_are_those_of_the_rfcs, 0, 2);
	tcase_add_test(tests, a_shared_key_too_short_is_a_defect);
	tcase_add_test(tests, a_key_set_shows_public_keys_alone);
	tcase_add_test(tests, without_randomness_there_is_no_key);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
