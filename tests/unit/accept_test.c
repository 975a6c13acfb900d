/* Whether a page or JSON is wanted. */
#include "http/accept.h"
#include "unit/fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *header;
	bool html;
} rows[] = {
	{ NULL, false },
	{ "", false },
	{ "*/*", false },
	{ "text/*", false },
	{ "application/json", false },
	{ "application/json, */*", false },
	{ "application/json, text/plain, */*", false },
	{ "text/html", true },
	{ "TEXT/HTML", true },
	{ "application/xhtml+xml", true },
	/* Firefox, Chrome, Safari */
	{ "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", true },
	{ "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
	  "image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
	    true },
	{ "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true },
	{ "text/html, */*", false },
	{ "text/html, */*;q=0.999", true },
	{ "text/html;q=0.5, application/json;q=0.4", true },
	{ "text/html;q=0.4, application/json;q=0.5", false },
	{ "text/html;q=0.5, application/json;q=0.5", false },
	{ "application/json;q=0.4,text/html;level=1;q=0.5", true },
	{ "text/html;q=0", false },
	{ "text/html;q=0.000", false },
	{ "text/html;q=0.001", true },
	{ "text/html ; Q=0.001", true },
	{ "text/html;q=1.001", false },
	{ "text/html;q=2", false },
	{ "text/html;q=", false },
	{ "text/html;q=x", false },
	{ "text/html;q=-1", false },
	{ "text/html;q=0.0001", false },
	{ "text/html;q", false },
	/* the more exact range counts for JSON */
	{ "text/html;q=0.5, */*, application/json;q=0.1", true },
	{ "text/html;q=0.5, application/json;q=0.1, application/*;q=0.9", true },
	{ "text/html;q=0.5, application/*;q=0.9, */*;q=0.1", false },
	{ "text/html, application/json;q=0, */*", true },
	{ "text/htmlx", false },
	{ "xtext/html", false },
	{ ", ,text/html", true },
	{ "text/plain", false },
};

START_TEST(accept_decides_between_page_and_json)
{
	ck_assert_int_eq(accept_prefers_html(span_of(rows[_i].header)), rows[_i].html);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("accept");
	TCase *tests = tcase_create("accept");

	tcase_add_loop_test(tests, accept_decides_between_page_and_json, 0, COUNT(rows));
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
