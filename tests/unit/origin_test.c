/* Which requests come from this site. */
#include "http/origin.h"
#include "unit/fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *const origins[] = { "https://app.example.org", "http://localhost:3000" };

static const struct config config = { .site = { .url = "https://example.org",
					  .allowed_origins = { origins, COUNT(origins) } } };

static const struct {
	const char *origin;
	bool allowed;
} allowed_rows[] = {
	{ "https://app.example.org", true },
	{ "http://localhost:3000", true },
	{ "https://example.org", false }, /* this site needs no CORS */
	{ "http://app.example.org", false },
	{ "https://app.example.org:443", false },
	{ "https://app.example.org/", false },
	{ "https://app.example.org.evil.example", false },
	{ "https://evil.example/https://app.example.org", false },
	{ "HTTPS://app.example.org", false },
	{ "https://app.example.or", false },
	{ "http://localhost:3000, https://app.example.org", false },
	{ "null", false },
	{ "*", false },
	{ "", false },
	{ NULL, false },
};

START_TEST(origin_is_allowed_by_its_exact_name)
{
	ck_assert_int_eq(
	    origin_allowed(&config, span_of(allowed_rows[_i].origin)), allowed_rows[_i].allowed);
}
END_TEST

static const struct {
	const char *site, *origin;
	bool same;
} site_rows[] = {
	{ NULL, NULL, true }, /* no browser */
	{ NULL, "https://example.org", true },
	{ NULL, "https://app.example.org", true },
	{ NULL, "http://example.org", false },
	{ NULL, "https://evil.example", false },
	{ NULL, "null", false },
	{ NULL, "", false },
	{ "same-origin", NULL, true },
	{ "same-origin", "https://example.org", true },
	{ "same-origin", "null", true },
	{ "none", NULL, true },
	{ "none", "https://example.org", true },
	{ "none", "null", false },
	{ "same-site", NULL, false },
	{ "same-site", "https://app.example.org", true },
	{ "same-site", "https://example.org", false },
	{ "same-site", "https://evil.example.org", false },
	{ "same-site", "null", false },
	{ "cross-site", NULL, false },
	{ "cross-site", "http://localhost:3000", true },
	{ "cross-site", "https://example.org", false },
	{ "cross-site", "https://evil.example", false },
	{ "cross-site", "null", false },
	{ "Same-Origin", NULL, false },
	{ "same-origin, cross-site", NULL, false },
	{ "", NULL, false },
	{ "new-word", "https://example.org", false },
};

START_TEST(origin_tells_whether_a_request_is_of_this_site)
{
	struct request request = { 0 };

	request.variables[VARIABLE_HTTP_SEC_FETCH_SITE] = span_of(site_rows[_i].site);
	request.variables[VARIABLE_HTTP_ORIGIN] = span_of(site_rows[_i].origin);
	ck_assert_int_eq(origin_same_site(&config, &request), site_rows[_i].same);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("origin");
	TCase *tests = tcase_create("origin");

	tcase_add_loop_test(tests, origin_is_allowed_by_its_exact_name, 0, COUNT(allowed_rows));
	tcase_add_loop_test(
	    tests, origin_tells_whether_a_request_is_of_this_site, 0, COUNT(site_rows));
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
