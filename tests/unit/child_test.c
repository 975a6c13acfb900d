#include "mail/child.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mail/reason.h"
#include "unit/fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { LARGE = 1024 * 1024, SECONDS = 20 };

static const char *directory;
static char said[200];
static int status;

/* Runs a script; the answers are in "status" and "said". */
static enum rc
child_script(const char *script, struct span input, int seconds)
{
	char shell[] = "/bin/sh", option[] = "-c", text[1024];
	char *argv[] = { shell, option, text, NULL };

	snprintf(text, sizeof(text), "%s", script);
	memset(said, 'x', sizeof(said));
	return child_run(argv, NULL, input, seconds, &status, said, sizeof(said));
}

static size_t
child_descriptors(void)
{
	DIR *open = opendir("/proc/self/fd");
	size_t count = 0;

	ck_assert_ptr_nonnull(open);
	while (readdir(open) != NULL)
		count++;
	closedir(open);
	return count;
}

static const struct {
	const char *script;
	int status;
	const char *said;
} rows[] = {
	{ "exit 0", 0, "" },
	{ "exit 75", 75, "" },
	{ "cat", 0, "one two" },
	{ "cat >&2; exit 3", 3, "one two" },
	{ "echo \"  a\tb  \"; echo; printf 'c\\001d\\377e\\r\\n'", 0, "a b c d e" },
	{ "kill -TERM $$", 128 + SIGTERM, "" },
	{ "kill -KILL $$", 128 + SIGKILL, "" },
	{ "exec <&-; exit 5", 5, "" },
	{ "exec >&- 2>&-; exit 6", 6, "" },
	{ "exec <&- >&- 2>&-; sleep 0.1; exit 7", 7, "" },
	{ "pwd", 0, "/" },
	{ "ls /proc/self/fd | wc -l", 0, "4" }, /* three, and the one that ls looks with */
	{ "kill -PIPE $$; exit 0", 128 + SIGPIPE, "" },
	{ "kill -CHLD $$; kill -USR1 $$; exit 0", 128 + SIGUSR1, "" },
	{ "[ $(ps -o pgid= -p $$) = $$ ] && echo own", 0, "own" },
};

START_TEST(a_program_answers_with_its_status)
{
	size_t before = child_descriptors();

	ck_assert_int_eq(child_script(rows[_i].script, SPAN("one\ntwo\n"), SECONDS), RC_OK);
	ck_assert_int_eq(status, rows[_i].status);
	ck_assert_str_eq(said, rows[_i].said);
	ck_assert_uint_eq(child_descriptors(), before);
}
END_TEST

/* As root, too: a file that is no program, or one that the loader does not take. */
static const char *const missing[] = { "/nonexistent/program", "/", "/etc/passwd", "" };

/* valgrind gives the child of a vfork() memory of its own, where it cannot leave what went wrong:
 * it ends with 127 then, as a shell would. */
#ifdef YETT_SANITIZED
#define UNTOLD(rc) ((rc) == RC_OK && status == 127)
#else
#define UNTOLD(rc) false
#endif

START_TEST(what_cannot_be_started_says_so)
{
	char path[64];
	char *argv[] = { path, NULL };
	size_t before = child_descriptors();
	enum rc rc;

	snprintf(path, sizeof(path), "%s", missing[_i]);
	rc = child_run(argv, NULL, SPAN("x"), SECONDS, &status, said, sizeof(said));
	ck_assert_uint_eq(child_descriptors(), before);
	if (UNTOLD(rc))
		return;
	ck_assert_int_eq(rc, RC_UNAVAILABLE);
	ck_assert_msg(strncmp(said, "cannot be started: ", 19) == 0, "%s", said);
}
END_TEST

static const char *const hanging[] = {
	"sleep 100",
	"trap '' TERM INT HUP; while :; do sleep 1; done",
	"cat; sleep 100",
	"exec <&- >&- 2>&-; sleep 100",
	"while :; do echo loud; done",
	"sleep 100 & wait",
};

/* A lock that all of its processes hold tells when the last of them is gone. */
START_TEST(what_hangs_is_killed_with_its_children)
{
	char script[512], path[256];
	size_t before = child_descriptors();
	int lock;

	snprintf(path, sizeof(path), "%s/lock", directory);
	snprintf(script, sizeof(script), "exec 9>%s; flock 9; %s", path, hanging[_i]);
	ck_assert_int_eq(child_script(script, SPAN("x"), 1), RC_UNAVAILABLE);
	ck_assert_str_eq(said, "did not end within 1 seconds");
	ck_assert_uint_eq(child_descriptors(), before);

	lock = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(lock, 0);
	for (int i = 0; i < 1000 && flock(lock, LOCK_EX | LOCK_NB) != 0; i++)
		usleep(10000);
	ck_assert_int_eq(flock(lock, LOCK_EX | LOCK_NB), 0);
	close(lock);
}
END_TEST

/* Neither side may wait for the other: more than two pipes hold, in both directions. */
static const struct {
	const char *script;
	int status;
} large_rows[] = {
	{ "cat", 0 },
	{ "head -c 1000000 /dev/zero; cat >/dev/null", 0 },
	{ "exit 0", 0 },
	{ "exit 67", 67 },
	{ "head -c 10 >/dev/null; exit 69", 69 },
	{ "exec <&-; sleep 0.2; exit 70", 70 },
	{ "for i in 1 2 3 4 5; do sleep 0.1; head -c 65536; done >/dev/null; cat | wc -c", 0 },
	{ "[ $(wc -c) = 1048576 ]", 0 },
};

START_TEST(a_large_input_blocks_nobody)
{
	char *large = malloc(LARGE);
	size_t before = child_descriptors();

	ck_assert_ptr_nonnull(large);
	memset(large, 'a', LARGE);
	ck_assert_int_eq(
	    child_script(large_rows[_i].script, (struct span){ large, LARGE }, SECONDS), RC_OK);
	ck_assert_int_eq(status, large_rows[_i].status);
	ck_assert_uint_eq(child_descriptors(), before);
	free(large);
}
END_TEST

/* As sendmail does, that delivers after it has said yes; this one when it is told to. */
START_TEST(a_grandchild_with_the_pipe_is_not_waited_for)
{
	char script[1024], path[256], go[256];
	struct stat found;

	snprintf(path, sizeof(path), "%s/delivered", directory);
	snprintf(go, sizeof(go), "%s/go", directory);
	snprintf(script, sizeof(script),
	    "(while [ ! -e %s ]; do sleep 0.02; done; : >%s) & echo taken; exit 0", go, path);
	ck_assert_int_eq(child_script(script, SPAN("x"), SECONDS), RC_OK);
	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(said, "taken");
	fclose(fopen(go, "w"));
	for (int i = 0; i < 400 && stat(path, &found) != 0; i++)
		usleep(50000);
	ck_assert_int_eq(stat(path, &found), 0);
}
END_TEST

START_TEST(a_loud_grandchild_holds_nobody_up)
{
	ck_assert_int_eq(child_script("(timeout 3 yes) & exit 4", SPAN("x"), SECONDS), RC_OK);
	ck_assert_int_eq(status, 4);
}
END_TEST

START_TEST(the_environment_is_small)
{
	char program[] = "/usr/bin/env", one[] = "RECIPIENT=a@example.org", two[] = "SENDER=b";
	char *argv[] = { program, NULL };
	char *variables[] = { one, two, NULL };
	const struct passwd *entry = getpwuid(geteuid());
	char expected[PATH_MAX + 128];

	/* That of who runs it, if any, whatever was inherited: root's would be closed to others. */
	setenv("HOME", "/home/yett", 1);
	snprintf(expected, sizeof(expected),
	    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "
	    "LANG=C.UTF-8 RECIPIENT=a@example.org SENDER=b%s%s",
	    entry == NULL ? "" : " HOME=", entry == NULL ? "" : entry->pw_dir);
	setenv("SECRET", "1", 1);
	ck_assert_int_eq(
	    child_run(argv, variables, SPAN(""), SECONDS, &status, said, sizeof(said)), RC_OK);
	ck_assert_str_eq(said, expected);
}
END_TEST

/* What the process does with signals stays, and the child gets none of it. */
START_TEST(signals_are_as_before)
{
	struct sigaction mine = { .sa_handler = SIG_IGN }, found;
	sigset_t blocked, now;

	sigaction(SIGCHLD, &mine, NULL);
	sigaction(SIGUSR2, &mine, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	ck_assert_int_eq(child_script("kill -TERM $$; exit 1", SPAN("x"), SECONDS), RC_OK);
	ck_assert_int_eq(status, 128 + SIGTERM);
	ck_assert_int_eq(child_script("kill -USR2 $$; exit 1", SPAN("x"), SECONDS), RC_OK);
	ck_assert_int_eq(status, 128 + SIGUSR2);
	sigaction(SIGCHLD, NULL, &found);
	ck_assert(found.sa_handler == SIG_IGN);
	sigaction(SIGPIPE, NULL, &found);
	ck_assert(found.sa_handler == SIG_DFL);
	sigprocmask(SIG_SETMASK, NULL, &now);
	ck_assert_int_eq(sigismember(&now, SIGTERM), 1);
}
END_TEST

/* Pipes that come to lie where the child's own descriptors belong. */
START_TEST(closed_standard_descriptors_do_not_matter)
{
	for (int closed = 1; closed < 8; closed++) {
		int kept[3];
		enum rc rc;

		for (int fd = 0; fd < 3; fd++) {
			kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
			if ((closed & (1 << fd)) != 0)
				close(fd);
		}
		rc = child_script("cat; echo err >&2", SPAN("in "), SECONDS);
		for (int fd = 0; fd < 3; fd++) {
			if (kept[fd] >= 0) {
				dup2(kept[fd], fd);
				close(kept[fd]);
			}
		}
		ck_assert_int_eq(rc, RC_OK);
		ck_assert_int_eq(status, 0);
		ck_assert_str_eq(said, "in err");
	}
}
END_TEST

static const struct {
	const char *command;
	size_t words; /* 0: none */
	const char *last;
} split_rows[] = {
	{ "/bin/true", 1, "/bin/true" },
	{ "  /bin/mail  -v   x ", 3, "x" },
	{ "", 0, NULL },
	{ "   ", 0, NULL },
	{ "a b c d e f g h a b c d e f g h a b c d e f g h a b c d e f g h", 32, "h" },
	{ "a b c d e f g h a b c d e f g h a b c d e f g h a b c d e f g h i", 0, NULL },
};

START_TEST(commands_are_split_at_spaces)
{
	struct child_words words;
	size_t count = 0;

	ck_assert_int_eq(child_split(&words, span_of(split_rows[_i].command)),
	    split_rows[_i].words == 0 ? RC_NO : RC_OK);
	if (split_rows[_i].words == 0)
		return;
	while (words.argv[count] != NULL)
		count++;
	ck_assert_uint_eq(count, split_rows[_i].words);
	ck_assert_str_eq(words.argv[count - 1], split_rows[_i].last);
}
END_TEST

START_TEST(commands_too_long_are_none)
{
	struct child_words words;
	char command[CHILD_COMMAND_MAX];

	memset(command, 'a', sizeof(command));
	ck_assert_int_eq(child_split(&words, (struct span){ command, sizeof(command) }), RC_NO);
	ck_assert_int_eq(child_split(&words, (struct span){ command, sizeof(command) - 1 }), RC_OK);
	ck_assert_int_eq(child_split(&words, (struct span){ "a\0b", 3 }), RC_NO);
}
END_TEST

static const struct {
	struct span given;
	size_t size;
	const char *line;
} line_rows[] = {
	{ { NULL, 0 }, 20, "" },
	{ SPAN_ROW("  a \r\n\t b\x1b[31m\0c "), 20, "a b [31m c" },
	{ SPAN_ROW("abc"), 3, "ab" },
	{ SPAN_ROW("a b"), 3, "a" },
	{ SPAN_ROW("a\xc3\xa4"), 3, "a" },
	{ SPAN_ROW("a\xc3\xa4"), 4, "a\xc3\xa4" },
	{ SPAN_ROW("a\xc2\x85\xe2\x80\xa8\xff\xc2\xa0z"), 20, "a z" },
	{ SPAN_ROW("a"), 1, "" },
};

START_TEST(what_was_said_is_one_line)
{
	char line[32];

	reason_line(line, line_rows[_i].size, line_rows[_i].given);
	ck_assert_str_eq(line, line_rows[_i].line);
	reason_add(line, sizeof(line), SPAN(" and\n"));
	ck_assert(strstr(line, line[3] == '\0' ? "and" : " and") != NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("child");
	TCase *tests = tcase_create("child");

	directory = fixture_directory();
	tcase_set_timeout(tests, 30);
	tcase_add_loop_test(tests, a_program_answers_with_its_status, 0, COUNT(rows));
	tcase_add_loop_test(tests, what_cannot_be_started_says_so, 0, COUNT(missing));
	tcase_add_loop_test(tests, what_hangs_is_killed_with_its_children, 0, COUNT(hanging));
	tcase_add_loop_test(tests, a_large_input_blocks_nobody, 0, COUNT(large_rows));
	tcase_add_test(tests, a_grandchild_with_the_pipe_is_not_waited_for);
	tcase_add_test(tests, a_loud_grandchild_holds_nobody_up);
	tcase_add_test(tests, the_environment_is_small);
	tcase_add_test(tests, signals_are_as_before);
	tcase_add_test(tests, closed_standard_descriptors_do_not_matter);
	tcase_add_loop_test(tests, commands_are_split_at_spaces, 0, COUNT(split_rows));
	tcase_add_test(tests, commands_too_long_are_none);
	tcase_add_loop_test(tests, what_was_said_is_one_line, 0, COUNT(line_rows));
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
