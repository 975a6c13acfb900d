/* Cookies: finding ours among others, and writing them. */
#include "base/clock.h"
#include "http/cookie.h"
#include "unit/fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *path, *domain;
	bool secure;
	const char *suffix, *name;
} name_rows[] = {
	{ "/", "", true, "", "__Host-yett" },
	{ "/", "", true, "_refresh", "__Host-yett_refresh" },
	{ "/", "", true, "_csrf", "__Host-yett_csrf" },
	{ "/app", "", true, "", "__Secure-yett" },
	{ "/", "example.org", true, "_refresh", "__Secure-yett_refresh" },
	{ "/", "", false, "", "yett" },
	{ "/app", "example.org", false, "_csrf", "yett_csrf" },
};

START_TEST(cookie_has_the_prefix_that_its_attributes_allow)
{
	struct config_cookie config = { .name = "yett",
		.path = name_rows[_i].path,
		.domain = name_rows[_i].domain,
		.secure = name_rows[_i].secure };
	char name[COOKIE_NAME_SIZE];

	cookie_name(&config, name_rows[_i].suffix, name);
	ck_assert_str_eq(name, name_rows[_i].name);
}
END_TEST

START_TEST(cookie_name_of_the_greatest_length_fits)
{
	char longest[65] = { 0 }, name[COOKIE_NAME_SIZE];
	struct config_cookie config = {
		.name = longest, .path = "/a", .domain = "", .secure = true
	};

	memset(longest, 'n', sizeof(longest) - 1);
	cookie_name(&config, "_refresh", name);
	ck_assert_uint_eq(strlen(name), 9 + 64 + 8);
}
END_TEST

static const struct {
	const char *header, *name, *value; /* NULL: not given */
} find_rows[] = {
	{ "a=b", "a", "b" },
	{ "x=y; a=b; c=d", "a", "b" },
	{ "a=b;c=d", "c", "d" },
	{ "  a=b ;\tc=d\t", "c", "d" },
	{ "a=", "a", "" },
	{ "a=b=c", "a", "b=c" },
	{ "a=1; a=2", "a", "1" },
	{ "a=\"b\"", "a", "\"b\"" },
	{ "ab=1; a=2", "a", "2" },
	{ "a=1", "ab", NULL },
	{ "A=1", "a", NULL },
	{ "a", "a", NULL },
	{ "a; a=2", "a", "2" },
	{ "x=a=1", "a", NULL },
	{ "x=\"; a=1\"", "a", "1\"" }, /* quotes do not keep a ';' in */
	{ "a =1", "a", NULL },
	{ "=a", "a", NULL },
	{ "=a=1", "a", NULL },
	{ "x=1,a=2", "a", NULL },
	{ ";;;a=1;;", "a", "1" },
	{ "__Host-yett_refresh=r; __Host-yett=s", "__Host-yett", "s" },
	{ "yett=s; __Host-yett=t", "__Host-yett", "t" },
	{ "__host-yett=s", "__Host-yett", NULL },
	{ "", "a", NULL },
	{ NULL, "a", NULL },
};

START_TEST(cookie_is_found_by_its_exact_name)
{
	struct span value = cookie_find(span_of(find_rows[_i].header), find_rows[_i].name);

	ck_assert_int_eq(value.data == NULL, find_rows[_i].value == NULL);
	ck_assert(span_equal(value, span_of(find_rows[_i].value)));
}
END_TEST

static const struct {
	struct config_cookie config;
	const char *value;
	int64_t max_age;
	bool readable;
	const char *line;
} put_rows[] = {
	{ { .path = "/", .domain = "", .secure = true, .samesite = SAMESITE_LAX }, "v", 0, false,
	    "Set-Cookie: n=v; Path=/; Secure; HttpOnly; SameSite=Lax\r\n" },
	{ { .path = "/", .domain = "", .secure = true, .samesite = SAMESITE_LAX }, "v", 0, true,
	    "Set-Cookie: n=v; Path=/; Secure; SameSite=Lax\r\n" },
	{ { .path = "/", .domain = "", .secure = true, .samesite = SAMESITE_STRICT }, "v", 30 * DAY,
	    false,
	    "Set-Cookie: n=v; Path=/; Max-Age=2592000; Secure; HttpOnly; SameSite=Strict\r\n" },
	{ { .path = "/a", .domain = "example.org", .secure = false, .samesite = SAMESITE_LAX }, "v",
	    1, false,
	    "Set-Cookie: n=v; Path=/a; Domain=example.org; Max-Age=1; HttpOnly; "
	    "SameSite=Lax\r\n" },
	{ { .path = "/", .domain = "", .secure = true, .samesite = SAMESITE_NONE }, "v", 1001,
	    false, "Set-Cookie: n=v; Path=/; Max-Age=2; Secure; HttpOnly; SameSite=None\r\n" },
	{ { .path = "/", .domain = "", .secure = true, .samesite = SAMESITE_LAX }, "v", INT64_MAX,
	    false,
	    "Set-Cookie: n=v; Path=/; Max-Age=9223372036854776; Secure; HttpOnly; "
	    "SameSite=Lax\r\n" },
	{ { .path = "/", .domain = "", .secure = true, .samesite = SAMESITE_LAX }, "v", -1, false,
	    "Set-Cookie: n=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax\r\n" },
	{ { .path = "/", .domain = "", .secure = true, .samesite = SAMESITE_LAX }, NULL, INT64_MIN,
	    true, "Set-Cookie: n=; Path=/; Max-Age=0; Secure; SameSite=Lax\r\n" },
};

START_TEST(cookie_is_written_with_its_attributes)
{
	struct buf buf = BUF_INIT(1024);

	cookie_put(&buf, &put_rows[_i].config, "n", span_of(put_rows[_i].value),
	    put_rows[_i].max_age, put_rows[_i].readable);
	ck_assert_int_eq(buf_check(&buf), RC_OK);
	ck_assert_str_eq(buf.data, put_rows[_i].line);
	buf_free(&buf);
}
END_TEST

static const struct span bad_values[] = {
	SPAN_INIT("a\r\nSet-Cookie: b=c"),
	SPAN_INIT("a;b"),
	SPAN_INIT("a b"),
	SPAN_INIT("a,b"),
	SPAN_INIT("a\"b"),
	SPAN_INIT("a\\b"),
	SPAN_INIT("a\0b"),
	SPAN_INIT("\xc3\xa4"),
};

START_TEST(cookie_with_a_value_that_is_none_fails)
{
	struct buf buf = BUF_INIT(1024);

	cookie_put(&buf, &put_rows[0].config, "n", bad_values[_i], 0, false);
	ck_assert_int_eq(buf_check(&buf), RC_UNAVAILABLE);
	buf_free(&buf);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cookie");
	TCase *tests = tcase_create("cookie");

	tcase_add_loop_test(
	    tests, cookie_has_the_prefix_that_its_attributes_allow, 0, COUNT(name_rows));
	tcase_add_test(tests, cookie_name_of_the_greatest_length_fits);
	tcase_add_loop_test(tests, cookie_is_found_by_its_exact_name, 0, COUNT(find_rows));
	tcase_add_loop_test(tests, cookie_is_written_with_its_attributes, 0, COUNT(put_rows));
	tcase_add_loop_test(tests, cookie_with_a_value_that_is_none_fails, 0, COUNT(bad_values));
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
