/* {backend}/sessions: listing and ending. */
#include "http/site.h"

static struct site *site;

static struct answer *
list(const char *access)
{
	return ASK(site, .path = "/auth/sessions", .bearer = access);
}

static long
me(const char *access)
{
	return ASK(site, .path = "/users/me", .bearer = access)->status;
}

static const char *
item(const struct answer *answer, int which, const char *member)
{
	return answer_value(answer, text("sessions.%d.%s", which, member));
}

/* A session's position in the list that is marked as current; -1: none, -2: null in all. */
static int
current(const struct answer *answer)
{
	int found = -1;

	for (int i = 0; i < (int)answer_count(answer, "sessions"); i++) {
		if (strcmp(item(answer, i, "is_current"), "null") == 0)
			return -2;
		if (strcmp(item(answer, i, "is_current"), "true") != 0)
			continue;
		ck_assert_int_eq(found, -1);
		found = i;
	}
	return found;
}

START_TEST(test_list_shows_the_sessions_of_all_backends_oldest_first)
{
	const char *email = site_member(site);
	struct login login;
	struct answer *answer;

	ASK(site, .path = "/auth/login", .json = site_credentials(email, SITE_PASSWORD),
	    .headers = { "User-Agent: First/1.0 (\xc3\xbc)" });
	site_login_cookie(site, email, SITE_PASSWORD);
	site_login_bearer(site, site_member(site), SITE_PASSWORD);
	login = site_login_bearer(site, email, SITE_PASSWORD);
	answer = list(login.access);
	ck_answer(answer, 200, NULL);
	ck_assert_uint_eq(answer_count(answer, ""), 1);
	ck_assert_uint_eq(answer_count(answer, "sessions"), 3);
	ck_assert_str_eq(item(answer, 0, "backend"), "api");
	ck_assert_str_eq(item(answer, 1, "backend"), "web");
	ck_assert_int_eq(current(answer), 2);
	ck_assert_str_eq(item(answer, 0, "client_metadata.user_agent"), "First/1.0 (\xc3\xbc)");
	for (int i = 0; i < 3; i++) {
		const char *created = item(answer, i, "created_at");

		ck_assert_uint_eq(answer_count(answer, text("sessions.%d", i)), 6);
		ck_assert_uint_eq(strlen(item(answer, i, "session_id")), 36);
		ck_assert_int_eq(created[strlen(created) - 1], 'Z');
		ck_assert_int_eq(created[10], 'T');
		ck_assert_str_eq(item(answer, i, "last_used_at"), created);
		if (i > 0)
			ck_assert_str_ge(created, item(answer, i - 1, "created_at"));
	}
}
END_TEST

START_TEST(test_user_agents_are_kept_short)
{
	const char *email = site_member(site);
	struct answer *answer =
	    ASK(site, .path = "/auth/login", .json = site_credentials(email, SITE_PASSWORD),
		.headers = { text("User-Agent: %0300d", 1) });

	answer = list(answer_value(answer, "access_token"));
	ck_assert_uint_eq(strlen(item(answer, 0, "client_metadata.user_agent")), 255);
}
END_TEST

START_TEST(test_a_refresh_token_tells_the_current_session)
{
	const char *email = site_member(site);
	struct login first = site_login_bearer(site, email, SITE_PASSWORD);
	struct login second = site_login_bearer(site, email, SITE_PASSWORD);
	struct login stranger = site_login_bearer(site, site_member(site), SITE_PASSWORD);
	const struct {
		const char *refresh;
		int current;
	} rows[] = { { first.refresh, 0 }, { second.refresh, 1 }, { stranger.refresh, 0 },
		{ "x", 0 } };

	for (int i = 0; i < 4; i++) {
		struct answer *answer = ASK(site, .path = "/auth/sessions", .bearer = first.access,
		    .json = text("{\"refresh_token\":\"%s\"}", rows[i].refresh));

		ck_answer(answer, 200, NULL);
		ck_assert_uint_eq(answer_count(answer, "sessions"), 2);
		ck_assert_int_eq(current(answer), rows[i].current);
	}
	ck_answer(ASK(site, .path = "/auth/sessions", .bearer = first.access, .json = "{}"), 422,
	    "REQUEST_BODY_INVALID");
}
END_TEST

START_TEST(test_cookies_tell_the_current_session)
{
	const char *email = site_member(site);
	struct jar *first = site_login_cookie(site, email, SITE_PASSWORD);

	site_login_cookie(site, email, SITE_PASSWORD);
	ck_assert_int_eq(current(ASK(site, .path = "/auth/web/sessions", .jar = first)), 0);
}
END_TEST

START_TEST(test_refresh_moves_last_used)
{
	struct login login = site_login_bearer(site, site_member(site), SITE_PASSWORD);
	struct answer *before = list(login.access), *after;

	site_sql(site,
	    "UPDATE session SET last_used_at = last_used_at - 60000,"
	    " created_at = created_at - 60000 WHERE public_id = %Q",
	    item(before, 0, "session_id"));
	ck_answer(ASK(site, .path = "/auth/refresh",
		      .json = text("{\"refresh_token\":\"%s\"}", login.refresh)),
	    201, NULL);
	after = list(login.access);
	ck_assert_str_eq(item(after, 0, "session_id"), item(before, 0, "session_id"));
	ck_assert_str_ge(item(after, 0, "last_used_at"), item(before, 0, "last_used_at"));
	ck_assert_str_lt(item(after, 0, "created_at"), item(before, 0, "created_at"));
}
END_TEST

START_TEST(test_ended_and_expired_sessions_are_not_listed)
{
	const char *email = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	struct login other = site_login_bearer(site, email, SITE_PASSWORD);

	ASK(site, .path = "/auth/logout", .method = "POST", .bearer = other.access);
	site_login_bearer(site, email, SITE_PASSWORD);
	site_sql(site, "UPDATE session SET expires_at = 1 WHERE public_id = %Q",
	    item(list(login.access), 1, "session_id"));
	ck_assert_uint_eq(answer_count(list(login.access), "sessions"), 1);
}
END_TEST

/* ------------------------------------------------------------------ ending */

static struct answer *
end(const char *access, const char *id)
{
	return ASK(
	    site, .path = text("/auth/sessions/%s", id), .method = "DELETE", .bearer = access);
}

START_TEST(test_one_session_is_ended)
{
	const char *email = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	struct login other = site_login_bearer(site, email, SITE_PASSWORD);
	const char *id = item(list(login.access), 1, "session_id");
	struct answer *answer = end(login.access, id);

	ck_answer(answer, 204, NULL);
	ck_assert_uint_eq(answer->size, 0);
	ck_assert_int_eq(me(other.access), 401);
	ck_answer(ASK(site, .path = "/auth/refresh",
		      .json = text("{\"refresh_token\":\"%s\"}", other.refresh)),
	    400, "REFRESH_TOKEN_INVALID");
	ck_assert_int_eq(me(login.access), 200);
	ck_answer(end(login.access, id), 404, "REFRESH_SESSION_NOT_FOUND");
	ck_answer(end(login.access, item(list(login.access), 0, "session_id")), 204, NULL);
	ck_assert_int_eq(me(login.access), 401);
}
END_TEST

START_TEST(test_only_ones_own_sessions_are_found)
{
	struct login login = site_login_bearer(site, site_member(site), SITE_PASSWORD);
	struct login stranger = site_login_bearer(site, site_member(site), SITE_PASSWORD);
	const char *const ids[] = { item(list(stranger.access), 0, "session_id"),
		"00000000-0000-4000-8000-000000000000", "x", "%27%20OR%201=1",
		"00000000-0000-4000-8000-0000000000000" };

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		ck_answer(end(login.access, ids[i]), 404, "REFRESH_SESSION_NOT_FOUND");
	ck_assert_int_eq(me(stranger.access), 200);
	ck_answer(ASK(site, .path = "/auth/sessions/", .method = "DELETE", .bearer = login.access),
	    404, "NOT_FOUND");
	ck_answer(end(login.access, text("%s/x", item(list(login.access), 0, "session_id"))), 404,
	    "NOT_FOUND");
}
END_TEST

START_TEST(test_deleting_by_cookie_needs_the_csrf_token)
{
	struct jar *jar = site_login_cookie(site, site_member(site), SITE_PASSWORD);
	const char *id = item(ASK(site, .path = "/auth/web/sessions", .jar = jar), 0, "session_id");
	struct ask request = {
		.path = text("/auth/web/sessions/%s", id), .method = "DELETE", .jar = jar
	};

	ck_answer(ask(site, &request), 403, "CSRF_FAILED");
	request.csrf = jar_csrf(jar);
	ck_answer(ask(site, &request), 204, NULL);
}
END_TEST

static const struct {
	const char *body; /* with the first session's refresh token in place of % */
	int kept;         /* the session that stays; -1: none, -2: all */
	int status;
} others[] = {
	{ NULL, 1, 204 },
	{ "{}", 1, 204 },
	{ "{\"refresh_token\":null}", 1, 204 },
	{ "{\"refresh_token\":\"%\"}", 0, 204 },
	{ "{\"refresh_token\":1}", -2, 422 },
	{ "{\"refresh_token\":\"x\",\"more\":1}", -2, 422 },
	{ "{", -2, 400 },
};

START_TEST(test_others_are_ended)
{
	const char *email = site_member(site), *json = others[_i].body;
	struct login logins[3];
	struct jar *jar = site_login_cookie(site, email, SITE_PASSWORD);
	struct login stranger = site_login_bearer(site, site_member(site), SITE_PASSWORD);
	const char *mark = json == NULL ? NULL : strchr(json, '%');

	for (int i = 0; i < 3; i++)
		logins[i] = site_login_bearer(site, email, SITE_PASSWORD);
	if (mark != NULL)
		json = text("%.*s%s%s", (int)(mark - json), json, logins[0].refresh, mark + 1);
	ck_answer(ASK(site, .path = "/auth/sessions/revoke-others", .method = "POST",
		      .bearer = logins[1].access, .json = json),
	    others[_i].status, NULL);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(me(logins[i].access),
		    others[_i].kept == i || others[_i].kept == -2 ? 200 : 401);
	ck_answer(
	    ASK(site, .path = "/users/me", .jar = jar), others[_i].kept == -2 ? 200 : 401, NULL);
	ck_assert_int_eq(me(stranger.access), 200);
}
END_TEST

/* ------------------------------------------------------------------ who may ask */

START_TEST(test_a_session_is_needed)
{
	static const struct {
		const char *method, *path;
	} rows[] = { { "GET", "/auth/sessions" }, { "POST", "/auth/sessions" },
		{ "DELETE", "/auth/sessions/00000000-0000-4000-8000-000000000000" },
		{ "POST", "/auth/sessions/revoke-others" }, { "GET", "/auth/web/sessions" } };
	struct jar *jar = site_login_cookie(site, site_member(site), SITE_PASSWORD);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_answer(ASK(site, .path = rows[i].path, .method = rows[i].method), 401,
		    "NOT_AUTHENTICATED");
		ck_answer(ASK(site, .path = rows[i].path, .method = rows[i].method, .bearer = "x"),
		    401, "NOT_AUTHENTICATED");
		if (i < 4)
			ck_answer(
			    ASK(site, .path = rows[i].path, .method = rows[i].method, .jar = jar),
			    401, "NOT_AUTHENTICATED");
	}
}
END_TEST

START_TEST(test_stateless_backends_have_no_sessions)
{
	struct site *stateless =
	    site_start(&(struct site_options){ .settings = { "jwt.sessions", "off" } });
	struct answer *login = ASK(stateless, .path = "/auth/login",
	    .json = site_credentials(site_member(stateless), SITE_PASSWORD));
	const char *access = answer_value(login, "access_token");
	const struct ask rows[] = {
		{ .path = "/auth/sessions", .bearer = access },
		{ .path = "/auth/sessions", .json = "{\"refresh_token\":\"x\"}", .bearer = access },
		{ .path = "/auth/sessions/00000000-0000-4000-8000-000000000000",
		    .method = "DELETE",
		    .bearer = access },
		{ .path = "/auth/sessions/revoke-others", .method = "POST", .bearer = access },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_answer(ask(stateless, &rows[i]), 400, "SESSION_MANAGEMENT_UNSUPPORTED");
}
END_TEST

START_TEST(test_switched_off_they_are_not_found)
{
	struct site *off =
	    site_start(&(struct site_options){ .settings = { "routes.sessions", "off" } });

	ck_answer(ASK(off, .path = "/auth/sessions"), 404, "NOT_FOUND");
	ck_answer(
	    ASK(off, .path = "/auth/sessions/revoke-others", .method = "POST"), 404, "NOT_FOUND");
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("sessions");

	site = site_start(&(struct site_options){ 0 });
	tcase_add_test(tests, test_list_shows_the_sessions_of_all_backends_oldest_first);
	tcase_add_test(tests, test_user_agents_are_kept_short);
	tcase_add_test(tests, test_a_refresh_token_tells_the_current_session);
	tcase_add_test(tests, test_cookies_tell_the_current_session);
	tcase_add_test(tests, test_refresh_moves_last_used);
	tcase_add_test(tests, test_ended_and_expired_sessions_are_not_listed);
	tcase_add_test(tests, test_one_session_is_ended);
	tcase_add_test(tests, test_only_ones_own_sessions_are_found);
	tcase_add_test(tests, test_deleting_by_cookie_needs_the_csrf_token);
	tcase_add_loop_test(
	    tests, test_others_are_ended, 0, (int)(sizeof(others) / sizeof(others[0])));
	tcase_add_test(tests, test_a_session_is_needed);
	tcase_add_test(tests, test_stateless_backends_have_no_sessions);
	tcase_add_test(tests, test_switched_off_they_are_not_found);
	return site_run(tests);
}
