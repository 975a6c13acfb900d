/* JWTs that were accepted lately: the same token again costs a hash instead of a signature check.
 * What only the store can tell (session, denylist, account) is asked each time all the same. */
#ifndef YETT_CRYPTO_JWT_CACHE_H
#define YETT_CRYPTO_JWT_CACHE_H

#include "crypto/jwt.h"

#define JWT_CACHE_SIZE 1024 /* tokens; a newer one takes the place of an older one */

/* RC_OK and the claims of a token that was kept for this backend and is within its times; RC_NO
 * else, also for one that has expired. */
enum rc jwt_cache_find(size_t backend, const struct jwt_rules *, struct span token, int64_t now,
    struct jwt_claims *claims) RC_MUST;

/* Keeps what jwt_verify has just accepted. */
void jwt_cache_keep(size_t backend, struct span token, const struct jwt_claims *claims);

/* Forgets all, for when keys change. */
void jwt_cache_clear(void);

#endif
