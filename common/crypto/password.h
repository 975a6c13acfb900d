/* Password hashes: Argon2id in PHC strings, by libsodium. */
#ifndef YETT_CRYPTO_PASSWORD_H
#define YETT_CRYPTO_PASSWORD_H

#include "base/config.h"
#include "base/secret.h"
#include "crypto/hash_slots.h"

#define PASSWORD_HASH_SIZE 128 /* crypto_pwhash_STRBYTES: any PHC string with its NUL */

/* The most that a stored hash may ask for before memory is taken. */
#define PASSWORD_MEMORY_MAX ((int64_t)1 << 30)
#define PASSWORD_PASSES_MAX 64

/* Hashes under the configured parameters, after waiting for a slot. RC_UNAVAILABLE when memory,
 * slots or time are short. */
enum rc password_hash(const struct config_password *, struct hash_slots *, struct span password,
    char hash[PASSWORD_HASH_SIZE]) RC_MUST;

/* Whether the password fits the stored hash: RC_OK, RC_NO (also for a hash that cannot be used:
 * unknown form, parameters out of bounds), RC_UNAVAILABLE as above. Runs exactly one Argon2
 * unless the hash cannot be used; callers then verify the decoy instead. */
enum rc password_verify(struct hash_slots *, const char *hash, struct span password) RC_MUST;

/* Whether the stored hash has the form and parameters that password_verify takes. */
bool password_usable(const char *hash);

/* Whether the hash was made with other parameters than the configured ones. */
bool password_outdated(const struct config_password *, const char *hash);

#endif
