/* Paths: what is read in one way only, and what is refused. */
#include "base/text.h"
#include "http/path.h"
#include "http/request.h"
#include "unit/fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct arena *arena;

static void
set_up(void)
{
	arena = arena_new(256 * 1024);
}

static void
tear_down(void)
{
	arena_free(arena);
}

static const struct {
	struct span given;
	const char *path; /* NULL: refused */
} canonical_rows[] = {
	{ SPAN_INIT("/"), "/" },
	{ SPAN_INIT("/a"), "/a" },
	{ SPAN_INIT("/a/b/"), "/a/b/" },
	{ SPAN_INIT("/A/b"), "/A/b" }, /* case matters */
	/* query and fragment */
	{ SPAN_INIT("/a?b=%2f/../%zz"), "/a" },
	{ SPAN_INIT("/a#b?c"), "/a" },
	{ SPAN_INIT("/a?b#c"), "/a" },
	{ SPAN_INIT("?/a"), NULL },
	{ SPAN_INIT("/a%3fb"), "/a?b" },
	{ SPAN_INIT("/a%23b"), "/a#b" },
	/* escapes */
	{ SPAN_INIT("/%70rotected"), "/protected" },
	{ SPAN_INIT("/a%20b+c"), "/a b+c" },
	{ SPAN_INIT("/%c3%a4"), "/\xc3\xa4" },
	{ SPAN_INIT("/\xc3\xa4"), "/\xc3\xa4" },
	{ SPAN_INIT("/a%"), NULL },
	{ SPAN_INIT("/a%2"), NULL },
	{ SPAN_INIT("/a%zz"), NULL },
	{ SPAN_INIT("/a%2z"), NULL },
	{ SPAN_INIT("/a%%32%65"), NULL },
	{ SPAN_INIT("/a%u002e"), NULL },
	{ SPAN_INIT("/a%+1"), NULL },
	/* decoded once, and never again */
	{ SPAN_INIT("/a%252e"), NULL },
	{ SPAN_INIT("/a%252f"), NULL },
	{ SPAN_INIT("/%252e%252e/a"), NULL },
	{ SPAN_INIT("/a%25%32%65"), NULL },
	{ SPAN_INIT("/100%25"), "/100%" },
	{ SPAN_INIT("/100%25zz"), "/100%zz" },
	{ SPAN_INIT("/100%25/2e"), "/100%/2e" },
	/* what stands for a slash */
	{ SPAN_INIT("/a%2fb"), NULL },
	{ SPAN_INIT("/a%2Fb"), NULL },
	{ SPAN_INIT("/..%2fa"), NULL },
	{ SPAN_INIT("/a%5cb"), NULL },
	{ SPAN_INIT("/a%5Cb"), NULL },
	{ SPAN_INIT("/a\\b"), NULL },
	{ SPAN_INIT("\\a"), NULL },
	/* control characters */
	{ SPAN_INIT("/a%00"), NULL },
	{ SPAN_INIT("/a%00.html"), NULL },
	{ SPAN_INIT("/a\0b"), NULL },
	{ SPAN_INIT("/a%0d%0ab"), NULL },
	{ SPAN_INIT("/a\nb"), NULL },
	{ SPAN_INIT("/a%09"), NULL },
	{ SPAN_INIT("/a%1f"), NULL },
	{ SPAN_INIT("/a%7f"), NULL },
	{ SPAN_INIT("/a%c2%85"), NULL },
	/* no UTF-8 */
	{ SPAN_INIT("/%c0%af"), NULL },
	{ SPAN_INIT("/%c0%ae%c0%ae/a"), NULL },
	{ SPAN_INIT("/%e0%80%af"), NULL },
	{ SPAN_INIT("/%f0%80%80%af"), NULL },
	{ SPAN_INIT("/%ed%a0%80"), NULL },
	{ SPAN_INIT("/%f4%90%80%80"), NULL },
	{ SPAN_INIT("/%ff"), NULL },
	{ SPAN_INIT("/\xff"), NULL },
	{ SPAN_INIT("/%c3"), NULL },
	{ SPAN_INIT("/%c3/%a4"), NULL },
	/* dot segments */
	{ SPAN_INIT("/."), "/" },
	{ SPAN_INIT("/./"), "/" },
	{ SPAN_INIT("/./a"), "/a" },
	{ SPAN_INIT("/a/."), "/a/" },
	{ SPAN_INIT("/a/./b"), "/a/b" },
	{ SPAN_INIT("/a/.."), "/" },
	{ SPAN_INIT("/a/../"), "/" },
	{ SPAN_INIT("/a/b/.."), "/a/" },
	{ SPAN_INIT("/a/b/../c"), "/a/c" },
	{ SPAN_INIT("/x/../a/b"), "/a/b" },
	{ SPAN_INIT("/a/b/../../c"), "/c" },
	{ SPAN_INIT("/%2e/a"), "/a" },
	{ SPAN_INIT("/x/%2e%2e/a"), "/a" },
	{ SPAN_INIT("/x/.%2E/a"), "/a" },
	{ SPAN_INIT("/.."), NULL },
	{ SPAN_INIT("/../a"), NULL },
	{ SPAN_INIT("/x/../.."), NULL },
	{ SPAN_INIT("/x/../../a"), NULL },
	{ SPAN_INIT("/%2e%2e/a"), NULL },
	{ SPAN_INIT("/..."), "/..." },
	{ SPAN_INIT("/a/.../b"), "/a/.../b" },
	{ SPAN_INIT("/..a"), "/..a" },
	{ SPAN_INIT("/a.."), "/a.." },
	{ SPAN_INIT("/.htaccess"), "/.htaccess" },
	/* runs of slashes */
	{ SPAN_INIT("//"), "/" },
	{ SPAN_INIT("//a"), "/a" },
	{ SPAN_INIT("/a//b///c"), "/a/b/c" },
	{ SPAN_INIT("/a//"), "/a/" },
	{ SPAN_INIT("/a/.//b"), "/a/b" },
	{ SPAN_INIT("/x/..//a"), "/a" },
	{ SPAN_INIT("/a//../b"), NULL }, /* "/a/b" by RFC 3986, "/b" on a disk */
	{ SPAN_INIT("/a//./../b"), NULL },
	{ SPAN_INIT("/a//b/../../c"), NULL },
	/* parameters are part of their segment */
	{ SPAN_INIT("/a;x=1/b"), "/a;x=1/b" },
	{ SPAN_INIT("/a;"), "/a;" },
	{ SPAN_INIT("/a/..;/b"), NULL },
	{ SPAN_INIT("/a/..;x=1/b"), NULL },
	{ SPAN_INIT("/a/.;/b"), NULL },
	{ SPAN_INIT("/a/%2e%2e%3b/b"), NULL },
	/* a segment of nothing but parameters is empty to some, so ".." after it is read in two
	   ways */
	{ SPAN_INIT("/;/a"), "/;/a" },
	{ SPAN_INIT("/%3b/a"), "/;/a" },
	{ SPAN_INIT("/a/;x/b"), "/a/;x/b" },
	{ SPAN_INIT("/;/../a"), NULL },
	{ SPAN_INIT("/;x/../a"), NULL },
	{ SPAN_INIT("/%3bx/../a"), NULL },
	{ SPAN_INIT("/a/;/../b"), NULL },
	{ SPAN_INIT("/a/;/b/../../c"), NULL },
	{ SPAN_INIT("/a;x/../b"), "/b" },
	/* two header lines that a server made one */
	{ SPAN_INIT("/a, /b"), NULL },
	{ SPAN_INIT("/a?b, /c?d"), NULL },
	{ SPAN_INIT("/a b"), NULL },
	{ SPAN_INIT("/a?b c"), NULL },
	/* the absolute form */
	{ SPAN_INIT("http://host/a/b?c"), "/a/b" },
	{ SPAN_INIT("HTTPS://host:8080/x/../a"), "/a" },
	{ SPAN_INIT("http://[::1]:80/a"), "/a" },
	{ SPAN_INIT("http://host"), "/" },
	{ SPAN_INIT("http://host?/a"), "/" },
	{ SPAN_INIT("http:///a"), NULL },
	{ SPAN_INIT("http://"), NULL },
	{ SPAN_INIT("http://ho\\st/a"), NULL },
	{ SPAN_INIT("http://user@host/a"), NULL },
	{ SPAN_INIT("http://host%2fb/a"), NULL },
	{ SPAN_INIT("http:/a"), NULL },
	{ SPAN_INIT("ftp://host/a"), NULL },
	{ SPAN_INIT("host:80"), NULL },
	{ SPAN_INIT("*"), NULL },
	{ SPAN_INIT("a/b"), NULL },
	{ SPAN_INIT("../a"), NULL },
	{ SPAN_INIT(" /a"), NULL },
	{ SPAN_INIT(""), NULL },
	{ { NULL, 0 }, NULL },
};

START_TEST(path_is_read_in_one_way_or_refused)
{
	struct span path;
	enum rc rc = path_canonical(arena, canonical_rows[_i].given, &path);

	ck_assert_int_eq(rc, canonical_rows[_i].path == NULL ? RC_NO : RC_OK);
	ck_assert_msg(span_equal(path, span_of(canonical_rows[_i].path)), "%.*s gave %.*s",
	    (int)canonical_rows[_i].given.len, canonical_rows[_i].given.data, (int)path.len,
	    path.data);
	ck_assert_int_eq(path.data == NULL, rc == RC_NO);
}
END_TEST

START_TEST(path_that_is_too_long_is_refused)
{
	static char target[TARGET_MAX + 2];
	struct span path;

	memset(target, 'a', sizeof(target));
	target[0] = '/';
	ck_assert_int_eq(path_canonical(arena, (struct span){ target, TARGET_MAX }, &path), RC_OK);
	ck_assert_uint_eq(path.len, TARGET_MAX);
	ck_assert_int_eq(
	    path_canonical(arena, (struct span){ target, TARGET_MAX + 1 }, &path), RC_NO);
	target[4] = '?'; /* the whole target counts */
	ck_assert_int_eq(
	    path_canonical(arena, (struct span){ target, TARGET_MAX + 1 }, &path), RC_NO);
	ck_assert_ptr_null(path.data);
}
END_TEST

START_TEST(path_without_memory_is_no_refusal)
{
	struct arena *small = arena_new(8);
	struct span path, decoded, rest = SPAN("role=a");

	ck_assert_int_eq(path_canonical(small, SPAN("/abcdefgh"), &path), RC_UNAVAILABLE);
	ck_assert_ptr_null(path.data);
	ck_assert_int_eq(path_plain(small, SPAN("/abcdefgh"), &path), RC_UNAVAILABLE);
	ck_assert_ptr_null(path.data);
	ck_assert_int_eq(path_next_requirement(small, &rest, &path), RC_UNAVAILABLE);
	ck_assert_ptr_null(path.data);
	ck_assert_int_eq(
	    path_decode_component(small, SPAN("%41bcdefghijkl"), &decoded), RC_UNAVAILABLE);
	arena_free(small);
}
END_TEST

static const struct {
	const char *path, *plain;
} plain_rows[] = {
	{ "/", "/" },
	{ "/a/b/", "/a/b/" },
	{ "/a;", "/a" },
	{ "/a;x=1/b", "/a/b" },
	{ "/a;x;y/b;z/", "/a/b/" },
	{ "/a;x=1?y#z/b", "/a/b" },
	/* what were parameters alone leaves no empty segment */
	{ "/;", "/" },
	{ "/;/", "/" },
	{ "/;/a", "/a" },
	{ "/;x/;y/a", "/a" },
	{ "/a/;x/b", "/a/b" },
	{ "/a/;x", "/a/" },
	/* two halves of an escape are not brought together */
	{ "/%;/2e", "/%/2e" },
	{ "/\xc3\xa4;\xc3\xb6/b", "/\xc3\xa4/b" },
};

START_TEST(path_without_parameters_is_canonical_again)
{
	struct span plain, again;

	ck_assert_int_eq(path_plain(arena, span_of(plain_rows[_i].path), &plain), RC_OK);
	ck_assert_msg(span_equal(plain, span_of(plain_rows[_i].plain)), "%s gave %.*s",
	    plain_rows[_i].path, (int)plain.len, plain.data);
	ck_assert_int_eq(path_plain(arena, plain, &again), RC_OK);
	ck_assert(span_equal(plain, again));
}
END_TEST

static const struct {
	const char *path, *prefix;
	bool under;
} under_rows[] = {
	{ "/a", "/a", true },
	{ "/a/", "/a", true },
	{ "/a/x", "/a", true },
	{ "/a", "/a/", true },
	{ "/a/", "/a/", true },
	{ "/a/x/y", "/a/", true },
	{ "/a/x", "/a/x", true },
	{ "/", "/", true },
	{ "/a", "/", true },
	{ "/ab", "/a", false },
	{ "/ab", "/a/", false },
	{ "/A", "/a", false },
	{ "/", "/a", false },
	{ "/a", "/a/x", false },
	{ "/a;x", "/a", false },
	{ "/b/a", "/a", false },
	{ "", "/", false },
	{ NULL, "/", false },
	{ "/a", "", false },
	{ "/a", NULL, false },
};

START_TEST(path_is_under_a_prefix_in_whole_segments)
{
	ck_assert_int_eq(path_under(span_of(under_rows[_i].path), span_of(under_rows[_i].prefix)),
	    under_rows[_i].under);
}
END_TEST

static const struct {
	struct span next;
	bool local;
} local_rows[] = {
	{ SPAN_INIT("/"), true },
	{ SPAN_INIT("/a"), true },
	{ SPAN_INIT("/a/b?c=d&e=%2f%2f#f"), true },
	{ SPAN_INIT("/a//b"), true },
	{ SPAN_INIT("/?next=http://example.org/"), true },
	{ SPAN_INIT(""), false },
	{ { NULL, 0 }, false },
	{ SPAN_INIT("a"), false },
	{ SPAN_INIT("//"), false },
	{ SPAN_INIT("//example.org"), false },
	{ SPAN_INIT("///example.org"), false },
	{ SPAN_INIT("/\\example.org"), false },
	{ SPAN_INIT("\\/example.org"), false },
	{ SPAN_INIT("/a\\b"), false },
	{ SPAN_INIT("/\t/example.org"), false },
	{ SPAN_INIT("/\n/example.org"), false },
	{ SPAN_INIT("/\r\nSet-Cookie: a=b"), false },
	{ SPAN_INIT("/a b"), false },
	{ SPAN_INIT(" /a"), false },
	{ SPAN_INIT("/a\0"), false },
	{ SPAN_INIT("/a\x7f"), false },
	{ SPAN_INIT("/\xc3\xa4"), false },
	{ SPAN_INIT("http://example.org/"), false },
	{ SPAN_INIT("https:/example.org"), false },
	{ SPAN_INIT("javascript:alert(1)"), false },
	{ SPAN_INIT("?a"), false },
	{ SPAN_INIT("./a"), false },
};

START_TEST(path_to_send_a_browser_to_stays_on_this_site)
{
	ck_assert_int_eq(path_is_local(local_rows[_i].next), local_rows[_i].local);
}
END_TEST

START_TEST(path_to_send_a_browser_to_has_a_length)
{
	char next[2049];

	memset(next, 'a', sizeof(next));
	next[0] = '/';
	ck_assert(path_is_local((struct span){ next, 2048 }));
	ck_assert(!path_is_local((struct span){ next, 2049 }));
}
END_TEST

static const struct {
	struct span given, decoded; /* "not given": refused */
} component_rows[] = {
	{ SPAN_INIT(""), SPAN_INIT("") },
	{ { NULL, 0 }, SPAN_INIT("") },
	{ SPAN_INIT("abc"), SPAN_INIT("abc") },
	{ SPAN_INIT("a+b%2Bc%20d"), SPAN_INIT("a b+c d") },
	{ SPAN_INIT("%00"), SPAN_INIT("\0") },
	{ SPAN_INIT("%ff%2f"), SPAN_INIT("\xff/") },
	{ SPAN_INIT("%2525"), SPAN_INIT("%25") },
	{ SPAN_INIT("%"), { NULL, 0 } },
	{ SPAN_INIT("%4"), { NULL, 0 } },
	{ SPAN_INIT("%4g"), { NULL, 0 } },
	{ SPAN_INIT("a%% "), { NULL, 0 } },
};

START_TEST(path_component_is_decoded_once)
{
	struct span decoded;
	enum rc rc = path_decode_component(arena, component_rows[_i].given, &decoded);

	ck_assert_int_eq(rc, component_rows[_i].decoded.data == NULL ? RC_NO : RC_OK);
	ck_assert(span_equal(decoded, component_rows[_i].decoded));
	ck_assert_int_eq(decoded.data == NULL, rc != RC_OK);
}
END_TEST

START_TEST(path_component_goes_both_ways)
{
	char bytes[256];
	struct span all = { bytes, sizeof(bytes) }, decoded;
	struct buf buf = BUF_INIT(1024);

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	path_put_component(&buf, all);
	ck_assert_uint_eq(buf.len, 66 + 3 * 190);
	ck_assert(strstr(buf.data, "-.%2F0") != NULL);
	ck_assert_int_eq(path_decode_component(arena, buf_span(&buf), &decoded), RC_OK);
	ck_assert(span_equal(decoded, all));
	buf_free(&buf);
}
END_TEST

static const struct {
	const char *given;
	const char *pairs; /* "name|value;"; "!" for a malformed pair */
} pair_rows[] = {
	{ "a=b", "a|b;" },
	{ "a=b&c=d", "a|b;c|d;" },
	{ "a", "a|;" },
	{ "a=", "a|;" },
	{ "=b", "|b;" },
	{ "=", "|;" },
	{ "a=b=c", "a|b=c;" },
	{ "&&a=b&&", "a|b;" },
	{ "", "" },
	{ "&", "" },
	{ NULL, "" },
	{ "a;b=c", "a;b|c;" },
	{ "a=%26&b=%3d", "a|&;b|=;" },
	{ "a=b&c=%&d=e", "a|b;!d|e;" },
	{ "%=b&d=e", "!d|e;" },
	{ "r%6Fle=x+y", "role|x y;" },
};

START_TEST(path_pairs_come_one_by_one)
{
	struct span rest = span_of(pair_rows[_i].given), name, value;
	struct buf buf = BUF_INIT(256);
	bool broken = true;

	while (path_next_pair(arena, &rest, &name, &value, &broken) == RC_OK) {
		if (broken) {
			ck_assert_ptr_null(value.data);
			buf_char(&buf, '!');
			continue;
		}
		ck_assert(name.data != NULL && value.data != NULL);
		buf_add(&buf, name);
		buf_char(&buf, '|');
		buf_add(&buf, value);
		buf_char(&buf, ';');
	}
	ck_assert(!broken);
	ck_assert(span_equal(buf_span(&buf), span_of(pair_rows[_i].pairs)));
	buf_free(&buf);
}
END_TEST

static const struct {
	const char *given;
	const char *words; /* "WORDS;"; "!" for what is no requirement */
} requirement_rows[] = {
	{ "require=verified", "verified;" },
	{ "require=any-role+a%20b", "any-role a b;" },
	{ "require=", ";" },
	{ "require", ";" },
	{ "role=editor", "all-roles editor;" },
	{ "role=%C3%89tude", "all-roles \xc3\x89tude;" },
	{ "role=", "all-roles ;" },
	{ "r%6fle=a&%72equire=none", "all-roles a;none;" },
	{ "require=none&&role=a&require=superuser&role=b",
	    "none;all-roles a;superuser;all-roles b;" },
	{ "", "" },
	{ "&", "" },
	{ NULL, "" },
	/* one role each */
	{ "role=a+b", "!" },
	{ "role=a%20b&role=c", "!all-roles c;" },
	{ "role=+a", "!" },
	{ "role=a%09b", "!" },
	{ "role=%09a", "!" },
	/* other names, and what is malformed */
	{ "Require=none", "!" },
	{ "roles=a", "!" },
	{ "require%00=none", "!" },
	{ "=none", "!" },
	{ "none", "!" },
	{ "require=none&other", "none;!" },
	{ "require=%&require=none", "!none;" },
	{ "%=a", "!" },
	{ "role=%zz", "!" },
};

START_TEST(path_requirements_come_one_by_one)
{
	struct span rest = span_of(requirement_rows[_i].given), words;
	struct buf buf = BUF_INIT(256);
	enum rc rc;

	while ((rc = path_next_requirement(arena, &rest, &words)) == RC_OK) {
		buf_add(&buf, words);
		buf_char(&buf, words.data == NULL ? '!' : ';');
	}
	ck_assert_int_eq(rc, RC_NO);
	ck_assert_ptr_null(words.data);
	ck_assert(span_equal(buf_span(&buf), span_of(requirement_rows[_i].words)));
	buf_free(&buf);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("path");
	TCase *tests = tcase_create("path");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, path_is_read_in_one_way_or_refused, 0, COUNT(canonical_rows));
	tcase_add_test(tests, path_that_is_too_long_is_refused);
	tcase_add_test(tests, path_without_memory_is_no_refusal);
	tcase_add_loop_test(
	    tests, path_without_parameters_is_canonical_again, 0, COUNT(plain_rows));
	tcase_add_loop_test(tests, path_is_under_a_prefix_in_whole_segments, 0, COUNT(under_rows));
	tcase_add_loop_test(
	    tests, path_to_send_a_browser_to_stays_on_this_site, 0, COUNT(local_rows));
	tcase_add_test(tests, path_to_send_a_browser_to_has_a_length);
	tcase_add_loop_test(tests, path_component_is_decoded_once, 0, COUNT(component_rows));
	tcase_add_test(tests, path_component_goes_both_ways);
	tcase_add_loop_test(tests, path_pairs_come_one_by_one, 0, COUNT(pair_rows));
	tcase_add_loop_test(tests, path_requirements_come_one_by_one, 0, COUNT(requirement_rows));
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
