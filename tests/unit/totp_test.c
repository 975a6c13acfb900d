#include "crypto/totp.h"

#include "base/clock.h"
#include "unit/fixture.h"

#define SECRET SPAN("12345678901234567890")
#define WALL (INT64_C(1800000015) * SECOND) /* in the middle of a step */

static const struct totp usual = { TOTP_SHA1, TOTP_DIGITS, TOTP_PERIOD };

/* RFC 4226 appendix D. */
static const char *const counted[] = { "755224", "287082", "359152", "969429", "338314", "254676",
	"287922", "162583", "399871", "520489" };

START_TEST(codes_of_rfc_4226)
{
	char code[TOTP_DIGITS_MAX + 1];

	ck_assert_int_eq(totp_code(&usual, SECRET, _i, code), RC_OK);
	ck_assert_str_eq(code, counted[_i]);
}
END_TEST

/* RFC 6238 appendix B: seconds, and the code of each algorithm. */
static const struct {
	int64_t seconds;
	const char *codes[TOTP_ALGORITHMS];
} timed[] = {
	{ 59, { "94287082", "46119246", "90693936" } },
	{ 1111111109, { "07081804", "68084774", "25091201" } },
	{ 1111111111, { "14050471", "67062674", "99943326" } },
	{ 1234567890, { "89005924", "91819424", "93441116" } },
	{ 2000000000, { "69279037", "90698825", "38618901" } },
	{ 20000000000, { "65353130", "77737706", "47863826" } },
};

/* As its errata have it: the secret as long as the digest. */
static const size_t lengths[TOTP_ALGORITHMS] = { 20, 32, 64 };

START_TEST(codes_of_rfc_6238)
{
	static const char digits[] = "12345678901234567890123456789012345678901234567890123456789"
				     "01234";

	for (enum totp_algorithm i = TOTP_SHA1; i < TOTP_ALGORITHMS; i++) {
		const struct totp totp = { i, 8, 30 };
		struct span secret = { digits, lengths[i] };
		int64_t wall = timed[_i].seconds * SECOND + 999, step = -1;
		char code[TOTP_DIGITS_MAX + 1];

		ck_assert_int_eq(totp_code(&totp, secret, totp_step(&totp, wall), code), RC_OK);
		ck_assert_str_eq(code, timed[_i].codes[i]);
		ck_assert_int_eq(totp_match(&totp, secret, wall, 0, span_of(code), &step), RC_OK);
		ck_assert_int_eq(step, timed[_i].seconds / 30);
	}
}
END_TEST

/* How many steps away the code is, and how many may be; whether it fits. */
static const struct {
	int64_t away, drift;
	bool fits;
} drifts[] = {
	{ 0, 0, true },
	{ 1, 0, false },
	{ -1, 0, false },
	{ 1, 1, true },
	{ -1, 1, true },
	{ 2, 1, false },
	{ -2, 1, false },
	{ 4, 4, true },
	{ -4, 4, true },
};

START_TEST(code_fits_within_the_drift)
{
	int64_t now = totp_step(&usual, WALL), step = 7;
	char code[TOTP_DIGITS_MAX + 1];

	ck_assert_int_eq(totp_code(&usual, SECRET, now + drifts[_i].away, code), RC_OK);
	ck_assert_int_eq(totp_match(&usual, SECRET, WALL, drifts[_i].drift, span_of(code), &step),
	    drifts[_i].fits ? RC_OK : RC_NO);
	if (drifts[_i].fits)
		ck_assert_int_eq(step, now + drifts[_i].away);
}
END_TEST

/* A code of the last millisecond of its step fits in the one after, as within the drift. */
START_TEST(step_ends_with_its_period)
{
	ck_assert_int_eq(totp_step(&usual, 0), 0);
	ck_assert_int_eq(totp_step(&usual, 30 * SECOND - 1), 0);
	ck_assert_int_eq(totp_step(&usual, 30 * SECOND), 1);
}
END_TEST

static const struct span misfits[] = {
	SPAN_ROW(""),
	SPAN_ROW("75522"),
	SPAN_ROW("7552244"),
	SPAN_ROW("75522\0"),
	SPAN_ROW("75522x"),
	SPAN_ROW("755225"),
	{ NULL, 0 },
};

START_TEST(other_texts_fit_nothing)
{
	int64_t step;

	ck_assert_int_eq(totp_match(&usual, SECRET, 0, 1, misfits[_i], &step), RC_NO);
}
END_TEST

/* Found by trying: here this secret has one code for two steps in a row. */
#define TWICE INT64_C(910738)

START_TEST(code_of_two_steps_is_the_later_one)
{
	char code[TOTP_DIGITS_MAX + 1], next[TOTP_DIGITS_MAX + 1];
	int64_t step;

	ck_assert_int_eq(totp_code(&usual, SECRET, TWICE - 1, code), RC_OK);
	ck_assert_int_eq(totp_code(&usual, SECRET, TWICE, next), RC_OK);
	ck_assert_str_eq(code, next);
	for (int64_t at = TWICE - 1; at <= TWICE; at++) {
		ck_assert_int_eq(
		    totp_match(&usual, SECRET, at * TOTP_PERIOD * SECOND, 1, span_of(code), &step),
		    RC_OK);
		ck_assert_int_eq(step, TWICE);
	}
}
END_TEST

START_TEST(nonsense_is_no_answer)
{
	const struct totp short_code = { TOTP_SHA1, 5, 30 }, long_code = { TOTP_SHA1, 9, 30 };
	char code[TOTP_DIGITS_MAX + 1];
	int64_t step;

	ck_assert_int_eq(totp_code(&short_code, SECRET, 1, code), RC_INTERNAL);
	ck_assert_int_eq(totp_code(&long_code, SECRET, 1, code), RC_INTERNAL);
	ck_assert_int_eq(
	    totp_match(&short_code, SECRET, WALL, 1, SPAN("75522"), &step), RC_INTERNAL);
	ck_assert_int_eq(
	    totp_match(&usual, SECRET, WALL, TOTP_DRIFT_MAX + 1, SPAN("755224"), &step),
	    RC_INTERNAL);
	ck_assert_int_eq(totp_match(&usual, SECRET, WALL, -1, SPAN("755224"), &step), RC_INTERNAL);
}
END_TEST

/* --- the address -------------------------------------------------------------------------------
 */

static const struct {
	struct totp totp;
	const char *issuer, *account, *uri;
} addresses[] = {
	{ { TOTP_SHA1, 6, 30 }, "The Tower", "ada@example.org",
	    "otpauth://totp/The%20Tower:ada%40example.org"
	    "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=The%20Tower" },
	{ { TOTP_SHA256, 8, 60 }, "a:b", "c:d",
	    "otpauth://totp/a%20b:c%3Ad?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=a%20b"
	    "&algorithm=SHA256&digits=8&period=60" },
	{ { TOTP_SHA512, 6, 30 }, "B\xc3\xbc&?#/%+", "\xe2\x82\xac",
	    "otpauth://totp/B%C3%BC%26%3F%23%2F%25%2B:%E2%82%AC"
	    "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=B%C3%BC%26%3F%23%2F%25%2B"
	    "&algorithm=SHA512" },
};

START_TEST(address_is_escaped)
{
	struct buf buf = BUF_INIT(TOTP_URI_MAX);

	totp_put_uri(&buf, &addresses[_i].totp, SECRET, span_of(addresses[_i].issuer),
	    span_of(addresses[_i].account));
	ck_assert_int_eq(buf_check(&buf), RC_OK);
	ck_assert_str_eq(buf.data, addresses[_i].uri);
	buf_free(&buf);
}
END_TEST

/* The bounds of every setting, as config.def has them. */
static const struct {
	const char *section, *key, *bounds;
} settings[] = {
#define SECTION(name, kind, words)
#define SETTING(section, field, key, type, preset, bounds, words) { #section, key, bounds },
#define SECTION_END(name)
#include "base/config.def"
#undef SECTION
#undef SETTING
#undef SECTION_END
};

static size_t
longest_setting(const char *section, const char *key)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (strcmp(settings[i].section, section) == 0 && strcmp(settings[i].key, key) == 0)
			return strtoul(strstr(settings[i].bounds, "..") + 2, NULL, 10);
	}
	return 0;
}

/* Which of the two is the issuer, is for the settings to say. */
START_TEST(issuer_is_no_longer_than_its_settings)
{
	ck_assert_uint_eq(longest_setting("totp", "issuer"), TOTP_ISSUER_MAX);
	ck_assert_uint_eq(longest_setting("site", "name"), TOTP_ISSUER_MAX);
}
END_TEST

/* Everything as long as it can be, and percent-encoded. */
START_TEST(longest_address_has_room)
{
	static char secret[TOTP_SECRET_MAX], issuer[TOTP_ISSUER_MAX], account[EMAIL_MAX];
	const struct totp totp = { TOTP_SHA512, TOTP_DIGITS_MAX, INT32_MAX };
	struct buf buf = BUF_INIT(TOTP_URI_MAX);

	memset(issuer, '%', sizeof(issuer));
	memset(account, '@', sizeof(account));
	totp_put_uri(&buf, &totp, (struct span){ secret, sizeof(secret) },
	    (struct span){ issuer, sizeof(issuer) }, (struct span){ account, sizeof(account) });
	ck_assert_int_eq(buf_check(&buf), RC_OK);
	ck_assert_uint_gt(buf.len, sizeof(account) * 3 + sizeof(issuer) * 6);
	buf_free(&buf);
}
END_TEST

START_TEST(address_without_room_is_told)
{
	struct buf buf = BUF_INIT(80);

	totp_put_uri(&buf, &usual, SECRET, SPAN("The Tower"), SPAN("ada@example.org"));
	ck_assert_int_eq(buf_check(&buf), RC_UNAVAILABLE);
	buf_free(&buf);
}
END_TEST

#define COUNT(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

int
main(void)
{
	Suite *suite = suite_create("totp");
	TCase *tests = tcase_create("totp");

	tcase_add_loop_test(tests, codes_of_rfc_4226, 0, COUNT(counted));
	tcase_add_loop_test(tests, codes_of_rfc_6238, 0, COUNT(timed));
	tcase_add_loop_test(tests, code_fits_within_the_drift, 0, COUNT(drifts));
	tcase_add_test(tests, step_ends_with_its_period);
	tcase_add_loop_test(tests, other_texts_fit_nothing, 0, COUNT(misfits));
	tcase_add_test(tests, code_of_two_steps_is_the_later_one);
	tcase_add_test(tests, nonsense_is_no_answer);
	tcase_add_loop_test(tests, address_is_escaped, 0, COUNT(addresses));
	tcase_add_test(tests, issuer_is_no_longer_than_its_settings);
	tcase_add_test(tests, longest_address_has_room);
	tcase_add_test(tests, address_without_room_is_told);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
