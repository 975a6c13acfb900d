#include "crypto/digest.h"

#include <sodium.h>
#include <stdint.h>

_Static_assert(DIGEST_SIZE == crypto_auth_hmacsha256_BYTES, "a digest is an HMAC-SHA-256");

static void
digest_start(crypto_auth_hmacsha256_state *state, struct span key)
{
	crypto_auth_hmacsha256_init(
	    state, (const unsigned char *)(key.data == NULL ? "" : key.data), key.len);
}

static void
digest_add(crypto_auth_hmacsha256_state *state, struct span part)
{
	if (part.len > 0)
		crypto_auth_hmacsha256_update(state, (const unsigned char *)part.data, part.len);
}

static void
digest_finish(crypto_auth_hmacsha256_state *state, struct digest *digest)
{
	crypto_auth_hmacsha256_final(state, digest->bytes);
	sodium_memzero(state, sizeof(*state));
}

void
digest_parts(struct digest *digest, const struct key *key, const struct span *parts, size_t count)
{
	crypto_auth_hmacsha256_state state;
	unsigned char length[8];

	digest_start(&state, (struct span){ (const char *)key->bytes, KEY_SIZE });
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < sizeof(length); j++)
			length[j] = (unsigned char)((uint64_t)parts[i].len >> (56 - 8 * j));
		crypto_auth_hmacsha256_update(&state, length, sizeof(length));
		digest_add(&state, parts[i]);
	}
	digest_finish(&state, digest);
}

void
digest_hmac(struct digest *digest, struct span key, struct span message)
{
	crypto_auth_hmacsha256_state state;

	digest_start(&state, key);
	digest_add(&state, message);
	digest_finish(&state, digest);
}

enum rc
digest_hkdf(
    struct span secret, struct span salt, struct span info, unsigned char *out, size_t length)
{
	crypto_auth_hmacsha256_state state;
	struct digest extracted;
	struct digest block;
	size_t previous = 0;

	if (length > HKDF_MAX)
		return RC_INTERNAL;
	/* An empty salt is a row of zeros there, which HMAC makes of an empty key anyway. */
	digest_hmac(&extracted, salt, secret);
	for (unsigned char counter = 1; length > 0; counter++) {
		size_t take = length < DIGEST_SIZE ? length : DIGEST_SIZE;

		digest_start(&state, (struct span){ (const char *)extracted.bytes, DIGEST_SIZE });
		digest_add(&state, (struct span){ (const char *)block.bytes, previous });
		digest_add(&state, info);
		crypto_auth_hmacsha256_update(&state, &counter, 1);
		digest_finish(&state, &block);
		memcpy(out, block.bytes, take);
		out += take;
		length -= take;
		previous = DIGEST_SIZE;
	}
	sodium_memzero(&extracted, sizeof(extracted));
	sodium_memzero(&block, sizeof(block));
	return RC_OK;
}

void
digest_hex(const struct digest *digest, char *text, size_t size)
{
	char all[DIGEST_SIZE * 2 + 1];
	size_t len;

	if (size == 0)
		return;
	len = size - 1 < sizeof(all) - 1 ? size - 1 : sizeof(all) - 1;
	sodium_bin2hex(all, sizeof(all), digest->bytes, DIGEST_SIZE);
	memcpy(text, all, len);
	text[len] = '\0';
}
