#include "page/page.h"

#include <sodium.h>

#include "unit/fixture.h"

#define HOSTILE "\"'><script>alert(1)</script>&"

static struct buf out;

static void
setup(void)
{
	out = BUF_INIT(64 * 1024);
}

static void
teardown(void)
{
	buf_free(&out);
}

static const char *
render(enum page page, const struct page_values *values)
{
	buf_clear(&out);
	ck_assert_int_eq(page_put(&out, page, values), RC_OK);
	return out.data;
}

static const struct page_values all = {
	.site = { "The Site", 8 },
	.action = { "/auth/web/login", 15 },
	.csrf_token = { "TOKEN", 5 },
	.next = { "/members/", 9 },
	.identifier = { "ann@example.org", 15 },
	.username = { "annie", 5 },
	.error = { "It is refused.", 14 },
	.identifier_is_email = { "yes", 3 },
	.wants_username = { "yes", 3 },
	.min_length = { "12", 2 },
	.register_link = { "/auth/register", 14 },
	.forgot_link = { "/auth/forgot-password", 21 },
	.request_verify_link = { "/auth/request-verify-token", 26 },
	.token = { "LINK-TOKEN", 10 },
	.login_link = { "/auth/web/login", 15 },
	.needs_verification = { "yes", 3 },
	.request_id = { "0123456789abcdef", 16 },
	.enable_link = { "/auth/web/2fa/enable", 20 },
	.enrollment_token = { "ENROL-TOKEN", 11 },
	.image = { "data:image/svg+xml;base64,PHN2Zz4=", 34 },
	.secret = { "G6EA TQ55", 9 },
	.codes = { "9d5d 8394\naadc 8b15\n", 20 },
};

static const struct page_values none;

static const struct row {
	enum page page;
	const char *holds; /* with all values given */
	bool always;       /* without any, too */
} rows[] = {
	{ PAGE_LOGIN, "<h1>Sign in</h1>", true },
	{ PAGE_LOGIN, "<title>Error: Sign in – The Site</title>", false },
	{ PAGE_LOGIN, "action=\"/auth/web/login\"", false },
	{ PAGE_LOGIN, "name=\"csrf_token\" value=\"TOKEN\"", false },
	{ PAGE_LOGIN, "name=\"next\" value=\"/members/\"", false },
	{ PAGE_LOGIN, "inputmode=\"email\"", false },
	{ PAGE_LOGIN, "<label for=\"username\">", true },
	{ PAGE_LOGIN, "id=\"username\" name=\"username\"", true },
	{ PAGE_LOGIN, "autocomplete=\"username\"", true },
	{ PAGE_LOGIN, "value=\"ann@example.org\"", false },
	{ PAGE_LOGIN, "<label for=\"password\">", true },
	{ PAGE_LOGIN, "id=\"password\" name=\"password\" type=\"password\"", true },
	{ PAGE_LOGIN, "autocomplete=\"current-password\"", true },
	{ PAGE_LOGIN, "href=\"/auth/register\"", false },
	{ PAGE_LOGIN, "id=\"error\" role=\"alert\">\n<p>It is refused.</p>\n</div>", false },
	{ PAGE_LOGIN, "aria-describedby=\"error\"", false },
	{ PAGE_LOGOUT, "name=\"csrf_token\" value=\"TOKEN\"", false },
	{ PAGE_LOGOUT, "name=\"next\" value=\"/members/\"", false },
	{ PAGE_LOGOUT, ">Sign out</button>", true },
	{ PAGE_REGISTER, "action=\"/auth/web/login\"", false },
	{ PAGE_REGISTER, "name=\"csrf_token\" value=\"TOKEN\"", false },
	{ PAGE_REGISTER, "name=\"next\" value=\"/members/\"", false },
	{ PAGE_REGISTER, "<label for=\"email\">", true },
	{ PAGE_REGISTER, "id=\"email\" name=\"email\"", true },
	{ PAGE_REGISTER, "value=\"ann@example.org\"", false },
	{ PAGE_REGISTER, "autocomplete=\"email\"", false },
	{ PAGE_REGISTER, "<label for=\"username\">", false },
	{ PAGE_REGISTER, "id=\"username\" name=\"username\"", false },
	{ PAGE_REGISTER, "value=\"annie\"", false },
	{ PAGE_REGISTER, "id=\"password\" name=\"password\" type=\"password\"", true },
	{ PAGE_REGISTER, "autocomplete=\"new-password\"", true },
	{ PAGE_REGISTER, "aria-describedby=\"error rules\"", false },
	{ PAGE_REGISTER, "id=\"rules\"", true },
	{ PAGE_REGISTER, "At least 12 characters", false },
	{ PAGE_REGISTER, "minlength=\"12\"", false },
	{ PAGE_REGISTER, "href=\"/auth/web/login\"", false },
	{ PAGE_REGISTERED, "has been verified", false },
	{ PAGE_REGISTERED, "<strong>ann@example.org</strong>", false },
	{ PAGE_REGISTERED, "href=\"/auth/web/login\"", false },
	{ PAGE_REGISTERED, "Look into your mail", false },
	{ PAGE_REGISTERED, "href=\"/auth/request-verify-token\"", false },
	{ PAGE_LOGIN, "<a href=\"/auth/forgot-password\">Forgot your password?</a>", false },
	{ PAGE_VERIFY, "action=\"/auth/web/login\"", false },
	{ PAGE_VERIFY, "name=\"csrf_token\" value=\"TOKEN\"", false },
	{ PAGE_VERIFY, "name=\"token\" value=\"LINK-TOKEN\"", false },
	{ PAGE_VERIFY, ">Confirm this address</button>", true },
	{ PAGE_VERIFY, "id=\"error\" role=\"alert\"", false },
	{ PAGE_VERIFIED, "is confirmed", true },
	{ PAGE_VERIFIED, "<strong>ann@example.org</strong>", false },
	{ PAGE_VERIFIED, "href=\"/auth/web/login\"", false },
	{ PAGE_REQUEST_VERIFY, "action=\"/auth/web/login\"", false },
	{ PAGE_REQUEST_VERIFY, "name=\"csrf_token\" value=\"TOKEN\"", false },
	{ PAGE_REQUEST_VERIFY, "<label for=\"email\">", true },
	{ PAGE_REQUEST_VERIFY, "id=\"email\" name=\"email\"", true },
	{ PAGE_REQUEST_VERIFY, "autocomplete=\"email\"", true },
	{ PAGE_REQUEST_VERIFY, "value=\"ann@example.org\"", false },
	{ PAGE_REQUEST_VERIFY, "aria-describedby=\"error\"", false },
	{ PAGE_REQUEST_VERIFY, ">Send the link again</button>", true },
	{ PAGE_REQUEST_VERIFY, "href=\"/auth/web/login\"", false },
	{ PAGE_FORGOT, "action=\"/auth/web/login\"", false },
	{ PAGE_FORGOT, "name=\"csrf_token\" value=\"TOKEN\"", false },
	{ PAGE_FORGOT, "<label for=\"email\">", true },
	{ PAGE_FORGOT, "id=\"email\" name=\"email\"", true },
	{ PAGE_FORGOT, "autocomplete=\"email\"", true },
	{ PAGE_FORGOT, "value=\"ann@example.org\"", false },
	{ PAGE_FORGOT, "aria-describedby=\"error\"", false },
	{ PAGE_FORGOT, ">Send the link</button>", true },
	{ PAGE_FORGOT, "href=\"/auth/web/login\"", false },
	{ PAGE_MAIL_SENT, "<h1>Look into your mail</h1>", true },
	{ PAGE_MAIL_SENT, "<strong>ann@example.org</strong>", false },
	{ PAGE_MAIL_SENT, "href=\"/auth/web/login\"", false },
	{ PAGE_RESET, "action=\"/auth/web/login\"", false },
	{ PAGE_RESET, "name=\"csrf_token\" value=\"TOKEN\"", false },
	{ PAGE_RESET, "name=\"token\" value=\"LINK-TOKEN\"", false },
	{ PAGE_RESET, "<label for=\"password\">", true },
	{ PAGE_RESET, "id=\"password\" name=\"password\" type=\"password\"", true },
	{ PAGE_RESET, "autocomplete=\"new-password\"", true },
	{ PAGE_RESET, "aria-describedby=\"error rules\"", false },
	{ PAGE_RESET, "id=\"rules\"", true },
	{ PAGE_RESET, "At least 12 characters", false },
	{ PAGE_RESET, "minlength=\"12\"", false },
	{ PAGE_RESET, "role=\"alert\">\n<p>It is refused.</p>\n</div>", false },
	{ PAGE_RESET_DONE, "all sessions of the account have ended", true },
	{ PAGE_RESET_DONE, "href=\"/auth/web/login\"", false },
	{ PAGE_LINK_DEAD, "<h1>This link does not work</h1>", true },
	{ PAGE_LINK_DEAD, "href=\"/auth/request-verify-token\"", false },
	{ PAGE_LINK_DEAD, "href=\"/auth/forgot-password\"", false },
	{ PAGE_LINK_DEAD, "href=\"/auth/web/login\"", false },
	{ PAGE_CODE, "<title>Error: Enter your code – The Site</title>", false },
	{ PAGE_CODE, "action=\"/auth/web/login\"", false },
	{ PAGE_CODE, "name=\"csrf_token\" value=\"TOKEN\"", false },
	{ PAGE_CODE, "name=\"next\" value=\"/members/\"", false },
	{ PAGE_CODE, "<label for=\"code\">Code</label>", true },
	{ PAGE_CODE, "id=\"code\" name=\"code\" type=\"text\" inputmode=\"numeric\"", true },
	{ PAGE_CODE, "autocomplete=\"one-time-code\"", true },
	{ PAGE_CODE, "id=\"code-hint\"", true },
	{ PAGE_CODE, "aria-describedby=\"error code-hint\"", false },
	{ PAGE_CODE, "id=\"error\" role=\"alert\">\n<p>It is refused.</p>\n</div>", false },
	{ PAGE_CODE, ">Sign in</button>", true },
	{ PAGE_CODE, "href=\"/auth/web/login\"", false },
	{ PAGE_ENABLE, "<title>Error: Two-factor sign-in – The Site</title>", false },
	{ PAGE_ENABLE, "action=\"/auth/web/login\"", false },
	{ PAGE_ENABLE, "name=\"csrf_token\" value=\"TOKEN\"", false },
	{ PAGE_ENABLE, "name=\"next\" value=\"/members/\"", false },
	{ PAGE_ENABLE, "<label for=\"password\">", true },
	{ PAGE_ENABLE, "id=\"password\" name=\"password\" type=\"password\"", true },
	{ PAGE_ENABLE, "autocomplete=\"current-password\"", true },
	{ PAGE_ENABLE, "aria-describedby=\"error\"", false },
	{ PAGE_ENABLE, "id=\"error\" role=\"alert\">\n<p>It is refused.</p>\n</div>", false },
	{ PAGE_ENABLE, ">Set it up</button>", true },
	{ PAGE_ENROL, "<title>Error: Set up your app – The Site</title>", false },
	{ PAGE_ENROL, "action=\"/auth/web/login\"", false },
	{ PAGE_ENROL, "name=\"csrf_token\" value=\"TOKEN\"", false },
	{ PAGE_ENROL, "name=\"next\" value=\"/members/\"", false },
	{ PAGE_ENROL, "name=\"enrollment_token\" value=\"ENROL-TOKEN\"", false },
	{ PAGE_ENROL, "<img class=\"picture\" src=\"data:image/svg+xml;base64,PHN2Zz4=\"", false },
	{ PAGE_ENROL, "alt=\"QR code with the secret that stands below\"", false },
	{ PAGE_ENROL, "<code class=\"secret\">G6EA TQ55</code>", false },
	{ PAGE_ENROL, "<label for=\"code\">Code</label>", true },
	{ PAGE_ENROL, "<input class=\"picture-code\" id=\"code\" name=\"code\"", false },
	{ PAGE_ENROL, "id=\"code\" name=\"code\" type=\"text\" inputmode=\"numeric\"", true },
	{ PAGE_ENROL, "autocomplete=\"one-time-code\"", true },
	{ PAGE_ENROL, "id=\"code-hint\"", true },
	{ PAGE_ENROL, "aria-describedby=\"error code-hint\"", false },
	{ PAGE_ENROL, "id=\"error\" role=\"alert\">\n<p>It is refused.</p>\n</div>", false },
	{ PAGE_ENROL, ">Confirm</button>", true },
	{ PAGE_ENROL, "<a href=\"/auth/web/2fa/enable\">Begin again</a>", false },
	{ PAGE_RECOVERY, "<h1>Your recovery codes</h1>", true },
	{ PAGE_RECOVERY, "<pre class=\"codes\">9d5d 8394\naadc 8b15\n</pre>", false },
	{ PAGE_RECOVERY, "<a class=\"button\" href=\"/members/\">", false },
	{ PAGE_DISABLE, "<title>Error: Switch two-factor off – The Site</title>", false },
	{ PAGE_DISABLE, "action=\"/auth/web/login\"", false },
	{ PAGE_DISABLE, "name=\"csrf_token\" value=\"TOKEN\"", false },
	{ PAGE_DISABLE, "<label for=\"code\">Code</label>", true },
	{ PAGE_DISABLE, "id=\"code\" name=\"code\" type=\"text\" inputmode=\"numeric\"", true },
	{ PAGE_DISABLE, "autocomplete=\"one-time-code\"", true },
	{ PAGE_DISABLE, "id=\"code-hint\"", true },
	{ PAGE_DISABLE, "aria-describedby=\"error code-hint\"", false },
	{ PAGE_DISABLE, "id=\"error\" role=\"alert\">\n<p>It is refused.</p>\n</div>", false },
	{ PAGE_DISABLE, ">Switch it off</button>", true },
	{ PAGE_DISABLED, "<h1>Two-factor sign-in is off</h1>", true },
	{ PAGE_DISABLED, "href=\"/auth/web/2fa/enable\"", false },
	{ PAGE_PROBLEM, "role=\"alert\">\n<p>It is refused.</p>\n</div>", false },
	{ PAGE_PROBLEM, "<code>0123456789abcdef</code>", false },
};

START_TEST(a_page_shows_what_is_given)
{
	const struct row *row = &rows[_i];

	ck_assert_ptr_nonnull(strstr(render(row->page, &all), row->holds));
	ck_assert_int_eq(strstr(render(row->page, &none), row->holds) != NULL, row->always);
}
END_TEST

START_TEST(every_page_is_a_whole_document_without_script)
{
	for (int given = 0; given < 2; given++) {
		const char *text = render((enum page)_i, given ? &all : &none);

		ck_assert_int_eq(strncmp(text, "<!DOCTYPE html>\n<html lang=\"en\">\n", 32), 0);
		ck_assert_str_eq(text + out.len - 8, "</html>\n");
		ck_assert_ptr_nonnull(strstr(text, "<meta name=\"viewport\""));
		ck_assert_ptr_null(strstr(text, "<script"));
		ck_assert_ptr_null(strstr(text, " style="));
		ck_assert_ptr_null(strstr(text, "{{"));
		ck_assert_ptr_null(strstr(text, "\n\n<"));
	}
}
END_TEST

/* Every value, hostile, on every page. */
START_TEST(no_value_becomes_markup)
{
	struct page_values hostile;
	struct span *value = (struct span *)&hostile;
	const char *text;

	for (size_t i = 0; i < sizeof(hostile) / sizeof(*value); i++)
		value[i] = SPAN(HOSTILE);
	text = render((enum page)_i, &hostile);
	ck_assert_ptr_null(strstr(text, "<script"));
	ck_assert_ptr_null(strstr(text, "\"'"));
	ck_assert_ptr_nonnull(strstr(text, "&quot;&#39;&gt;&lt;script&gt;"));
}
END_TEST

START_TEST(exactly_one_field_has_the_focus)
{
	struct page_values values = all;
	const char *first;

	for (int kept = 0; kept < 2; kept++) {
		values.identifier = kept ? all.identifier : none.identifier;
		first = strstr(render((enum page)_i, &values), " autofocus");
		ck_assert_ptr_nonnull(first);
		ck_assert_ptr_null(strstr(first + 1, " autofocus"));
		ck_assert_int_eq(strstr(first, "name=\"password\"") == NULL, kept);
	}
}
END_TEST

static const enum page single[] = { PAGE_REQUEST_VERIFY, PAGE_FORGOT, PAGE_RESET, PAGE_CODE,
	PAGE_ENABLE, PAGE_ENROL, PAGE_DISABLE };

START_TEST(a_single_field_has_the_focus)
{
	const char *first = strstr(render(single[_i], &all), " autofocus");

	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(strstr(first + 1, " autofocus"));
	ck_assert_ptr_nonnull(strstr(render(single[_i], &none), " autofocus"));
}
END_TEST

/* The token of a link stands in the form that posts it and nowhere else. */
START_TEST(a_link_token_is_on_its_pages_alone)
{
	bool expected = _i == PAGE_VERIFY || _i == PAGE_RESET;
	const char *first = strstr(render((enum page)_i, &all), "LINK-TOKEN");

	ck_assert_int_eq(first != NULL, expected);
	ck_assert(first == NULL || strstr(first + 1, "LINK-TOKEN") == NULL);
}
END_TEST

/* What signs in later: the secret stands on the page that shows it, and nowhere else; so do the
 * codes. */
START_TEST(what_an_app_keeps_is_on_its_page_alone)
{
	const char *text = render((enum page)_i, &all);

	ck_assert_int_eq(strstr(text, "G6EA TQ55") != NULL, _i == PAGE_ENROL);
	ck_assert_int_eq(strstr(text, "PHN2Zz4=") != NULL, _i == PAGE_ENROL);
	ck_assert_int_eq(strstr(text, "ENROL-TOKEN") != NULL, _i == PAGE_ENROL);
	ck_assert_int_eq(strstr(text, "9d5d 8394") != NULL, _i == PAGE_RECOVERY);
}
END_TEST

static const enum page with_code[] = { PAGE_CODE, PAGE_ENROL, PAGE_DISABLE };

START_TEST(a_code_is_never_in_the_form)
{
	const char *field = strstr(render(with_code[_i], &all), "name=\"code\"");

	ck_assert_ptr_nonnull(field);
	ck_assert_ptr_null(memmem(field, strcspn(field, ">"), "value", 5));
}
END_TEST

START_TEST(a_password_is_never_in_the_form)
{
	const char *field = strstr(render((enum page)_i, &all), "name=\"password\"");

	ck_assert_ptr_nonnull(field);
	ck_assert_ptr_null(memmem(field, strcspn(field, ">"), "value", 5));
}
END_TEST

START_TEST(the_policy_carries_the_digest_of_the_style)
{
	const char *text = render((enum page)_i, &all);
	const char *start = strstr(text, "<style>");
	const char *end = strstr(text, "</style>");
	unsigned char hash[crypto_hash_sha256_BYTES];
	char digest[64];
	char expected[96];

	ck_assert_ptr_nonnull(start);
	ck_assert_ptr_nonnull(end);
	ck_assert_ptr_null(strstr(start + 1, "<style"));
	start += strlen("<style>");
	ck_assert_int_gt(end - start, 1000);
	crypto_hash_sha256(hash, (const unsigned char *)start, (unsigned long long)(end - start));
	sodium_bin2base64(
	    digest, sizeof(digest), hash, sizeof(hash), sodium_base64_VARIANT_ORIGINAL);
	snprintf(expected, sizeof(expected), "style-src 'sha256-%s';", digest);
	ck_assert_ptr_nonnull(strstr(page_policy(), expected));
}
END_TEST

static const char *const directives[] = { "default-src 'none'", "form-action 'self'",
	"base-uri 'none'", "frame-ancestors 'none'", "img-src 'self' data:" };

START_TEST(the_policy_forbids_the_rest)
{
	ck_assert_ptr_nonnull(strstr(page_policy(), directives[_i]));
	ck_assert_ptr_null(strstr(page_policy(), "unsafe"));
	ck_assert_ptr_null(strstr(page_policy(), "script-src"));
	ck_assert_ptr_eq(page_policy(), page_policy());
}
END_TEST

START_TEST(what_depends_on_the_configuration)
{
	struct page_values values = { .site = SPAN("The Site") };

	ck_assert_ptr_nonnull(
	    strstr(render(PAGE_LOGIN, &values), "<label for=\"username\">User name"));
	ck_assert_ptr_null(strstr(render(PAGE_REGISTER, &values), "autocomplete=\"email\""));
	ck_assert_ptr_nonnull(strstr(render(PAGE_REGISTERED, &values), "You can sign in now."));
	ck_assert_ptr_null(strstr(render(PAGE_REGISTERED, &all), "You can sign in now."));
	ck_assert_ptr_nonnull(
	    strstr(render(PAGE_RECOVERY, &values), "<a class=\"button\" href=\"/\">"));
	ck_assert_ptr_null(strstr(render(PAGE_ENROL, &values), "<img"));
	values.identifier_is_email = SPAN("yes");
	ck_assert_ptr_nonnull(
	    strstr(render(PAGE_LOGIN, &values), "<label for=\"username\">Email address"));
}
END_TEST

START_TEST(a_small_buffer_is_an_answer)
{
	struct buf small = BUF_INIT(300);

	ck_assert_int_eq(page_put(&small, PAGE_LOGIN, &all), RC_UNAVAILABLE);
	buf_free(&small);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("page");
	TCase *tests = tcase_create("page");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(
	    tests, a_page_shows_what_is_given, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_loop_test(tests, every_page_is_a_whole_document_without_script, 0, PAGES);
	tcase_add_loop_test(tests, no_value_becomes_markup, 0, PAGES);
	tcase_add_loop_test(tests, exactly_one_field_has_the_focus, PAGE_LOGIN, PAGE_LOGIN + 1);
	tcase_add_loop_test(
	    tests, exactly_one_field_has_the_focus, PAGE_REGISTER, PAGE_REGISTER + 1);
	tcase_add_loop_test(tests, a_password_is_never_in_the_form, PAGE_LOGIN, PAGE_LOGIN + 1);
	tcase_add_loop_test(
	    tests, a_password_is_never_in_the_form, PAGE_REGISTER, PAGE_REGISTER + 1);
	tcase_add_loop_test(tests, a_password_is_never_in_the_form, PAGE_RESET, PAGE_RESET + 1);
	tcase_add_loop_test(
	    tests, a_single_field_has_the_focus, 0, (int)(sizeof(single) / sizeof(single[0])));
	tcase_add_loop_test(tests, a_password_is_never_in_the_form, PAGE_ENABLE, PAGE_ENABLE + 1);
	tcase_add_loop_test(
	    tests, a_code_is_never_in_the_form, 0, (int)(sizeof(with_code) / sizeof(with_code[0])));
	tcase_add_loop_test(tests, what_an_app_keeps_is_on_its_page_alone, 0, PAGES);
	tcase_add_loop_test(tests, a_link_token_is_on_its_pages_alone, 0, PAGES);
	tcase_add_loop_test(tests, the_policy_carries_the_digest_of_the_style, 0, PAGES);
	tcase_add_loop_test(tests, the_policy_forbids_the_rest, 0,
	    (int)(sizeof(directives) / sizeof(directives[0])));
	tcase_add_test(tests, what_depends_on_the_configuration);
	tcase_add_test(tests, a_small_buffer_is_an_answer);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
