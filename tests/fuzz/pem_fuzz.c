/* A key that is read comes out of our own text again, and no text is both a public and a private
 * one. */
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>

#include "crypto/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char key[PEM_KEY_SIZE], seed[PEM_KEY_SIZE], again[PEM_KEY_SIZE];
	struct span text = { (const char *)data, size };
	struct buf buf = BUF_INIT(PEM_SIZE_MAX);
	enum rc is_public, is_private;

	if (sodium_init() < 0)
		return 0;
	is_public = pem_read_public(text, key);
	is_private = pem_read_private(text, seed);
	if (is_public == RC_OK && is_private == RC_OK)
		abort();
	if ((is_public == RC_OK || is_private == RC_OK) && memchr(data, 0, size) != NULL)
		abort();
	if (is_public == RC_OK) {
		pem_put_public(&buf, key);
		if (pem_read_public(buf_span(&buf), again) != RC_OK ||
		    memcmp(key, again, sizeof(key)) != 0)
			abort();
	}
	if (is_private == RC_OK) {
		pem_put_private(&buf, seed);
		if (pem_read_private(buf_span(&buf), again) != RC_OK ||
		    memcmp(seed, again, sizeof(seed)) != 0)
			abort();
	}
	buf_free(&buf);
	return 0;
}
