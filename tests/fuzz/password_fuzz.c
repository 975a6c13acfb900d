/* Whatever is called usable has bounded parameters, read here once more in another way. */
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/password.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_usable(const char *hash)
{
	long long memory, passes, lanes;
	int end = 0;

	if (strlen(hash) >= PASSWORD_HASH_SIZE ||
	    sscanf(hash, "$argon2id$v=19$m=%19lld,t=%19lld,p=%19lld$%n", &memory, &passes, &lanes,
		&end) != 3 ||
	    end == 0)
		abort();
	if (passes < 1 || passes > PASSWORD_PASSES_MAX || lanes < 1 || lanes > 16 ||
	    memory < 8 * lanes || memory * 1024 > PASSWORD_MEMORY_MAX)
		abort();
	/* libsodium must be able to read it too. */
	if (crypto_pwhash_str_needs_rehash(hash, 1, 8192) < 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct config_password config = { .memory = 8192, .passes = 1, .lanes = 1 };
	char *hash;

	if (sodium_init() < 0)
		return 0;
	hash = malloc(size + 1);
	if (hash == NULL)
		return 0;
	if (size > 0)
		memcpy(hash, data, size);
	hash[size] = '\0';
	if (password_usable(hash))
		check_usable(hash);
	else if (!password_outdated(&config, hash) ||
		 password_verify(NULL, hash, SPAN("password")) != RC_NO)
		abort();
	free(hash);
	return 0;
}
