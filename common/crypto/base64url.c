#include "crypto/base64url.h"

#include <sodium.h>

void
base64url_encode(char *text, size_t size, const void *bytes, size_t count)
{
	sodium_bin2base64(text, size, bytes, count, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void
base64url_put(struct buf *buf, const void *bytes, size_t count)
{
	const unsigned char *from = bytes;
	char text[BASE64URL_LEN(48) + 1];

	/* Pieces of a multiple of three bytes stand side by side as if encoded at once. */
	while (count > 0) {
		size_t take = count < 48 ? count : 48;

		base64url_encode(text, sizeof(text), from, take);
		buf_text(buf, text);
		from += take;
		count -= take;
	}
	sodium_memzero(text, sizeof(text));
}

bool
base64url_only(struct span text, const char *others)
{
	size_t count = strlen(others);

	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			memchr(others, c, count) != NULL))
			return false;
	}
	return true;
}

enum rc
base64url_decode(struct span text, void *bytes, size_t size, size_t *count)
{
	*count = 0;
	/* Without a place to note where it ended, libsodium refuses what it cannot use up. */
	if (!base64url_only(text, "-_") ||
	    sodium_base642bin(bytes, size, text.data, text.len, NULL, count, NULL,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0) {
		*count = 0;
		return RC_NO;
	}
	return RC_OK;
}
