/* Sealing what must be read again later: AES-256-GCM (NIST SP 800-38D) by OpenSSL.
 *
 * A sealed text is a version byte (1), 8 bytes that name the key, a random nonce of 12 bytes,
 * the ciphertext, and a tag of 16 bytes. What it belongs to is authenticated with it, so that it
 * cannot be put in the place of another. Statements that count what a key has sealed know the place
 * of its name. */
#ifndef YETT_CRYPTO_SEAL_H
#define YETT_CRYPTO_SEAL_H

#include "base/buf.h"
#include "base/random.h"
#include "crypto/sealing.h"

#define SEAL_OVERHEAD 37 /* bytes by which a sealed text is longer */
#define SEAL_PLAIN_MAX 4096

/* Appends the text, sealed with the key whose turn it is "now" (wall time). RC_UNAVAILABLE without
 * randomness or memory, or when the buffer has no room; RC_INTERNAL when the cipher cannot be had,
 * or the text or what it belongs to is longer than SEAL_PLAIN_MAX. */
enum rc seal_put(struct buf *, const struct sealing_keys *, int64_t now,
    const struct random_source *, struct span plain, struct span belongs_to) RC_MUST;

/* Appends the plain text; the caller wipes the buffer. RC_NO when it was changed since, or belongs
 * to something else, such as what is longer than SEAL_PLAIN_MAX. RC_UNAVAILABLE, and a line in the
 * log, when none of these keys is the one that it names: that can be brought back. RC_UNAVAILABLE
 * without that line when the buffer has no room, RC_INTERNAL when the cipher cannot be had. */
enum rc seal_open(
    struct buf *, const struct sealing_keys *, struct span sealed, struct span belongs_to) RC_MUST;

/* Whether the text was sealed with a key that is none of these, so that seal_open could not tell.
 * What is no sealed text names no key, and none would help: false. */
bool seal_lacks_key(const struct sealing_keys *, struct span sealed);

#endif
