/* Language tags, and what Accept-Language asks for. */
#include "mail/language.h"

#include "unit/fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *text;
	bool is_tag;
} tags[] = {
	{ "en", true },
	{ "de-AT", true },
	{ "zh-Hant-TW", true },
	{ "sl-rozaj-biske-1994", true },
	{ "de-CH-1901", true },
	{ "x", true },
	{ "abcdefgh-12345678-abcdefgh-abcdefgh", true },
	{ "abcdefgh-12345678-abcdefgh-abcdefg-h", false },
	{ "abcdefghi", false },
	{ "en-abcdefghi", false },
	{ "", false },
	{ "-", false },
	{ "en-", false },
	{ "-en", false },
	{ "en--US", false },
	{ "1n", false },
	{ "en_US", false },
	{ "en.UTF-8", false },
	{ "..", false },
	{ "en/de", false },
	{ "d\xc3\xa9", false },
	{ "*", false },
};

START_TEST(a_tag_is_known_by_its_form)
{
	ck_assert_msg(
	    language_is_tag(span_of(tags[_i].text)) == tags[_i].is_tag, "%s", tags[_i].text);
}
END_TEST

static const struct span there[] = { SPAN_INIT("en"), SPAN_INIT("de"), SPAN_INIT("de-AT"),
	SPAN_INIT("fr"), SPAN_INIT("pt-BR"), SPAN_INIT("zh-Hant") };

static const struct {
	const char *accept;
	const char *expected;
} rows[] = {
	{ NULL, "en" },
	{ "", "en" },
	{ "de", "de" },
	{ "DE", "de" },
	{ " de ", "de" },
	{ "de-AT", "de-AT" },
	{ "de-at", "de-AT" },
	{ "de-CH", "de" },
	{ "de-CH-1996", "de" },
	{ "de-AT-1996", "de-AT" },
	{ "pt", "pt-BR" },
	{ "pt-PT", "en" },
	{ "p", "en" },
	{ "d", "en" },
	{ "zh-Hant-TW", "zh-Hant" },
	{ "zh-Hans", "en" },
	{ "es", "en" },
	{ "es, fr", "fr" },
	{ "fr, de", "fr" },
	{ "fr;q=0.8, de;q=0.9", "de" },
	{ "fr;q=0.8, de;q=0.8", "fr" },
	{ "fr;q=0.999,de", "de" },
	{ "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", "de" },
	{ "es-ES,es;q=0.9,fr;q=0.1", "fr" },
	{ "en;q=0.1, de;q=0", "en" },
	{ "de;q=0", "en" },
	{ "de;q=0.000, fr;q=0.001", "fr" },
	{ "*", "en" },
	{ "*, de;q=0.5", "en" },
	{ "de, *;q=0.5", "de" },
	{ "*;q=0.1, fr;q=0.2", "fr" },
	{ ",,,de,,", "de" },
	{ ";q=1,de", "de" },
	{ "de;q=2, fr;q=0.1", "fr" },
	{ "de;q=, fr;q=0.1", "fr" },
	{ "de;q=-1", "en" },
	{ "de;q=0.1234", "en" },
	{ "de;level=1;q=0.1, fr;q=0.2", "fr" },
	{ "../de", "en" },
	{ "d\xe9, de_DE, de.UTF-8", "en" },
	{ "de fr", "en" },
	{ "abcdefghij-klmnopqrstuvwxyz-0123456789-abcdefghij, fr", "fr" },
};

START_TEST(the_best_language_is_chosen)
{
	size_t chosen = language_choose(span_of(rows[_i].accept), there, COUNT(there));

	ck_assert_uint_lt(chosen, COUNT(there));
	ck_assert_str_eq(there[chosen].data, rows[_i].expected);
}
END_TEST

START_TEST(what_stands_far_behind_is_not_looked_at)
{
	char header[2 * LANGUAGE_ACCEPT_MAX];

	memset(header, ',', sizeof(header));
	memcpy(header + LANGUAGE_RANGES_MAX - 1, "de", 2);
	ck_assert_uint_eq(
	    language_choose((struct span){ header, sizeof(header) }, there, COUNT(there)), 1);
	memcpy(header + LANGUAGE_RANGES_MAX - 1, ",de", 3);
	ck_assert_uint_eq(
	    language_choose((struct span){ header, sizeof(header) }, there, COUNT(there)), 0);
	memset(header, ' ', sizeof(header));
	memcpy(header + LANGUAGE_ACCEPT_MAX - 2, "de", 2);
	ck_assert_uint_eq(
	    language_choose((struct span){ header, sizeof(header) }, there, COUNT(there)), 1);
	memcpy(header + LANGUAGE_ACCEPT_MAX - 2, "  de", 4);
	ck_assert_uint_eq(
	    language_choose((struct span){ header, sizeof(header) }, there, COUNT(there)), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("language");
	TCase *tests = tcase_create("language");

	tcase_add_loop_test(tests, a_tag_is_known_by_its_form, 0, (int)COUNT(tags));
	tcase_add_loop_test(tests, the_best_language_is_chosen, 0, (int)COUNT(rows));
	tcase_add_test(tests, what_stands_far_behind_is_not_looked_at);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
