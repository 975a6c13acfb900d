/* POST {backend}/logout. */
#include <signal.h>
#include <stdlib.h>

#include "http/storm.h"

static struct site *site;

static struct answer *
logout(const char *access)
{
	return ASK(site, .path = "/auth/logout", .method = "POST", .bearer = access);
}

static struct answer *
logout_cookie(struct jar *jar)
{
	return ASK(
	    site, .path = "/auth/web/logout", .method = "POST", .jar = jar, .csrf = jar_csrf(jar));
}

static struct answer *
refresh(const char *token)
{
	return ASK(
	    site, .path = "/auth/refresh", .json = text("{\"refresh_token\":\"%s\"}", token));
}

static long
me(const char *access)
{
	return ASK(site, .path = "/users/me", .bearer = access)->status;
}

START_TEST(test_logout_ends_this_session_alone)
{
	const char *email = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	struct login device = site_login_bearer(site, email, SITE_PASSWORD);
	struct jar *jar = site_login_cookie(site, email, SITE_PASSWORD);
	struct answer *renewed = refresh(login.refresh);
	struct answer *answer = logout(login.access);

	ck_answer(answer, 201, NULL);
	ck_assert_str_eq(answer->body, "null");
	ck_assert_ptr_null(answer_header(answer, "Set-Cookie"));
	ck_assert_int_eq(me(login.access), 401);
	ck_assert_int_eq(me(answer_value(renewed, "access_token")), 401);
	ck_answer(refresh(answer_value(renewed, "refresh_token")), 400, "REFRESH_TOKEN_INVALID");
	ck_assert_int_eq(me(device.access), 200);
	ck_answer(refresh(device.refresh), 201, NULL);
	ck_answer(ASK(site, .path = "/users/me", .jar = jar), 200, NULL);
	ck_answer(logout(login.access), 401, "NOT_AUTHENTICATED");
}
END_TEST

START_TEST(test_cookie_logout_takes_the_cookies_back)
{
	static const char *const suffixes[] = { "", "_refresh" };
	struct jar *jar = site_login_cookie(site, site_member(site), SITE_PASSWORD);
	struct jar *before = jar_copy(jar);
	const char *attributes[2];
	struct answer *answer;

	for (int i = 0; i < 2; i++)
		attributes[i] = jar_cookie(jar, suffixes[i])->attributes;
	answer = logout_cookie(jar);
	ck_answer(answer, 201, NULL);
	ck_assert_str_eq(answer->body, "null");
	for (int i = 0; i < 2; i++) {
		struct cookie *cookie = jar_cookie(jar, suffixes[i]);
		const char *age = strstr(cookie->attributes, "Max-Age=0; ");

		ck_assert_str_eq(cookie->value, "");
		ck_assert_ptr_nonnull(age);
		ck_assert_str_eq(
		    text("%.*s%s", (int)(age - cookie->attributes), cookie->attributes, age + 11),
		    attributes[i]);
	}
	ck_answer(ASK(site, .path = "/users/me", .jar = before), 401, "NOT_AUTHENTICATED");
	ck_answer(ASK(site, .path = "/auth/web/refresh", .method = "POST", .jar = before,
		      .csrf = jar_csrf(before)),
	    403, "CSRF_FAILED"); /* bound to a session that is no more */
}
END_TEST

START_TEST(test_cookie_logout_needs_the_csrf_token)
{
	const char *email = site_member(site);
	struct jar *jar = site_login_cookie(site, email, SITE_PASSWORD);
	struct jar *other = site_login_cookie(site, email, SITE_PASSWORD), *mixed = jar_copy(jar);

	ck_answer(ASK(site, .path = "/auth/web/logout", .method = "POST", .jar = jar), 403,
	    "CSRF_FAILED");
	jar_set(mixed, "yett_csrf", jar_csrf(other));
	ck_answer(logout_cookie(mixed), 403, "CSRF_FAILED");
	ck_answer(ASK(site, .path = "/auth/web/logout", .method = "POST", .jar = jar,
		      .csrf = jar_csrf(jar), .headers = { "Sec-Fetch-Site: cross-site" }),
	    403, "CSRF_FAILED");
	ck_answer(ASK(site, .path = "/users/me", .jar = jar), 200, NULL);
	ck_answer(logout_cookie(jar), 201, NULL);
}
END_TEST

/* The token must come through the backend's own transport. */
START_TEST(test_the_transport_must_be_the_backends)
{
	const char *email = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	struct jar *jar = site_login_cookie(site, email, SITE_PASSWORD), *anonymous = jar_new();

	ASK(site, .path = "/auth/web/login", .jar = anonymous);
	ck_answer(ASK(site, .path = "/auth/logout", .method = "POST", .jar = jar), 401,
	    "NOT_AUTHENTICATED");
	ck_answer(logout(jar_value(jar, "")), 401, "NOT_AUTHENTICATED");
	ck_answer(ASK(site, .path = "/auth/web/logout", .method = "POST", .bearer = login.access),
	    403, "CSRF_FAILED");
	ck_answer(ASK(site, .path = "/auth/web/logout", .method = "POST", .bearer = login.access,
		      .jar = anonymous, .csrf = jar_csrf(anonymous)),
	    401, "NOT_AUTHENTICATED");
	jar_set(anonymous, "yett", login.access);
	ck_answer(logout_cookie(anonymous), 401, "NOT_AUTHENTICATED");
	ck_assert_int_eq(me(login.access), 200);
	ck_answer(ASK(site, .path = "/users/me", .jar = jar), 200, NULL);
}
END_TEST

static const struct {
	const char *header;
	const char *challenge;
} challenges[] = {
	{ NULL, "Bearer" },
	{ "Authorization: Basic dXNlcjpwYXNz", "Bearer" },
	{ "Authorization: Bearer", "Bearer" },
	{ "Authorization: Bearer x", "Bearer error=\"invalid_token\"" },
	{ "Authorization: bearer x.y.z", "Bearer error=\"invalid_token\"" },
	{ "Authorization: Bearer eyJhbGciOiJub25lIn0.e30.", "Bearer error=\"invalid_token\"" },
};

START_TEST(test_challenges)
{
	struct answer *answer = ASK(
	    site, .path = "/auth/logout", .method = "POST", .headers = { challenges[_i].header });

	ck_answer(answer, 401, "NOT_AUTHENTICATED");
	ck_assert_uint_eq(answer_header_count(answer, "WWW-Authenticate"), 1);
	ck_assert_str_eq(answer_header(answer, "WWW-Authenticate"), challenges[_i].challenge);
}
END_TEST

/* What could not be stored is not said to be done: the session still works. */
START_TEST(test_a_logout_that_cannot_be_stored_is_refused)
{
	struct login login = site_login_bearer(site, site_member(site), SITE_PASSWORD);
	struct sqlite3 *lock = site_lock(site);
	struct answer *answer = logout(login.access);

	site_unlock(lock);
	ck_answer(answer, 503, "TOKEN_PROCESSING_FAILED");
	ck_assert_int_ge(atoi(answer_header(answer, "Retry-After")), 1);
	ck_assert_int_eq(me(login.access), 200);
	ck_answer(logout(login.access), 201, NULL);
}
END_TEST

START_TEST(test_stateless_tokens_are_denied_afterwards)
{
	struct site *stateless =
	    site_start(&(struct site_options){ .settings = { "jwt.sessions", "off" } });
	const char *email = site_member(stateless);
	struct ask enter = { .path = "/auth/login",
		.json = site_credentials(email, SITE_PASSWORD) };
	const char *first = answer_value(ask(stateless, &enter), "access_token");
	const char *second = answer_value(ask(stateless, &enter), "access_token");

	ck_answer(
	    ASK(stateless, .path = "/auth/logout", .method = "POST", .bearer = first), 201, NULL);
	ck_answer(ASK(stateless, .path = "/users/me", .bearer = first), 401, "NOT_AUTHENTICATED");
	ck_answer(ASK(stateless, .path = "/users/me", .bearer = second), 200, NULL);
}
END_TEST

/* Without a session the CSRF token of the login is bound to the token's jti: it holds at once, and
 * for this token alone. */
START_TEST(test_stateless_cookies_can_be_given_back)
{
	struct site *stateless = site_start(&(struct site_options){
	    .settings = { "backend web.strategy", "jwt", "jwt.sessions", "off" } });
	const char *email = site_member(stateless);
	struct jar *jar = site_login_cookie(stateless, email, SITE_PASSWORD), *before;
	struct jar *other = site_login_cookie(stateless, email, SITE_PASSWORD);
	struct ask leave = { .path = "/auth/web/logout", .method = "POST" };

	leave.jar = jar_copy(jar);
	jar_set(leave.jar, "yett_csrf", jar_csrf(other));
	leave.csrf = jar_csrf(other);
	ck_answer(ask(stateless, &leave), 403, "CSRF_FAILED");
	before = jar_copy(jar);
	leave.jar = jar;
	leave.csrf = jar_csrf(jar);
	ck_answer(ask(stateless, &leave), 201, NULL);
	ck_assert_str_eq(jar_value(jar, ""), "");
	ck_answer(ASK(stateless, .path = "/users/me", .jar = before), 401, "NOT_AUTHENTICATED");
	ck_answer(ASK(stateless, .path = "/users/me", .jar = other), 200, NULL);
}
END_TEST

/* A process looks after the house as it starts, and once a minute. */
START_TEST(test_expired_denials_are_cleaned_away)
{
	const char *email = site_member(site);
	double until = storm_seconds() + 30;

	site_sql(site, "INSERT INTO denied_jwt VALUES ('past', 1), ('future', 9999999999999)");
	ck_assert_uint_gt(storm_signal(site, "login", SIGKILL), 0);
	do {
		storm_rest(50);
		ASK(site, .path = "/auth/login", .json = site_credentials(email, SITE_PASSWORD));
	} while (site_sql(site, "SELECT 1 FROM denied_jwt WHERE jti = 'past'") != NULL &&
		 storm_seconds() < until);
	ck_assert_str_eq(site_sql(site, "SELECT group_concat(jti) FROM denied_jwt"), "future");
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("logout");

	site =
	    site_start(&(struct site_options){ .settings = { "database.busy_timeout", "500ms" } });
	tcase_add_test(tests, test_logout_ends_this_session_alone);
	tcase_add_test(tests, test_cookie_logout_takes_the_cookies_back);
	tcase_add_test(tests, test_cookie_logout_needs_the_csrf_token);
	tcase_add_test(tests, test_the_transport_must_be_the_backends);
	tcase_add_loop_test(
	    tests, test_challenges, 0, (int)(sizeof(challenges) / sizeof(challenges[0])));
	tcase_add_test(tests, test_a_logout_that_cannot_be_stored_is_refused);
	tcase_add_test(tests, test_stateless_tokens_are_denied_afterwards);
	tcase_add_test(tests, test_stateless_cookies_can_be_given_back);
	tcase_add_test(tests, test_expired_denials_are_cleaned_away);
	return site_run(tests);
}
