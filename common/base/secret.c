#include "base/secret.h"

#include <malloc.h>
#include <sodium.h>
#include <stdlib.h>

/* glibc's tcache: some pieces of each size, in steps of 16 bytes; 7 or 16, unless told otherwise.
 */
#define SCRUB_PIECES 64
#define SCRUB_LEAST 24
#define SCRUB_MOST 1032
#define SCRUB_STEP 16
#define SCRUB_BYTE 0xa5

enum rc
secret_set(struct secret *secret, struct span bytes)
{
	if (bytes.len > SECRET_MAX || (bytes.len > 0 && memchr(bytes.data, 0, bytes.len) != NULL))
		return RC_NO;
	if (bytes.len > 0)
		memcpy(secret->bytes, bytes.data, bytes.len);
	secret->bytes[bytes.len] = '\0';
	secret->len = bytes.len;
	return RC_OK;
}

bool
secret_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || sodium_memcmp(a.data, b.data, a.len) == 0);
}

void
secret_wipe(struct secret *secret)
{
	sodium_memzero(secret, sizeof(*secret));
}

struct span
secret_span(const struct secret *secret)
{
	return (struct span){ secret->bytes, secret->len };
}

struct span
secret_given(const struct secret *secret)
{
	return secret->len == 0 ? SPAN_NONE : secret_span(secret);
}

void
secret_overwrite_freed(void)
{
	mallopt(M_PERTURB, SCRUB_BYTE);
}

/* Who asks for such a size gets those first. */
void
secret_scrub(void)
{
	for (size_t size = SCRUB_LEAST; size <= SCRUB_MOST; size += SCRUB_STEP) {
		void *pieces[SCRUB_PIECES];

		for (int i = 0; i < SCRUB_PIECES; i++) {
			pieces[i] = malloc(size);
			if (pieces[i] != NULL)
				sodium_memzero(pieces[i], size);
		}
		for (int i = 0; i < SCRUB_PIECES; i++)
			free(pieces[i]);
	}
}
