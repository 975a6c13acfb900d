/* Many at once: what may happen once happens once. */
#include "http/storm.h"

#include <sys/wait.h>
#include <unistd.h>

#define RACERS 20
#define CHANGES 10
#define REGISTRATIONS 50
#define TRIES 30
#define LIMIT 5

static struct site *strict;    /* refresh_grace = off */
static struct site *tabs;      /* refresh_grace as it comes */
static struct site *slow;      /* a short grace, limits, hashes that overlap */
static struct site *open_site; /* without verification */
static struct site *hashing;   /* a hash takes a while */

static const char *
race_audit(const struct site *site, const char *event, const char *email)
{
	return site_sql(site,
	    "SELECT count(*) FROM audit WHERE event = %Q AND user_id = "
	    "(SELECT public_id FROM users WHERE email = %Q)",
	    event, email);
}

static const char *
race_sessions(const struct site *site, const char *email)
{
	return site_sql(site,
	    "SELECT count(*) FROM session WHERE user_id = (SELECT id FROM users WHERE email = %Q)",
	    email);
}

START_TEST(test_strict_refresh_has_one_winner_and_ends_the_session)
{
	const char *email = site_member(strict);
	struct login login = site_login_bearer(strict, email, SITE_PASSWORD);
	struct login other = site_login_bearer(strict, email, SITE_PASSWORD);
	struct answer **answers = STORM(
	    strict, RACERS, .path = "/auth/refresh", .json = storm_refresh_body(login.refresh));

	ck_assert_msg(storm_count(answers, RACERS, 201) == 1 &&
			  storm_count(answers, RACERS, 400) == RACERS - 1,
	    "%s", storm_tally(answers, RACERS));
	for (size_t i = 0; i < RACERS; i++) {
		if (answers[i]->status == 400)
			ck_answer(answers[i], 400, "REFRESH_TOKEN_INVALID");
		else {
			ck_assert_int_eq(
			    storm_me(strict, answer_value(answers[i], "access_token")), 401);
			ck_answer(ASK(strict, .path = "/auth/refresh",
				      .json = storm_refresh_body(
					  answer_value(answers[i], "refresh_token"))),
			    400, "REFRESH_TOKEN_INVALID");
		}
	}
	ck_assert_int_eq(storm_me(strict, login.access), 401);
	ck_assert_str_eq(race_audit(strict, "session.reuse_detected", email), "1");
	ck_assert_int_eq(storm_me(strict, other.access), 200);
}
END_TEST

START_TEST(test_strict_cookie_refresh_has_one_winner)
{
	const char *email = site_member(strict);
	struct jar *jar = site_login_cookie(strict, email, SITE_PASSWORD);
	struct answer **answers = STORM(strict, RACERS, .path = "/auth/web/refresh", .jar = jar,
	    .csrf = jar_csrf(jar), .method = "POST");

	/* the token behind X-CSRF-Token is bound to the session, so that it may already be refused
	 */
	ck_assert_msg(storm_count(answers, RACERS, 201) == 1, "%s", storm_tally(answers, RACERS));
	ck_assert_str_eq(race_sessions(strict, email), "0");
	ck_answer(ASK(strict, .path = "/users/me", .jar = jar), 401, NULL);
}
END_TEST

START_TEST(test_within_the_grace_all_get_the_same_successor)
{
	const char *email = site_member(tabs), *successor;
	struct login login = site_login_bearer(tabs, email, SITE_PASSWORD);
	struct answer **answers =
	    STORM(tabs, RACERS, .path = "/auth/refresh", .json = storm_refresh_body(login.refresh));

	ck_assert_msg(
	    storm_count(answers, RACERS, 201) == RACERS, "%s", storm_tally(answers, RACERS));
	successor = answer_value(answers[0], "refresh_token");
	ck_assert_str_ne(successor, login.refresh);
	for (size_t i = 0; i < RACERS; i++) {
		ck_assert_str_eq(answer_value(answers[i], "refresh_token"), successor);
		ck_assert_int_eq(storm_me(tabs, answer_value(answers[i], "access_token")), 200);
	}
	ck_assert_str_eq(race_sessions(tabs, email), "1");
	ck_assert_str_eq(race_audit(tabs, "session.reuse_detected", email), "0");
	ck_answer(
	    ASK(tabs, .path = "/auth/refresh", .json = storm_refresh_body(successor)), 201, NULL);
	ck_assert_str_eq(race_sessions(tabs, email), "1");
}
END_TEST

START_TEST(test_within_the_grace_two_tabs_keep_their_cookies)
{
	const char *email = site_member(tabs);
	struct jar *jar = site_login_cookie(tabs, email, SITE_PASSWORD);
	struct answer **answers = STORM(tabs, RACERS, .path = "/auth/web/refresh", .jar = jar,
	    .csrf = jar_csrf(jar), .method = "POST");

	ck_assert_msg(
	    storm_count(answers, RACERS, 201) == RACERS, "%s", storm_tally(answers, RACERS));
	ck_assert_str_eq(race_sessions(tabs, email), "1");
	ck_answer(ASK(tabs, .path = "/users/me", .jar = jar), 200, NULL);
}
END_TEST

START_TEST(test_reuse_after_the_grace_ends_the_session)
{
	const char *email = site_member(slow), *second;
	struct login login = site_login_bearer(slow, email, SITE_PASSWORD);
	struct answer *answer =
	    ASK(slow, .path = "/auth/refresh", .json = storm_refresh_body(login.refresh));

	ck_answer(answer, 201, NULL);
	second = answer_value(answer, "access_token");
	storm_rest(1100);
	ck_assert_int_eq(storm_me(slow, second), 200);
	ck_answer(ASK(slow, .path = "/auth/refresh", .json = storm_refresh_body(login.refresh)),
	    400, "REFRESH_TOKEN_INVALID");
	ck_assert_int_eq(storm_me(slow, second), 401);
	ck_assert_int_eq(storm_me(slow, login.access), 401);
	ck_answer(ASK(slow, .path = "/auth/refresh",
		      .json = storm_refresh_body(answer_value(answer, "refresh_token"))),
	    400, "REFRESH_TOKEN_INVALID");
	ck_assert_str_eq(race_audit(slow, "session.reuse_detected", email), "1");
	ck_assert_str_eq(race_sessions(slow, email), "0");
}
END_TEST

START_TEST(test_parallel_registrations_make_one_account)
{
	const char *email = site_email();
	const char *body = text("{\"email\":\"%s\",\"password\":\"%s\"}", email, SITE_PASSWORD);
	struct answer **answers =
	    STORM(tabs, REGISTRATIONS, .path = "/auth/register", .json = body);

	ck_assert_msg(storm_count(answers, REGISTRATIONS, 201) == REGISTRATIONS, "%s",
	    storm_tally(answers, REGISTRATIONS));
	ck_assert_str_eq(site_sql(tabs, "SELECT count(*) FROM users WHERE email = %Q", email), "1");
}
END_TEST

START_TEST(test_parallel_registrations_without_verification_have_one_winner)
{
	const char *email = site_email();
	const char *body = text("{\"email\":\"%s\",\"password\":\"%s\"}", email, SITE_PASSWORD);
	struct answer **answers =
	    STORM(open_site, REGISTRATIONS, .path = "/auth/register", .json = body);

	ck_assert_msg(storm_count(answers, REGISTRATIONS, 201) == 1 &&
			  storm_count(answers, REGISTRATIONS, 400) == REGISTRATIONS - 1,
	    "%s", storm_tally(answers, REGISTRATIONS));
	ck_assert_str_eq(
	    site_sql(open_site, "SELECT count(*) FROM users WHERE email = %Q", email), "1");
}
END_TEST

START_TEST(test_parallel_wrong_sign_ins_do_not_slip_through)
{
	const char *email = site_member(slow);
	struct answer **answers = STORM(slow, TRIES, .path = "/auth/login",
	    .json = site_credentials(email, SITE_OTHER_PASSWORD));

	ck_assert_msg(storm_count(answers, TRIES, 400) == LIMIT &&
			  storm_count(answers, TRIES, 429) == TRIES - LIMIT,
	    "%s", storm_tally(answers, TRIES));
	ck_assert_str_eq(race_audit(slow, "login.failed", email), "5");
	ck_answer(ASK(slow, .path = "/auth/login", .json = site_credentials(email, SITE_PASSWORD)),
	    429, "RATE_LIMITED");
	ck_answer(ASK(slow, .path = "/auth/login", .address = "127.0.0.9",
		      .json = site_credentials(email, SITE_PASSWORD)),
	    201, NULL);
}
END_TEST

START_TEST(test_parallel_logouts_end_the_session_once)
{
	const char *email = site_member(tabs);
	struct login login = site_login_bearer(tabs, email, SITE_PASSWORD);
	struct login other = site_login_bearer(tabs, email, SITE_PASSWORD);
	struct answer **answers =
	    STORM(tabs, RACERS, .path = "/auth/logout", .method = "POST", .bearer = login.access);
	size_t done = storm_count(answers, RACERS, 201);

	ck_assert_msg(done >= 1 && done + storm_count(answers, RACERS, 401) == RACERS, "%s",
	    storm_tally(answers, RACERS));
	ck_assert_int_eq(storm_me(tabs, login.access), 401);
	ck_answer(ASK(tabs, .path = "/auth/refresh", .json = storm_refresh_body(login.refresh)),
	    400, "REFRESH_TOKEN_INVALID");
	ck_assert_str_eq(race_audit(tabs, "session.ended", email), "1");
	ck_assert_int_eq(storm_me(tabs, other.access), 200);
}
END_TEST

/* Refresh and logout of one session at once: whoever comes last, it has ended. */
START_TEST(test_logout_wins_against_refresh)
{
	const char *email = site_member(tabs);

	for (int round = 0; round < 8; round++) {
		struct login login = site_login_bearer(tabs, email, SITE_PASSWORD);
		const struct ask list[] = {
			{ .path = "/auth/refresh", .json = storm_refresh_body(login.refresh) },
			{ .path = "/auth/logout", .method = "POST", .bearer = login.access },
			{ .path = "/auth/refresh", .json = storm_refresh_body(login.refresh) },
		};
		struct answer *answers[3];

		ask_all(tabs, list, 3, answers);
		ck_answer(answers[1], 201, NULL);
		for (int i = 0; i < 3; i += 2) {
			if (answers[i]->status == 201)
				ck_assert_int_eq(
				    storm_me(tabs, answer_value(answers[i], "access_token")), 401);
		}
		ck_assert_str_eq(race_sessions(tabs, email), "0");
	}
}
END_TEST

/* The password was right for the account as it was. Each try changes it a little later, so that one
 * of them falls between the look at the account and the session. */
START_TEST(test_account_that_changes_while_its_password_is_judged)
{
	const char *email = site_member(hashing);
	int refused = 0;

	for (int i = 0; i < CHANGES && refused == 0; i++) {
		pid_t asker = fork();
		int status = -1;

		ck_assert_int_ge(asker, 0);
		if (asker == 0)
			_exit(ASK(hashing, .path = "/auth/login",
				  .json = site_credentials(email, SITE_PASSWORD))
				  ->status == 400);
		storm_rest(40 + 20 * i);
		site_sql(hashing,
		    "UPDATE users SET security_version = security_version + 1 WHERE email = %Q",
		    email);
		ck_assert_int_eq(waitpid(asker, &status, 0), asker);
		refused += WIFEXITED(status) && WEXITSTATUS(status) == 1;
	}
	ck_assert_int_eq(refused, 1);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("race");

	strict =
	    site_start(&(struct site_options){ .settings = { "database.refresh_grace", "off" } });
	tabs = site_start(&(struct site_options){ 0 });
	slow = site_start(&(struct site_options){
	    .settings = { "database.refresh_grace", "1s", "limit.login", "5/5m", "password.memory",
		"19MiB", "password.passes", "2" } });
	open_site = site_start(
	    &(struct site_options){ .settings = { "account.requires_verification", "off" } });
	hashing = site_start(&(struct site_options){
	    .settings = { "password.memory", "128MiB", "password.passes", "3" } });
	tcase_add_test(tests, test_strict_refresh_has_one_winner_and_ends_the_session);
	tcase_add_test(tests, test_strict_cookie_refresh_has_one_winner);
	tcase_add_test(tests, test_within_the_grace_all_get_the_same_successor);
	tcase_add_test(tests, test_within_the_grace_two_tabs_keep_their_cookies);
	tcase_add_test(tests, test_reuse_after_the_grace_ends_the_session);
	tcase_add_test(tests, test_parallel_registrations_make_one_account);
	tcase_add_test(tests, test_parallel_registrations_without_verification_have_one_winner);
	tcase_add_test(tests, test_parallel_wrong_sign_ins_do_not_slip_through);
	tcase_add_test(tests, test_parallel_logouts_end_the_session_once);
	tcase_add_test(tests, test_logout_wins_against_refresh);
	tcase_add_test(tests, test_account_that_changes_while_its_password_is_judged);
	return site_run(tests);
}
