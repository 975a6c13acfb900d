/* Public keys as a JSON Web Key Set (RFC 7517, RFC 8037). */
#ifndef YETT_CRYPTO_JWK_H
#define YETT_CRYPTO_JWK_H

#include "base/buf.h"
#include "crypto/jwt.h"

/* Appends the asymmetric keys as JWK objects separated by commas; "first" says that none was
 * written before and is cleared when one is. Shared keys never appear. */
void jwk_put_keys(struct buf *, const struct jwt_keys *, bool *first);

#endif
