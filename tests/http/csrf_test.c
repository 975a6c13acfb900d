/* Cross-site requests: what a browser sends along by itself must not be enough. */
#include "http/storm.h"

#include <stdio.h>

static struct site *site;

#define PATCH_BODY \
	text("{\"email\":\"%s\",\"current_password\":\"%s\"}", site_email(), SITE_PASSWORD)
#define FOREIGN "Origin: https://evil.example"

/* The requests that need the token when a cookie authenticates them, or would set one. */
enum unsafe { LOGIN, LOGOUT, REFRESH, PATCH, PASSWORD, REVOKE, UNSAFE };

static struct ask
unsafe_ask(enum unsafe which, const char *email)
{
	switch (which) {
	case LOGIN:
		return (struct ask){ .path = "/auth/web/login",
			.json = site_credentials(email, SITE_PASSWORD) };
	case LOGOUT:
		return (struct ask){ .path = "/auth/web/logout", .method = "POST" };
	case REFRESH:
		return (struct ask){ .path = "/auth/web/refresh", .method = "POST" };
	case PATCH:
		return (struct ask){ .path = "/users/me", .method = "PATCH", .json = PATCH_BODY };
	case PASSWORD:
		return (struct ask){ .path = "/users/me/change-password",
			.json = text("{\"current_password\":\"%s\",\"new_password\":\"%s\"}",
			    SITE_PASSWORD, SITE_OTHER_PASSWORD) };
	case REVOKE:
		return (struct ask){ .path = "/auth/web/sessions/revoke-others", .method = "POST" };
	case UNSAFE:
		break;
	}
	ck_abort_msg("no such request");
}

/* Asks with that token and those headers: 403, and nothing has changed. */
static void
must_fail(enum unsafe which, const char *email, const struct jar *jar, const char *csrf,
    const char *header)
{
	struct ask ask_this = unsafe_ask(which, email);
	struct jar *copy = jar_copy(jar);

	ask_this.jar = copy;
	ask_this.csrf = csrf;
	ask_this.headers[0] = header;
	ck_answer(ask(site, &ask_this), 403, "CSRF_FAILED");
	ck_answer(ASK(site, .path = "/users/me", .jar = jar_copy(jar)), 200, NULL);
}

START_TEST(test_without_a_token)
{
	const char *email = site_member(site);

	must_fail(
	    (enum unsafe)_i, email, site_login_cookie(site, email, SITE_PASSWORD), NULL, NULL);
}
END_TEST

START_TEST(test_with_the_token_of_another_session)
{
	const char *email = site_member(site);
	struct jar *own = site_login_cookie(site, email, SITE_PASSWORD);
	struct jar *other = site_login_cookie(site, email, SITE_PASSWORD);
	struct jar *both = jar_copy(own);

	must_fail((enum unsafe)_i, email, own, jar_csrf(other), NULL);
	/* planted as a cookie too, as a neighbouring subdomain could */
	jar_cookie(both, "_csrf")->value = jar_cookie(other, "_csrf")->value;
	must_fail((enum unsafe)_i, email, both, jar_csrf(other), NULL);
}
END_TEST

START_TEST(test_with_a_token_of_no_session)
{
	const char *email = site_member(site);
	struct jar *own = site_login_cookie(site, email, SITE_PASSWORD), *anonymous = jar_new();
	struct jar *both = jar_copy(own);

	ck_answer(ASK(site, .path = "/auth/web/login", .jar = anonymous), 200, NULL);
	jar_cookie(both, "_csrf")->value = jar_cookie(anonymous, "_csrf")->value;
	must_fail((enum unsafe)_i, email, both, jar_csrf(anonymous), NULL);
}
END_TEST

START_TEST(test_with_a_made_up_token)
{
	const char *email = site_member(site);
	struct jar *own = site_login_cookie(site, email, SITE_PASSWORD), *both = jar_copy(own);
	const char *made = text("%.*sA%s", 30, jar_csrf(own), jar_csrf(own) + 31);
	const char *empty = "";

	if (strcmp(made, jar_csrf(own)) == 0)
		made = text("%.*sB%s", 30, jar_csrf(own), jar_csrf(own) + 31);
	jar_set(both, jar_cookie(own, "_csrf")->name, made);
	must_fail((enum unsafe)_i, email, both, made, NULL);
	jar_set(both, jar_cookie(own, "_csrf")->name, empty);
	must_fail((enum unsafe)_i, email, both, empty, NULL);
}
END_TEST

/* The right token does not help a page of another site. */
START_TEST(test_from_another_site)
{
	static const char *const headers[] = { FOREIGN, "Origin: null", "Origin: http://127.0.0.1",
		"Origin: http://127.0.0.1.evil.example", "Sec-Fetch-Site: cross-site",
		"Sec-Fetch-Site: same-site", "Sec-Fetch-Site: nonsense" };
	const char *email = site_member(site);
	struct jar *jar = site_login_cookie(site, email, SITE_PASSWORD);

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		must_fail((enum unsafe)_i, email, jar, jar_csrf(jar), headers[i]);
	must_fail(
	    (enum unsafe)_i, email, jar, jar_csrf(jar), text("Origin: https%s", site->url + 4));
}
END_TEST

START_TEST(test_with_the_token)
{
	const char *headers[][2] = { { NULL, NULL }, { text("Origin: %s", site->url), NULL },
		{ "Sec-Fetch-Site: same-origin", NULL }, { "Sec-Fetch-Site: none", NULL },
		{ "Origin: null", "Sec-Fetch-Site: same-origin" },
		{ text("Origin: %s", site->url), "Sec-Fetch-Site: same-origin" } };

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		const char *email = site_member(site);
		struct jar *jar = site_login_cookie(site, email, SITE_PASSWORD);
		struct ask ask_this = unsafe_ask((enum unsafe)_i, email);
		struct answer *answer;

		ask_this.jar = jar;
		ask_this.csrf = jar_csrf(jar);
		ask_this.headers[0] = headers[i][0];
		ask_this.headers[1] = headers[i][1];
		answer = ask(site, &ask_this);
		ck_assert_msg(
		    answer->status == 200 || answer->status == 201 || answer->status == 204,
		    "%s: %s%s", ask_this.path, answer->headers, answer->body);
	}
}
END_TEST

/* The CSRF judgement comes before the body's. */
START_TEST(test_comes_before_the_body)
{
	struct jar *jar = site_login_cookie(site, site_member(site), SITE_PASSWORD);

	ck_answer(
	    ASK(site, .path = "/auth/web/login", .jar = jar, .json = "{"), 403, "CSRF_FAILED");
	ck_answer(ASK(site, .path = "/users/me", .method = "PATCH", .jar = jar, .json = "{"), 403,
	    "CSRF_FAILED");
	ck_answer(ASK(site, .path = "/auth/web/login", .jar = jar, .form = "csrf_token=%zz"), 403,
	    "CSRF_FAILED");
	ck_answer(ASK(site, .path = "/users/me", .method = "PATCH", .jar = jar, .body = "x",
		      .type = "text/plain"),
	    403, "CSRF_FAILED");
}
END_TEST

START_TEST(test_form_carries_the_token_in_a_field)
{
	const char *email = site_member(site);
	struct jar *jar = jar_new(), *other = jar_new();

	ck_answer(ASK(site, .path = "/auth/web/login", .jar = jar), 200, NULL);
	ck_answer(ASK(site, .path = "/auth/web/login", .jar = other), 200, NULL);
	ck_answer(ASK(site, .path = "/auth/web/login", .jar = jar_copy(jar),
		      .form = form("identifier", email, "password", SITE_PASSWORD, NULL)),
	    403, "CSRF_FAILED");
	ck_answer(ASK(site, .path = "/auth/web/login", .jar = jar_copy(jar),
		      .form = form("identifier", email, "password", SITE_PASSWORD, "csrf_token",
			  jar_csrf(other), NULL)),
	    403, "CSRF_FAILED");
	ck_answer(ASK(site, .path = "/auth/web/login", .jar = jar,
		      .form = form("identifier", email, "password", SITE_PASSWORD, "csrf_token",
			  jar_csrf(jar), NULL)),
	    201, NULL);
}
END_TEST

/* A form of another site may not even register an account, as far as there are cookie backends. */
START_TEST(test_form_to_shared_routes)
{
	struct jar *jar = jar_new();
	const char *fields = form("email", site_email(), "password", SITE_PASSWORD, NULL);

	ck_answer(ASK(site, .path = "/auth/register", .form = fields), 403, "CSRF_FAILED");
	ck_answer(ASK(site, .path = "/auth/web/login", .jar = jar), 200, NULL);
	ck_answer(
	    ASK(site, .path = "/auth/register", .form = fields, .jar = jar, .csrf = jar_csrf(jar)),
	    201, NULL);
	ck_answer(ASK(site, .path = "/auth/register",
		      .json = text(
			  "{\"email\":\"%s\",\"password\":\"%s\"}", site_email(), SITE_PASSWORD)),
	    201, NULL);
}
END_TEST

START_TEST(test_bearer_routes_need_none)
{
	const char *email = site_member(site);
	const char *fields =
	    form("grant_type", "password", "username", email, "password", SITE_PASSWORD, NULL);
	struct answer *answer =
	    ASK(site, .path = "/auth/login", .form = fields, .headers = { FOREIGN });

	ck_answer(answer, 201, NULL);
	ck_assert_ptr_null(answer_header(answer, "Set-Cookie"));
	ck_answer(ASK(site, .path = "/auth/refresh", .headers = { FOREIGN },
		      .form = form("refresh_token", answer_value(answer, "refresh_token"), NULL)),
	    201, NULL);
	ck_answer(ASK(site, .path = "/users/me", .method = "PATCH", .json = PATCH_BODY,
		      .bearer = answer_value(answer, "access_token"), .headers = { FOREIGN }),
	    200, NULL);
}
END_TEST

/* A bearer token and a cookie in one request: the cookie must not act without its token. */
START_TEST(test_bad_bearer_does_not_smuggle_the_cookie_past)
{
	const char *email = site_member(site);
	struct jar *jar = site_login_cookie(site, email, SITE_PASSWORD);

	ck_answer(ASK(site, .path = "/users/me", .method = "PATCH", .json = PATCH_BODY, .jar = jar,
		      .bearer = "nonsense"),
	    403, "CSRF_FAILED");
	ck_answer(ASK(site, .path = "/auth/web/logout", .method = "POST", .jar = jar,
		      .bearer = site_login_bearer(site, email, SITE_PASSWORD).access),
	    403, "CSRF_FAILED");
	ck_answer(ASK(site, .path = "/users/me", .jar = jar), 200, NULL);
}
END_TEST

/* A session is never taken over from before login. */
START_TEST(test_login_makes_new_tokens)
{
	const char *email = site_member(site), *mine;
	struct jar *jar = site_login_cookie(site, email, SITE_PASSWORD);
	struct jar *before = jar_copy(jar);

	mine = jar_value(jar, "");
	ck_answer(ASK(site, .path = "/auth/web/login", .jar = jar, .csrf = jar_csrf(jar),
		      .json = site_credentials(email, SITE_PASSWORD)),
	    201, NULL);
	ck_assert_str_ne(mine, jar_value(jar, ""));
	ck_assert_str_ne(jar_value(before, "_refresh"), jar_value(jar, "_refresh"));
	ck_assert_str_ne(jar_value(before, "_csrf"), jar_value(jar, "_csrf"));
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("csrf");

	site = site_start(&(struct site_options){ 0 });
	tcase_add_loop_test(tests, test_without_a_token, 0, UNSAFE);
	tcase_add_loop_test(tests, test_with_the_token_of_another_session, 0, UNSAFE);
	tcase_add_loop_test(tests, test_with_a_token_of_no_session, 0, UNSAFE);
	tcase_add_loop_test(tests, test_with_a_made_up_token, 0, UNSAFE);
	tcase_add_loop_test(tests, test_from_another_site, 0, UNSAFE);
	tcase_add_loop_test(tests, test_with_the_token, 0, UNSAFE);
	tcase_add_test(tests, test_comes_before_the_body);
	tcase_add_test(tests, test_form_carries_the_token_in_a_field);
	tcase_add_test(tests, test_form_to_shared_routes);
	tcase_add_test(tests, test_bearer_routes_need_none);
	tcase_add_test(tests, test_bad_bearer_does_not_smuggle_the_cookie_past);
	tcase_add_test(tests, test_login_makes_new_tokens);
	return site_run(tests);
}
