#include "crypto/token.h"

#include <sodium.h>

#include "crypto/base64url.h"

_Static_assert(TOKEN_LEN == BASE64URL_LEN(TOKEN_BYTES), "the length follows from the bytes");
_Static_assert(TOKEN_BYTES == DIGEST_SIZE, "a successor is a digest");

static enum rc
token_bytes(struct span text, unsigned char bytes[TOKEN_BYTES])
{
	size_t count;

	if (text.len != TOKEN_LEN)
		return RC_NO;
	return base64url_decode(text, bytes, TOKEN_BYTES, &count);
}

static enum rc
token_hmac(const struct key *key, struct span text, struct digest *digest)
{
	unsigned char bytes[TOKEN_BYTES];
	enum rc rc = token_bytes(text, bytes);

	if (rc == RC_OK)
		digest_hmac(digest, (struct span){ (const char *)key->bytes, KEY_SIZE },
		    (struct span){ (const char *)bytes, TOKEN_BYTES });
	sodium_memzero(bytes, sizeof(bytes));
	return rc;
}

enum rc
token_new(const struct random_source *random, struct token *token)
{
	unsigned char bytes[TOKEN_BYTES];
	enum rc rc = random_bytes(random, bytes, sizeof(bytes));

	token->text[0] = '\0';
	if (rc == RC_OK)
		base64url_encode(token->text, sizeof(token->text), bytes, sizeof(bytes));
	sodium_memzero(bytes, sizeof(bytes));
	return rc;
}

enum rc
token_digest(const struct key *key, struct span presented, struct digest *digest)
{
	return token_hmac(key, presented, digest);
}

enum rc
token_issue(const struct random_source *random, const struct key *key, struct buf *text,
    struct digest *digest)
{
	struct token token;
	enum rc rc = token_new(random, &token);

	if (rc == RC_OK)
		rc = token_digest(key, token_span(&token), digest);
	if (rc == RC_OK) {
		buf_add(text, token_span(&token));
		rc = buf_check(text);
	}
	token_wipe(&token);
	return rc == RC_NO ? RC_INTERNAL : rc;
}

enum rc
token_successor(const struct key *key, struct span old, struct token *token)
{
	struct digest digest;
	enum rc rc = token_hmac(key, old, &digest);

	token->text[0] = '\0';
	if (rc == RC_OK)
		base64url_encode(token->text, sizeof(token->text), digest.bytes, DIGEST_SIZE);
	sodium_memzero(&digest, sizeof(digest));
	return rc;
}

struct span
token_span(const struct token *token)
{
	return token->text[0] == '\0' ? SPAN_NONE : span_of(token->text);
}

void
token_wipe(struct token *token)
{
	sodium_memzero(token, sizeof(*token));
}
