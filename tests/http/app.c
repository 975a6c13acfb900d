#include "http/app.h"

#include "base/clock.h"
#include "crypto/totp.h"
#include "http/storm.h"

#define APP_ROOM 8 /* seconds that a test may take within a step */

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

static const struct totp app_totp = { TOTP_SHA1, TOTP_DIGITS, TOTP_PERIOD };

int64_t
app_step(void)
{
	return totp_step(&app_totp, clock_wall(&clock_system));
}

const char *
app_code_at(const char *secret, int64_t step)
{
	char code[TOTP_DIGITS_MAX + 1];

	ck_assert_int_eq(totp_code(&app_totp, app_secret(secret), step, code), RC_OK);
	return text("%s", code);
}

const char *
app_code(const char *secret, int64_t away)
{
	return app_code_at(secret, app_step() + away);
}

void
app_settle(void)
{
	while (clock_wall(&clock_system) / SECOND % TOTP_PERIOD > TOTP_PERIOD - APP_ROOM)
		storm_rest(100);
}
