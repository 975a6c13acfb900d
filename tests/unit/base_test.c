/* The small things everything stands on: span, buf, arena, secret, clock, random. */
#include <limits.h>
#include <stdalign.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/secret.h"
#include "base/text.h"
#include "unit/fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	struct span given;
	struct span head;
	struct span rest;
} cut_rows[] = {
	{ SPAN_INIT("a,b,c"), SPAN_INIT("a"), SPAN_INIT("b,c") },
	{ SPAN_INIT(",b"), SPAN_INIT(""), SPAN_INIT("b") },
	{ SPAN_INIT("a,"), SPAN_INIT("a"), SPAN_INIT("") },
	{ SPAN_INIT("abc"), SPAN_INIT("abc"), { NULL, 0 } },
	{ SPAN_INIT(""), SPAN_INIT(""), { NULL, 0 } },
	{ { NULL, 0 }, { NULL, 0 }, { NULL, 0 } },
	{ SPAN_INIT("a\0,b"), SPAN_INIT("a\0"), SPAN_INIT("b") },
};

START_TEST(span_cut_splits_at_the_first_separator)
{
	struct span rest = cut_rows[_i].given;
	struct span head = span_cut(&rest, ',');

	ck_assert(span_equal(head, cut_rows[_i].head));
	ck_assert(span_equal(rest, cut_rows[_i].rest));
	ck_assert_int_eq(rest.data == NULL, cut_rows[_i].rest.data == NULL);
}
END_TEST

START_TEST(span_compares_and_trims)
{
	ck_assert(span_equal(SPAN(""), span_of(NULL)));
	ck_assert(span_equal(span_of("abc"), SPAN("abc")));
	ck_assert(!span_equal(SPAN("abc"), SPAN("abd")));
	ck_assert(!span_equal(SPAN("abc"), SPAN("ab")));
	ck_assert(!span_equal(SPAN("a\0b"), SPAN("a\0c")));
	ck_assert(span_starts(SPAN("Bearer x"), SPAN("Bearer ")));
	ck_assert(span_starts(SPAN("x"), SPAN("")));
	ck_assert(!span_starts(SPAN("Bea"), SPAN("Bearer ")));
	ck_assert(span_equal(span_after(SPAN("abc"), 1), SPAN("bc")));
	ck_assert(span_equal_nocase(SPAN("Bearer"), SPAN("bEARER")));
	ck_assert(!span_equal_nocase(SPAN("Bearer"), SPAN("Bearex")));
	ck_assert(!span_equal_nocase(SPAN("Bearer"), SPAN("Beare")));
	ck_assert(span_equal(span_trim(SPAN(" \ta b\t ")), SPAN("a b")));
	ck_assert(span_equal(span_trim(SPAN(" \t ")), SPAN("")));
	ck_assert(span_equal(span_trim(SPAN("\na")), SPAN("\na")));
}
END_TEST

START_TEST(span_copy_is_whole_or_empty)
{
	char text[4] = "???";

	ck_assert(span_copy(text, sizeof(text), SPAN("abc")));
	ck_assert_str_eq(text, "abc");
	ck_assert(!span_copy(text, sizeof(text), SPAN("abcd")));
	ck_assert_str_eq(text, "");
	ck_assert(!span_copy(text, sizeof(text), SPAN("a\0b")));
	ck_assert_str_eq(text, "");
	ck_assert(span_copy(text, sizeof(text), span_of(NULL)));
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(buf_grows_up_to_its_cap)
{
	struct buf buf = BUF_INIT(1000);

	for (int i = 0; i < 1000; i++)
		buf_char(&buf, (char)('a' + i % 26));
	ck_assert_int_eq(buf_check(&buf), RC_OK);
	ck_assert_uint_eq(buf_span(&buf).len, 1000);
	ck_assert_int_eq(buf.data[1000], '\0');
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(buf.data[i], 'a' + i % 26);
	buf_char(&buf, 'x');
	ck_assert_int_eq(buf_check(&buf), RC_UNAVAILABLE);
	ck_assert_ptr_null(buf_span(&buf).data);
	buf_free(&buf);
	buf_free(&buf);
}
END_TEST

START_TEST(buf_failure_is_sticky_until_cleared)
{
	struct buf buf = BUF_INIT(4);

	buf_text(&buf, "abcde");
	buf_text(&buf, "a");
	ck_assert_int_eq(buf_check(&buf), RC_UNAVAILABLE);
	buf_clear(&buf);
	buf_text(&buf, "abcd");
	ck_assert_int_eq(buf_check(&buf), RC_OK);
	ck_assert_str_eq(buf_span(&buf).data, "abcd");
	buf_free(&buf);
}
END_TEST

START_TEST(buf_clear_wipes)
{
	struct buf buf = BUF_INIT(64);
	char *data;

	buf_text(&buf, "secret");
	data = buf.data;
	buf_clear(&buf);
	ck_assert_ptr_eq(buf.data, data);
	ck_assert_mem_eq(data, "\0\0\0\0\0\0", 6);
	ck_assert_uint_eq(buf.len, 0);
	buf_free(&buf);
	ck_assert_ptr_null(buf.data);
}
END_TEST

START_TEST(buf_takes_bytes_and_numbers)
{
	struct buf buf = BUF_INIT(64);

	buf_add(&buf, SPAN_NONE);
	buf_add(&buf, SPAN("a\0b"));
	buf_number(&buf, -12);
	buf_number(&buf, INT64_MAX);
	ck_assert(span_equal(buf_span(&buf), SPAN("a\0b-129223372036854775807")));
	buf_free(&buf);
}
END_TEST

START_TEST(arena_gives_aligned_zeroed_memory_up_to_its_size)
{
	struct arena *arena = arena_new(64);
	unsigned char *first = arena_alloc(arena, 1);
	unsigned char *second = arena_alloc(arena, 8);

	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_nonnull(second);
	ck_assert_uint_eq((uintptr_t)first % alignof(max_align_t), 0);
	ck_assert_uint_eq((uintptr_t)second % alignof(max_align_t), 0);
	ck_assert_mem_eq(second, "\0\0\0\0\0\0\0\0", 8);
	ck_assert_ptr_null(arena_alloc(arena, 33));
	ck_assert_ptr_null(arena_alloc(arena, SIZE_MAX));
	ck_assert_ptr_nonnull(arena_alloc(arena, 32));
	ck_assert_ptr_null(arena_alloc(arena, 1));
	arena_free(arena);
	arena_free(NULL);
}
END_TEST

START_TEST(arena_reset_wipes_and_starts_again)
{
	struct arena *arena = arena_new(64);
	char *text = arena_text(arena, SPAN("secret"));

	ck_assert_str_eq(text, "secret");
	arena_reset(arena);
	ck_assert_mem_eq(text, "\0\0\0\0\0\0", 6);
	ck_assert_ptr_eq(arena_text(arena, span_of(NULL)), text);
	ck_assert_str_eq(text, "");
	ck_assert_ptr_null(arena_text(arena, (struct span){ "", 64 }));
	arena_free(arena);
}
END_TEST

START_TEST(secret_takes_what_fits_and_has_no_nul)
{
	char bytes[SECRET_MAX + 1];
	struct secret secret;

	memset(bytes, 'x', sizeof(bytes));
	ck_assert_int_eq(secret_set(&secret, (struct span){ bytes, SECRET_MAX }), RC_OK);
	ck_assert_uint_eq(secret_span(&secret).len, SECRET_MAX);
	ck_assert_int_eq(secret.bytes[SECRET_MAX], '\0');
	ck_assert_int_eq(secret_set(&secret, (struct span){ bytes, SECRET_MAX + 1 }), RC_NO);
	ck_assert_int_eq(secret_set(&secret, SPAN("a\0b")), RC_NO);
	ck_assert_int_eq(secret_set(&secret, span_of(NULL)), RC_OK);
	ck_assert_uint_eq(secret.len, 0);
}
END_TEST

START_TEST(secret_wipe_leaves_nothing)
{
	static const struct secret empty;
	struct secret secret;

	memset(&secret, 0xaa, sizeof(secret));
	ck_assert_int_eq(secret_set(&secret, SPAN("password")), RC_OK);
	secret_wipe(&secret);
	secret_wipe(&secret);
	ck_assert_mem_eq(&secret, &empty, sizeof(secret));
}
END_TEST

START_TEST(secret_equal_compares_content)
{
	ck_assert(secret_equal(SPAN("abc"), SPAN("abc")));
	ck_assert(secret_equal(SPAN(""), span_of(NULL)));
	ck_assert(!secret_equal(SPAN("abc"), SPAN("abd")));
	ck_assert(!secret_equal(SPAN("abc"), SPAN("ab")));
	ck_assert(!secret_equal(SPAN("a\0b"), SPAN("a\0c")));
}
END_TEST

static const struct {
	int64_t wall;
	const char *text;
} clock_rows[] = {
	{ 0, "1970-01-01T00:00:00Z" },
	{ 999, "1970-01-01T00:00:00Z" },
	{ 1000, "1970-01-01T00:00:01Z" },
	{ INT64_C(951782399000), "2000-02-28T23:59:59Z" },
	{ INT64_C(951782400000), "2000-02-29T00:00:00Z" },
	{ INT64_C(4102444800000), "2100-01-01T00:00:00Z" },
	{ INT64_C(253402300799999), "9999-12-31T23:59:59Z" },
};

START_TEST(clock_writes_utc)
{
	char text[CLOCK_TEXT_SIZE];

	setenv("TZ", "Asia/Kolkata", 1);
	clock_text(clock_rows[_i].wall, text);
	ck_assert_str_eq(text, clock_rows[_i].text);
}
END_TEST

START_TEST(clock_of_the_machine_and_of_a_test)
{
	struct fixture_clock state = { 5000, 7 };
	struct clock fixed = fixture_clock(&state);
	int64_t before = clock_monotonic(&clock_system);

	ck_assert_int_gt(clock_wall(&clock_system), INT64_C(1600000000000));
	ck_assert_int_ge(clock_monotonic(&clock_system), before);
	ck_assert_int_eq(clock_wall(&fixed), 5000);
	state.wall += MINUTE;
	ck_assert_int_eq(clock_wall(&fixed), 65000);
	ck_assert_int_eq(clock_monotonic(&fixed), 7);
}
END_TEST

START_TEST(random_bytes_differ)
{
	unsigned char a[32] = { 0 };
	unsigned char b[32] = { 0 };

	ck_assert_int_eq(random_bytes(&random_system, a, sizeof(a)), RC_OK);
	ck_assert_int_eq(random_bytes(&random_system, b, sizeof(b)), RC_OK);
	ck_assert_mem_ne(a, b, sizeof(a));
	ck_assert_int_eq(random_bytes(&random_system, a, 0), RC_OK);
}
END_TEST

START_TEST(random_uuid_has_version_and_variant)
{
	unsigned char next = 0xf0;
	struct random_source fixed = fixture_random(&next);
	char text[UUID_SIZE];

	ck_assert_int_eq(random_uuid(&fixed, text), RC_OK);
	ck_assert_str_eq(text, "f0f1f2f3-f4f5-46f7-b8f9-fafbfcfdfeff");
	next = 0;
	ck_assert_int_eq(random_uuid(&fixed, text), RC_OK);
	ck_assert_str_eq(text, "00010203-0405-4607-8809-0a0b0c0d0e0f");
	ck_assert_int_eq(random_uuid(&random_system, text), RC_OK);
	ck_assert(text_is_uuid(span_of(text)));
}
END_TEST

START_TEST(a_broken_source_is_told)
{
	struct random_source broken = fixture_random_broken();
	char text[UUID_SIZE];
	unsigned char byte;

	ck_assert_int_eq(random_bytes(&broken, &byte, 1), RC_UNAVAILABLE);
	ck_assert_int_eq(random_uuid(&broken, text), RC_UNAVAILABLE);
}
END_TEST

static TCase *
values(void)
{
	TCase *tests = tcase_create("values");

	tcase_add_loop_test(tests, span_cut_splits_at_the_first_separator, 0, COUNT(cut_rows));
	tcase_add_test(tests, span_compares_and_trims);
	tcase_add_test(tests, span_copy_is_whole_or_empty);
	tcase_add_loop_test(tests, clock_writes_utc, 0, COUNT(clock_rows));
	tcase_add_test(tests, clock_of_the_machine_and_of_a_test);
	tcase_add_test(tests, random_bytes_differ);
	tcase_add_test(tests, random_uuid_has_version_and_variant);
	tcase_add_test(tests, a_broken_source_is_told);
	return tests;
}

static TCase *
memory(void)
{
	TCase *tests = tcase_create("memory");

	tcase_add_test(tests, buf_grows_up_to_its_cap);
	tcase_add_test(tests, buf_failure_is_sticky_until_cleared);
	tcase_add_test(tests, buf_clear_wipes);
	tcase_add_test(tests, buf_takes_bytes_and_numbers);
	tcase_add_test(tests, arena_gives_aligned_zeroed_memory_up_to_its_size);
	tcase_add_test(tests, arena_reset_wipes_and_starts_again);
	tcase_add_test(tests, secret_takes_what_fits_and_has_no_nul);
	tcase_add_test(tests, secret_wipe_leaves_nothing);
	tcase_add_test(tests, secret_equal_compares_content);
	return tests;
}

int
main(void)
{
	Suite *suite = suite_create("base");

	suite_add_tcase(suite, values());
	suite_add_tcase(suite, memory());
	return fixture_run(suite);
}
