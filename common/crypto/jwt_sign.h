/* Making JWTs. Only programs that sign link this. */
#ifndef YETT_CRYPTO_JWT_SIGN_H
#define YETT_CRYPTO_JWT_SIGN_H

#include "base/buf.h"
#include "crypto/jwt.h"

/* Appends a signed token with these claims under the newest key; RC_INTERNAL when no key signs. */
enum rc jwt_sign_token(const struct jwt_keys *, const struct jwt_rules *, const struct jwt_claims *,
    struct buf *out) RC_MUST;

/* Fills a new Ed25519 key pair. */
enum rc jwt_sign_new_key(const struct random_source *, struct jwt_key *) RC_MUST;

#endif
