/* What was ended stays ended: deactivation, password change, revocation by the operator. */
#include "http/storm.h"

#define ROUNDS 10
#define RACERS 6

static struct site *site;
static struct site *slow; /* hashes that take their time, so that something can come between */

/* One session at each kind of backend. */
struct sessions {
	struct login bearer;
	struct jar *jar;
};

static struct sessions
sessions_open(const char *email)
{
	struct sessions sessions = { site_login_bearer(site, email, SITE_PASSWORD),
		site_login_cookie(site, email, SITE_PASSWORD) };

	ck_assert_int_eq(storm_me(site, sessions.bearer.access), 200);
	ck_answer(ASK(site, .path = "/users/me", .jar = sessions.jar), 200, NULL);
	ck_answer(ASK(site, .path = "/members/", .jar = sessions.jar), 200, NULL);
	return sessions;
}

static void
sessions_are_over(const struct sessions *sessions)
{
	struct jar *jar = sessions->jar;
	struct answer *answer;

	ck_answer(ASK(site, .path = "/users/me", .bearer = sessions->bearer.access), 401,
	    "NOT_AUTHENTICATED");
	ck_answer(ASK(site, .path = "/members/", .bearer = sessions->bearer.access), 401, NULL);
	ck_answer(ASK(site, .path = "/users/me", .jar = jar_copy(jar)), 401, "NOT_AUTHENTICATED");
	ck_answer(ASK(site, .path = "/members/", .jar = jar_copy(jar)), 401, NULL);
	ck_answer(ASK(site, .path = "/auth/guard", .jar = jar_copy(jar)), 401, NULL);
	answer = ASK(
	    site, .path = "/auth/refresh", .json = storm_refresh_body(sessions->bearer.refresh));
	ck_answer(answer, 400, NULL);
	/* the CSRF token of a session that is over fits no more: 403; without one it could be 400
	 */
	answer = ASK(site, .path = "/auth/web/refresh", .method = "POST", .jar = jar_copy(jar),
	    .csrf = jar_csrf(jar));
	ck_assert_msg(
	    answer->status == 403 || answer->status == 400, "%s%s", answer->headers, answer->body);
	/* and a fresh CSRF token brings nothing back */
	jar = jar_copy(jar);
	ck_answer(ASK(site, .path = "/auth/web/login", .jar = jar), 200, NULL);
	ck_answer(ASK(site, .path = "/auth/web/refresh", .method = "POST", .jar = jar,
		      .csrf = jar_csrf(jar)),
	    400, NULL);
}

START_TEST(test_deactivation_ends_sessions)
{
	const char *email = site_member(site);
	struct sessions sessions = sessions_open(email);

	CTL(site, "user", "deactivate", email);
	sessions_are_over(&sessions);
	ck_answer(ASK(site, .path = "/auth/login", .json = site_credentials(email, SITE_PASSWORD)),
	    400, "LOGIN_BAD_CREDENTIALS");
}
END_TEST

/* Nothing is asked in between, since a refresh of a deactivated account ends its sessions too. */
START_TEST(test_activation_does_not_revive_sessions)
{
	const char *email = site_member(site);
	struct sessions sessions = sessions_open(email);

	CTL(site, "user", "deactivate", email);
	CTL(site, "user", "activate", email);
	sessions_are_over(&sessions);
	sessions_open(email);
}
END_TEST

START_TEST(test_change_of_password_ends_all_sessions)
{
	const char *email = site_member(site);
	struct sessions sessions = sessions_open(email), caller = sessions_open(email);

	ck_answer(ASK(site, .path = "/users/me/change-password", .bearer = caller.bearer.access,
		      .json = text("{\"current_password\":\"%s\",\"new_password\":\"%s\"}",
			  SITE_PASSWORD, SITE_OTHER_PASSWORD)),
	    204, NULL);
	sessions_are_over(&sessions);
	sessions_are_over(&caller);
	ck_answer(ASK(site, .path = "/auth/login", .json = site_credentials(email, SITE_PASSWORD)),
	    400, "LOGIN_BAD_CREDENTIALS");
	site_login_bearer(site, email, SITE_OTHER_PASSWORD);
}
END_TEST

START_TEST(test_password_set_by_the_operator_ends_all_sessions)
{
	const char *email = site_member(site);
	struct sessions sessions = sessions_open(email);
	struct ctl_result result = site_ctl(site, text("%s\n", SITE_OTHER_PASSWORD),
	    (const char *const[]){ "user", "passwd", email, "--password-stdin", NULL });

	ck_assert_msg(result.status == 0, "%s", result.err);
	sessions_are_over(&sessions);
}
END_TEST

START_TEST(test_operator_revokes_all_sessions)
{
	const char *email = site_member(site), *other = site_member(site);
	struct sessions sessions = sessions_open(email), others = sessions_open(other);

	CTL(site, "session", "revoke", "--all", email, "--yes");
	sessions_are_over(&sessions);
	ck_assert_int_eq(storm_me(site, others.bearer.access), 200);
}
END_TEST

START_TEST(test_operator_revokes_one_session)
{
	const char *email = site_member(site), *session;
	struct login first = site_login_bearer(site, email, SITE_PASSWORD), second;

	session = site_sql(site,
	    "SELECT public_id FROM session WHERE user_id = (SELECT id FROM users WHERE email = %Q)",
	    email);
	second = site_login_bearer(site, email, SITE_PASSWORD);
	CTL(site, "session", "revoke", session);
	ck_assert_int_eq(storm_me(site, first.access), 401);
	ck_assert_int_eq(storm_me(site, second.access), 200);
	ck_answer(ASK(site, .path = "/auth/refresh", .json = storm_refresh_body(first.refresh)),
	    400, NULL);
}
END_TEST

START_TEST(test_lost_verification_ends_sessions_at_the_next_refresh)
{
	const char *email = site_member(site);
	struct login first = site_login_bearer(site, email, SITE_PASSWORD);
	struct login second = site_login_bearer(site, email, SITE_PASSWORD);

	site_sql(site, "UPDATE users SET is_verified = 0 WHERE email = %Q", email);
	ck_answer(ASK(site, .path = "/auth/refresh", .json = storm_refresh_body(first.refresh)),
	    400, "LOGIN_ACCOUNT_UNAVAILABLE");
	site_sql(site, "UPDATE users SET is_verified = 1 WHERE email = %Q", email);
	ck_assert_int_eq(storm_me(site, second.access), 401);
	ck_answer(ASK(site, .path = "/auth/refresh", .json = storm_refresh_body(second.refresh)),
	    400, NULL);
}
END_TEST

/* Whatever came first, no session is left that would live on after activation. */
static void
revoke_race(const char *const *words, const char *email, int round)
{
	const struct ask one = { .path = "/auth/login",
		.json = site_credentials(email, SITE_PASSWORD) };
	pid_t ctl = storm_ctl_later(slow, round * 7L, words);
	struct answer **answers = storm(slow, &one, RACERS);

	storm_wait(ctl);
	for (size_t i = 0; i < RACERS; i++) {
		if (answers[i]->status == 201)
			ck_assert_int_eq(
			    storm_me(slow, answer_value(answers[i], "access_token")), 401);
		else
			ck_answer(answers[i], 400, "LOGIN_BAD_CREDENTIALS");
	}
	ck_assert_str_eq(site_sql(slow,
			     "SELECT count(*) FROM session WHERE user_id = "
			     "(SELECT id FROM users WHERE email = %Q)",
			     email),
	    "0");
}

START_TEST(test_deactivation_wins_against_sign_ins)
{
	const char *email = site_member(slow);

	for (int round = 0; round < ROUNDS; round++) {
		revoke_race(
		    (const char *const[]){ "user", "deactivate", email, NULL }, email, round);
		CTL(slow, "user", "activate", email);
	}
}
END_TEST

/* A sign-in whose password was judged while it was still right must not start a session after the
 * change. */
START_TEST(test_change_of_password_wins_against_sign_ins)
{
	for (int round = 0; round < ROUNDS; round++) {
		const char *email = site_member(slow);
		const struct ask one = { .path = "/auth/login",
			.json = site_credentials(email, SITE_PASSWORD) };
		struct login login = site_login_bearer(slow, email, SITE_PASSWORD);
		struct ask list[RACERS + 1] = { { .path = "/users/me/change-password",
		    .bearer = login.access,
		    .json = text("{\"current_password\":\"%s\",\"new_password\":\"%s\"}",
			SITE_PASSWORD, SITE_OTHER_PASSWORD) } };
		struct answer *answers[RACERS + 1];

		for (int i = 1; i <= RACERS; i++)
			list[i] = one;
		ask_all(slow, list, RACERS + 1, answers);
		ck_answer(answers[0], 204, NULL);
		for (int i = 1; i <= RACERS; i++) {
			if (answers[i]->status == 201)
				ck_assert_int_eq(
				    storm_me(slow, answer_value(answers[i], "access_token")), 401);
			else
				ck_answer(answers[i], 400, "LOGIN_BAD_CREDENTIALS");
		}
	}
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("revoke");

	site = site_start(&(struct site_options){ 0 });
	slow = site_start(&(struct site_options){
	    .settings = { "password.memory", "19MiB", "password.passes", "2" } });
	tcase_add_test(tests, test_deactivation_ends_sessions);
	tcase_add_test(tests, test_activation_does_not_revive_sessions);
	tcase_add_test(tests, test_change_of_password_ends_all_sessions);
	tcase_add_test(tests, test_password_set_by_the_operator_ends_all_sessions);
	tcase_add_test(tests, test_operator_revokes_all_sessions);
	tcase_add_test(tests, test_operator_revokes_one_session);
	tcase_add_test(tests, test_lost_verification_ends_sessions_at_the_next_refresh);
	tcase_add_test(tests, test_deactivation_wins_against_sign_ins);
	tcase_add_test(tests, test_change_of_password_wins_against_sign_ins);
	return site_run(tests);
}
