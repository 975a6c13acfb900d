#include "crypto/base32.h"

#define BASE32_BITS 5
#define BASE32_LETTERS 26 /* then come the digits 2 to 7 */

/* Without a table or a branch, whose place in the cache would tell. */
static char
base32_character(unsigned value)
{
	unsigned is_digit = (BASE32_LETTERS - 1 - value) >> (sizeof(value) * 8 - 1);

	return (char)('A' + value + is_digit * (unsigned)('2' - 'A' - BASE32_LETTERS));
}

void
base32_put(struct buf *buf, struct span bytes)
{
	unsigned held = 0, bits = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		held = held << 8 | (unsigned char)bytes.data[i];
		bits += 8;
		for (; bits >= BASE32_BITS; bits -= BASE32_BITS)
			buf_char(buf, base32_character(held >> (bits - BASE32_BITS) & 31));
		held &= (1u << bits) - 1;
	}
	if (bits > 0)
		buf_char(buf, base32_character(held << (BASE32_BITS - bits) & 31));
}
