/* Opaque tokens: 32 random bytes, 43 characters of base64url. Only their keyed digest is stored. */
#ifndef YETT_CRYPTO_TOKEN_H
#define YETT_CRYPTO_TOKEN_H

#include "base/buf.h"
#include "base/random.h"
#include "crypto/digest.h"

#define TOKEN_BYTES 32
#define TOKEN_LEN 43

/* A token in clear; a secret: its owner wipes it with token_wipe. */
struct token {
	char text[TOKEN_LEN + 1]; /* empty: no token */
};

/* A new token; RC_UNAVAILABLE when there is no randomness. */
enum rc token_new(const struct random_source *, struct token *) RC_MUST;

/* The digest under which a presented token is stored; RC_NO when it does not have the form of a
 * token (43 canonical characters), so that no other bytes are hashed or looked up. */
enum rc token_digest(const struct key *, struct span presented, struct digest *) RC_MUST;

/* A new token, appended to "text", and the digest under which it is to be stored. */
enum rc token_issue(
    const struct random_source *, const struct key *, struct buf *text, struct digest *) RC_MUST;

/* The token that replaces "old": HMAC(key, old's bytes). The same each time, so that it need not
 * be stored. RC_NO when "old" does not have the form of a token. */
enum rc token_successor(const struct key *, struct span old, struct token *) RC_MUST;

struct span token_span(const struct token *);
void token_wipe(struct token *);

#endif
