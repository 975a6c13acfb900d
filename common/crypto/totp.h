/* One-time codes of authenticator apps: HOTP (RFC 4226), TOTP (RFC 6238), and the address by which
 * an app takes a secret. */
#ifndef YETT_CRYPTO_TOTP_H
#define YETT_CRYPTO_TOTP_H

#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"

#define TOTP_SECRET 20 /* bytes of a new secret (RFC 4226 section 4, R6) */
#define TOTP_DIGITS 6  /* what every app shows */
#define TOTP_DIGITS_MAX 8
#define TOTP_PERIOD 30      /* seconds, what every app counts in */
#define TOTP_DRIFT_MAX 4    /* steps */
#define TOTP_SECRET_MAX 64  /* bytes of a secret that an address is made of: the longest digest */
#define TOTP_ISSUER_MAX 200 /* bytes, as the settings have it */

/* Percent-encoding makes three bytes of one, the issuer stands twice, and all else is short. */
#define TOTP_URI_MAX (3 * (2 * TOTP_ISSUER_MAX + EMAIL_MAX) + 256)

enum totp_algorithm { TOTP_SHA1, TOTP_SHA256, TOTP_SHA512, TOTP_ALGORITHMS };

/* How codes are made; kept with each secret. */
struct totp {
	enum totp_algorithm algorithm;
	int digits; /* 6 to TOTP_DIGITS_MAX */
	int period; /* seconds, at least 1 */
};

/* The step that the wall time in milliseconds is in: RFC 6238 section 4.2, T0 = 0. */
int64_t totp_step(const struct totp *, int64_t wall);

/* Writes the code of a counter and a NUL (RFC 4226 section 5.3). RC_UNAVAILABLE when the digest
 * could not be had, RC_INTERNAL for digits that it cannot have. */
enum rc totp_code(const struct totp *, struct span secret, int64_t counter,
    char code[TOTP_DIGITS_MAX + 1]) RC_MUST;

/* Whether the code is that of the step at "wall" or of up to "drift" (TOTP_DRIFT_MAX) before or
 * after. Takes the same time whichever it is, if any. RC_OK: *step is the last one that it fits,
 * and for the caller to accept once; RC_NO: it fits none; others: it could not be told, as by
 * totp_code, and RC_INTERNAL for a drift out of bounds. */
enum rc totp_match(const struct totp *, struct span secret, int64_t wall, int64_t drift,
    struct span code, int64_t *step) RC_MUST;

/* Appends otpauth://totp/ISSUER:ACCOUNT?secret=...&issuer=..., as authenticator apps read it; what
 * is as they take it anyway (SHA1, 6 digits, 30 seconds) is left out. Issuer and account are any
 * UTF-8; a colon of the issuer, which would end it, becomes a space. The secret is in it: the
 * caller wipes the buffer, and checks it too. TOTP_URI_MAX bytes are enough for a secret of up to
 * TOTP_SECRET_MAX bytes, an issuer of up to TOTP_ISSUER_MAX and an account of up to EMAIL_MAX. */
void totp_put_uri(
    struct buf *, const struct totp *, struct span secret, struct span issuer, struct span account);

#endif
