/* base32 without padding (RFC 4648 section 6), as authenticator apps take secrets. */
#ifndef YETT_CRYPTO_BASE32_H
#define YETT_CRYPTO_BASE32_H

#include "base/buf.h"

/* Characters that "bytes" bytes take, without a NUL. */
#define BASE32_LEN(bytes) (((bytes)*8 + 4) / 5)

/* Appends upper case letters and digits, BASE32_LEN(bytes.len) of them. Which of them these are is
 * told by no memory access: the bytes may be a secret. */
void base32_put(struct buf *, struct span bytes);

#endif
