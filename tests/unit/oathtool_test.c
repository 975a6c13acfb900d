/* The codes that oathtool makes of the same secret, now. */
#include <sodium.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "crypto/base32.h"
#include "crypto/totp.h"
#include "unit/fixture.h"

enum { STEPS = 3 };

/* As its option has them. */
static const char *const names[TOTP_ALGORITHMS] = {
	[TOTP_SHA1] = "SHA1",
	[TOTP_SHA256] = "SHA256",
	[TOTP_SHA512] = "SHA512",
};

static const struct {
	struct totp totp;
	size_t secret; /* bytes */
} rows[] = {
	{ { TOTP_SHA1, 6, 30 }, TOTP_SECRET },
	{ { TOTP_SHA1, 8, 60 }, TOTP_SECRET },
	{ { TOTP_SHA1, 7, 30 }, 33 },
	{ { TOTP_SHA256, 6, 30 }, 32 },
	{ { TOTP_SHA256, 8, 45 }, TOTP_SECRET },
	{ { TOTP_SHA512, 6, 30 }, 64 },
	{ { TOTP_SHA512, 8, 30 }, 129 },
};

/* Asks for the codes of this step and of those after it. */
static FILE *
start_oathtool(const struct totp *totp, struct span secret, int64_t seconds)
{
	struct buf text = BUF_INIT(512);
	char command[1024];
	FILE *oathtool;

	base32_put(&text, secret);
	ck_assert_int_eq(buf_check(&text), RC_OK);
	snprintf(command, sizeof(command),
	    "oathtool --totp=%s --digits=%d --time-step-size=%ds --now=@%lld --window=%d "
	    "--base32 %s 2>&1",
	    names[totp->algorithm], totp->digits, totp->period, (long long)seconds, STEPS - 1,
	    text.data);
	oathtool = popen(command, "r");
	ck_assert_ptr_nonnull(oathtool);
	buf_free(&text);
	return oathtool;
}

START_TEST(oathtool_makes_the_same_codes)
{
	const struct totp *totp = &rows[_i].totp;
	unsigned char bytes[256];
	struct span secret = { (const char *)bytes, rows[_i].secret };
	int64_t wall = time(NULL) * SECOND, now = totp_step(totp, wall), step;
	char line[256], code[TOTP_DIGITS_MAX + 1];
	FILE *oathtool;

	randombytes_buf(bytes, sizeof(bytes));
	oathtool = start_oathtool(totp, secret, wall / SECOND);
	for (int i = 0; i < STEPS; i++) {
		ck_assert_ptr_nonnull(fgets(line, sizeof(line), oathtool));
		line[strcspn(line, "\n")] = '\0';
		ck_assert_int_eq(totp_code(totp, secret, now + i, code), RC_OK);
		ck_assert_str_eq(line, code);
		ck_assert_int_eq(totp_match(totp, secret, wall + i * totp->period * SECOND, 0,
				     span_of(line), &step),
		    RC_OK);
		ck_assert_int_eq(step, now + i);
	}
	ck_assert_ptr_null(fgets(line, sizeof(line), oathtool));
	ck_assert_int_eq(pclose(oathtool), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("oathtool");
	TCase *tests = tcase_create("oathtool");

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	tcase_add_loop_test(
	    tests, oathtool_makes_the_same_codes, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
