/* Verifying JWTs. Links no signing code. */
#ifndef YETT_CRYPTO_JWT_VERIFY_H
#define YETT_CRYPTO_JWT_VERIFY_H

#include "crypto/jwt.h"

/* Checks form, key, signature, then claims, as docs/security.md lists them. "now" is wall time
 * in milliseconds. RC_OK fills *claims; RC_NO for any token that is not accepted, without telling
 * why; RC_UNAVAILABLE when memory is short. Of "sub" and "sid" only canonical UUIDs are taken. */
enum rc jwt_verify(const struct jwt_keys *, const struct jwt_rules *, struct span token,
    int64_t now, struct jwt_claims *claims) RC_MUST;

/* The part of it that is JWS alone (RFC 7515): form, header, key, signature. With "type" the header
 * must say that "typ". RC_OK leaves the payload, not interpreted, and its length. */
enum rc jwt_verify_jws(const struct jwt_keys *, struct span token, const char *type,
    unsigned char payload[JWT_MAX], size_t *len) RC_MUST;

/* Verifies the signature over "signed_part" with one key; for jwt_verify and test vectors. */
enum rc jwt_signature(
    const struct jwt_key *, struct span signed_part, struct span signature) RC_MUST;

/* Whether the token has the form of a JWT (three parts), so that it is worth looking at. */
bool jwt_looks_like(struct span token);

#endif
