/* The program deliver: many at once, killed at every step, staying awake, told to end. */
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "unit/post.h"

#define PATIENCE 10000 /* milliseconds */

static struct post post;

static void
pause_ms(long ms)
{
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

static const char *
program(void)
{
	static char path[4200];
	const char *build = getenv("YETT_BUILD");

	snprintf(path, sizeof(path), "%s/cgi-bin/deliver", build == NULL ? "build" : build);
	return path;
}

/* "variable" is one of its environment; what it says goes to the file "said". */
static pid_t
start_with(const char *variable, int input)
{
	int said = open(post_path(&post, "said"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		char state[300], copy[100];
		char *environment[] = { state, copy, NULL };
		char *arguments[] = { (char[]){ "deliver" }, NULL };

		snprintf(state, sizeof(state), "YETT_STATE=%s", post.directory);
		snprintf(copy, sizeof(copy), "%s", variable);
		dup2(input >= 0 ? input : open("/dev/null", O_RDWR), 0);
		dup2(said, 1);
		dup2(said, 2);
		execve(program(), arguments, environment);
		_exit(127);
	}
	close(said);
	return child;
}

static pid_t
start(void)
{
	return start_with("YETT_ALLOW_ROOT=1", -1);
}

/* The exit status; 128 and more of a signal. */
static int
wait_for(pid_t child)
{
	int status;

	for (int waited = 0; waited < PATIENCE; waited += 5) {
		if (waitpid(child, &status, WNOHANG) == child)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		pause_ms(5);
	}
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	ck_abort_msg("deliver did not end; it said: %s", post_read(&post, "log"));
}

static bool
lives(pid_t child)
{
	int status;

	return waitpid(child, &status, WNOHANG) == 0;
}

static void
kill_now(pid_t child)
{
	kill(child, SIGKILL);
	ck_assert_int_eq(wait_for(child), 128 + SIGKILL);
}

static void
must_run(void)
{
	ck_assert_msg(wait_for(start()) == 0, "%s", post_read(&post, "said"));
}

static void
wait_until(const char *sql, int64_t expected)
{
	for (int waited = 0; post_int(&post, sql) != expected; waited += 20) {
		ck_assert_msg(waited < PATIENCE, "%s: %lld; log: %s", sql,
		    (long long)post_int(&post, sql), post_read(&post, "log"));
		pause_ms(20);
	}
}

static void
wait_for_file(const char *name)
{
	for (int waited = 0; access(post_path(&post, name), F_OK) != 0; waited += 10) {
		ck_assert_msg(waited < PATIENCE, "%s; log: %s", name, post_read(&post, "log"));
		pause_ms(10);
	}
}

/* Whether it is this process that has locked the file. */
static bool
holds(pid_t process, const char *name)
{
	FILE *locks = fopen("/proc/locks", "r");
	struct stat status;
	unsigned long long inode;
	char line[256];
	bool found = false;
	int pid;

	ck_assert_ptr_nonnull(locks);
	while (!found && stat(post_path(&post, name), &status) == 0 &&
	       fgets(line, sizeof(line), locks) != NULL)
		found = sscanf(line, "%*d: FLOCK %*s %*s %d %*x:%*x:%llu", &pid, &inode) == 2 &&
			pid == process && inode == status.st_ino;
	fclose(locks);
	return found;
}

static void
wait_until_it_holds(pid_t process, const char *name)
{
	for (int waited = 0; !holds(process, name); waited += 10) {
		ck_assert_msg(waited < PATIENCE && lives(process), "%s; it said: %s; log: %s", name,
		    post_read(&post, "said"), post_read(&post, "log"));
		pause_ms(10);
	}
}

/* It has sent what it could, and stays awake. */
#define KEEPER "locks/deliver-keeper"
/* It is about to send. */
#define SENDER "locks/deliver-0"

static size_t
lines_with(const char *name, const char *word)
{
	const char *text = post_read(&post, name);
	size_t count = 0;

	while ((text = strstr(text, word)) != NULL) {
		count++;
		text++;
	}
	return count;
}

/* A command courier or hook; $here is the state directory. */
static void
use_script(const char *section, const char *body)
{
	char text[1024];

	snprintf(text, sizeof(text), "#!/bin/sh\nhere=%s\n%s\n", post.directory, body);
	post_write(&post, "script", text, 0700);
	snprintf(text, sizeof(text), "%s%s\n", section, post_path(&post, "script"));
	post_configure(&post, text);
}

#define USE_COMMAND "transport = command\ncommand = "

/* Whom it is about to send to is told by an empty file; goes on once "go" is there. */
#define WAITS                                                                   \
	"cat >$here/in.$$\n"                                                    \
	"grep -i '^message-id' -A1 $here/in.$$ | tr -d '\\r\\n' >>$here/sent\n" \
	"echo >>$here/sent\n"                                                   \
	": >$here/waits\nwhile [ ! -e $here/go ]; do sleep 0.02; done\nexit ${1:-0}"

static void
begin_posted(const char *lines, int count)
{
	post_begin(&post, lines);
	for (int i = 0; i < count; i++)
		post_put(&post, OUTBOX_MAIL, "verify", true);
}

static void
end(void)
{
	post_end(&post);
}

START_TEST(each_mail_becomes_a_file)
{
	begin_posted("transport = directory\n", 20);
	must_run();
	ck_assert_uint_eq(post_mails(&post, NULL), 20);
	ck_assert_int_eq(post_int(&post, POST_ALL), 0);
	ck_assert_str_eq(post_read(&post, "said"), "");
	end();
}
END_TEST

START_TEST(sendmail_is_called_for_each)
{
	begin_posted("transport = directory\n", 3);
	use_script("transport = sendmail\nsendmail = ",
	    "echo \"$@\" >>$here/arguments\ncat >$here/$$.eml");
	must_run();
	ck_assert_uint_eq(lines_with("arguments", "-- ada@example.org\n"), 3);
	ck_assert_uint_eq(lines_with("arguments", "-f no-reply@tower.example"), 3);
	ck_assert_int_eq(post_int(&post, POST_ALL), 0);
	end();
}
END_TEST

/* 20 of them at once: each mail leaves once, and never more than four at a time. */
START_TEST(many_at_once_send_each_mail_once)
{
	pid_t children[20];
	const char *text;
	int inside = 0, most = 0;

	begin_posted("transport = directory\n", 40);
	use_script(USE_COMMAND,
	    "echo '<' >>$here/order\ncat >$here/in.$$\n"
	    "sed -n '/^Message-ID/{N;p;}' $here/in.$$ | tr -d '\\r\\n' >>$here/ids.$$\n"
	    "sleep 0.05\necho '>' >>$here/order");
	for (size_t i = 0; i < 20; i++)
		children[i] = start();
	for (size_t i = 0; i < 20; i++)
		ck_assert_int_eq(wait_for(children[i]), 0);
	ck_assert_int_eq(post_int(&post, POST_ALL), 0);
	for (text = post_read(&post, "order"); *text != '\0'; text++) {
		inside += *text == '<' ? 1 : *text == '>' ? -1 : 0;
		most = inside > most ? inside : most;
	}
	ck_assert_uint_eq(lines_with("order", "<"), 40);
	ck_assert_int_eq(inside, 0);
	ck_assert_int_le(most, 4);
	ck_assert_int_ge(most, 2);
	end();
}
END_TEST

/* --- killed ------------------------------------------------------------------------------------
 */

static void
let_leases_end(void)
{
	post_sql(&post, "UPDATE outbox SET leased_until = 1, next_try_at = 1");
}

START_TEST(killed_before_the_claim_it_changes_nothing)
{
	sqlite3 *raw;
	pid_t child;

	begin_posted("transport = directory\n", 1);
	post_sql(&post, "UPDATE outbox SET next_try_at = next_try_at + 600000");
	child = start();
	wait_until_it_holds(child, KEEPER);
	raw = post_raw(&post);
	ck_assert_int_eq(sqlite3_exec(raw, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	wait_until_it_holds(child, SENDER);
	kill_now(child);
	ck_assert_int_eq(sqlite3_exec(raw, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(raw);
	ck_assert_int_eq(post_int(&post, "SELECT tries FROM outbox"), 0);
	let_leases_end();
	must_run();
	ck_assert_uint_eq(post_mails(&post, NULL), 1);
	end();
}
END_TEST

/* Nobody takes the row while its lease lasts; then somebody does. */
START_TEST(killed_while_sending_it_leaves_the_row_to_others)
{
	pid_t child;

	begin_posted("transport = directory\n", 1);
	use_script(USE_COMMAND, WAITS);
	child = start();
	wait_for_file("waits");
	kill_now(child);
	ck_assert_int_eq(post_int(&post, POST_WAITING), 1);
	fclose(fopen(post_path(&post, "go"), "w"));
	child = start();
	wait_until_it_holds(child, KEEPER);
	ck_assert_int_eq(post_int(&post, "SELECT tries FROM outbox"), 1);
	let_leases_end();
	ck_assert_int_eq(wait_for(child), 0); /* it has stayed awake for the end of the lease */
	ck_assert_int_eq(post_int(&post, POST_ALL), 0);
	end();
}
END_TEST

/* The courier has taken it, and nobody could write that down: it leaves twice rather than never. */
START_TEST(killed_before_the_commit_it_sends_twice)
{
	sqlite3 *raw;
	pid_t child;

	begin_posted("transport = directory\n", 1);
	use_script(USE_COMMAND, WAITS);
	child = start();
	wait_for_file("waits");
	raw = post_raw(&post);
	ck_assert_int_eq(sqlite3_exec(raw, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	fclose(fopen(post_path(&post, "go"), "w"));
	pause_ms(300);
	kill_now(child);
	ck_assert_int_eq(sqlite3_exec(raw, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(raw);
	ck_assert_int_eq(post_int(&post, POST_WAITING), 1);
	let_leases_end();
	must_run();
	ck_assert_int_eq(post_int(&post, POST_ALL), 0);
	ck_assert_uint_eq(lines_with("sent", "essage-"), 2);
	ck_assert_uint_eq(lines_with("sent", "@tower.example"), 2);
	end();
}
END_TEST

START_TEST(no_transaction_is_open_while_sending)
{
	pid_t child;

	begin_posted("transport = directory\n", 1);
	use_script(USE_COMMAND, WAITS);
	child = start();
	wait_for_file("waits");
	post_sql(&post, "BEGIN EXCLUSIVE; UPDATE outbox SET language = 'fr'; COMMIT");
	fclose(fopen(post_path(&post, "go"), "w"));
	ck_assert_int_eq(wait_for(child), 0);
	end();
}
END_TEST

/* What was sent is written down once the store can be written to. */
START_TEST(locked_store_after_sending_is_waited_for)
{
	sqlite3 *raw;
	pid_t child;

	begin_posted("transport = directory\n", 1);
	use_script(USE_COMMAND, WAITS);
	child = start();
	wait_for_file("waits");
	raw = post_raw(&post);
	ck_assert_int_eq(sqlite3_exec(raw, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	fclose(fopen(post_path(&post, "go"), "w"));
	pause_ms(1500);
	ck_assert_int_eq(sqlite3_exec(raw, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(raw);
	ck_assert_int_eq(wait_for(child), 0);
	ck_assert_int_eq(post_int(&post, POST_ALL), 0);
	ck_assert_uint_eq(lines_with("sent", "essage-"), 1);
	end();
}
END_TEST

/* --- faults of the surroundings ----------------------------------------------------------------
 */

START_TEST(locked_store_is_tried_again)
{
	sqlite3 *raw;
	pid_t child;

	begin_posted("transport = directory\n", 1);
	raw = post_raw(&post);
	ck_assert_int_eq(sqlite3_exec(raw, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	child = start();
	pause_ms(1000); /* longer than database.busy_timeout */
	ck_assert(lives(child));
	ck_assert_int_eq(sqlite3_exec(raw, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(raw);
	ck_assert_int_eq(wait_for(child), 0);
	ck_assert_uint_eq(post_mails(&post, NULL), 1);
	end();
}
END_TEST

START_TEST(place_that_takes_no_file_is_tried_again)
{
	pid_t child;

	begin_posted("transport = directory\n", 2);
	post_write(&post, "mail", "in the way\n", 0600);
	child = start();
	wait_until("SELECT COUNT(*) FROM outbox WHERE reason <> ''", 2);
	ck_assert_int_eq(post_int(&post, POST_WAITING), 2);
	ck_assert_int_eq(unlink(post_path(&post, "mail")), 0);
	post_sql(&post, "UPDATE outbox SET next_try_at = 1");
	ck_assert_int_eq(wait_for(child), 0);
	ck_assert_uint_eq(post_mails(&post, NULL), 2);
	end();
}
END_TEST

/* In the directory of the outbox's keys. */
static void
shell_keys(const char *line)
{
	char command[600];

	snprintf(command, sizeof(command), "cd %s/keys/outbox && %s", post.directory, line);
	ck_assert_int_eq(system(command), 0);
}

/* The key may come back, so the mail waits for it. */
START_TEST(lost_key_keeps_the_row)
{
	pid_t keeper;

	begin_posted("transport = directory\n", 1);
	shell_keys("umask 077; for f in *; do mv $f .$f && head -c 32 /dev/urandom >$f; done");
	keeper = start();
	wait_until(
	    "SELECT COUNT(*) FROM outbox WHERE state = 'waiting' AND tries = 1 AND lease IS NULL",
	    1);
	ck_assert_ptr_nonnull(strstr(post_text(&post, POST_REASON), "keys/outbox"));
	ck_assert_int_eq(post_int(&post, "SELECT COUNT(*) FROM outbox WHERE token IS NULL"), 0);
	ck_assert_ptr_nonnull(strstr(post_read(&post, "log"), "is not among those here"));
	kill_now(keeper);
	shell_keys("for f in *; do mv .$f $f; done");
	post_sql(&post, "UPDATE outbox SET next_try_at = 1");
	must_run();
	ck_assert_int_eq(post_int(&post, POST_ALL), 0);
	ck_assert_uint_eq(post_mails(&post, NULL), 1);
	end();
}
END_TEST

/* --- who may start it --------------------------------------------------------------------------
 */

/* Without one, descriptor 0 listens. */
static const char *const variables[] = { "GATEWAY_INTERFACE=CGI/1.1", NULL };

START_TEST(web_server_is_refused)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int listener = -1;

	begin_posted("transport = directory\n", 1);
	if (variables[_i] == NULL) {
		listener = socket(AF_INET, SOCK_STREAM, 0);
		at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
		ck_assert_int_eq(listen(listener, 1), 0);
	}
	ck_assert_int_eq(
	    wait_for(start_with(listener < 0 ? variables[_i] : "YETT_ALLOW_ROOT=1", listener)),
	    EXIT_FAILURE);
	ck_assert_ptr_nonnull(strstr(post_read(&post, "said"), "yett deliver: it is no page"));
	ck_assert_int_eq(post_int(&post, "SELECT tries FROM outbox"), 0);
	end();
}
END_TEST

START_TEST(root_is_refused)
{
	begin_posted("transport = directory\n", 1);
	ck_assert_int_eq(wait_for(start_with("YETT_ALLOW_ROOT=", -1)), geteuid() == 0);
	ck_assert_int_eq(post_int(&post, POST_ALL), geteuid() == 0);
	end();
}
END_TEST

START_TEST(broken_template_keeps_the_mails)
{
	begin_posted("transport = directory\n", 1);
	ck_assert_int_eq(mkdir(post_path(&post, "templates"), 0700), 0);
	ck_assert_int_eq(mkdir(post_path(&post, "templates/mail"), 0700), 0);
	ck_assert_int_eq(mkdir(post_path(&post, "templates/mail/en"), 0700), 0);
	post_write(&post, "templates/mail/en/verify.txt", "{{nonsense}}\n", 0600);
	ck_assert_int_eq(wait_for(start()), EXIT_FAILURE);
	ck_assert_ptr_nonnull(strstr(post_read(&post, "said"), "verify.txt:1"));
	ck_assert_ptr_nonnull(strstr(post_read(&post, "log"), "verify.txt:1"));
	ck_assert_int_eq(post_int(&post, "SELECT tries FROM outbox"), 0);
	end();
}
END_TEST

/* --- staying awake -----------------------------------------------------------------------------
 */

START_TEST(it_stays_awake_for_what_is_due_soon)
{
	pid_t keeper;

	begin_posted("transport = directory\n", 1);
	post_sql(&post, "UPDATE outbox SET next_try_at = next_try_at + 600000");
	keeper = start();
	wait_until_it_holds(keeper, KEEPER);
	must_run(); /* one is enough */
	ck_assert(lives(keeper));
	let_leases_end();
	ck_assert_int_eq(wait_for(keeper), 0);
	ck_assert_uint_eq(post_mails(&post, NULL), 1);
	end();
}
END_TEST

START_TEST(it_ends_when_nothing_is_due_soon)
{
	begin_posted("transport = directory\n", 1);
	post_sql(&post, "UPDATE outbox SET next_try_at = next_try_at + 1000000");
	must_run();
	ck_assert_int_eq(post_int(&post, "SELECT tries FROM outbox"), 0);
	end();
}
END_TEST

/* Another one leaves its row to the keeper, which sleeps for one that is due later. */
START_TEST(keeper_looks_for_what_others_leave)
{
	pid_t keeper;

	begin_posted("transport = directory\n", 1);
	post_sql(&post, "UPDATE outbox SET next_try_at = next_try_at + 600000");
	keeper = start();
	wait_until_it_holds(keeper, KEEPER);
	post_put(&post, OUTBOX_MAIL, "verify", true);
	wait_until(POST_ALL, 1);
	kill(keeper, SIGTERM);
	ck_assert_int_eq(wait_for(keeper), 0);
	end();
}
END_TEST

/* The same process goes on, with the keys that there are now. */
START_TEST(keeper_takes_new_keys)
{
	struct config_fault fault = { "" };
	pid_t keeper;

	begin_posted("transport = directory\n", 1);
	post_sql(&post, "UPDATE outbox SET next_try_at = next_try_at + 600000");
	keeper = start();
	wait_until_it_holds(keeper, KEEPER);
	shell_keys("umask 077; head -c 32 /dev/urandom >$(date -u +%Y%m%dT%H%M%SZ)-ffffffff.key");
	post_sql(&post, "UPDATE generation SET number = number + 1");
	keyring_free(post.ctx.keys);
	ck_assert_int_eq(
	    keyring_open(&post.ctx.keys, post.config, KEYS_OF(PURPOSE_OUTBOX), JWT_NONE, &fault),
	    RC_OK);
	post.ctx.now = clock_wall(&clock_system);
	post_put(&post, OUTBOX_MAIL, "verify", true);
	ck_assert_int_eq(
	    post_int(&post, "SELECT COUNT(DISTINCT substr(token, 2, 8)) FROM outbox"), 2);
	wait_until(POST_ALL, 1);
	ck_assert(lives(keeper));
	ck_assert_ptr_null(strstr(post_read(&post, "log"), "not among those here"));
	kill(keeper, SIGTERM);
	ck_assert_int_eq(wait_for(keeper), 0);
	end();
}
END_TEST

static const int stop_signals[] = { SIGTERM, SIGINT, SIGHUP };

START_TEST(signal_ends_the_sleep)
{
	pid_t keeper;

	begin_posted("transport = directory\n", 1);
	post_sql(&post, "UPDATE outbox SET next_try_at = next_try_at + 600000");
	keeper = start();
	wait_until_it_holds(keeper, KEEPER);
	kill(keeper, stop_signals[_i]);
	ck_assert_int_eq(wait_for(keeper), 0);
	end();
}
END_TEST

START_TEST(signal_lets_the_message_in_hand_leave)
{
	pid_t child;

	begin_posted("transport = directory\n", 2);
	use_script(USE_COMMAND, WAITS);
	child = start();
	wait_for_file("waits");
	kill(child, SIGTERM);
	pause_ms(200);
	ck_assert(lives(child));
	fclose(fopen(post_path(&post, "go"), "w"));
	ck_assert_int_eq(wait_for(child), 0);
	ck_assert_int_eq(post_int(&post, POST_WAITING), 1);
	ck_assert_int_eq(post_int(&post, "SELECT tries FROM outbox"), 0);
	end();
}
END_TEST

START_TEST(it_ends_when_the_database_is_gone)
{
	pid_t keeper;

	begin_posted("transport = directory\n", 1);
	post_sql(&post, "UPDATE outbox SET next_try_at = next_try_at + 600000");
	keeper = start();
	wait_until_it_holds(keeper, KEEPER);
	ck_assert_int_eq(rename(post_path(&post, "yett.db"), post_path(&post, "old.db")), 0);
	ck_assert_int_eq(wait_for(keeper), 0);
	end();
}
END_TEST

#define COUNT(rows) (int)(sizeof(rows) / sizeof((rows)[0]))

int
main(void)
{
	Suite *suite = suite_create("deliver_process");
	TCase *tests = tcase_create("deliver_process");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, each_mail_becomes_a_file);
	tcase_add_test(tests, sendmail_is_called_for_each);
	tcase_add_test(tests, many_at_once_send_each_mail_once);
	tcase_add_test(tests, killed_before_the_claim_it_changes_nothing);
	tcase_add_test(tests, killed_while_sending_it_leaves_the_row_to_others);
	tcase_add_test(tests, killed_before_the_commit_it_sends_twice);
	tcase_add_test(tests, no_transaction_is_open_while_sending);
	tcase_add_test(tests, locked_store_after_sending_is_waited_for);
	tcase_add_test(tests, locked_store_is_tried_again);
	tcase_add_test(tests, place_that_takes_no_file_is_tried_again);
	tcase_add_test(tests, lost_key_keeps_the_row);
	tcase_add_loop_test(tests, web_server_is_refused, 0, COUNT(variables));
	tcase_add_test(tests, root_is_refused);
	tcase_add_test(tests, broken_template_keeps_the_mails);
	tcase_add_test(tests, it_stays_awake_for_what_is_due_soon);
	tcase_add_test(tests, it_ends_when_nothing_is_due_soon);
	tcase_add_test(tests, keeper_looks_for_what_others_leave);
	tcase_add_test(tests, keeper_takes_new_keys);
	tcase_add_loop_test(tests, signal_ends_the_sleep, 0, COUNT(stop_signals));
	tcase_add_test(tests, signal_lets_the_message_in_hand_leave);
	tcase_add_test(tests, it_ends_when_the_database_is_gone);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
