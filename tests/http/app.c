#include "http/app.h"

#include "base/clock.h"
#include "crypto/totp.h"
#include "http/site.h"

static struct span
app_secret(const char *base32)
{
	static unsigned char bytes[64];
	size_t len = 0, bits = 0;
	unsigned held = 0;

	for (; *base32 != '\0'; base32++) {
		unsigned value =
		    *base32 >= 'A' ? (unsigned)(*base32 - 'A') : (unsigned)(*base32 - '2') + 26;

		held = held << 5 | value;
		bits += 5;
		if (bits >= 8) {
			bytes[len++] = (unsigned char)(held >> (bits - 8));
			bits -= 8;
		}
	}
	return (struct span){ (const char *)bytes, len };
}

const char *
app_code(const char *secret, int64_t away)
{
	const struct totp totp = { TOTP_SHA1, TOTP_DIGITS, TOTP_PERIOD };
	char code[TOTP_DIGITS_MAX + 1];

	ck_assert_int_eq(totp_code(&totp, app_secret(secret),
			     totp_step(&totp, clock_wall(&clock_system)) + away, code),
	    RC_OK);
	return text("%s", code);
}
