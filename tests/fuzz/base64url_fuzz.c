/* What decodes is canonical: encoding it gives the same text again. */
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>

#include "crypto/base64url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char bytes[4096];
	static char text[BASE64URL_LEN(sizeof(bytes)) + 1];
	struct span given = { (const char *)data, size };
	size_t count;

	if (sodium_init() < 0 || size > sizeof(text) - 1)
		return 0;
	if (base64url_decode(given, bytes, sizeof(bytes), &count) == RC_OK) {
		base64url_encode(text, sizeof(text), bytes, count);
		if (strlen(text) != size || (size > 0 && memcmp(text, data, size) != 0))
			abort();
		if (count > 0 && base64url_decode(given, bytes, count - 1, &count) != RC_NO)
			abort();
	}
	/* The other way every input is good. */
	if (size <= sizeof(bytes)) {
		base64url_encode(text, sizeof(text), data, size);
		if (base64url_decode(span_of(text), bytes, sizeof(bytes), &count) != RC_OK ||
		    count != size || (size > 0 && memcmp(bytes, data, size) != 0))
			abort();
	}
	return 0;
}
