/* Ed25519 keys in PEM: PKCS#8 and SPKI of RFC 8410, which for this one algorithm are a constant
 * prefix and 32 bytes; so that a verifier need not start OpenSSL. */
#ifndef YETT_CRYPTO_PEM_H
#define YETT_CRYPTO_PEM_H

#include "base/buf.h"

#define PEM_SIZE_MAX 4096
#define PEM_KEY_SIZE 32

/* Reads "-----BEGIN PUBLIC KEY-----" / "-----BEGIN PRIVATE KEY-----"; RC_NO when it is anything
 * else than exactly one Ed25519 key. */
enum rc pem_read_public(struct span text, unsigned char key[PEM_KEY_SIZE]) RC_MUST;
enum rc pem_read_private(struct span text, unsigned char seed[PEM_KEY_SIZE]) RC_MUST;

void pem_put_public(struct buf *, const unsigned char key[PEM_KEY_SIZE]);
void pem_put_private(struct buf *, const unsigned char seed[PEM_KEY_SIZE]);

#endif
