#include "base/ini.h"

#include "base/config.h"
#include "unit/fixture.h"

/* Unlike SPAN a constant, which static tables need. */
#define LITERAL(text)                    \
	{                                \
		(text), sizeof(text) - 1 \
	}

/* One line in, one line out. */
static const struct row {
	struct span text;
	enum ini_kind kind;
	const char *name;
	const char *value;
} rows[] = {
	{ LITERAL("\n"), INI_BLANK, "", "" },
	{ LITERAL("\r\n"), INI_BLANK, "", "" },
	{ LITERAL("   \t\n"), INI_BLANK, "", "" },
	{ LITERAL("; comment\n"), INI_BLANK, "", "" },
	{ LITERAL("# comment"), INI_BLANK, "", "" },
	{ LITERAL("   ; indented = comment\n"), INI_BLANK, "", "" },
	{ LITERAL("[site]\n"), INI_SECTION, "site", "" },
	{ LITERAL("[site]"), INI_SECTION, "site", "" },
	{ LITERAL("[site]\r\n"), INI_SECTION, "site", "" },
	{ LITERAL("[ site ]  \n"), INI_SECTION, "site", "" },
	{ LITERAL("[backend web]\n"), INI_SECTION, "backend", "web" },
	{ LITERAL("[protect \t /a b ]\n"), INI_SECTION, "protect", "/a b" },
	{ LITERAL("key = value\n"), INI_SETTING, "key", "value" },
	{ LITERAL("key=value"), INI_SETTING, "key", "value" },
	{ LITERAL("key = value\r\n"), INI_SETTING, "key", "value" },
	{ LITERAL("key \t=\t a b \t\n"), INI_SETTING, "key", "a b" },
	{ LITERAL("key =\n"), INI_SETTING, "key", "" },
	{ LITERAL("key = a = b\n"), INI_SETTING, "key", "a = b" },
	{ LITERAL("key = value ; no comment # here\n"), INI_SETTING, "key",
	    "value ; no comment # here" },
	{ LITERAL("key = \"quoted\"\n"), INI_SETTING, "key", "\"quoted\"" },
	{ LITERAL("key = caf\xC3\xA9\n"), INI_SETTING, "key", "caf\xC3\xA9" },
	{ LITERAL("key\n"), INI_BROKEN, "",
	    "neither a section, a setting nor a comment, write KEY = VALUE" },
	{ LITERAL("= value\n"), INI_BROKEN, "", "a setting without a key, write KEY = VALUE" },
	{ LITERAL(" key = value\n"), INI_BROKEN, "", "white space before the text, remove it" },
	{ LITERAL("\t[site]\n"), INI_BROKEN, "", "white space before the text, remove it" },
	{ LITERAL("[site\n"), INI_BROKEN, "", "a section without ']', add it" },
	{ LITERAL("[]\n"), INI_BROKEN, "", "a section without a name, give it one" },
	{ LITERAL("[ \t ]\n"), INI_BROKEN, "", "a section without a name, give it one" },
	{ LITERAL("[site] ; comment\n"), INI_BROKEN, "", "text after ']', remove it" },
	{ LITERAL("[site]]\n"), INI_BROKEN, "", "text after ']', remove it" },
	{ LITERAL("key = a\rb\n"), INI_BROKEN, "", "a control character, remove it" },
	{ LITERAL("key = a\r"), INI_BROKEN, "", "a control character, remove it" },
	{ LITERAL("key = a\r\r\n"), INI_BROKEN, "", "a control character, remove it" },
	{ LITERAL("key = a\0b\n"), INI_BROKEN, "", "a control character, remove it" },
	{ LITERAL("key = a\tb\x1B[2J\n"), INI_BROKEN, "", "a control character, remove it" },
	{ LITERAL("; comment \x07\n"), INI_BROKEN, "", "a control character, remove it" },
	{ LITERAL("key = \x7F\n"), INI_BROKEN, "", "a control character, remove it" },
	{ LITERAL("key = \xC2\x85\n"), INI_BROKEN, "", "a control character, remove it" },
	{ LITERAL("key = \xFF\n"), INI_BROKEN, "", "not UTF-8, save the file as UTF-8" },
	{ LITERAL("; \xC3\n"), INI_BROKEN, "", "not UTF-8, save the file as UTF-8" },
	{ LITERAL("\xEF\xBB\xBF[site]\n"), INI_BROKEN, "",
	    "a byte order mark, save the file without it" },
};

static void
check_span(struct span given, const char *expected)
{
	ck_assert_msg(span_equal(given, span_of(expected)), "\"%.*s\" for \"%s\"", (int)given.len,
	    given.data == NULL ? "" : given.data, expected);
}

START_TEST(a_line_is_read)
{
	const struct row *row = &rows[_i];
	struct span rest = row->text;
	struct ini_line line;
	size_t number = 0;

	ck_assert_int_eq(ini_next(&rest, &number, &line), RC_OK);
	ck_assert_int_eq(line.kind, row->kind);
	check_span(line.name, row->name);
	check_span(line.value, row->value);
	ck_assert_uint_eq(line.number, 1);
	ck_assert(span_equal(line.whole, row->text));
	ck_assert_int_eq(ini_next(&rest, &number, &line), RC_NO);
}
END_TEST

START_TEST(lines_are_numbered_and_make_up_the_text)
{
	const struct span text = SPAN("[a]\r\n\nkey = 1\n broken\n; end");
	static const enum ini_kind kinds[] = { INI_SECTION, INI_BLANK, INI_SETTING, INI_BROKEN,
		INI_BLANK };
	struct span rest = text;
	struct ini_line line;
	size_t number = 0, length = 0;

	for (size_t i = 0; i < 5; i++) {
		ck_assert_int_eq(ini_next(&rest, &number, &line), RC_OK);
		ck_assert_int_eq(line.kind, kinds[i]);
		ck_assert_uint_eq(line.number, i + 1);
		ck_assert_ptr_eq(line.whole.data, text.data + length);
		length += line.whole.len;
	}
	ck_assert_uint_eq(length, text.len);
	ck_assert_int_eq(ini_next(&rest, &number, &line), RC_NO);
	ck_assert_uint_eq(number, 5);
}
END_TEST

START_TEST(nothing_has_no_line)
{
	struct span rest = { NULL, 0 };
	struct ini_line line;
	size_t number = 0;

	ck_assert_int_eq(ini_next(&rest, &number, &line), RC_NO);
	rest = SPAN("");
	ck_assert_int_eq(ini_next(&rest, &number, &line), RC_NO);
	ck_assert_uint_eq(number, 0);
}
END_TEST

/* The limit is of the text; the line end does not count. */
START_TEST(a_line_has_a_longest_length)
{
	static char text[CONFIG_LINE_MAX + 3];
	struct span rest = { text, CONFIG_LINE_MAX + 2 };
	struct ini_line line;
	size_t number = 0;

	memset(text, 'x', sizeof(text));
	memcpy(text, "key=", 4);
	memcpy(text + CONFIG_LINE_MAX, "\r\n", 2);
	ck_assert_int_eq(ini_next(&rest, &number, &line), RC_OK);
	ck_assert_int_eq(line.kind, INI_SETTING);
	ck_assert_uint_eq(line.value.len, CONFIG_LINE_MAX - 4);

	memcpy(text + CONFIG_LINE_MAX, "x\r\n", 3);
	rest = (struct span){ text, CONFIG_LINE_MAX + 3 };
	ck_assert_int_eq(ini_next(&rest, &number, &line), RC_OK);
	ck_assert_int_eq(line.kind, INI_BROKEN);
	check_span(line.value, "longer than 4096 bytes, shorten it");
	ck_assert_uint_eq(line.whole.len, CONFIG_LINE_MAX + 3);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ini");
	TCase *lines = tcase_create("lines");

	tcase_add_loop_test(lines, a_line_is_read, 0, (int)(sizeof(rows) / sizeof(*rows)));
	tcase_add_test(lines, lines_are_numbered_and_make_up_the_text);
	tcase_add_test(lines, nothing_has_no_line);
	tcase_add_test(lines, a_line_has_a_longest_length);
	suite_add_tcase(suite, lines);
	return fixture_run(suite);
}
