/* Keyed digests: HMAC-SHA-256 (RFC 2104) and HKDF (RFC 5869) on libsodium's primitives. */
#ifndef YETT_CRYPTO_DIGEST_H
#define YETT_CRYPTO_DIGEST_H

#include "base/rc.h"
#include "base/span.h"

#define DIGEST_SIZE 32
#define KEY_SIZE 32
#define HKDF_MAX (255 * DIGEST_SIZE)

struct digest {
	unsigned char bytes[DIGEST_SIZE];
};

/* A digest as a view, for the store. */
#define DIGEST_SPAN(digest) ((struct span){ (const char *)(digest).bytes, DIGEST_SIZE })

struct key {
	unsigned char bytes[KEY_SIZE];
};

/* HMAC over the parts, each preceded by its length in 8 bytes (big endian), so that no two lists
 * of parts give the same input. */
void digest_parts(struct digest *, const struct key *, const struct span *parts, size_t count);

/* Plain HMAC-SHA-256 with a key of any length. */
void digest_hmac(struct digest *, struct span key, struct span message);

/* HKDF-SHA-256, extract and expand (RFC 5869 section 2); "length" is at most HKDF_MAX. */
enum rc digest_hkdf(struct span secret, struct span salt, struct span info, unsigned char *out,
    size_t length) RC_MUST;

/* The first "size" - 1 hex digits of a digest, for logs and audit rows. */
void digest_hex(const struct digest *, char *text, size_t size);

#endif
