/* Whatever a process refuses to start with, nobody gets in meanwhile. */
#include "http/mail.h"
#include "http/storm.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *
key_file(const struct site *site)
{
	FILE *pipe = popen(
	    text("find %s/keys -type f | grep -E '/fingerprint' | head -n 1", site->state), "r");
	char line[256] = "";

	ck_assert_ptr_nonnull(pipe);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), pipe));
	pclose(pipe);
	line[strcspn(line, "\n")] = '\0';
	return text("%s", line);
}

enum start_fault {
	KEY_LOOSE,
	KEY_MISSING,
	KEY_EMPTY,
	CONFIG_LOOSE,
	CONFIG_BROKEN,
	STATE_LOOSE,
	DATABASE_LOOSE,
	SCHEMA_NEWER,
	SCHEMA_OLDER,
	OTHER_DATABASE,
	START_FAULTS
};

static void
start_spoil(const struct site *site, enum start_fault fault)
{
	const char *key = key_file(site);
	FILE *file;

	switch (fault) {
	case KEY_LOOSE:
		ck_assert_int_eq(chmod(key, 0644), 0);
		return;
	case KEY_MISSING:
		ck_assert_int_eq(unlink(key), 0);
		return;
	case KEY_EMPTY:
		ck_assert_int_eq(truncate(key, 0), 0);
		return;
	case CONFIG_LOOSE:
		ck_assert_int_eq(chmod(text("%s/yett.conf", site->state), 0666), 0);
		return;
	case CONFIG_BROKEN:
		file = fopen(text("%s/yett.conf", site->state), "a");
		ck_assert(file != NULL && fputs("\n[guard]\nunheard = of\n", file) >= 0);
		ck_assert_int_eq(fclose(file), 0);
		return;
	case STATE_LOOSE:
		ck_assert_int_eq(chmod(site->state, 0777), 0);
		return;
	case DATABASE_LOOSE:
		ck_assert_int_eq(chmod(text("%s/yett.db", site->state), 0644), 0);
		return;
	case SCHEMA_NEWER:
		site_sql(site, "PRAGMA user_version = 999");
		return;
	case SCHEMA_OLDER:
		site_sql(site, "PRAGMA user_version = 0");
		return;
	case OTHER_DATABASE:
		site_sql(site, "PRAGMA application_id = 1");
		return;
	case START_FAULTS:
		break;
	}
	ck_abort_msg("no such fault");
}

START_TEST(test_start_refused)
{
	struct storm_member at = storm_member("wal");
	size_t from = site_log_size(at.site);

	start_spoil(at.site, (enum start_fault)_i);
	storm_guard_restart(at.site);
	storm_guard_says(&at, 500, 599);
	site_log_wait(at.site, from, "yett guard: ");
	storm_guard_says(&at, 500, 599);
}
END_TEST

/* A running process notices another schema. */
START_TEST(test_migrated_meanwhile)
{
	struct storm_member at = storm_member("wal");

	site_sql(at.site, "PRAGMA user_version = 999");
	storm_rest(1200);
	/* each process ends after its next answer, which may still be one */
	for (int i = 0; i < 20; i++)
		STORM(at.site, 4, .path = "/members/");
	storm_guard_says(&at, 500, 599);
}
END_TEST

static pid_t
only_process(const struct site *site, const char *program)
{
	pid_t pids[STORM_PROCESSES];

	return site_processes(site, program, pids, STORM_PROCESSES) == 1 ? pids[0] : 0;
}

/* Whatever happens to the keys, somebody who registers gets a mail. */
static void
register_somebody(const struct site *site)
{
	const char *email = site_email();

	ck_answer(ASK(site, .path = "/auth/register",
		      .json = text("{\"email\":\"%s\",\"password\":\"%s\"}", email, SITE_PASSWORD)),
	    201, NULL);
	mail_wait(site, email, 1);
}

static void
forget_password(const struct site *site, const char *email, size_t mails)
{
	ck_answer(
	    ASK(site, .path = "/auth/forgot-password", .json = text("{\"email\":\"%s\"}", email)),
	    202, NULL);
	mail_wait(site, email, mails);
}

/* The key that has just been made seals from now on, as if its two minutes were over. */
static void
let_key_come(const struct site *site)
{
	const char *line = text("cd %s/keys/outbox && mv $(ls | tail -n 1) "
				"$(date -u +%%Y%%m%%dT%%H%%M%%SZ)-ffffffff.key",
	    site->state);

	ck_assert_msg(system(line) == 0, "%s", line);
	site_sql(site, "UPDATE generation SET number = number + 1");
}

/* Running processes begin anew with a new key, also those that nobody asks anything. */
START_TEST(test_key_rotated_meanwhile)
{
	struct storm_member at = storm_member("wal");
	size_t from = site_log_size(at.site);
	pid_t busy, idle;

	register_somebody(at.site);
	forget_password(at.site, at.email, 1);
	busy = only_process(at.site, "register");
	idle = only_process(at.site, "password");
	ck_assert(busy > 0 && idle > 0);
	CTL(at.site, "keys", "rotate", "outbox");
	let_key_come(at.site);
	storm_rest(1200);
	for (int i = 0; i < 5; i++)
		register_somebody(at.site);
	ck_assert_int_ne(only_process(at.site, "register"), busy);
	site_log_wait(at.site, from, "keys have changed; ending");
	for (int i = 0; i < 200 && only_process(at.site, "password") == idle; i++)
		storm_rest(100);
	ck_assert_int_ne(only_process(at.site, "password"), idle);
	/* Without the old key: what is sealed now is sealed with the new one. */
	ck_assert_int_eq(system(text("cd %s/keys/outbox && mkdir -m 700 .retired && "
				     "mv $(ls | head -n 1) .retired/",
			     at.site->state)),
	    0);
	register_somebody(at.site);
	forget_password(at.site, at.email, 2);
	ck_assert_ptr_null(strstr(site_log(at.site, from), "is not among those here"));
	storm_guard_says(&at, 200, 200);
}
END_TEST

/* Only who compares passwords needs the decoy, and takes none that a stop-watch could tell from an
 * account's hash. */
START_TEST(test_decoy_of_other_parameters)
{
	struct storm_member at = storm_member("wal");
	struct ask enter = { .path = "/auth/login",
		.json = site_credentials(at.email, SITE_PASSWORD) };
	size_t from = site_log_size(at.site);
	const char *decoy = site_sql(at.site, "SELECT password_hash FROM decoy");
	struct answer *answer;

	/* As after an edit by hand: yettctl set makes the decoy anew. */
	CTL(at.site, "set", "password.memory", "128KiB");
	site_sql(at.site, "UPDATE decoy SET password_hash = %Q", decoy);
	ck_assert_uint_gt(storm_signal(at.site, "login", SIGKILL), 0);
	storm_rest(300);
	answer = ask(at.site, &enter);
	ck_assert_msg(answer->status >= 500, "%s", answer->headers);
	site_log_wait(at.site, from, "decoy hash");
	storm_guard_restart(at.site);
	for (int i = 0; i < 100 && ASK(at.site, .path = "/members/")->status != 401; i++)
		storm_rest(50);
	storm_guard_says(&at, 200, 200);
	CTL(at.site, "migrate");
	for (int i = 0; i < 100 && ask(at.site, &enter)->status != 201; i++)
		storm_rest(50);
	ck_answer(ask(at.site, &enter), 201, NULL);
}
END_TEST

/* What is opened first would else be 0, 1 or 2, and take the answer or the log. */
START_TEST(test_closed_descriptors)
{
	static const char *const closed[] = { "<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-",
		">&- 2>&-", "<&- >&- 2>&-" };
	struct storm_member at = storm_member("wal");
	const char *build = getenv("YETT_BUILD");

	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
		const char *run = text("YETT_STATE=%s REQUEST_METHOD=GET "
				       "REQUEST_URI=/auth/web/login %s/cgi-bin/login "
				       "</dev/null >/dev/null 2>/dev/null %s",
		    at.site->state, build == NULL || build[0] == '\0' ? "build" : build, closed[i]);

		ck_assert_msg(system(run) == 0, "%s", run);
		ck_assert_msg(system(text("test -z \"$(find %s/locks -type f -size +0)\"",
				  at.site->state)) == 0,
		    "a lock was written to with %s", closed[i]);
	}
	ck_assert_str_eq(site_sql(at.site, "PRAGMA integrity_check"), "ok");
	storm_guard_says(&at, 200, 200);
}
END_TEST

/* Plain CGI: a body that is promised and does not come. */
START_TEST(test_body_that_does_not_arrive_ends_the_process)
{
	struct storm_member at = storm_member("wal");
	const char *build = getenv("YETT_BUILD");
	const char *program =
	    text("%s/cgi-bin/login", build == NULL || build[0] == '\0' ? "build" : build);
	int in[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		dup2(in[0], STDIN_FILENO);
		setenv("YETT_STATE", at.site->state, 1);
		setenv("REQUEST_METHOD", "POST", 1);
		setenv("REQUEST_URI", "/auth/login", 1);
		setenv("CONTENT_TYPE", "application/json", 1);
		setenv("CONTENT_LENGTH", "100", 1);
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM, "status %#x", status);
	close(in[1]);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("start_fault");

	tcase_add_loop_test(tests, test_start_refused, 0, START_FAULTS);
	tcase_add_test(tests, test_migrated_meanwhile);
	tcase_add_test(tests, test_key_rotated_meanwhile);
	tcase_add_test(tests, test_decoy_of_other_parameters);
	tcase_add_test(tests, test_closed_descriptors);
	tcase_add_test(tests, test_body_that_does_not_arrive_ends_the_process);
	return site_run(tests);
}
