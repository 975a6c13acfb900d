#include "crypto/jwt_cache.h"

#include <sodium.h>

struct jwt_cache_entry {
	unsigned char digest[DIGEST_SIZE]; /* of backend and token; all zero: empty */
	struct jwt_claims claims;
};

static struct jwt_cache_entry jwt_cache[JWT_CACHE_SIZE];

/* The place of a token, and its digest: collision resistant, since a match is a verification. */
static struct jwt_cache_entry *
jwt_cache_place(size_t backend, struct span token, unsigned char digest[DIGEST_SIZE])
{
	crypto_generichash_state state;
	size_t place;

	crypto_generichash_init(&state, NULL, 0, DIGEST_SIZE);
	crypto_generichash_update(&state, (const unsigned char *)&backend, sizeof(backend));
	crypto_generichash_update(&state, (const unsigned char *)token.data, token.len);
	crypto_generichash_final(&state, digest, DIGEST_SIZE);
	memcpy(&place, digest, sizeof(place));
	return &jwt_cache[place % JWT_CACHE_SIZE];
}

enum rc
jwt_cache_find(size_t backend, const struct jwt_rules *rules, struct span token, int64_t now,
    struct jwt_claims *claims)
{
	unsigned char digest[DIGEST_SIZE];
	const struct jwt_cache_entry *entry = jwt_cache_place(backend, token, digest);

	if (sodium_memcmp(entry->digest, digest, DIGEST_SIZE) != 0 ||
	    now >= entry->claims.expires_at + rules->leeway ||
	    now + rules->leeway < entry->claims.not_before ||
	    now + rules->leeway < entry->claims.issued_at)
		return RC_NO;
	*claims = entry->claims;
	return RC_OK;
}

void
jwt_cache_keep(size_t backend, struct span token, const struct jwt_claims *claims)
{
	unsigned char digest[DIGEST_SIZE];
	struct jwt_cache_entry *entry = jwt_cache_place(backend, token, digest);

	memcpy(entry->digest, digest, DIGEST_SIZE);
	entry->claims = *claims;
}

void
jwt_cache_clear(void)
{
	sodium_memzero(jwt_cache, sizeof(jwt_cache));
}
