/* Processes that are killed while they work: what was acknowledged holds. */
#include "http/storm.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHAINS 8
#define SECONDS 4.0
#define WAITING 10
#define USERS 16 /* an account has a limited number of sessions */

static struct site *site;
static struct site *floors;  /* answers that wait */
static struct site *hashing; /* hashes that take a while */

/* A session as its client knows it. */
struct chain {
	const char *email;
	const char *access, *refresh; /* the newest that were acknowledged */
	bool over;                    /* a logout was acknowledged */
	bool unsure;                  /* a logout was asked for, and not answered */
};

static struct chain chains[4096];
static size_t chain_count;
static const char *emails[USERS];
static size_t broken; /* answers that a kill had cost */

/* The newest sessions, rotated, ended or opened in turns; all at once. */
static void
chains_step(int round)
{
	struct ask list[CHAINS + 1];
	struct answer *answers[CHAINS + 1];
	size_t first = chain_count > CHAINS ? chain_count - CHAINS : 0, count = 0;
	const char *email = emails[chain_count % USERS];

	for (size_t i = first; i < chain_count; i++) {
		struct chain *chain = &chains[i];

		if ((i + (size_t)round) % 20 == 0 && !chain->over)
			list[count++] = (struct ask){
				.path = "/auth/logout", .method = "POST", .bearer = chain->access
			};
		else
			list[count++] = (struct ask){ .path = "/auth/refresh",
				.json = storm_refresh_body(chain->refresh) };
	}
	list[count++] =
	    (struct ask){ .path = "/auth/login", .json = site_credentials(email, SITE_PASSWORD) };
	ask_all(site, list, count, answers);
	for (size_t i = 0; i < count; i++) {
		struct answer *answer = answers[i];
		struct chain *chain = i + 1 == count ? &chains[chain_count++] : &chains[first + i];

		ck_assert_msg(answer->status == 201 || answer->status >= 500 ||
				  ((chain->over || chain->unsure) && answer->status >= 400),
		    "%s: %s%s", list[i].path, answer->headers, answer->body);
		broken += answer->status >= 500;
		if (list[i].bearer != NULL) {
			chain->over = answer->status == 201 || chain->over;
			chain->unsure = true;
		} else if (answer->status == 201) {
			ck_assert_msg(
			    !chain->over, "%s after logout: %s", list[i].path, answer->body);
			chain->email = chain->email == NULL ? email : chain->email;
			chain->access = answer_value(answer, "access_token");
			chain->refresh = answer_value(answer, "refresh_token");
		}
	}
	if (chains[chain_count - 1].email == NULL)
		chain_count--; /* that sign-in was not answered */
}

static pid_t
killer_start(void)
{
	static const char *const programs[] = { "login", "refresh", "logout" };
	pid_t killer = fork();

	ck_assert_int_ge(killer, 0);
	if (killer != 0)
		return killer;
	for (unsigned i = 0;; i++) {
		pid_t pids[STORM_PROCESSES];
		size_t count = site_processes(site, programs[i % 3], pids, STORM_PROCESSES);

		if (count > 0)
			kill(pids[(unsigned)rand() % count], SIGKILL);
		storm_rest(60 + rand() % 120);
	}
}

static void
site_recovers(const struct site *where)
{
	for (int i = 0; i < 200; i++) {
		if (ASK(where, .path = "/auth/login", .json = "{}")->status == 422 &&
		    ASK(where, .path = "/auth/refresh", .json = "{}")->status == 422 &&
		    ASK(where, .path = "/auth/logout", .method = "POST")->status == 401)
			return;
		storm_rest(50);
	}
	ck_abort_msg("the site does not recover:\n%s", site_log_end(where));
}

START_TEST(test_acknowledged_is_kept)
{
	size_t kept = 0, over = 0;
	struct login login;
	double until;
	pid_t killer;

	for (int i = 0; i < USERS; i++)
		emails[i] = site_member(site);
	chains[0].email = emails[0];
	login = site_login_bearer(site, chains[0].email, SITE_PASSWORD);
	chains[0].access = login.access;
	chains[0].refresh = login.refresh;
	chain_count = 1;
	killer = killer_start();
	until = storm_seconds() + SECONDS;
	for (int round = 0; storm_seconds() < until; round++)
		chains_step(round);
	kill(killer, SIGKILL);
	waitpid(killer, NULL, 0);
	site_recovers(site);
	for (size_t i = 0; i < chain_count; i++) {
		const struct chain *chain = &chains[i];
		long status = storm_me(site, chain->access);
		struct answer *answer =
		    ASK(site, .path = "/auth/refresh", .json = storm_refresh_body(chain->refresh));

		if (chain->over) {
			ck_assert_msg(status == 401 && answer->status == 400, "%zu: %ld, %s%s", i,
			    status, answer->headers, answer->body);
			over++;
		} else if (!chain->unsure) {
			ck_assert_msg(status == 200 && answer->status == 201, "%zu: %ld, %s%s", i,
			    status, answer->headers, answer->body);
			kept++;
		}
	}
	ck_assert_msg(broken > 0 && kept > 0 && over > 0,
	    "nothing was tried: %zu broken, %zu kept, %zu over", broken, kept, over);
	ck_assert_str_eq(site_sql(site, "PRAGMA integrity_check"), "ok");
	ck_assert_ptr_null(site_sql(site, "SELECT 1 FROM pragma_foreign_key_check LIMIT 1"));
}
END_TEST

/* Sends SIGTERM to the login processes beside the test. */
static pid_t
terminate_later(const struct site *where, long milliseconds)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		storm_rest(milliseconds);
		_exit(storm_signal(where, "login", SIGTERM) > 0 ? 0 : 1);
	}
	return pid;
}

START_TEST(test_sigterm_lets_answers_leave)
{
	const char *email = site_member(floors);
	pid_t later = terminate_later(floors, 500);
	struct answer **answers = STORM(
	    floors, WAITING, .path = "/auth/login", .json = site_credentials(email, SITE_PASSWORD));

	storm_wait(later);
	ck_assert_msg(
	    storm_count(answers, WAITING, 201) == WAITING, "%s", storm_tally(answers, WAITING));
	for (size_t i = 0; i < WAITING; i++) {
		ck_assert_msg(answers[i]->seconds >= 1.0, "left early: %f", answers[i]->seconds);
		ck_assert_int_eq(storm_me(floors, answer_value(answers[i], "access_token")), 200);
	}
}
END_TEST

/* While the password is being hashed. */
START_TEST(test_sigterm_lets_work_be_done)
{
	const char *email = site_member(hashing);

	for (int round = 0; round < 3; round++) {
		pid_t later = terminate_later(hashing, 60 + 20 * round);
		struct answer *answer = ASK(
		    hashing, .path = "/auth/login", .json = site_credentials(email, SITE_PASSWORD));

		storm_wait(later);
		ck_answer(answer, 201, NULL);
		ck_assert_int_eq(storm_me(hashing, answer_value(answer, "access_token")), 200);
		storm_rest(300);
		site_recovers(hashing);
	}
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("crash");

	site = site_start(&(struct site_options){
	    .settings = { "database.refresh_grace", "5m", "password.memory", "4MiB" } });
	floors =
	    site_start(&(struct site_options){ .settings = { "account.response_floor", "1s" } });
	hashing = site_start(&(struct site_options){
	    .settings = { "password.memory", "128MiB", "password.passes", "3" } });
	tcase_add_test(tests, test_acknowledged_is_kept);
	tcase_add_test(tests, test_sigterm_lets_answers_leave);
	tcase_add_test(tests, test_sigterm_lets_work_be_done);
	return site_run(tests);
}
