/* JSON Web Tokens (RFC 7519) as signed compact JWS (RFC 7515): what signer and verifier share. */
#ifndef YETT_CRYPTO_JWT_H
#define YETT_CRYPTO_JWT_H

#include <stdint.h>

#include "base/random.h"
#include "base/span.h"
#include "crypto/digest.h"

#define JWT_MAX (8 * 1024) /* bytes of a token that is looked at */
#define JWT_KID_SIZE 65
#define JWT_KEYS_MAX 8
#define JWT_JTI_SIZE 33 /* 16 bytes in hex and the NUL */

enum jwt_algorithm { JWT_EDDSA, JWT_HS256, JWT_ALGORITHMS };

/* One key; the algorithm is the key's, never the token's. */
struct jwt_key {
	char kid[JWT_KID_SIZE];
	enum jwt_algorithm algorithm;
	unsigned char public_key[32]; /* EdDSA */
	unsigned char secret[64];     /* EdDSA: libsodium's secret key; HS256: the shared key */
	size_t secret_len;            /* 0: this key only verifies */
};

struct jwt_keys {
	struct jwt_key keys[JWT_KEYS_MAX]; /* the last one signs */
	size_t count;
};

/* What a backend demands and sets. */
struct jwt_rules {
	struct span issuer; /* empty: none */
	struct span audience;
	int64_t leeway; /* milliseconds */
	bool needs_sid;
};

struct jwt_claims {
	char subject[UUID_SIZE];
	char sid[UUID_SIZE]; /* empty when stateless */
	char jti[JWT_JTI_SIZE];
	struct digest sfp;
	int64_t issued_at, not_before, expires_at; /* milliseconds since 1970 */
};

/* The name of an algorithm as "alg" carries it. */
const char *jwt_algorithm_name(enum jwt_algorithm);

#endif
