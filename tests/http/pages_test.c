/* The pages: forms without JavaScript, as a browser fills them in and sends them. */
#include "http/browse.h"

#define LENGTH(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

static struct site *site;

static const char *
fill(const char *email, const char *password)
{
	return form("username", email, "password", password, NULL);
}

static void
check_page(const struct answer *answer, int status)
{
	const char *policy = answer_header(answer, "Content-Security-Policy");

	ck_answer(answer, status, NULL);
	ck_assert_str_eq(answer_header(answer, "Content-Type"), "text/html; charset=utf-8");
	ck_assert_str_eq(answer_header(answer, "Referrer-Policy"), "same-origin");
	ck_assert_str_eq(answer_header(answer, "X-Content-Type-Options"), "nosniff");
	ck_assert_str_eq(answer_header(answer, "Cache-Control"), "no-store");
	ck_assert_ptr_nonnull(policy);
	ck_assert_ptr_nonnull(strstr(policy, "default-src 'none'"));
	ck_assert_ptr_nonnull(strstr(policy, "frame-ancestors 'none'"));
	ck_assert_ptr_nonnull(strstr(policy, "base-uri 'none'"));
	ck_assert_ptr_null(strstr(policy, "unsafe-inline"));
	ck_assert_ptr_null(strstr(policy, "script-src"));
	ck_assert(!answer_has(answer, "<script") && !answer_has(answer, " style=\""));
	ck_assert(answer_has(answer, "<!DOCTYPE html>") && answer_has(answer, "</html>"));
}

/* ------------------------------------------------------------------ signing in and out */

START_TEST(test_signing_in_and_out)
{
	struct jar *jar = jar_new();
	struct answer *page = visit(site, jar, "/auth/web/login?next=%2Fmembers%2F"), *answer;

	check_page(page, 200);
	ck_assert_str_eq(answer_input(page, "csrf_token", "value"), jar_csrf(jar));
	ck_assert_str_eq(answer_input(page, "password", "type"), "password");
	ck_assert_str_eq(answer_input(page, "username", "value"), "");
	answer = submit(site, jar, page, "/auth/web/login", fill(site_member(site), SITE_PASSWORD));
	ck_answer(answer, 303, NULL);
	ck_assert_str_eq(answer_header(answer, "Location"), "/members/");
	ck_answer(visit(site, jar, "/members/"), 200, NULL);
	page = visit(site, jar, "/auth/web/logout");
	check_page(page, 200);
	answer = submit(site, jar, page, "/auth/web/logout", "");
	ck_answer(answer, 303, NULL);
	ck_assert_str_eq(answer_header(answer, "Location"), "/auth/web/login");
	ck_assert_str_eq(jar_value(jar, ""), "");
	ck_answer(visit(site, jar, "/members/"), 302, NULL);
}
END_TEST

static const struct {
	const char *email, *password;
	int status;
} refusals[] = {
	{ "nobody@example.org", "wrong-one", 400 },
	{ "a<b>&\"'c@example.org", "wrong-one", 400 },
	{ "no address", "wrong-one", 422 },
	{ "\"><script>alert(1)</script>", "wrong-one", 422 },
	{ "nobody@example.org", "", 422 },
};

START_TEST(test_a_refused_form_comes_again)
{
	struct jar *jar = jar_new();
	struct answer *page = visit(site, jar, "/auth/web/login?next=/members/%3Fa%3D1%26b%3D2"),
		      *answer;

	answer = submit(
	    site, jar, page, "/auth/web/login", fill(refusals[_i].email, refusals[_i].password));
	check_page(answer, refusals[_i].status);
	ck_assert_str_eq(answer_input(answer, "username", "value"), refusals[_i].email);
	ck_assert_ptr_null(answer_input(answer, "password", "value"));
	ck_assert(!answer_has(answer, "wrong-one"));
	ck_assert(answer_has(answer, "role=\"alert\""));
	ck_assert_str_eq(answer_input(answer, "next", "value"), "/members/?a=1&b=2");
	/* And it works. */
	answer =
	    submit(site, jar, answer, "/auth/web/login", fill(site_member(site), SITE_PASSWORD));
	ck_answer(answer, 303, NULL);
	ck_assert_str_eq(answer_header(answer, "Location"), "/members/?a=1&b=2");
}
END_TEST

START_TEST(test_a_limited_form_says_so)
{
	struct site *limited =
	    site_start(&(struct site_options){ .settings = { "limit.login", "1/5m" } });
	struct jar *jar = jar_new();
	struct answer *page = visit(limited, jar, "/auth/web/login"), *answer = page;

	for (int i = 0; i < 2; i++)
		answer =
		    submit(limited, jar, answer, "/auth/web/login", fill("a@example.org", "wrong"));
	check_page(answer, 429);
	ck_assert_ptr_nonnull(answer_header(answer, "Retry-After"));
	ck_assert_str_eq(answer_input(answer, "username", "value"), "a@example.org");
}
END_TEST

/* Only a path on this site is gone to. */
static const struct {
	const char *next;
	bool kept;
	bool refused; /* in a query, by the web server */
} nexts[] = {
	{ "/", true, false },
	{ "/members/", true, false },
	{ "/members/?a=b&c=d#e", true, false },
	{ "/%2F%2Fevil.example.org", true, false },
	{ "", false, false },
	{ "members/", false, false },
	{ "//evil.example.org", false, false },
	{ "///evil.example.org", false, false },
	{ "/\\evil.example.org", false, false },
	{ "\\\\evil.example.org", false, false },
	{ "https://evil.example.org", false, false },
	{ "https:evil.example.org", false, false },
	{ "javascript:alert(1)", false, false },
	{ " /members/", false, false },
	{ "/\t/evil.example.org", false, true },
	{ "/a\r\nSet-Cookie: x=y", false, true },
	{ "/\xc3\xa9", false, false },
};

START_TEST(test_next_is_a_path_on_this_site)
{
	const char *email = site_member(site), *next = nexts[_i].next;
	struct jar *jar = jar_new();
	const char *query = form("next", next, NULL);
	struct answer *page = visit(site, jar, text("/auth/web/login?%s", query)), *answer;
	const char *expected = nexts[_i].kept ? next : "/";

	if (nexts[_i].refused) {
		ck_assert_int_eq(page->status, 400);
		query = "";
		page = visit(site, jar, "/auth/web/login");
	}
	check_page(page, 200);
	if (nexts[_i].kept)
		ck_assert_str_eq(answer_input(page, "next", "value"), next);
	else
		ck_assert_ptr_null(answer_input(page, "next", "value"));
	/* A form that somebody else made. */
	answer = ASK(site, .path = "/auth/web/login", .jar = jar, .browser = true,
	    .form = form("username", email, "password", SITE_PASSWORD, "csrf_token", jar_csrf(jar),
		"next", next, NULL));
	ck_answer(answer, 303, NULL);
	ck_assert_uint_eq(answer_header_count(answer, "Location"), 1);
	ck_assert_str_eq(answer_header(answer, "Location"), expected);
	/* Renewal goes there too. */
	answer = visit(site, jar, text("/auth/web/login?%s", query));
	ck_answer(answer, 303, NULL);
	ck_assert_str_eq(answer_header(answer, "Location"), expected);
}
END_TEST

START_TEST(test_forms_need_their_token)
{
	const char *email = site_member(site);
	struct jar *jar = jar_new(), *other = jar_new();
	const char *fields = fill(email, SITE_PASSWORD);
	struct answer *answer;

	visit(site, jar, "/auth/web/login");
	visit(site, other, "/auth/web/login");
	const char *const bodies[] = { fields, text("%s&csrf_token=", fields),
		text("%s&csrf_token=x", fields),
		text("%s&csrf_token=%s", fields, jar_csrf(other)) };
	for (int i = 0; i < LENGTH(bodies); i++) {
		answer = ASK(site, .path = "/auth/web/login", .jar = jar, .browser = true,
		    .form = bodies[i]);
		check_page(answer, 403);
		ck_assert_str_eq(jar_value(jar, ""), "");
		ck_assert(!answer_has(answer, SITE_PASSWORD));
	}
	answer = ASK(site, .path = "/auth/web/login", .jar = jar, .browser = true,
	    .form = text("%s&csrf_token=%s", fields, jar_csrf(jar)),
	    .headers = { "Origin: null", "Sec-Fetch-Site: cross-site" });
	check_page(answer, 403);
}
END_TEST

/* ------------------------------------------------------------------ renewal */

START_TEST(test_a_live_refresh_cookie_signs_in)
{
	struct jar *jar = site_login_cookie(site, site_member(site), SITE_PASSWORD), *before;
	struct answer *answer;

	jar_set(jar, "yett", ""); /* expired */
	ck_answer(visit(site, jar, "/members/"), 302, NULL);
	before = jar_copy(jar);
	answer = visit(site, jar, "/auth/web/login?next=%2Fmembers%2F");
	ck_answer(answer, 303, NULL);
	ck_assert_str_eq(answer_header(answer, "Location"), "/members/");
	ck_assert_str_ne(jar_value(jar, ""), "");
	ck_assert_str_ne(jar_value(jar, "_refresh"), jar_value(before, "_refresh"));
	ck_answer(visit(site, jar, "/members/"), 200, NULL);
	/* The forms that follow carry a token that fits the renewed session. */
	ck_answer(submit(site, jar, visit(site, jar, "/auth/web/logout"), "/auth/web/logout", ""),
	    303, NULL);
	/* A refresh cookie of a session that has ended shows the form. */
	check_page(visit(site, before, "/auth/web/login"), 200);
	/* and takes the dead cookie away, or each look would count as a failed refresh. */
	ck_assert_str_eq(jar_value(before, "_refresh"), "");
	ck_assert_str_ne(jar_csrf(before), "");
}
END_TEST

START_TEST(test_only_browsers_are_renewed)
{
	struct jar *jar = site_login_cookie(site, site_member(site), SITE_PASSWORD);
	struct jar *before = jar_copy(jar);

	ck_answer(ASK(site, .path = "/auth/web/login", .jar = jar), 200, NULL);
	ck_answer(
	    ASK(site, .path = "/auth/web/login", .jar = jar, .method = "HEAD", .browser = true),
	    200, NULL);
	ck_assert_str_eq(jar_value(jar, "_refresh"), jar_value(before, "_refresh"));
	ck_assert_str_eq(jar_value(jar, ""), jar_value(before, ""));
}
END_TEST

START_TEST(test_renewal_counts_as_refresh)
{
	struct site *limited =
	    site_start(&(struct site_options){ .settings = { "limit.refresh", "3/5m" } });
	struct jar *jar = jar_new();

	for (int i = 0; i < 3; i++) {
		jar_set(jar, "yett_refresh", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
		check_page(visit(limited, jar, "/auth/web/login"), 200);
	}
	jar = site_login_cookie(limited, site_member(limited), SITE_PASSWORD);
	ck_assert_int_ne(visit(limited, jar, "/auth/web/login")->status, 303);
}
END_TEST

/* ------------------------------------------------------------------ registration */

START_TEST(test_registration)
{
	const char *email = site_email();
	struct jar *jar = jar_new();
	struct answer *page = visit(site, jar, "/auth/register"), *answer;

	check_page(page, 200);
	ck_assert_str_eq(answer_input(page, "csrf_token", "value"), jar_csrf(jar));
	ck_assert_ptr_null(answer_input(page, "username", "name"));
	answer = submit(site, jar, page, "/auth/register",
	    form("email", email, "password", SITE_PASSWORD, NULL));
	check_page(answer, 201);
	ck_assert_str_eq(site_sql(site, "SELECT count(*) FROM users WHERE email = %Q", email), "1");
	ck_assert(!answer_has(answer, SITE_PASSWORD));
}
END_TEST

static const struct {
	const char *email, *password;
	int status;
} registrations[] = {
	{ "new.person@example.org", "aaaaaaaaaaaa", 400 },
	{ "new.person@example.org", "short-7#", 422 },
	{ "new.person@example", SITE_PASSWORD, 422 },
	{ "<b>new</b>", SITE_PASSWORD, 422 },
};

START_TEST(test_a_refused_registration_comes_again)
{
	struct jar *jar = jar_new();
	struct answer *page = visit(site, jar, "/auth/register"), *answer;

	answer = submit(site, jar, page, "/auth/register",
	    form("email", registrations[_i].email, "password", registrations[_i].password, NULL));
	check_page(answer, registrations[_i].status);
	ck_assert_str_eq(answer_input(answer, "email", "value"), registrations[_i].email);
	ck_assert_ptr_null(answer_input(answer, "password", "value"));
	ck_assert(!answer_has(answer, registrations[_i].password));
	ck_assert(answer_has(answer, "role=\"alert\""));
	answer = submit(site, jar, answer, "/auth/register",
	    form("email", site_email(), "password", SITE_PASSWORD, NULL));
	check_page(answer, 201);
}
END_TEST

START_TEST(test_user_names_have_their_field)
{
	struct site *named = site_start(
	    &(struct site_options){ .settings = { "account.login_identifier", "username" } });
	struct jar *jar = jar_new();
	struct answer *page = visit(named, jar, "/auth/register"), *answer;

	answer = submit(named, jar, page, "/auth/register",
	    form("email", "no address", "username", "Ann", "password", SITE_PASSWORD, NULL));
	check_page(answer, 422);
	ck_assert_str_eq(answer_input(answer, "email", "value"), "no address");
	ck_assert_str_eq(answer_input(answer, "username", "value"), "Ann");
	answer = submit(named, jar, answer, "/auth/register",
	    form("email", "ann@example.org", "username", "Ann", "password", SITE_PASSWORD, NULL));
	check_page(answer, 201);
}
END_TEST

/* ------------------------------------------------------------------ problems and switches */

/* Which clients get pages. */
static const struct {
	const char *accept;
	bool page;
} accepts[] = {
	{ "Accept: text/html", true },
	{ "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true },
	{ "Accept: application/json;q=0.5, text/html", true },
	{ "Accept: application/json, text/html;q=0.9", false },
	{ "Accept: application/json", false },
	{ "Accept: */*", false },
	{ "Accept: text/html;q=0", false },
	{ "Accept:", false },
};

START_TEST(test_accept)
{
	struct answer *login =
	    ASK(site, .path = "/auth/web/login", .headers = { accepts[_i].accept });
	struct answer *problem = ASK(site, .path = "/users/me", .headers = { accepts[_i].accept });

	ck_answer(login, 200, NULL);
	ck_answer(problem, 401, NULL);
	ck_assert_str_eq(answer_header(login, "Content-Type"),
	    accepts[_i].page ? "text/html; charset=utf-8" : "application/json");
	ck_assert_str_eq(answer_header(problem, "Content-Type"),
	    accepts[_i].page ? "text/html; charset=utf-8" : "application/problem+json");
	ck_assert_str_eq(answer_header(problem, "WWW-Authenticate"), "Bearer");
}
END_TEST

START_TEST(test_pages_can_be_off)
{
	struct site *off =
	    site_start(&(struct site_options){ .settings = { "routes.pages", "off" } });
	struct jar *jar = jar_new();
	struct answer *answer = visit(off, jar, "/auth/web/login");

	ck_answer(answer, 200, NULL);
	ck_assert_str_eq(answer_value(answer, "csrf_token"), jar_csrf(jar));
	ck_answer(visit(off, jar, "/auth/web/logout"), 405, "METHOD_NOT_ALLOWED");
	ck_answer(visit(off, jar, "/auth/register"), 405, "METHOD_NOT_ALLOWED");
	ck_answer(visit(off, jar, "/members/"), 401, "NOT_AUTHENTICATED");
	/* A session is not renewed by a navigation then. */
	jar = site_login_cookie(off, site_member(off), SITE_PASSWORD);
	ck_answer(visit(off, jar, "/auth/web/login"), 200, NULL);
}
END_TEST

START_TEST(test_secure_cookies_have_the_host_prefix)
{
	struct site *secure = site_start(&(struct site_options){
	    .settings = { "site.url", "https://www.example.org", "cookie.secure", "on" } });
	static const char *const suffixes[] = { "", "_refresh", "_csrf" };
	struct jar *jar = jar_new();
	struct answer *page = visit(secure, jar, "/auth/web/login");

	ck_answer(ASK(secure, .path = "/auth/web/login", .jar = jar, .browser = true,
		      .form = text("%s&csrf_token=%s", fill(site_member(secure), SITE_PASSWORD),
			  answer_input(page, "csrf_token", "value")),
		      .headers = { "Origin: https://www.example.org" }),
	    303, NULL);
	for (int i = 0; i < LENGTH(suffixes); i++) {
		struct cookie *cookie = jar_cookie(jar, suffixes[i]);

		ck_assert_int_eq(strncmp(cookie->name, "__Host-yett", 11), 0);
		ck_assert_ptr_nonnull(strstr(cookie->attributes, "Secure"));
		ck_assert_ptr_nonnull(strstr(cookie->attributes, "Path=/"));
		ck_assert_ptr_null(strstr(cookie->attributes, "Domain"));
	}
	ck_answer(ASK(secure, .path = "/users/me", .jar = jar), 200, NULL);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("pages");

	site = site_start(&(struct site_options){ 0 });
	tcase_add_test(tests, test_signing_in_and_out);
	tcase_add_loop_test(tests, test_a_refused_form_comes_again, 0, LENGTH(refusals));
	tcase_add_test(tests, test_a_limited_form_says_so);
	tcase_add_loop_test(tests, test_next_is_a_path_on_this_site, 0, LENGTH(nexts));
	tcase_add_test(tests, test_forms_need_their_token);
	tcase_add_test(tests, test_a_live_refresh_cookie_signs_in);
	tcase_add_test(tests, test_only_browsers_are_renewed);
	tcase_add_test(tests, test_renewal_counts_as_refresh);
	tcase_add_test(tests, test_registration);
	tcase_add_loop_test(
	    tests, test_a_refused_registration_comes_again, 0, LENGTH(registrations));
	tcase_add_test(tests, test_user_names_have_their_field);
	tcase_add_loop_test(tests, test_accept, 0, LENGTH(accepts));
	tcase_add_test(tests, test_pages_can_be_off);
	tcase_add_test(tests, test_secure_cookies_have_the_host_prefix);
	return site_run(tests);
}
