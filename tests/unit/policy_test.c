#include "auth/policy.h"

#include <sodium.h>
#include <stdio.h>

#include "base/secret.h"
#include "base/text.h"
#include "unit/fixture.h"

#define EMAIL "margaret.h@example.org"
#define USERNAME "moonshot"
#define EIGHT "\xc3\xa4\xe2\x82\xac\xf0\x9f\x9a\x80zq\xc3\xb6xv" /* eight code points */

static const struct row {
	const char *given;
	unsigned expected;
} rows[] = {
	{ "vocal-ibis-crater-lumen-oxide", 0 },
	{ "kJ8#mQ2!xV9@pL4$", 0 },
	{ "", POLICY_TOO_SHORT | POLICY_TOO_WEAK },
	{ "kJ8#mQ2!xV9", POLICY_TOO_SHORT },
	{ "kJ8#mQ2!xV9@", 0 },
	/* eleven and twelve code points, both more than twelve bytes */
	{ EIGHT "kJ8", POLICY_TOO_SHORT },
	{ EIGHT "kJ8#", 0 },

	{ "administrator", POLICY_TOO_COMMON | POLICY_TOO_WEAK },
	{ "AdMiNiStRaToR", POLICY_TOO_COMMON },
	{ "@dm1n1strat0r", POLICY_TOO_COMMON },
	{ "password2024", POLICY_TOO_COMMON | POLICY_TOO_WEAK },
	{ "P@ssw0rd!!!!", POLICY_TOO_COMMON | POLICY_TOO_WEAK },
	{ "passwordpassword", POLICY_TOO_COMMON | POLICY_TOO_WEAK },
	{ "drowssapdrowssap", POLICY_TOO_COMMON | POLICY_TOO_WEAK },
	/* five more, or a letter, is no tail: zxcvbn's estimate alone decides */
	{ "administrator83746", 0 },
	{ "passwordabcd", POLICY_TOO_WEAK },
	{ "winniethepooh", POLICY_TOO_WEAK },
	{ "qwertyuiop12", POLICY_TOO_COMMON | POLICY_TOO_WEAK },
	{ "123456789012", POLICY_TOO_WEAK },
	{ "abcdefghijklmnop", POLICY_TOO_WEAK },
	{ "199219921992", POLICY_TOO_WEAK },

	{ "x7! margaret.h@example.org #9", POLICY_CONTAINS_IDENTITY },
	{ "x7!MARGARET.H #9qZ", POLICY_CONTAINS_IDENTITY },
	{ "x7! h.teragram #9", POLICY_CONTAINS_IDENTITY },
	{ "margaret h kJ8#mQ2!xV9", 0 },
	{ "kJ8#mQ2!MoonShot", POLICY_CONTAINS_IDENTITY },
	{ "kJ8#mQ2!tohsnoom", POLICY_CONTAINS_IDENTITY },
	{ "tohsnoo kJ8#mQ2!xV9", 0 },
	{ "example.org kJ8#mQ2!xV9", 0 },
};

static struct config_password config;

static void
setup(void)
{
	config = (struct config_password){ .min_length = 12, .strength = 2 };
}

START_TEST(a_password_is_judged)
{
	const struct row *row = &rows[_i];
	unsigned reasons = policy_judge(&config, span_of(row->given), SPAN(EMAIL), SPAN(USERNAME));

	/* Whether a common word is also weak is zxcvbn's affair, unless the row says so. */
	if (row->expected & POLICY_TOO_COMMON)
		reasons &= row->expected | ~POLICY_TOO_WEAK;
	ck_assert_msg(
	    reasons == row->expected, "%s: %#x, not %#x", row->given, reasons, row->expected);
}
END_TEST

static const struct identity_row {
	const char *password;
	const char *email;
	const char *username;
	bool found;
} identity_rows[] = {
	{ "kJ8#mQ2!xV9@bob", "bob@example.org", NULL, false },
	{ "kJ8#mQ2!xV9@joan", "joan@example.org", NULL, true },
	{ "kJ8#mQ2!xV9@bob", NULL, "bob", false },
	{ "kJ8#mQ2!xV9@joan", NULL, "joan", true },
	{ "kJ8#mQ a@b.cd 2!", "a@b.cd", NULL, true },
	{ "kJ8#mQ dc.b@a 2!", "a@b.cd", NULL, true },
	{ "kJ8# J\xc3\x96RG mQ2!", "j\xc3\xb6rg@example.org", NULL, true },
	{ "kJ8# GR\xc3\x96J mQ2!", "j\xc3\xb6rg@example.org", NULL, true },
	{ "kJ8#mQ2!xV9@", "a.very.long.address@example.org", "a.very.long.name", false },
	{ "kJ8#mQ2!xV9@", NULL, NULL, false },
};

START_TEST(an_identity_is_found)
{
	const struct identity_row *row = &identity_rows[_i];
	unsigned reasons = policy_judge(
	    &config, span_of(row->password), span_of(row->email), span_of(row->username));

	ck_assert_msg(
	    ((reasons & POLICY_CONTAINS_IDENTITY) != 0) == row->found, "%s", row->password);
}
END_TEST

START_TEST(the_strength_asked_for_decides)
{
	struct span weak = SPAN("winniethepooh"); /* 22.6 bits: score 1 */

	config.strength = 0;
	ck_assert_uint_eq(policy_judge(&config, weak, SPAN(""), SPAN("")), 0);
	config.strength = 1;
	ck_assert_uint_eq(policy_judge(&config, weak, SPAN(""), SPAN("")), 0);
	config.strength = 2;
	ck_assert_uint_eq(policy_judge(&config, weak, SPAN(""), SPAN("")), POLICY_TOO_WEAK);
	config.strength = 4;
	ck_assert_uint_eq(policy_judge(&config, weak, SPAN(""), SPAN("")), POLICY_TOO_WEAK);
	config.strength = 0;
	ck_assert_uint_eq(
	    policy_judge(&config, SPAN("password2024"), SPAN(""), SPAN("")), POLICY_TOO_COMMON);
}
END_TEST

START_TEST(what_cannot_be_judged_is_refused)
{
	char text[SECRET_MAX + 1];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('!' + i * 37 % 94);
	ck_assert_uint_eq(
	    policy_judge(&config, (struct span){ text, SECRET_MAX }, SPAN(EMAIL), SPAN(USERNAME)),
	    0);
	ck_assert_uint_ne(
	    policy_judge(&config, (struct span){ text, sizeof(text) }, SPAN(EMAIL), SPAN(USERNAME)),
	    0);
	ck_assert_uint_ne(
	    policy_judge(&config, SPAN("kJ8#mQ2!\0xV9@pL4$"), SPAN(EMAIL), SPAN(USERNAME)), 0);
}
END_TEST

START_TEST(every_reason_has_a_name_and_a_sentence)
{
	static const char *const names[POLICY_REASONS] = { "too_short", "too_common", "too_weak",
		"contains_identity" };

	for (unsigned i = 0; i < POLICY_REASONS; i++) {
		const char *sentence = policy_sentence(i);

		ck_assert_str_eq(policy_name(i), names[i]);
		ck_assert_int_eq(sentence[strlen(sentence) - 1], '.');
	}
	ck_assert_ptr_null(policy_name(POLICY_REASONS));
	ck_assert_ptr_null(policy_sentence(POLICY_REASONS));
}
END_TEST

/* Of the first 10,000 lines that are long enough, so many pass. */
static void
count_passing(FILE *list, size_t *tried, size_t *passed)
{
	char line[256];

	*tried = *passed = 0;
	while (*tried < 10000 && fgets(line, sizeof(line), list) != NULL) {
		struct span word = { line, strcspn(line, "\r\n") };

		if (span_starts(word, SPAN("#!comment:")) || !text_is_utf8(word) ||
		    (int64_t)text_length(word) < config.min_length)
			continue;
		++*tried;
		if (policy_judge(&config, word, SPAN(EMAIL), SPAN(USERNAME)) == 0)
			++*passed;
	}
}

START_TEST(the_most_common_passwords_are_refused)
{
	static const char path[] = "/usr/share/john/password.lst";
	FILE *list = fopen(path, "r");
	size_t tried;
	size_t passed;

	if (list == NULL) {
		printf("skipped: no %s (Debian package john-data)\n", path);
		return;
	}
	for (config.min_length = 8; config.min_length <= 12; config.min_length += 4) {
		rewind(list);
		count_passing(list, &tried, &passed);
		ck_assert_uint_gt(tried, 0);
		ck_assert_msg(passed * 100 <= tried, "length %d: %zu of %zu pass",
		    (int)config.min_length, passed, tried);
	}
	fclose(list);
}
END_TEST

/* Sixteen random characters, the same in every run. */
static void
make_random(unsigned char number, char text[17])
{
	const unsigned char seed[randombytes_SEEDBYTES] = { number };
	unsigned char random[16];

	randombytes_buf_deterministic(random, sizeof(random), seed);
	for (size_t i = 0; i < sizeof(random); i++)
		text[i] = (char)('!' + random[i] % 94);
	text[sizeof(random)] = '\0';
}

static const char *const words[32] = { "acorn", "badge", "cobalt", "dune", "ember", "fjord",
	"gravel", "hazel", "ivory", "jigsaw", "kelp", "ladder", "marble", "nickel", "otter",
	"pebble", "quartz", "ribbon", "saddle", "timber", "umber", "velvet", "walnut", "yarrow",
	"zipper", "anvil", "beacon", "canyon", "drizzle", "easel", "flint", "gazelle" };

/* Five different words: an odd step meets none of the 32 twice. */
static void
make_phrase(unsigned number, char *text, size_t size)
{
	static const char *const separators[] = { " ", "-", ".", "" };
	const char *separator = separators[number % 4];
	unsigned step = 1 + 2 * (number / 32 + 3);
	const char *word[5];

	for (unsigned i = 0; i < 5; i++)
		word[i] = words[(number + i * step) % 32];
	snprintf(text, size, "%s%s%s%s%s%s%s%s%s", word[0], separator, word[1], separator, word[2],
	    separator, word[3], separator, word[4]);
}

START_TEST(random_passwords_and_phrases_may_be_used)
{
	char text[128];

	for (unsigned i = 0; i < 250; i++) {
		make_random((unsigned char)i, text);
		ck_assert_msg(
		    policy_judge(&config, span_of(text), SPAN(EMAIL), SPAN(USERNAME)) == 0, "%s",
		    text);
		make_phrase(i, text, sizeof(text));
		ck_assert_msg(
		    policy_judge(&config, span_of(text), SPAN(EMAIL), SPAN(USERNAME)) == 0, "%s",
		    text);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("policy");
	TCase *tests = tcase_create("policy");

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, a_password_is_judged, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_loop_test(tests, an_identity_is_found, 0,
	    (int)(sizeof(identity_rows) / sizeof(identity_rows[0])));
	tcase_add_test(tests, the_strength_asked_for_decides);
	tcase_add_test(tests, what_cannot_be_judged_is_refused);
	tcase_add_test(tests, every_reason_has_a_name_and_a_sentence);
	tcase_add_test(tests, the_most_common_passwords_are_refused);
	tcase_add_test(tests, random_passwords_and_phrases_may_be_used);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
