#include "crypto/totp.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/base32.h"
#include "crypto/libcrypto.h"

#define TOTP_DIGEST_LEAST 20 /* bytes, of SHA-1 */

static const char *const totp_names[] = {
	[TOTP_SHA1] = "SHA1",
	[TOTP_SHA256] = "SHA256",
	[TOTP_SHA512] = "SHA512",
};
_Static_assert(sizeof(totp_names) / sizeof(totp_names[0]) == TOTP_ALGORITHMS, "all have names");

static const EVP_MD *
totp_digest(enum totp_algorithm algorithm)
{
	switch (algorithm) {
	case TOTP_SHA1:
		return EVP_sha1();
	case TOTP_SHA256:
		return EVP_sha256();
	case TOTP_SHA512:
		return EVP_sha512();
	case TOTP_ALGORITHMS:
		break;
	}
	return NULL;
}

int64_t
totp_step(const struct totp *totp, int64_t wall)
{
	return wall / (totp->period * SECOND);
}

/* Dynamic truncation, 31 bits. */
static uint32_t
totp_truncate(const unsigned char *digest, unsigned len)
{
	const unsigned char *at = digest + (digest[len - 1] & 15);

	return ((uint32_t)at[0] & 127) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

enum rc
totp_code(
    const struct totp *totp, struct span secret, int64_t counter, char code[TOTP_DIGITS_MAX + 1])
{
	unsigned char message[8], digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	uint32_t number;

	for (int i = 0; i < 8; i++)
		message[i] = (unsigned char)((uint64_t)counter >> (56 - 8 * i));
	if (secret.len > INT_MAX || totp->digits < 6 || totp->digits > TOTP_DIGITS_MAX) {
		LOG_FAULT(
		    LOG_ERROR, "no code has %d digits, or no secret is as long", totp->digits);
		return RC_INTERNAL;
	}
	if (!libcrypto_start() ||
	    HMAC(totp_digest(totp->algorithm), secret.data, (int)secret.len, message,
		sizeof(message), digest, &len) == NULL ||
	    len < TOTP_DIGEST_LEAST) {
		LOG_FAULT(LOG_ERROR, "HMAC-%s: cannot make a code", totp_names[totp->algorithm]);
		return RC_UNAVAILABLE;
	}
	number = totp_truncate(digest, len);
	for (int i = totp->digits - 1; i >= 0; i--) {
		code[i] = (char)('0' + number % 10);
		number /= 10;
	}
	code[totp->digits] = '\0';
	sodium_memzero(digest, sizeof(digest));
	return RC_OK;
}

/* A code that fits two steps is used up with the later one, or it would work twice. */
enum rc
totp_match(const struct totp *totp, struct span secret, int64_t wall, int64_t drift,
    struct span code, int64_t *step)
{
	int64_t now = totp_step(totp, wall), found = -1;
	char expected[TOTP_DIGITS_MAX + 1];
	enum rc rc = RC_OK;

	if (drift < 0 || drift > TOTP_DRIFT_MAX)
		return RC_INTERNAL;
	if (code.data == NULL || code.len != (size_t)totp->digits)
		return RC_NO;
	for (int64_t i = -drift; i <= drift && rc == RC_OK; i++) {
		int64_t fits;

		rc = totp_code(totp, secret, now + i, expected);
		if (rc == RC_OK) {
			/* 0 where it fits, else all ones */
			fits = sodium_memcmp(expected, code.data, code.len);
			found = (found & fits) | ((now + i) & ~fits);
		}
	}
	sodium_memzero(expected, sizeof(expected));
	if (rc != RC_OK)
		return rc;
	*step = found;
	return found < 0 ? RC_NO : RC_OK;
}

/* Percent-encoding of all but unreserved characters (RFC 3986 section 2.3). */
static void
totp_put_escaped(struct buf *buf, struct span text)
{
	static const char unreserved[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789-._~";
	char escape[4];

	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.data[i];

		if (byte != '\0' && strchr(unreserved, byte) != NULL) {
			buf_char(buf, (char)byte);
			continue;
		}
		snprintf(escape, sizeof(escape), "%%%02X", byte);
		buf_text(buf, escape);
	}
}

/* Before and in the label a colon would be taken for its end. */
static void
totp_put_issuer(struct buf *buf, struct span issuer)
{
	struct span part;

	while (issuer.data != NULL) {
		part = span_cut(&issuer, ':');
		totp_put_escaped(buf, part);
		if (issuer.data != NULL)
			buf_text(buf, "%20");
	}
}

static void
totp_put_number(struct buf *buf, const char *name, int number)
{
	char text[32];

	snprintf(text, sizeof(text), "&%s=%d", name, number);
	buf_text(buf, text);
}

void
totp_put_uri(struct buf *buf, const struct totp *totp, struct span secret, struct span issuer,
    struct span account)
{
	buf_text(buf, "otpauth://totp/");
	totp_put_issuer(buf, issuer);
	buf_char(buf, ':');
	totp_put_escaped(buf, account);
	buf_text(buf, "?secret=");
	base32_put(buf, secret);
	buf_text(buf, "&issuer=");
	totp_put_issuer(buf, issuer);
	if (totp->algorithm != TOTP_SHA1) {
		buf_text(buf, "&algorithm=");
		buf_text(buf, totp_names[totp->algorithm]);
	}
	if (totp->digits != TOTP_DIGITS)
		totp_put_number(buf, "digits", totp->digits);
	if (totp->period != TOTP_PERIOD)
		totp_put_number(buf, "period", totp->period);
}
