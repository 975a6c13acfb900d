/* Mail through a real server that is away, slow, refuses, or goes away in the middle; and senders
 * that are killed. One site, whose mail server each test starts as it wants it. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/mail.h"
#include "http/storm.h"

static struct site *site;
static int port;

static struct relay
serve(const char *options)
{
	return relay_start(site, port, options);
}

/* Who has locked the file; 0: nobody. */
static pid_t
flock_holder(ino_t inode)
{
	FILE *locks = fopen("/proc/locks", "r");
	unsigned long long found = 0;
	char line[256];
	int pid = 0;

	ck_assert_ptr_nonnull(locks);
	while (found != inode && fgets(line, sizeof(line), locks) != NULL) {
		if (sscanf(line, "%*d: FLOCK %*s %*s %d %*x:%*x:%llu", &pid, &found) != 2)
			found = 0;
	}
	fclose(locks);
	return found == inode ? (pid_t)pid : 0;
}

/* Ends whoever sends for the site, or waits until it can: each holds one of its locks. How many
 * there were. */
static size_t
kill_senders(void)
{
	const char *directory = text("%s/locks", site->state);
	DIR *walk = opendir(directory);
	struct dirent *entry;
	size_t count = 0;

	while (walk != NULL && (entry = readdir(walk)) != NULL) {
		struct stat status;
		pid_t pid;

		if (strncmp(entry->d_name, "deliver", 7) == 0 &&
		    stat(text("%s/%s", directory, entry->d_name), &status) == 0 &&
		    (pid = flock_holder(status.st_ino)) > 0)
			count += kill(pid, SIGKILL) == 0;
	}
	if (walk != NULL)
		closedir(walk);
	return count;
}

/* Each test begins with nothing to send: what one before left over would meet this one's server. */
static void
clear(void)
{
	kill_senders();
	site_sql(site, "DELETE FROM outbox");
}

/* Asks for a mail; the address of who gets it. */
static const char *
ask_for_mail(void)
{
	const char *email = site_member(site);

	ck_answer(
	    ASK(site, .path = "/auth/forgot-password", .json = text("{\"email\":\"%s\"}", email)),
	    202, NULL);
	return email;
}

static const char *
outbox(const char *column, const char *email)
{
	const char *value =
	    site_sql(site, text("SELECT %s FROM outbox WHERE recipient = %%Q", column), email);

	return value == NULL ? "" : value;
}

/* Waits until that many tries have ended. */
static void
wait_for_tries(const char *email, int tries)
{
	double until = storm_seconds() + MAIL_PATIENCE;

	while (atoi(outbox("CASE WHEN lease IS NULL THEN tries ELSE 0 END", email)) < tries &&
	       storm_seconds() < until)
		storm_rest(20);
	ck_assert_msg(atoi(outbox("tries", email)) == tries, "%s tries, not %d: %s\n%s",
	    outbox("tries", email), tries, outbox("reason", email), site_log_end(site));
}

/* Everything is due now, as if its time had come; what wakes the sender is any later mail: the
 * address of who gets that. */
static const char *
try_again(void)
{
	site_sql(site, "UPDATE outbox SET next_try_at = 0, leased_until = 0");
	return ask_for_mail();
}

static void
ends_well(const struct site *at, const char *email)
{
	struct mail mail = mail_wait(at, email, 1);

	ck_answer(ASK(at, .path = "/auth/reset-password",
		      .json = text("{\"token\":\"%s\",\"password\":\"%s\"}",
			  mail_token(at, &mail, "reset-password"), SITE_OTHER_PASSWORD)),
	    200, NULL);
	mail_wait(at, email, 2); /* the notice, and no second copy of the first */
}

/* Register, confirm, change the address, be invited: "at" sends in whatever way it does. */
static void
live(const struct site *at)
{
	const char *email = site_email(), *new = site_email(), *invited = site_email();
	struct login login;
	struct mail mail;

	ASK(at, .path = "/auth/register",
	    .json = text("{\"email\":\"%s\",\"password\":\"%s\"}", email, SITE_PASSWORD));
	mail = mail_wait(at, email, 1);
	ck_answer(ASK(at, .path = "/auth/verify",
		      .json = text("{\"token\":\"%s\"}", mail_token(at, &mail, "verify"))),
	    200, NULL);
	login = site_login_bearer(at, email, SITE_PASSWORD);
	ck_answer(
	    ASK(at, .path = "/users/me", .method = "PATCH", .bearer = login.access,
		.json = text("{\"email\":\"%s\",\"current_password\":\"%s\"}", new, SITE_PASSWORD)),
	    200, NULL);
	mail_wait(at, email, 2);
	mail = mail_wait(at, new, 1);
	ck_answer(ASK(at, .path = "/auth/verify",
		      .json = text("{\"token\":\"%s\"}", mail_token(at, &mail, "verify"))),
	    200, NULL);
	mail_wait(at, email, 3);
	site_login_bearer(at, new, SITE_PASSWORD);
	CTL(at, "user", "add", invited);
	ends_well(at, invited);
	ck_assert_str_eq(site_sql(at, "SELECT count(*) FROM outbox"), "0");
}

START_TEST(test_whole_life_through_a_mail_server)
{
	struct relay relay = serve("");

	live(site);
	relay_stop(&relay);
}
END_TEST

/* A sendmail that writes down how it was called, and keeps the message as a server would have it.
 */
static const char recorder[] = "#!/bin/sh\n"
			       "umask 077\n"
			       "echo \"$*\" >>STATE/called\n"
			       "sed 's/$/\\r/' >STATE/mail/.$$\n"
			       "mv STATE/mail/.$$ STATE/mail/$$.eml\n";

static void
record(const char *state, const char *program)
{
	FILE *file = fopen(program, "w");
	const char *rest = recorder, *place;

	ck_assert_ptr_nonnull(file);
	for (; (place = strstr(rest, "STATE")) != NULL; rest = place + 5)
		fprintf(file, "%.*s%s", (int)(place - rest), rest, state);
	fputs(rest, file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(program, 0700), 0);
}

START_TEST(test_whole_life_through_sendmail)
{
	struct site *own;
	const char *called;
	size_t size;
	char place[] = "/tmp/yett-sendmail-XXXXXX";
	const char *program;

	ck_assert_ptr_nonnull(mkdtemp(place));
	program = text("%s/sendmail", place);
	own = storm_site(&(struct site_options){
	    .settings = { "mail.sendmail", program, "mail.transport", "sendmail" } });
	mkdir(text("%s/mail", own->state), 0700);
	record(own->state, program);
	live(own);
	called = storm_file(text("%s/called", own->state), &size);
	called = text("%.*s", (int)size, called);
	ck_assert_ptr_nonnull(strstr(called, "-i -f no-reply@[127.0.0.1] -- user-"));
	unlink(program);
	rmdir(place);
}
END_TEST

START_TEST(test_server_away_for_a_while_gets_one_copy)
{
	const char *email = ask_for_mail();
	struct relay relay;

	wait_for_tries(email, 1);
	ck_assert_str_ne(outbox("reason", email), "");
	ck_assert_str_eq(outbox("state", email), "waiting");
	relay = serve("");
	try_again();
	ends_well(site, email);
	relay_stop(&relay);
}
END_TEST

/* What the server does once, and then no more. */
static const char *const stumbles[] = {
	"--connect|421 later|--times|1",
	"--mail|451 later|--times|1",
	"--mail|553 not from you|--times|1",
	"--rcpt|450 greylisted|--times|1",
	"--data|452 full|--times|1",
	"--message|451 later|--times|1",
	"--drop|connect|--times|1",
	"--drop|mail|--times|1",
	"--drop|data|--times|1",
	"--drop|message|--times|1",
};

START_TEST(test_what_may_pass_is_tried_again)
{
	struct relay relay = serve(stumbles[_i]);
	const char *email = ask_for_mail();

	wait_for_tries(email, 1);
	ck_assert_str_eq(outbox("state", email), "waiting");
	try_again();
	ends_well(site, email);
	relay_stop(&relay);
}
END_TEST

static const char *const refusals[] = {
	"--rcpt|550 no such user|--times|1",
	"--message|554 spam|--times|1",
};

START_TEST(test_what_is_refused_is_listed_and_not_tried_again)
{
	struct relay relay = serve(refusals[_i]);
	const char *email = ask_for_mail();

	wait_for_tries(email, 1);
	ck_assert_str_eq(outbox("state", email), "refused");
	ck_assert_str_eq(outbox("token IS NULL", email), "1");
	ck_assert_ptr_nonnull(strchr(outbox("reason", email), '5'));
	mail_wait(site, try_again(), 1); /* whoever sends has looked */
	mail_wait(site, email, 0);
	ck_assert_str_eq(outbox("tries", email), "1");
	relay_stop(&relay);
}
END_TEST

static const char *const hangs[] = { "--hang|connect|--times|1", "--hang|data|--times|1",
	"--hang|message|--times|1" };

START_TEST(test_killed_sender_leaves_its_mail_to_the_next)
{
	struct relay relay = serve(hangs[_i]);
	const char *email = ask_for_mail();

	relay_wait_for_hang();
	ck_assert_uint_ge(kill_senders(), 1);
	ck_assert_str_eq(outbox("tries", email), "1");
	try_again(); /* the lease has run out */
	mail_wait(site, email, 1);
	relay_stop(&relay);
}
END_TEST

/* It is locked when the server has taken the mail. */
START_TEST(test_locked_database_sends_no_second_copy)
{
	struct relay relay = serve("--hang|message|--times|1");
	const char *email = ask_for_mail();
	struct sqlite3 *lock;
	struct mail mails[MAIL_MAX];
	double until = storm_seconds() + MAIL_PATIENCE;

	relay_wait_for_hang();
	lock = site_lock(site);
	relay_let_go();
	while (mail_to(site, email, mails) == 0 && storm_seconds() < until)
		storm_rest(20);
	storm_rest(2500); /* longer than database.busy_timeout */
	site_unlock(lock);
	mail_wait(site, try_again(), 1);
	mail_wait(site, email, 1);
	relay_stop(&relay);
}
END_TEST

#define LENGTH(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

int
main(void)
{
	TCase *tests = tcase_create("relay");
	struct relay relay = relay_start(NULL, 0, "");

	port = relay.port;
	relay_stop(&relay);
	site = site_start(&(struct site_options){
	    .settings = {
		"mail.smtp_url", text("smtp://127.0.0.1:%d", port), "mail.transport", "smtp" } });
	tcase_add_checked_fixture(tests, clear, NULL);
	tcase_add_test(tests, test_whole_life_through_a_mail_server);
	tcase_add_test(tests, test_whole_life_through_sendmail);
	tcase_add_test(tests, test_server_away_for_a_while_gets_one_copy);
	tcase_add_loop_test(tests, test_what_may_pass_is_tried_again, 0, LENGTH(stumbles));
	tcase_add_loop_test(
	    tests, test_what_is_refused_is_listed_and_not_tried_again, 0, LENGTH(refusals));
	tcase_add_loop_test(
	    tests, test_killed_sender_leaves_its_mail_to_the_next, 0, LENGTH(hangs));
	tcase_add_test(tests, test_locked_database_sends_no_second_copy);
	return site_run(tests);
}
