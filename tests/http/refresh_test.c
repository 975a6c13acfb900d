/* POST {backend}/refresh. */
#include <stdlib.h>

#include "http/site.h"

#define LENGTH(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))
#define TEN "abcdefghij"
#define FIFTY TEN TEN TEN TEN TEN
#define FIVE_HUNDRED FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY

static struct site *site;
static struct site *strict; /* refresh_grace = off, and limits as they are by default */

static const char *
body(const char *token)
{
	return text("{\"refresh_token\":\"%s\"}", token);
}

static struct answer *
refresh(const struct site *at, const char *token)
{
	return ASK(at, .path = "/auth/refresh", .json = body(token));
}

static struct answer *
refresh_cookie(struct jar *jar)
{
	return ASK(
	    site, .path = "/auth/web/refresh", .method = "POST", .jar = jar, .csrf = jar_csrf(jar));
}

static long
me(const struct site *at, const char *access)
{
	return ASK(at, .path = "/users/me", .bearer = access)->status;
}

/* A column of the only session of an account. */
static const char *
session_of(const struct site *at, const char *email, const char *column)
{
	return site_sql(at,
	    "SELECT %s FROM session JOIN users ON users.id = session.user_id WHERE email = %Q",
	    column, email);
}

/* ------------------------------------------------------------------ rotation */

START_TEST(test_rotation_gives_new_tokens_of_the_same_session)
{
	const char *email = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	const char *columns = "public_id || ' ' || session.created_at || ' ' || expires_at";
	const char *before;
	struct answer *answer;

	site_sql(site,
	    "UPDATE session SET last_used_at = 1, created_at = created_at - 5000,"
	    " expires_at = expires_at - 5000 WHERE public_id = %Q",
	    session_of(site, email, "session.public_id"));
	before = session_of(site, email, text("session.%s", columns));
	answer = refresh(site, login.refresh);
	ck_answer(answer, 201, NULL);
	ck_assert_uint_eq(answer_count(answer, ""), 4);
	ck_assert_str_eq(answer_value(answer, "token_type"), "bearer");
	ck_assert_str_ne(answer_value(answer, "refresh_token"), login.refresh);
	ck_assert_str_ne(answer_value(answer, "access_token"), login.access);
	ck_assert_str_eq(session_of(site, email, text("session.%s", columns)), before);
	ck_assert_str_ne(session_of(site, email, "last_used_at"), "1");
	/* Access tokens of before live on until they expire. */
	ck_assert_int_eq(me(site, login.access), 200);
	ck_assert_int_eq(me(site, answer_value(answer, "access_token")), 200);
}
END_TEST

START_TEST(test_cookie_rotation_sets_all_cookies)
{
	struct jar *jar = site_login_cookie(site, site_member(site), SITE_PASSWORD);
	struct jar *before = jar_copy(jar);
	struct answer *answer = refresh_cookie(jar);

	ck_answer(answer, 201, NULL);
	ck_assert_str_eq(answer->body, "null");
	ck_assert_uint_eq(answer_header_count(answer, "Set-Cookie"), 3);
	ck_assert_str_ne(jar_value(jar, ""), jar_value(before, ""));
	ck_assert_str_ne(jar_value(jar, "_refresh"), jar_value(before, "_refresh"));
	ck_answer(ASK(site, .path = "/users/me", .jar = jar), 200, NULL);
	ck_answer(refresh_cookie(jar), 201, NULL);
}
END_TEST

/* The usual case: the access token has expired, the refresh cookie tells which session it is. */
START_TEST(test_cookie_rotation_without_an_access_token)
{
	struct jar *jar = site_login_cookie(site, site_member(site), SITE_PASSWORD);

	jar_set(jar, "yett", "");
	ck_answer(refresh_cookie(jar), 201, NULL);
	ck_answer(ASK(site, .path = "/users/me", .jar = jar), 200, NULL);
}
END_TEST

START_TEST(test_cookie_rotation_needs_the_csrf_token_of_its_session)
{
	const char *email = site_member(site);
	struct jar *jar = site_login_cookie(site, email, SITE_PASSWORD);
	struct jar *other = site_login_cookie(site, email, SITE_PASSWORD);
	struct jar *anonymous = jar_new(), *mixed = jar_copy(jar);

	ASK(site, .path = "/auth/web/login", .jar = anonymous);
	ck_answer(ASK(site, .path = "/auth/web/refresh", .method = "POST", .jar = jar), 403,
	    "CSRF_FAILED");
	jar_set(mixed, "yett_csrf", jar_csrf(other));
	ck_answer(refresh_cookie(mixed), 403, "CSRF_FAILED");
	jar_set(mixed, "yett_csrf", jar_csrf(anonymous));
	ck_answer(refresh_cookie(mixed), 403, "CSRF_FAILED");
	ck_answer(refresh_cookie(jar), 201, NULL);
}
END_TEST

/* ------------------------------------------------------------------ reuse */

START_TEST(test_within_the_grace_the_same_successor_comes_again)
{
	struct login login = site_login_bearer(site, site_member(site), SITE_PASSWORD);
	struct answer *first = refresh(site, login.refresh), *second = refresh(site, login.refresh);

	ck_answer(second, 201, NULL);
	ck_assert_str_eq(
	    answer_value(first, "refresh_token"), answer_value(second, "refresh_token"));
	ck_answer(refresh(site, answer_value(first, "refresh_token")), 201, NULL);
}
END_TEST

static void
end_grace(const struct site *at)
{
	site_sql(at, "UPDATE consumed_refresh SET consumed_at = consumed_at - 10000");
}

START_TEST(test_reuse_after_the_grace_ends_the_session)
{
	const char *email = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	struct login device = site_login_bearer(site, email, SITE_PASSWORD);
	struct answer *answer = refresh(site, login.refresh);

	end_grace(site);
	ck_answer(refresh(site, login.refresh), 400, "REFRESH_TOKEN_INVALID");
	ck_assert_int_eq(me(site, login.access), 401);
	ck_assert_int_eq(me(site, answer_value(answer, "access_token")), 401);
	ck_answer(
	    refresh(site, answer_value(answer, "refresh_token")), 400, "REFRESH_TOKEN_INVALID");
	/* The other device is no part of it. */
	ck_assert_int_eq(me(site, device.access), 200);
	ck_answer(refresh(site, device.refresh), 201, NULL);
}
END_TEST

START_TEST(test_reuse_of_an_old_ancestor_ends_the_session_too)
{
	struct login login = site_login_bearer(site, site_member(site), SITE_PASSWORD);
	const char *token = login.refresh;

	for (int i = 0; i < 4; i++)
		token = answer_value(refresh(site, token), "refresh_token");
	end_grace(site);
	ck_answer(refresh(site, login.refresh), 400, "REFRESH_TOKEN_INVALID");
	ck_answer(refresh(site, token), 400, "REFRESH_TOKEN_INVALID");
}
END_TEST

START_TEST(test_strict_reuse_ends_the_session_at_once)
{
	struct login login = site_login_bearer(strict, site_member(strict), SITE_PASSWORD);
	struct answer *answer = refresh(strict, login.refresh);

	ck_answer(answer, 201, NULL);
	ck_answer(refresh(strict, login.refresh), 400, "REFRESH_TOKEN_INVALID");
	ck_assert_int_eq(me(strict, answer_value(answer, "access_token")), 401);
}
END_TEST

static int
race(const struct site *at, const char *token, struct answer *answers[20])
{
	struct ask requests[20];
	const char *json = body(token);
	int won = 0;

	for (int i = 0; i < 20; i++)
		requests[i] =
		    (struct ask){ .path = "/auth/refresh", .json = json, .address = "127.0.3.1" };
	ask_all(at, requests, 20, answers);
	for (int i = 0; i < 20; i++) {
		ck_assert(answers[i]->status == 201 || answers[i]->status == 400);
		won += answers[i]->status == 201;
	}
	return won;
}

START_TEST(test_strict_race_has_one_winner)
{
	struct login login = site_login_bearer(strict, site_member(strict), SITE_PASSWORD);
	struct answer *answers[20];

	ck_assert_int_eq(race(strict, login.refresh, answers), 1);
}
END_TEST

START_TEST(test_race_within_the_grace_has_one_successor)
{
	struct login login = site_login_bearer(site, site_member(site), SITE_PASSWORD);
	struct answer *answers[20];

	ck_assert_int_eq(race(site, login.refresh, answers), 20);
	for (int i = 1; i < 20; i++)
		ck_assert_str_eq(answer_value(answers[i], "refresh_token"),
		    answer_value(answers[0], "refresh_token"));
}
END_TEST

/* ------------------------------------------------------------------ refusals */

START_TEST(test_tokens_work_in_their_own_place_only)
{
	const char *email = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	struct jar *jar = site_login_cookie(site, email, SITE_PASSWORD), *swapped = jar_copy(jar);

	ck_answer(refresh(site, login.access), 400, "REFRESH_TOKEN_INVALID");
	ck_answer(refresh(site, jar_value(jar, "_refresh")), 400, "REFRESH_TOKEN_INVALID");
	ck_answer(refresh(site, jar_value(jar, "")), 400, "REFRESH_TOKEN_INVALID");
	ck_answer(refresh(site, jar_csrf(jar)), 400, "REFRESH_TOKEN_INVALID");
	jar_set(swapped, "yett_refresh", login.refresh);
	ck_answer(refresh_cookie(swapped), 400, "REFRESH_TOKEN_INVALID");
	ck_assert_int_eq(me(site, login.refresh), 401);
	/* A bearer backend takes no cookie, a cookie backend no body. */
	ck_answer(ASK(site, .path = "/auth/refresh", .json = "{}", .jar = jar), 422,
	    "REQUEST_BODY_INVALID");
	ck_answer(ASK(site, .path = "/auth/web/refresh", .jar = jar, .csrf = jar_csrf(jar),
		      .json = body(jar_value(jar, "_refresh"))),
	    422, "REQUEST_BODY_INVALID");
	/* None of this has ended anything. */
	ck_answer(refresh(site, login.refresh), 201, NULL);
	ck_answer(refresh_cookie(jar), 201, NULL);
}
END_TEST

START_TEST(test_cookie_backend_without_the_cookie)
{
	struct jar *jar = jar_new();

	ASK(site, .path = "/auth/web/login", .jar = jar);
	ck_answer(refresh_cookie(jar), 400, "REFRESH_TOKEN_INVALID");
}
END_TEST

static const struct {
	const char *given;
	int status;
	const char *code;
} bodies[] = {
	{ "{", 400, "REQUEST_BODY_INVALID" },
	{ "[]", 422, "REQUEST_BODY_INVALID" },
	{ "{}", 422, "REQUEST_BODY_INVALID" },
	{ "{\"refresh_token\":null}", 422, "REQUEST_BODY_INVALID" },
	{ "{\"refresh_token\":7}", 422, "REQUEST_BODY_INVALID" },
	{ "{\"refresh_token\":\"\"}", 422, "REQUEST_BODY_INVALID" },
	{ "{\"refresh_token\":\"x\",\"other\":\"y\"}", 422, "REQUEST_BODY_INVALID" },
	{ "{\"refresh_token\":\"x\"}", 400, "REFRESH_TOKEN_INVALID" },
	{ "{\"refresh_token\":\"" FIVE_HUNDRED "123456789012\"}", 400, "REFRESH_TOKEN_INVALID" },
	{ "{\"refresh_token\":\"" FIVE_HUNDRED "1234567890123\"}", 422, "REQUEST_BODY_INVALID" },
	{ "{\"refresh_token\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", 400,
	    "REFRESH_TOKEN_INVALID" },
	{ "{\"refresh_token\":\"\\u00fc\\n' OR 1=1 --\"}", 400, "REFRESH_TOKEN_INVALID" },
};

START_TEST(test_bodies)
{
	ck_answer(ASK(site, .path = "/auth/refresh", .json = bodies[_i].given), bodies[_i].status,
	    bodies[_i].code);
}
END_TEST

/* What happened to the account or the session since the login. */
static const struct {
	const char *sql;
	const char *code;
	bool all; /* all sessions of the user end */
} changes[] = {
	{ "UPDATE users SET is_verified = 0 WHERE email = %Q", "LOGIN_ACCOUNT_UNAVAILABLE", true },
	{ "UPDATE users SET is_active = 0 WHERE email = %Q", "LOGIN_ACCOUNT_UNAVAILABLE", true },
	{ "UPDATE session SET expires_at = CAST(strftime('%%s', 'now') AS INTEGER) * 1000 WHERE "
	  "user_id"
	  " = (SELECT id FROM users WHERE email = %Q)",
	    "REFRESH_TOKEN_INVALID", false },
	{ "DELETE FROM users WHERE email = %Q", "REFRESH_TOKEN_INVALID", false },
};

START_TEST(test_refused_accounts_and_sessions)
{
	const char *email = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	struct login device = site_login_bearer(site, email, SITE_PASSWORD);

	site_sql(site, changes[_i].sql, email);
	ck_answer(refresh(site, login.refresh), 400, changes[_i].code);
	ck_assert_int_eq(me(site, login.access), 401);
	if (!changes[_i].all)
		return;
	site_sql(site, "UPDATE users SET is_verified = 1, is_active = 1 WHERE email = %Q", email);
	ck_answer(refresh(site, login.refresh), 400, "REFRESH_TOKEN_INVALID");
	ck_answer(refresh(site, device.refresh), 400, "REFRESH_TOKEN_INVALID");
	ck_assert_int_eq(me(site, device.access), 401);
}
END_TEST

START_TEST(test_deactivation_ends_everything_at_once)
{
	const char *email = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);

	CTL(site, "user", "deactivate", email);
	ck_answer(refresh(site, login.refresh), 400, NULL);
	ck_assert_int_eq(me(site, login.access), 401);
	CTL(site, "user", "activate", email);
	ck_answer(refresh(site, login.refresh), 400, "REFRESH_TOKEN_INVALID");
	ck_assert_int_eq(me(site, login.access), 401);
}
END_TEST

/* Each minute not refreshed counts against idle_lifetime, whatever is left of the session. */
START_TEST(test_idle_sessions_end)
{
	struct site *idle =
	    site_start(&(struct site_options){ .settings = { "database.idle_lifetime", "1h" } });
	struct login login = site_login_bearer(idle, site_member(idle), SITE_PASSWORD);
	struct answer *answer;

	site_sql(idle, "UPDATE session SET last_used_at = last_used_at - 3590000");
	answer = refresh(idle, login.refresh);
	ck_answer(answer, 201, NULL);
	site_sql(idle, "UPDATE session SET last_used_at = last_used_at - 3600000");
	ck_answer(
	    refresh(idle, answer_value(answer, "refresh_token")), 400, "REFRESH_TOKEN_INVALID");
}
END_TEST

/* An access token that outlived its idle session would make idle_lifetime mean nothing. */
static const struct {
	const char *settings[5];
	long lifetime;
} idle_rows[] = {
	{ { "database.idle_lifetime", "5m" }, 300 },
	{ { "database.idle_lifetime", "5m", "backend api.strategy", "jwt" }, 300 },
	{ { "database.idle_lifetime", "5m", "backend api.strategy", "database" }, 300 },
	{ { "database.idle_lifetime", "12h", "backend api.strategy", "database" }, 3600 },
	{ { "backend api.strategy", "database" }, 3600 },
};

START_TEST(test_idle_lifetime_bounds_access_tokens)
{
	struct site_options options = { 0 };
	struct site *idle;
	struct answer *answer;
	long given;

	memcpy(options.settings, idle_rows[_i].settings, sizeof(idle_rows[_i].settings));
	idle = site_start(&options);
	answer = ASK(idle, .path = "/auth/login",
	    .json = site_credentials(site_member(idle), SITE_PASSWORD));
	for (int turn = 0; turn < 2; turn++) {
		ck_answer(answer, 201, NULL);
		given = atol(answer_value(answer, "expires_in"));
		ck_assert_int_le(given, idle_rows[_i].lifetime);
		ck_assert_int_ge(given, idle_rows[_i].lifetime - 1);
		answer = refresh(idle, answer_value(answer, "refresh_token"));
	}
}
END_TEST

START_TEST(test_failures_are_limited_and_successes_are_not)
{
	struct login login = site_login_bearer(strict, site_member(strict), SITE_PASSWORD);
	const char *token = login.refresh;
	struct ask request = { .path = "/auth/refresh", .address = "127.0.3.2" };
	struct answer *answer;

	for (int i = 0; i < 32; i++) {
		request.json = body(token);
		answer = ask(strict, &request);
		ck_answer(answer, 201, NULL);
		token = answer_value(answer, "refresh_token");
	}
	request.json = body("x");
	for (int i = 0; i < 30; i++)
		ck_answer(ask(strict, &request), 400, "REFRESH_TOKEN_INVALID");
	answer = ask(strict, &request);
	ck_answer(answer, 429, "RATE_LIMITED");
	ck_assert_int_ge(atoi(answer_header(answer, "Retry-After")), 1);
	request.json = body(token);
	ck_answer(ask(strict, &request), 429, "RATE_LIMITED");
	request.address = "127.0.3.3";
	ck_answer(ask(strict, &request), 201, NULL);
}
END_TEST

START_TEST(test_without_its_store_refresh_is_unavailable)
{
	struct login login = site_login_bearer(site, site_member(site), SITE_PASSWORD);
	struct sqlite3 *lock = site_lock(site);
	struct answer *answer = refresh(site, login.refresh);

	site_unlock(lock);
	ck_answer(answer, 503, "SERVICE_UNAVAILABLE");
	ck_answer(refresh(site, login.refresh), 201, NULL);
}
END_TEST

START_TEST(test_where_refresh_is_off_there_is_none)
{
	struct site *off = site_start(&(struct site_options){
	    .settings = { "database.refresh", "off", "backend api.sessions", "off" } });
	const char *email = site_member(off);
	struct answer *answer =
	    ASK(off, .path = "/auth/login", .json = site_credentials(email, SITE_PASSWORD));
	struct jar *jar = site_login_cookie(off, email, SITE_PASSWORD);

	ck_answer(answer, 201, NULL);
	ck_assert_ptr_null(answer_value(answer, "refresh_token"));
	ck_assert_str_eq(jar_value(jar, "_refresh"), "");
	ck_answer(refresh(off, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), 400,
	    "REFRESH_TOKEN_INVALID");
	ck_answer(ASK(off, .path = "/auth/web/refresh", .method = "POST", .jar = jar,
		      .csrf = jar_csrf(jar)),
	    400, "REFRESH_TOKEN_INVALID");
	ck_answer(ASK(off, .path = "/users/me", .jar = jar), 200, NULL);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("refresh");

	site =
	    site_start(&(struct site_options){ .settings = { "database.busy_timeout", "500ms" } });
	strict = site_start(&(struct site_options){
	    .settings = { "database.refresh_grace", "off", "limit.refresh", "30/5m" } });
	tcase_add_test(tests, test_rotation_gives_new_tokens_of_the_same_session);
	tcase_add_test(tests, test_cookie_rotation_sets_all_cookies);
	tcase_add_test(tests, test_cookie_rotation_without_an_access_token);
	tcase_add_test(tests, test_cookie_rotation_needs_the_csrf_token_of_its_session);
	tcase_add_test(tests, test_within_the_grace_the_same_successor_comes_again);
	tcase_add_test(tests, test_reuse_after_the_grace_ends_the_session);
	tcase_add_test(tests, test_reuse_of_an_old_ancestor_ends_the_session_too);
	tcase_add_test(tests, test_strict_reuse_ends_the_session_at_once);
	tcase_add_test(tests, test_strict_race_has_one_winner);
	tcase_add_test(tests, test_race_within_the_grace_has_one_successor);
	tcase_add_test(tests, test_tokens_work_in_their_own_place_only);
	tcase_add_test(tests, test_cookie_backend_without_the_cookie);
	tcase_add_loop_test(tests, test_bodies, 0, LENGTH(bodies));
	tcase_add_loop_test(tests, test_refused_accounts_and_sessions, 0, LENGTH(changes));
	tcase_add_test(tests, test_deactivation_ends_everything_at_once);
	tcase_add_test(tests, test_idle_sessions_end);
	tcase_add_loop_test(tests, test_idle_lifetime_bounds_access_tokens, 0, LENGTH(idle_rows));
	tcase_add_test(tests, test_failures_are_limited_and_successes_are_not);
	tcase_add_test(tests, test_without_its_store_refresh_is_unavailable);
	tcase_add_test(tests, test_where_refresh_is_off_there_is_none);
	return site_run(tests);
}
