/* Processes that are killed while they work: what was acknowledged holds. */
#include "http/holder.h"
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
		ck_assert_msg(answers[i]->seconds >= 2.0, "left early: %f", answers[i]->seconds);
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

/* ------------------------------------------------------------------ codes of a second factor */

#define CODES_STEP \
	"SELECT last_step FROM totp WHERE user_id = (SELECT id FROM users WHERE email = %Q)"
#define CODES_LEFT                                          \
	"SELECT count(*) FROM recovery_code WHERE user_id " \
	"= (SELECT id FROM users WHERE email = %Q)"

/* The requests that spend a code: what they ask for, whom, and where it is seen. */
enum spending { SPEND_CODE, SPEND_RECOVERY, SPEND_STEP_UP, SPENDINGS };
static const struct {
	const char *program, *seen;
} spendings[SPENDINGS] = {
	[SPEND_CODE] = { "2fa", CODES_STEP },
	[SPEND_RECOVERY] = { "2fa", CODES_LEFT },
	[SPEND_STEP_UP] = { "users", CODES_STEP },
};

static struct ask
spending_request(enum spending how, struct holder *holder, const char *code)
{
	if (how != SPEND_STEP_UP)
		return (struct ask){ .path = "/auth/2fa/verify",
			.json = factor_code_body(factor_pending(floors, holder->email), code) };
	return (struct ask){ .path = "/users/me",
		.method = "PATCH",
		.bearer = holder_access(floors, holder),
		.json = text("{\"email\":\"%s\",\"current_password\":\"%s\",\"totp_code\":\"%s\"}",
		    site_email(), SITE_PASSWORD, code) };
}

/* Asks beside the test, and must not be told that it was done. */
static pid_t
ask_in_vain(const struct ask *request)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(ask(floors, request)->status >= 400 ? 0 : 1);
	return pid;
}

static void
kill_while_asked(const char *program, pid_t client)
{
	ck_assert_uint_gt(storm_signal(floors, program, SIGKILL), 0);
	storm_wait(client);
}

/* lighttpd starts what was killed anew. */
static void
wait_for(const char *program)
{
	for (int i = 0; i < 200; i++) {
		if (ASK(floors, .path = "/auth/2fa/verify", .json = "{}")->status == 422 &&
		    ASK(floors, .path = "/users/me")->status == 401)
			return;
		storm_rest(50);
	}
	ck_abort_msg("%s does not come back:\n%s", program, site_log_end(floors));
}

/* After that code, whatever became of it. */
static void
goes_on(struct holder *holder, enum spending how)
{
	const char *next = how == SPEND_RECOVERY ? holder_recovery(holder, 1) : holder_code(holder);

	ck_answer(factor_verify(floors, factor_pending(floors, holder->email), next), 201, NULL);
}

/* The answer waits for its floor; the code is in the database long before. */
START_TEST(test_accepted_code_is_spent)
{
	struct holder holder = holder_new(floors, -3);
	const char *seen = spendings[_i].seen, *before = site_sql(floors, seen, holder.email);
	const char *code =
	    _i == SPEND_RECOVERY ? holder_recovery(&holder, 0) : holder_code(&holder);
	struct ask request = spending_request((enum spending)_i, &holder, code);
	pid_t client = ask_in_vain(&request);

	for (int i = 0; i < 400 && strcmp(site_sql(floors, seen, holder.email), before) == 0; i++)
		storm_rest(5);
	ck_assert_str_ne(site_sql(floors, seen, holder.email), before);
	kill_while_asked(spendings[_i].program, client);
	wait_for(spendings[_i].program);
	ck_answer(factor_verify(floors, factor_pending(floors, holder.email), code), 400,
	    "TOTP_CODE_INVALID");
	goes_on(&holder, (enum spending)_i);
}
END_TEST

/* Nothing can be written while it is judged. */
START_TEST(test_code_that_was_not_accepted_is_good)
{
	struct holder holder = holder_new(floors, -3);
	const char *code =
	    _i == SPEND_RECOVERY ? holder_recovery(&holder, 0) : holder_code(&holder);
	struct ask request = spending_request((enum spending)_i, &holder, code);
	struct sqlite3 *lock = site_lock(floors);
	pid_t client = ask_in_vain(&request);

	storm_rest(200);
	kill_while_asked(spendings[_i].program, client);
	site_unlock(lock);
	wait_for(spendings[_i].program);
	ck_answer(factor_verify(floors, factor_pending(floors, holder.email), code), 201, NULL);
	goes_on(&holder, (enum spending)_i);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("crash");

	site = site_start(&(struct site_options){
	    .settings = { "database.refresh_grace", "5m", "password.memory", "4MiB" } });
	floors = site_start(&(struct site_options){
	    .settings = { "account.response_floor", "2s", "totp.drift", "4" } });
	hashing = site_start(&(struct site_options){
	    .settings = { "password.memory", "128MiB", "password.passes", "3" } });
	tcase_add_test(tests, test_acknowledged_is_kept);
	tcase_add_test(tests, test_sigterm_lets_answers_leave);
	tcase_add_test(tests, test_sigterm_lets_work_be_done);
	tcase_add_loop_test(tests, test_accepted_code_is_spent, 0, SPENDINGS);
	tcase_add_loop_test(tests, test_code_that_was_not_accepted_is_good, 0, SPENDINGS);
	return site_run(tests);
}
