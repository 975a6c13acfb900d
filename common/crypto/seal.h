/* Sealing what must be read again later: AES-256-GCM (NIST SP 800-38D) by OpenSSL.
 *
 * A sealed text is a version byte (1), 8 bytes that name the key (from SEAL_KEY_AT on), a random
 * nonce of 12 bytes, the ciphertext, and a tag of 16 bytes. What it belongs to is authenticated
 * with it, so that it cannot be put in the place of another. */
#ifndef YETT_CRYPTO_SEAL_H
#define YETT_CRYPTO_SEAL_H

#include "base/buf.h"
#include "base/random.h"
#include "crypto/sealing.h"

#define SEAL_OVERHEAD 37 /* bytes by which a sealed text is longer */
#define SEAL_PLAIN_MAX 4096
#define SEAL_KEY_AT 1

/* Appends the text, sealed with the key whose turn it is "now". RC_UNAVAILABLE without randomness
 * or memory, RC_INTERNAL when the cipher cannot be had or the text is longer than SEAL_PLAIN_MAX.
 */
enum rc seal_put(struct buf *, const struct sealing_keys *, int64_t now,
    const struct random_source *, struct span plain, struct span belongs_to) RC_MUST;

/* Appends the plain text; the caller wipes the buffer. RC_NO when it was changed since, or belongs
 * to something else. RC_UNAVAILABLE, and a line in the log, when none of these keys is the one that
 * it names: that can be brought back. */
enum rc seal_open(
    struct buf *, const struct sealing_keys *, struct span sealed, struct span belongs_to) RC_MUST;

#endif
