#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static char path[512];
static char content[65536];
static char sent[4096]; /* what went to syslog last */
static int sent_priority;

/* <syslog.h> cannot stand beside log.h; these take the place of the C library's. */
void syslog(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
void __syslog_chk(int priority, int flag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void
syslog(int priority, const char *format, ...)
{
	va_list args;

	sent_priority = priority;
	errno = EBADF;
	va_start(args, format);
	vsnprintf(sent, sizeof(sent), format, args);
	va_end(args);
}

void
__syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	sent_priority = priority;
	errno = EBADF;
	va_start(args, format);
	vsnprintf(sent, sizeof(sent), format, args);
	va_end(args);
}

static void
setup(void)
{
	unlink(path);
}

static const char *
written(void)
{
	int fd = open(path, O_RDONLY);
	ssize_t len = fd < 0 ? 0 : read(fd, content, sizeof(content) - 1);

	ck_assert_int_ge(len, 0);
	content[len] = '\0';
	if (fd >= 0)
		close(fd);
	return content;
}

/* The message of the only line. */
static const char *
message(void)
{
	const char *at = strstr(written(), "]");

	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(at[1], ' ');
	return at + 2;
}

START_TEST(a_line_has_time_level_program_and_process)
{
	regex_t form;
	char pid[32];

	ck_assert_int_eq(regcomp(&form,
			     "^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z "
			     "warn login\\[[0-9]+\\] user 7 is away\n$",
			     REG_EXTENDED),
	    0);
	ck_assert_int_eq(log_open(path, LOG_DEBUG, "login"), RC_OK);
	log_line(LOG_WARN, "user %d is %s", 7, "away");
	ck_assert_int_eq(regexec(&form, written(), 0, NULL, 0), 0);
	snprintf(pid, sizeof(pid), "login[%ld] ", (long)getpid());
	ck_assert_ptr_nonnull(strstr(content, pid));
	regfree(&form);
	log_close();
}
END_TEST

static const struct {
	enum log_level level;
	const char *name;
	int priority;
} level_rows[] = {
	{ LOG_ERROR, " error login[", 3 },
	{ LOG_WARN, " warn login[", 4 },
	{ LOG_NOTICE, " notice login[", 5 },
	{ LOG_INFO, " info login[", 6 },
	{ LOG_DEBUG, " debug login[", 7 },
};

START_TEST(levels_have_names_and_are_a_threshold)
{
	for (size_t set = 0; set < COUNT(level_rows); set++) {
		unlink(path);
		ck_assert_int_eq(log_open(path, level_rows[set].level, "login"), RC_OK);
		ck_assert_int_eq(log_wants(level_rows[_i].level), (size_t)_i <= set);
		log_line(level_rows[_i].level, "x");
		log_close();
		ck_assert_int_eq(strstr(written(), level_rows[_i].name) != NULL, (size_t)_i <= set);
	}
}
END_TEST

START_TEST(syslog_gets_its_own_priorities)
{
	ck_assert_int_eq(log_open("syslog", LOG_DEBUG, "login"), RC_OK);
	errno = EDOM;
	log_line(level_rows[_i].level, "a%%\n%s", "b");
	ck_assert_int_eq(errno, EDOM);
	ck_assert_int_eq(sent_priority, level_rows[_i].priority);
	ck_assert_ptr_nonnull(strstr(sent, " a%\\x0ab"));
	log_close();
	sent[0] = '\0';
	log_line(LOG_ERROR, "goes to stderr, as this test means it to");
	ck_assert_str_eq(sent, "");
}
END_TEST

static const struct {
	struct span given;
	const char *expected;
} escape_rows[] = {
	{ SPAN_INIT("plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"),
	    "plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\n" },
	{ SPAN_INIT("a\nb"), "a\\x0ab\n" },
	{ SPAN_INIT("a\r\n2026-01-31T23:59:59.123Z error forged"),
	    "a\\x0d\\x0a2026-01-31T23:59:59.123Z error forged\n" },
	{ SPAN_INIT("\x1b[2J\x07\t\x7f"), "\\x1b[2J\\x07\\x09\\x7f\n" },
	{ SPAN_INIT("\\x0a"), "\\x5cx0a\n" },
	{ SPAN_INIT("\xc2\x85\xc2\x9b"), "\\xc2\\x85\\xc2\\x9b\n" },
	{ SPAN_INIT("\xff\xc3"), "\\xff\\xc3\n" },
	{ SPAN_INIT("\xc0\x8a"), "\\xc0\\x8a\n" },
	{ SPAN_INIT("\xe2\x80\xa8\xe2\x80\xae"), "\\xe2\\x80\\xa8\\xe2\\x80\\xae\n" },
	{ SPAN_INIT("%s%n"), "%s%n\n" },
};

START_TEST(no_input_forges_a_line)
{
	ck_assert_int_eq(log_open(path, LOG_DEBUG, "login"), RC_OK);
	log_line(LOG_ERROR, "%s", escape_rows[_i].given.data);
	ck_assert_str_eq(message(), escape_rows[_i].expected);
	log_close();
}
END_TEST

/* The unit fills the line, whatever the length of its escape. */
static const char *const cut_rows[] = { "x", "\xc3\xa4", "\xf0\x9f\x98\x80", "\n", "\xc2\x85" };

START_TEST(a_long_line_is_cut_between_characters)
{
	static char text[8192];
	size_t unit = strlen(cut_rows[_i]);
	const char *end;

	for (size_t len = 0; len + unit < sizeof(text); len += unit)
		memcpy(text + len, cut_rows[_i], unit);
	ck_assert_int_eq(log_open(path, LOG_DEBUG, "login"), RC_OK);
	log_line(LOG_ERROR, "%s", text);
	log_close();
	end = strstr(written(), "...\n");
	ck_assert_ptr_nonnull(end);
	ck_assert_uint_eq((size_t)(end - content) + 4, strlen(content));
	ck_assert_uint_le(strlen(content), LOG_LINE_MAX);
	ck_assert_uint_gt(strlen(content), LOG_LINE_MAX - 12);
	if ((unsigned char)cut_rows[_i][0] < 0x80 || unit == 4)
		ck_assert_uint_eq((size_t)(end - strstr(content, "] ") - 2) %
				      (cut_rows[_i][0] == '\n' ? 4 : unit),
		    0);
}
END_TEST

/* With and without one character more than fits. */
START_TEST(a_line_that_just_fits_is_whole)
{
	char text[LOG_LINE_MAX];
	size_t room;

	ck_assert_int_eq(log_open(path, LOG_DEBUG, "login"), RC_OK);
	log_line(LOG_ERROR, "%s", "");
	room = LOG_LINE_MAX - strlen(written());
	memset(text, 'x', sizeof(text));
	unlink(path);
	ck_assert_int_eq(log_open(path, LOG_DEBUG, "login"), RC_OK);
	log_line(LOG_ERROR, "%.*s", (int)room, text);
	ck_assert_uint_eq(strlen(written()), LOG_LINE_MAX);
	ck_assert_ptr_null(strstr(content, "..."));
	log_line(LOG_ERROR, "%.*s", (int)room + 1, text);
	ck_assert_uint_eq(strlen(written()), 2 * LOG_LINE_MAX);
	ck_assert_ptr_nonnull(strstr(content, "x...\n"));
	log_close();
}
END_TEST

START_TEST(lines_gather_until_something_matters)
{
	ck_assert_int_eq(log_open(path, LOG_DEBUG, "login"), RC_OK);
	log_line(LOG_INFO, "first");
	ck_assert_str_eq(written(), "");
	log_flush();
	ck_assert_ptr_nonnull(strstr(written(), "first\n"));
	log_line(LOG_DEBUG, "second");
	ck_assert_ptr_null(strstr(written(), "second"));
	log_line(LOG_NOTICE, "third");
	ck_assert_ptr_nonnull(strstr(written(), "second\n"));
	ck_assert_ptr_nonnull(strstr(content, "third\n"));
	log_line(LOG_INFO, "fourth");
	log_close();
	ck_assert_ptr_nonnull(strstr(written(), "fourth\n"));
}
END_TEST

START_TEST(only_whole_lines_are_written)
{
	ck_assert_int_eq(log_open(path, LOG_DEBUG, "login"), RC_OK);
	for (int i = 0; i < 200; i++) {
		size_t len;
		log_line(LOG_INFO, "line %d of many", i);
		len = strlen(written());
		ck_assert(len == 0 || content[len - 1] == '\n');
	}
	ck_assert_uint_gt(strlen(content), 4096); /* without any flush */
	log_close();
	ck_assert_ptr_nonnull(strstr(written(), "line 199 of many\n"));
}
END_TEST

START_TEST(a_child_does_not_repeat_what_was_gathered)
{
	const char *first;
	pid_t child;

	ck_assert_int_eq(log_open(path, LOG_DEBUG, "login"), RC_OK);
	log_line(LOG_INFO, "once");
	child = fork();
	if (child == 0) {
		log_line(LOG_ERROR, "child");
		log_close();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	log_close();
	first = strstr(written(), "once\n");
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(strstr(first + 1, "once\n"));
	ck_assert_ptr_nonnull(strstr(content, "child\n"));
}
END_TEST

START_TEST(a_file_is_appended_to_and_private)
{
	struct stat status;

	umask(0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(log_open(path, LOG_INFO, "login"), RC_OK);
		log_line(LOG_INFO, "round %d", i);
		log_close();
	}
	ck_assert_ptr_nonnull(strstr(written(), "round 0\n"));
	ck_assert_ptr_nonnull(strstr(content, "round 1\n"));
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0600);
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_leaves_stderr)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_ge(fd, 0);
	dup2(fd, STDERR_FILENO);
	ck_assert_int_eq(log_open("/nowhere/at/all", LOG_INFO, "login"), RC_INTERNAL);
	ck_assert_ptr_nonnull(strstr(written(), "/nowhere/at/all"));
	log_line(LOG_ERROR, "still heard");
	ck_assert_ptr_nonnull(strstr(written(), "still heard\n"));
}
END_TEST

START_TEST(errno_is_kept)
{
	ck_assert_int_eq(log_open("/dev/full", LOG_INFO, "login"), RC_OK);
	errno = EDOM;
	log_line(LOG_ERROR, "lost, for the disk is full");
	log_flush();
	ck_assert_int_eq(errno, EDOM);
	log_close();
}
END_TEST

START_TEST(a_fault_names_its_function)
{
	ck_assert_int_eq(log_open(path, LOG_INFO, "login"), RC_OK);
	LOG_FAULT(LOG_ERROR, "cannot: %s", "why");
	ck_assert_ptr_nonnull(strstr(message(), __func__));
	ck_assert_ptr_nonnull(strstr(content, ": cannot: why\n"));
	log_close();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("log");
	TCase *tests = tcase_create("log");

	snprintf(path, sizeof(path), "%s/log", fixture_directory());
	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, a_line_has_time_level_program_and_process);
	tcase_add_loop_test(tests, levels_have_names_and_are_a_threshold, 0, COUNT(level_rows));
	tcase_add_loop_test(tests, syslog_gets_its_own_priorities, 0, COUNT(level_rows));
	tcase_add_loop_test(tests, no_input_forges_a_line, 0, COUNT(escape_rows));
	tcase_add_loop_test(tests, a_long_line_is_cut_between_characters, 0, COUNT(cut_rows));
	tcase_add_test(tests, a_line_that_just_fits_is_whole);
	tcase_add_test(tests, lines_gather_until_something_matters);
	tcase_add_test(tests, only_whole_lines_are_written);
	tcase_add_test(tests, a_child_does_not_repeat_what_was_gathered);
	tcase_add_test(tests, a_file_is_appended_to_and_private);
	tcase_add_test(tests, a_file_that_cannot_be_opened_leaves_stderr);
	tcase_add_test(tests, errno_is_kept);
	tcase_add_test(tests, a_fault_names_its_function);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
