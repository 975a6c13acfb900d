#include "base/text.h"

#include "unit/fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

typedef enum rc text_reader(struct arena *, struct span given, struct span *stored);

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new(65536);
	ck_assert_ptr_nonnull(arena);
}

static void
teardown(void)
{
	arena_free(arena);
}

static const struct {
	struct span given;
	bool valid;
} utf8_rows[] = {
	{ { NULL, 0 }, true },
	{ SPAN_INIT("plain"), true },
	{ SPAN_INIT("a\0b"), true },
	{ SPAN_INIT("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), true },
	{ SPAN_INIT("\xed\x9f\xbf\xee\x80\x80"), true },
	{ SPAN_INIT("\xf4\x8f\xbf\xbf"), true },
	{ SPAN_INIT("\x80"), false },
	{ SPAN_INIT("\xc0\x80"), false },
	{ SPAN_INIT("\xc1\xbf"), false },
	{ SPAN_INIT("\xe0\x9f\xbf"), false },
	{ SPAN_INIT("\xf0\x8f\xbf\xbf"), false },
	{ SPAN_INIT("\xed\xa0\x80"), false },
	{ SPAN_INIT("\xed\xbf\xbf"), false },
	{ SPAN_INIT("\xf4\x90\x80\x80"), false },
	{ SPAN_INIT("\xf8\x88\x80\x80\x80"), false },
	{ SPAN_INIT("\xff"), false },
	{ SPAN_INIT("\xc3"), false },
	{ SPAN_INIT("ab\xe2\x82"), false },
	{ SPAN_INIT("\xe2\x28\xa1"), false },
};

START_TEST(utf8_is_judged_strictly)
{
	ck_assert_int_eq(text_is_utf8(utf8_rows[_i].given), utf8_rows[_i].valid);
}
END_TEST

START_TEST(code_points_are_taken_one_by_one)
{
	struct span text = SPAN("a\xc3\xa4\xff\xf0\x9f\x98\x80");

	ck_assert_int_eq(text_next(&text), 'a');
	ck_assert_int_eq(text_next(&text), 0xe4);
	ck_assert_int_eq(text_next(&text), -1);
	ck_assert_int_eq(text_next(&text), 0x1f600);
	ck_assert_uint_eq(text.len, 0);
}
END_TEST

static const struct {
	struct span given;
	size_t length;
	bool control;
	bool space;
} class_rows[] = {
	{ { NULL, 0 }, 0, false, false },
	{ SPAN_INIT("abc"), 3, false, false },
	{ SPAN_INIT("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), 3, false, false },
	{ SPAN_INIT("a b"), 3, false, true },
	{ SPAN_INIT("a\0b"), 3, true, true },
	{ SPAN_INIT("a\tb"), 3, true, true },
	{ SPAN_INIT("a\x7f"), 2, true, true },
	{ SPAN_INIT("a\xc2\x80"), 2, true, true },
	{ SPAN_INIT("a\xc2\x85"), 2, true, true },
	{ SPAN_INIT("a\xc2\x9f"), 2, true, true },
	{ SPAN_INIT("a\xc2\xa0"), 2, false, true },
	{ SPAN_INIT("\xe1\x9a\x80"), 1, false, true },
	{ SPAN_INIT("\xe2\x80\xa8"), 1, false, true },
	{ SPAN_INIT("\xe2\x80\xa9"), 1, false, true },
	{ SPAN_INIT("\xe3\x80\x80"), 1, false, true },
	{ SPAN_INIT("~\xc2\xa1"), 2, false, false },
};

START_TEST(length_controls_and_spaces)
{
	ck_assert_uint_eq(text_length(class_rows[_i].given), class_rows[_i].length);
	ck_assert_int_eq(text_has_control(class_rows[_i].given), class_rows[_i].control);
	ck_assert_int_eq(text_has_space(class_rows[_i].given), class_rows[_i].space);
}
END_TEST

/* NULL stands for "refused". */
static const struct {
	text_reader *read;
	struct span given;
	const char *stored;
} store_rows[] = {
	{ text_email, SPAN_INIT("a@b.c"), "a@b.c" },
	{ text_email, SPAN_INIT("  \xef\xbc\xa1lice@EXAMPLE.org "), "alice@example.org" },
	{ text_email, SPAN_INIT("\xe3\x80\x80\xc2\xa0\r\n\ta@b.c\n"), "a@b.c" },
	{ text_email,
	    SPAN_INIT("a\xef\xbc\xa0"
		      "b\xef\xbc\x8e"
		      "c"),
	    "a@b.c" },
	{ text_email, SPAN_INIT("A\xcc\x88@B.C"), "\xc3\xa4@b.c" },
	{ text_email, SPAN_INIT("\xc3\x84@B.C"), "\xc3\xa4@b.c" },
	{ text_email, SPAN_INIT("\xe2\x84\xaa@b.c"), "k@b.c" },
	{ text_email, SPAN_INIT("\xe2\x84\xa1@b.c"), "tel@b.c" },
	{ text_email, SPAN_INIT("\xce\xa9@b.c"), "\xcf\x89@b.c" },
	{ text_email, SPAN_INIT("\xcf\xb4@b.c"), "\xce\xb8@b.c" },
	{ text_email, SPAN_INIT("\xc4\xb0@b.c"), "i\xcc\x87@b.c" },
	{ text_email, SPAN_INIT("\xe1\xba\x9e@b.c"), "\xc3\x9f@b.c" },
	{ text_email, SPAN_INIT("first+tag@sub.example.org"), "first+tag@sub.example.org" },
	{ text_email, SPAN_INIT("a-b@xn--bcher-kva.example"), "a-b@xn--bcher-kva.example" },
	/* what nobody sees, and what IDNA takes for a dot */
	{ text_email,
	    SPAN_INIT("victim@exam\xc2\xad"
		      "ple.org"),
	    NULL },
	{ text_email,
	    SPAN_INIT("victim@exam\xe2\x80\x8b"
		      "ple.org"),
	    NULL },
	{ text_email,
	    SPAN_INIT("victim@exam\xe2\x81\xa0"
		      "ple.org"),
	    NULL },
	{ text_email,
	    SPAN_INIT("victim@exam\xef\xb8\x8f"
		      "ple.org"),
	    NULL },
	{ text_email,
	    SPAN_INIT("vic\xe2\x80\xae"
		      "tim@example.org"),
	    NULL },
	{ text_email,
	    SPAN_INIT("victim@mail\xe3\x80\x82"
		      "example.org"),
	    NULL },
	{ text_email, SPAN_INIT(""), NULL },
	{ text_email, { NULL, 0 }, NULL },
	{ text_email, SPAN_INIT("   "), NULL },
	{ text_email, SPAN_INIT("plain"), NULL },
	{ text_email, SPAN_INIT("@b.c"), NULL },
	{ text_email, SPAN_INIT("a@"), NULL },
	{ text_email, SPAN_INIT("a@b"), NULL },
	{ text_email, SPAN_INIT("a@b."), NULL },
	{ text_email, SPAN_INIT("a@.c"), NULL },
	{ text_email, SPAN_INIT("a@b..c"), NULL },
	{ text_email, SPAN_INIT("a@."), NULL },
	{ text_email, SPAN_INIT("a@b@c.d"), NULL },
	{ text_email, SPAN_INIT("a@b.c@"), NULL },
	{ text_email, SPAN_INIT("a b@c.d"), NULL },
	{ text_email, SPAN_INIT("a@c.d\nBcc: x@y.z"), NULL },
	{ text_email,
	    SPAN_INIT("a\xc2\xa0"
		      "b@c.d"),
	    NULL },
	{ text_email, SPAN_INIT("a\0@b.c"), NULL },
	{ text_email, SPAN_INIT("a@b.c\0"), NULL },
	{ text_email, SPAN_INIT("a\x7f@b.c"), NULL },
	{ text_email, SPAN_INIT("a\xc2\x9b@b.c"), NULL },
	{ text_email, SPAN_INIT("\xc2\xa8@b.c"), NULL },
	{ text_email, SPAN_INIT("a\xff@b.c"), NULL },
	{ text_email, SPAN_INIT("a@b.\xed\xa0\x80"), NULL },
	{ text_email, SPAN_INIT("a@b.c \x80"), NULL },
	{ text_username, SPAN_INIT(" Bob "), "bob" },
	{ text_username, SPAN_INIT("\xef\xbc\xa2ob"), "bob" },
	{ text_username, SPAN_INIT("x"), "x" },
	{ text_username, SPAN_INIT("a,b"), "a,b" },
	{ text_username, SPAN_INIT(""), NULL },
	{ text_username, SPAN_INIT(" \t"), NULL },
	{ text_username, SPAN_INIT("a b"), NULL },
	{ text_username,
	    SPAN_INIT("a\x01"
		      "b"),
	    NULL },
	{ text_role, SPAN_INIT(" Editor"), "editor" },
	{ text_role,
	    SPAN_INIT("\xef\xbc\xa5"
		      "ditor"),
	    "editor" },
	{ text_role, SPAN_INIT("a:b/c"), "a:b/c" },
	{ text_role, SPAN_INIT("a,b"), NULL },
	{ text_role,
	    SPAN_INIT("a\xef\xbc\x8c"
		      "b"),
	    NULL },
	{ text_role, SPAN_INIT("a b"), NULL },
	{ text_role, SPAN_INIT("\n"), NULL },
};

START_TEST(names_are_normalised_then_judged)
{
	struct span stored = SPAN("untouched");
	enum rc rc = store_rows[_i].read(arena, store_rows[_i].given, &stored);

	if (store_rows[_i].stored == NULL) {
		ck_assert_int_eq(rc, RC_NO);
		ck_assert_ptr_null(stored.data);
		return;
	}
	ck_assert_int_eq(rc, RC_OK);
	ck_assert_str_eq(stored.data, store_rows[_i].stored);
	ck_assert_uint_eq(stored.len, strlen(store_rows[_i].stored));
}
END_TEST

/* "unit" so often that there are "count" code points, then "end". */
static struct span
repeated(const char *unit, size_t count, const char *end)
{
	static char text[65536];

	text[0] = '\0';
	for (size_t len = 0; count > 0; count--, len += strlen(unit))
		memcpy(text + len, unit, strlen(unit) + 1);
	memcpy(text + strlen(text), end, strlen(end) + 1);
	return span_of(text);
}

static const struct {
	text_reader *read;
	const char *unit;
	size_t count;
	const char *end;
	enum rc rc;
} length_rows[] = {
	{ text_email, "a", 316, "@b.c", RC_OK },
	{ text_email, "a", 317, "@b.c", RC_NO },
	{ text_email, "\xf0\x9f\x98\x80", 316, "@b.c", RC_OK },
	{ text_email, "\xf0\x9f\x98\x80", 317, "@b.c", RC_NO },
	{ text_email, "\xce\xb1\xcc\x93\xcc\x80\xcd\x85", 316, "@b.c", RC_OK },
	{ text_email, "\xce\xb1\xcc\x93\xcc\x80\xcd\x85", 317, "@b.c", RC_NO },
	{ text_email, " ", 10000, "a@b.c", RC_OK },
	{ text_email, "\xef\xb7\xba", 300, "@b.c", RC_NO },
	{ text_email, "\xef\xb7\xba", 10000, "@b.c", RC_NO },
	{ text_email, "\xcc\x81", 10000, "@b.c", RC_NO },
	{ text_username, "\xc3\xa4", 150, "", RC_OK },
	{ text_username, "\xc3\xa4", 151, "", RC_NO },
	{ text_username, "a\xcc\x88", 150, "", RC_OK },
	{ text_username, "\xef\xac\x83", 50, "", RC_OK },
	{ text_username, "\xef\xac\x83", 51, "", RC_NO },
	{ text_role, "r", 255, "", RC_OK },
	{ text_role, "r", 256, "", RC_NO },
};

START_TEST(lengths_count_code_points_of_what_is_stored)
{
	struct span stored;
	struct span given =
	    repeated(length_rows[_i].unit, length_rows[_i].count, length_rows[_i].end);

	ck_assert_int_eq(length_rows[_i].read(arena, given, &stored), length_rows[_i].rc);
}
END_TEST

/* Each code point alone in a user name: what is stored is stored as itself. */
START_TEST(normalising_twice_changes_nothing)
{
	size_t accepted = 0;

	for (unsigned point = 0x21; point < 0x110000; point++) {
		char bytes[4] = { (char)(0xf0 | point >> 18), (char)(0x80 | (point >> 12 & 63)),
			(char)(0x80 | (point >> 6 & 63)), (char)(0x80 | (point & 63)) };
		struct span given = { bytes, 4 };
		struct span once, twice;
		if (point < 0x10000) {
			bytes[1] = (char)(0xe0 | point >> 12);
			given = span_after(given, 1);
		}
		if (point < 0x800) {
			bytes[2] = (char)(0xc0 | point >> 6);
			given = span_after(given, 1);
		}
		if (point < 0x80)
			given = (struct span){ bytes + 3, 1 };
		if (point < 0x80)
			bytes[3] = (char)point;
		arena_reset(arena);
		if (text_username(arena, given, &once) != RC_OK)
			continue;
		accepted++;
		ck_assert_int_eq(text_username(arena, once, &twice), RC_OK);
		ck_assert(span_equal(once, twice));
	}
	ck_assert_uint_gt(accepted, 1000000);
}
END_TEST

START_TEST(a_full_arena_is_no_refusal)
{
	struct arena *small = arena_new(4);
	struct span stored;

	ck_assert_int_eq(text_email(small, SPAN("a@b.c"), &stored), RC_UNAVAILABLE);
	ck_assert_ptr_null(stored.data);
	ck_assert_int_eq(text_email(small, SPAN("a@b"), &stored), RC_NO);
	arena_free(small);
}
END_TEST

static const struct {
	const char *given;
	bool valid;
} uuid_rows[] = {
	{ "01234567-89ab-4cde-8f01-23456789abcd", true },
	{ "00000000-0000-0000-0000-000000000000", true },
	{ "01234567-89AB-4cde-8f01-23456789abcd", false },
	{ "01234567-89ab-4cde-8f01-23456789abc", false },
	{ "01234567-89ab-4cde-8f01-23456789abcde", false },
	{ "0123456789ab4cde8f0123456789abcd", false },
	{ "{1234567-89ab-4cde-8f01-23456789abc}", false },
	{ "01234567-89ab-4cde-8f01-23456789abcg", false },
	{ "01234567-89ab-4cde-8f0123456789abcd-", false },
	{ "01234567089ab-4cde-8f01-23456789abcd", false },
	{ "-1234567-89ab-4cde-8f01-23456789abcd", false },
	{ "", false },
	{ NULL, false },
};

START_TEST(uuids_have_one_form)
{
	ck_assert_int_eq(text_is_uuid(span_of(uuid_rows[_i].given)), uuid_rows[_i].valid);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("text");
	TCase *tests = tcase_create("text");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, utf8_is_judged_strictly, 0, COUNT(utf8_rows));
	tcase_add_test(tests, code_points_are_taken_one_by_one);
	tcase_add_loop_test(tests, length_controls_and_spaces, 0, COUNT(class_rows));
	tcase_add_loop_test(tests, names_are_normalised_then_judged, 0, COUNT(store_rows));
	tcase_add_loop_test(
	    tests, lengths_count_code_points_of_what_is_stored, 0, COUNT(length_rows));
	tcase_add_test(tests, normalising_twice_changes_nothing);
	tcase_add_test(tests, a_full_arena_is_no_refusal);
	tcase_add_loop_test(tests, uuids_have_one_form, 0, COUNT(uuid_rows));
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
