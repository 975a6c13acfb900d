/* Couriers that are programs or files. */
#include "mail/courier.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mail/courier_program.h"
#include "unit/fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define ID "018f3c1e-0000-7000-8000-000000000001"
#define MESSAGE "To: alice@example.net\r\n\r\n.\r\nlone\rCR\r\nTo: eve@example.com\r\n"

static char directory[256];
static struct config config;
static struct envelope envelope;
static char reason[COURIER_REASON_SIZE];

static void
setup(void)
{
	config = (struct config){ .directory = directory };
	config.mail.directory = "mail";
	config.mail.command = "";
	config.mail.sendmail = "";
	envelope = (struct envelope){ .from = SPAN("no-reply@example.org"),
		.to = SPAN("alice@example.net"),
		.id = SPAN(ID) };
	memset(reason, 'x', sizeof(reason));
}

static enum rc
send_by(const struct courier *courier)
{
	return courier->send(&config, &envelope, SPAN(MESSAGE), reason);
}

static void
test_path(char path[512], const char *name)
{
	snprintf(path, 512, "%s/%s", directory, name);
}

/* What is in a file; "" when there is none. */
static const char *
test_read(const char *name)
{
	static char text[8192];
	char path[512];
	FILE *file;

	test_path(path, name);
	file = fopen(path, "rb");
	text[file == NULL ? 0 : fread(text, 1, sizeof(text) - 1, file)] = '\0';
	if (file != NULL)
		fclose(file);
	return text;
}

static void
test_write(const char *name, const char *text, mode_t mode)
{
	char path[512];
	FILE *file;

	test_path(path, name);
	unlink(path);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	ck_assert_int_eq(chmod(path, mode), 0);
}

/* A sendmail that keeps its words, one a line, its input and both variables, and ends with a status
 * and some words of its own. */
static void
test_program(const char *end)
{
	char script[2048];

	snprintf(script, sizeof(script),
	    "#!/bin/sh\n"
	    "cd %s\n"
	    "rm -f words input variables\n"
	    "for word; do printf '%%s\\n' \"$word\"; done >words\n"
	    "printf '%%s\\n' \"$RECIPIENT\" \"$SENDER\" >variables\n"
	    "cat >input\n%s\n",
	    directory, end);
	test_write("program", script, 0700);
}

static const char *
test_program_path(void)
{
	static char path[512];

	test_path(path, "program");
	return path;
}

START_TEST(the_courier_is_the_one_that_is_set)
{
	static const struct courier *const rows[] = { [MAIL_SENDMAIL] = &courier_sendmail,
		[MAIL_SMTP] = &courier_smtp,
		[MAIL_COMMAND] = &courier_command,
		[MAIL_DIRECTORY] = &courier_directory,
		[MAIL_NONE] = &courier_none };
	static const char *const names[] = { "sendmail", "smtp", "command", "directory", "none" };

	for (int i = 0; i < (int)COUNT(rows); i++) {
		config.mail.transport = i;
		ck_assert_ptr_eq(courier_of(&config), rows[i]);
		ck_assert_str_eq(rows[i]->name, names[i]);
	}
}
END_TEST

START_TEST(no_mail_is_refused)
{
	ck_assert_int_eq(send_by(&courier_none), RC_NO);
	ck_assert_str_eq(reason, "mail is off (mail.transport = none)");
}
END_TEST

static const struct {
	const char *to, *word;
} recipients[] = {
	{ "alice@example.net", "alice@example.net" },
	{ "-t@example.net", "-t@example.net" },
	{ "-odi@example.net", "-odi@example.net" },
	{ "a,eve@example.net", "\"a,eve\"@example.net" },
	{ "a\"b\\c@example.net", "\"a\\\"b\\\\c\"@example.net" },
	{ "$(id)`id`|id@example.net", "\"$(id)`id`|id\"@example.net" },
	{ "a;b&c*@example.net", "\"a;b&c*\"@example.net" },
	{ "j\xc3\xb6rg@example.net", "j\xc3\xb6rg@example.net" },
};

START_TEST(sendmail_gets_the_recipient_as_one_word)
{
	char expected[512];

	test_program("exit 0");
	config.mail.sendmail = test_program_path();
	envelope.to = span_of(recipients[_i].to);
	ck_assert_msg(send_by(&courier_sendmail) == RC_OK, "%s", reason);
	snprintf(expected, sizeof(expected), "-i\n-f\nno-reply@example.org\n--\n%s\n",
	    recipients[_i].word);
	ck_assert_str_eq(test_read("words"), expected);
	ck_assert_str_eq(test_read("variables"), "\n\n");
	ck_assert_str_eq(
	    test_read("input"), "To: alice@example.net\n\n.\nlone\rCR\nTo: eve@example.com\n");
}
END_TEST

START_TEST(a_command_gets_the_recipient_in_a_variable)
{
	char expected[512], command[1024];

	test_program("exit 0");
	snprintf(command, sizeof(command), "%s  --as it  is", test_program_path());
	config.mail.command = command;
	envelope.to = span_of(recipients[_i].to);
	ck_assert_msg(send_by(&courier_command) == RC_OK, "%s", reason);
	ck_assert_str_eq(test_read("words"), "--as\nit\nis\n");
	snprintf(expected, sizeof(expected), "%s\nno-reply@example.org\n", recipients[_i].word);
	ck_assert_str_eq(test_read("variables"), expected);
	ck_assert_str_eq(
	    test_read("input"), "To: alice@example.net\n\n.\nlone\rCR\nTo: eve@example.com\n");
}
END_TEST

static const struct {
	struct span from, to;
	enum rc rc;
} envelopes[] = {
	{ SPAN_ROW("no-reply@example.org"), SPAN_ROW("a b@example.net"), RC_NO },
	{ SPAN_ROW("no-reply@example.org"), SPAN_ROW("a@example.net\n--help"), RC_NO },
	{ SPAN_ROW("no-reply@example.org"), SPAN_ROW("a"), RC_NO },
	{ SPAN_ROW("no-reply@example.org"), SPAN_ROW("a@example.net\0b"), RC_NO },
	{ SPAN_ROW("no-reply@example.org"), { NULL, 0 }, RC_NO },
	{ SPAN_ROW("no-reply"), SPAN_ROW("alice@example.net"), RC_INTERNAL },
	{ { NULL, 0 }, SPAN_ROW("alice@example.net"), RC_INTERNAL },
};

START_TEST(without_addresses_nothing_is_started)
{
	const struct courier *const couriers[] = { &courier_sendmail, &courier_command };

	for (size_t i = 0; i < COUNT(couriers); i++) {
		test_program("exit 0");
		test_write("words", "none", 0600);
		config.mail.sendmail = config.mail.command = test_program_path();
		envelope.from = envelopes[_i].from;
		envelope.to = envelopes[_i].to;
		ck_assert_int_eq(send_by(couriers[i]), envelopes[_i].rc);
		ck_assert_str_eq(test_read("words"), "none");
		ck_assert(
		    strstr(reason, envelopes[_i].rc == RC_NO ? "recipient" : "mail.from") != NULL);
	}
}
END_TEST

static const struct {
	const char *end;
	enum rc rc;
	const char *reason; /* after the program's path */
} ends[] = {
	{ "exit 0", RC_OK, NULL },
	{ "exit 1", RC_UNAVAILABLE, " failed (exit status 1)" },
	{ "echo bad words; exit 64", RC_INTERNAL,
	    " does not take these arguments (exit status 64): bad words" },
	{ "exit 65", RC_NO, " refused the message (exit status 65)" },
	{ "exit 66", RC_INTERNAL, " misses a file (exit status 66)" },
	{ "printf 'no\\nsuch\\033user\\n' >&2; exit 67", RC_NO,
	    " does not know the recipient (exit status 67): no such user" },
	{ "exit 68", RC_UNAVAILABLE, " does not find the host (exit status 68)" },
	{ "exit 69", RC_UNAVAILABLE, " is not available (exit status 69)" },
	{ "exit 70", RC_UNAVAILABLE, " failed (exit status 70)" },
	{ "exit 71", RC_UNAVAILABLE, " failed in the operating system (exit status 71)" },
	{ "exit 72", RC_UNAVAILABLE, " cannot use a file of the system (exit status 72)" },
	{ "exit 73", RC_UNAVAILABLE, " cannot write a file (exit status 73)" },
	{ "exit 74", RC_UNAVAILABLE, " cannot read or write (exit status 74)" },
	{ "exit 75", RC_UNAVAILABLE, " failed for now (exit status 75)" },
	{ "exit 76", RC_UNAVAILABLE, " does not understand the server (exit status 76)" },
	{ "exit 77", RC_INTERNAL, " has not the permission (exit status 77)" },
	{ "exit 78", RC_INTERNAL, " is set up wrongly (exit status 78)" },
	{ "exit 79", RC_UNAVAILABLE, " failed (exit status 79)" },
	{ "exit 127", RC_UNAVAILABLE, " failed (exit status 127)" },
	{ "exit 255", RC_UNAVAILABLE, " failed (exit status 255)" },
	{ "kill -KILL $$", RC_UNAVAILABLE, " was ended by a signal (exit status 137)" },
};

START_TEST(exit_statuses_are_those_of_sysexits)
{
	char expected[1024];

	test_program(ends[_i].end);
	config.mail.sendmail = config.mail.command = test_program_path();
	ck_assert_int_eq(send_by(&courier_sendmail), ends[_i].rc);
	if (ends[_i].reason != NULL) {
		snprintf(expected, sizeof(expected), "%s%s", test_program_path(), ends[_i].reason);
		ck_assert_str_eq(reason, expected);
	}
	ck_assert_int_eq(send_by(&courier_command), ends[_i].rc);
}
END_TEST

START_TEST(a_missing_program_is_tried_again)
{
	config.mail.sendmail = config.mail.command = "/nonexistent/program";
	ck_assert_int_eq(send_by(&courier_sendmail), RC_UNAVAILABLE);
	/* valgrind keeps from the caller why it could not be started. */
#ifndef YETT_SANITIZED
	ck_assert_str_eq(
	    reason, "/nonexistent/program cannot be started: No such file or directory");
#endif
	ck_assert_int_eq(send_by(&courier_command), RC_UNAVAILABLE);
	config.mail.command = "";
	ck_assert_int_eq(send_by(&courier_command), RC_INTERNAL);
	ck_assert_str_eq(reason, "mail.command is empty or has too many words");
}
END_TEST

/* How many files there are, hidden ones too. */
static size_t
test_count(const char *name)
{
	char path[512];
	struct dirent *entry;
	size_t count = 0;
	DIR *walk;

	test_path(path, name);
	walk = opendir(path);
	ck_assert_ptr_nonnull(walk);
	while ((entry = readdir(walk)) != NULL)
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(walk);
	return count;
}

START_TEST(a_message_becomes_a_file)
{
	struct stat status;
	char path[512];

	config.mail.directory = "outbox";
	umask(0);
	ck_assert_msg(send_by(&courier_directory) == RC_OK, "%s", reason);
	ck_assert_str_eq(reason, "outbox/" ID ".eml");
	ck_assert_str_eq(test_read("outbox/" ID ".eml"), MESSAGE);
	ck_assert_uint_eq(test_count("outbox"), 1);
	test_path(path, "outbox/" ID ".eml");
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(status.st_mode & 07777, 0600);
	test_path(path, "outbox");
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(status.st_mode & 07777, 0700);

	/* Once more, as after a crash before it could be told. */
	test_write("outbox/" ID ".eml", "first", 0600);
	ck_assert_int_eq(send_by(&courier_directory), RC_OK);
	ck_assert_str_eq(test_read("outbox/" ID ".eml"), "first");
	ck_assert_uint_eq(test_count("outbox"), 1);
}
END_TEST

START_TEST(no_id_leaves_the_directory)
{
	static const struct span ids[] = { SPAN_ROW(""), SPAN_ROW("../a"), SPAN_ROW("a/b"),
		SPAN_ROW("a.b"), SPAN_ROW("a\0b"), SPAN_ROW("\xc3\xa4"), { NULL, 0 } };

	config.mail.directory = "empty";
	for (size_t i = 0; i < COUNT(ids); i++) {
		envelope.id = ids[i];
		ck_assert_int_eq(send_by(&courier_directory), RC_INTERNAL);
		ck_assert_str_eq(reason, "the message has no id");
	}
}
END_TEST

START_TEST(nothing_is_written_through_a_link)
{
	char path[512], target[512];

	test_path(target, "elsewhere");
	test_path(path, "linked");
	ck_assert_int_eq(mkdir(target, 0700), 0);
	ck_assert_int_eq(symlink(target, path), 0);
	config.mail.directory = "linked";
	ck_assert_int_eq(send_by(&courier_directory), RC_INTERNAL);
	ck_assert_uint_eq(test_count("elsewhere"), 0);

	config.mail.directory = "elsewhere";
	test_path(path, "elsewhere/" ID ".eml");
	test_path(target, "target");
	ck_assert_int_eq(symlink(target, path), 0);
	ck_assert_int_eq(send_by(&courier_directory), RC_INTERNAL);
	ck_assert_str_eq(reason, ID ".eml is no regular file");
	ck_assert_str_eq(test_read("target"), "");
	ck_assert_uint_eq(test_count("elsewhere"), 1);
}
END_TEST

START_TEST(a_directory_that_cannot_be_made_says_so)
{
	test_write("file", "", 0600);
	config.mail.directory = "file";
	ck_assert_int_eq(send_by(&courier_directory), RC_INTERNAL);
	ck_assert_str_eq(reason, "file: Not a directory");
	config.mail.directory = "missing/mail";
	ck_assert_int_eq(send_by(&courier_directory), RC_INTERNAL);
	ck_assert_str_eq(reason, "missing/mail: No such file or directory");
}
END_TEST

/* No file system here is full; a limit on the size of files comes nearest to it. */
START_TEST(nothing_is_left_of_what_cannot_be_written)
{
	const struct rlimit limit = { 10, 10 };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	config.mail.directory = "limited";
	sigaction(SIGXFSZ, &ignore, NULL);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(send_by(&courier_directory), RC_INTERNAL);
	ck_assert_str_eq(reason, ID ".eml: File too large");
	ck_assert_uint_eq(test_count("limited"), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("courier");
	TCase *tests = tcase_create("courier");

	snprintf(directory, sizeof(directory), "%s", fixture_directory());
	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, the_courier_is_the_one_that_is_set);
	tcase_add_test(tests, no_mail_is_refused);
	tcase_add_loop_test(tests, sendmail_gets_the_recipient_as_one_word, 0, COUNT(recipients));
	tcase_add_loop_test(
	    tests, a_command_gets_the_recipient_in_a_variable, 0, COUNT(recipients));
	tcase_add_loop_test(tests, without_addresses_nothing_is_started, 0, COUNT(envelopes));
	tcase_add_loop_test(tests, exit_statuses_are_those_of_sysexits, 0, COUNT(ends));
	tcase_add_test(tests, a_missing_program_is_tried_again);
	tcase_add_test(tests, a_message_becomes_a_file);
	tcase_add_test(tests, no_id_leaves_the_directory);
	tcase_add_test(tests, nothing_is_written_through_a_link);
	tcase_add_test(tests, a_directory_that_cannot_be_made_says_so);
	tcase_add_test(tests, nothing_is_left_of_what_cannot_be_written);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
