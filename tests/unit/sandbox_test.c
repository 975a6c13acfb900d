/* What is left to a process that has entered the sandbox, in a child each. */
#include "route/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/fixture.h"

#define COUNT(rows) (int)(sizeof(rows) / sizeof((rows)[0]))

static char allowed[512], other[512];

static void
make(char path[512], const char *directory, const char *name)
{
	snprintf(path, 512, "%s/%s", directory, name);
	fclose(fopen(path, "w"));
}

/* --- what is tried: 0, or what went wrong ------------------------------------------------------
 */

static int
try_file(const char *path, int how)
{
	return open(path, how | O_CLOEXEC, 0600) >= 0 ? 0 : errno;
}

static int
try_allowed(void)
{
	return try_file(allowed, O_RDWR);
}

static int
try_other(void)
{
	return try_file(other, O_RDONLY);
}

static int
try_passwd(void)
{
	return try_file("/etc/passwd", O_RDONLY);
}

static int
try_new(void)
{
	char path[520];

	snprintf(path, sizeof(path), "%s.new", allowed);
	return try_file(path, O_WRONLY | O_CREAT);
}

static int
try_removal(void)
{
	return unlink(allowed) == 0 ? 0 : errno;
}

static int
try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : errno;
}

static int
try_fork(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child > 0 ? 0 : errno;
}

static int
try_program(void)
{
	execl("/bin/true", "true", NULL);
	return errno;
}

static int
try_code(void)
{
	void *page = mmap(
	    NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page != MAP_FAILED ? 0 : errno;
}

static int
try_memory(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page != MAP_FAILED ? 0 : errno;
}

enum { ANY, LANDLOCK, SECCOMP };

static const struct {
	int (*try)(void);
	int by; /* what of the kernel's refuses it */
	bool none;
	int expected;
} rows[] = {
	{ try_memory, ANY, false, 0 },
	{ try_allowed, ANY, false, 0 },
	{ try_allowed, LANDLOCK, true, EACCES },
	{ try_other, LANDLOCK, false, EACCES },
	{ try_passwd, LANDLOCK, false, EACCES },
	{ try_passwd, LANDLOCK, true, EACCES },
	{ try_new, LANDLOCK, false, EACCES },
	{ try_removal, LANDLOCK, false, EACCES },
	{ try_socket, SECCOMP, false, EPERM },
	{ try_fork, SECCOMP, false, EPERM },
	{ try_program, SECCOMP, false, EPERM },
	{ try_code, SECCOMP, false, EPERM },
};

START_TEST(little_is_left)
{
	const char *directory = fixture_directory();
	int status;
	pid_t child;

	if ((rows[_i].by == LANDLOCK && sandbox_landlock_version() < 1) ||
	    (rows[_i].by == SECCOMP && !sandbox_has_seccomp())) {
		printf("skipped: the kernel has no %s\n",
		    rows[_i].by == LANDLOCK ? "Landlock" : "seccomp");
		return;
	}
	make(allowed, directory, "allowed");
	make(other, directory, "other");
	child = fork();
	if (child == 0) {
		sandbox_renounce();
		if (sandbox_enter(rows[_i].none ? NULL : allowed) != RC_OK)
			_exit(255);
		_exit(rows[_i].try());
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status), "signal %d", WTERMSIG(status));
	ck_assert_int_eq(WEXITSTATUS(status), rows[_i].expected);
}
END_TEST

/* The same without it, so that it is the sandbox that refuses. */
START_TEST(much_is_there_before)
{
	const char *directory = fixture_directory();
	int status;
	pid_t child;

	make(allowed, directory, "allowed");
	make(other, directory, "other");
	child = fork();
	if (child == 0)
		_exit(rows[_i].try());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sandbox");
	TCase *tests = tcase_create("sandbox");

#ifdef YETT_SANITIZED
	puts("skipped: sanitizers leave the sandbox out");
#else
	tcase_add_loop_test(tests, little_is_left, 0, COUNT(rows));
#endif
	tcase_add_loop_test(tests, much_is_there_before, 0, COUNT(rows));
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
