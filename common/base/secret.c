#include "base/secret.h"

#include <sodium.h>

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
