/* The starter of deliver, in a process that does with it what routes do. This executable is copied
 * to a directory as "program", which is told what to do over a pipe, and as "deliver", which writes
 * down how it was started. */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "route/starter.h"
#include "unit/fixture.h"

#define CONTROL 10 /* descriptors of the program */
#define ANSWERS 11
#define PATIENCE 10000 /* milliseconds */
#define REST 100       /* of the starter */

static const char *directory;
static enum program poster; /* one that puts something into the outbox */

/* --- deliver: writes ran-PID and ends, or stays where there is a file "stay" ----------------- */

static void
deliver_descriptors(FILE *out)
{
	DIR *list = opendir("/proc/self/fd");
	const struct dirent *entry;
	char path[300], target[300];

	while (list != NULL && (entry = readdir(list)) != NULL) {
		int fd = atoi(entry->d_name);
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/self/fd/%s", entry->d_name);
		len = readlink(path, target, sizeof(target) - 1);
		if (len < 0 || fd == dirfd(list) || fd == fileno(out))
			continue;
		target[len] = '\0';
		fprintf(out, "fd %d %s\n", fd, target);
	}
	closedir(list);
}

static void
deliver_status(FILE *out)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];

	while (status != NULL && fgets(line, sizeof(line), status) != NULL) {
		if (strncmp(line, "NoNewPrivs:", 11) == 0 || strncmp(line, "Sig", 3) == 0)
			fputs(line, out);
	}
	fclose(status);
}

extern char **environ;

static int
deliver_main(const char *self)
{
	char path[512], part[520];
	FILE *out;

	snprintf(path, sizeof(path), "%.*s/ran-%ld", (int)(strrchr(self, '/') - self), self,
	    (long)getpid());
	snprintf(part, sizeof(part), "%s.part", path);
	out = fopen(part, "w");
	if (out == NULL)
		return EXIT_FAILURE;
	for (char **variable = environ; *variable != NULL; variable++)
		fprintf(out, "env %s\n", *variable);
	deliver_descriptors(out);
	deliver_status(out);
	fprintf(out, "session %ld\n", (long)getsid(0));
	fclose(out);
	rename(part, path);
	snprintf(path, sizeof(path), "%.*s/stay", (int)(strrchr(self, '/') - self), self);
	for (int i = 0; access(path, F_OK) == 0 && i < 2000; i++)
		usleep(10000);
	return EXIT_SUCCESS;
}

/* --- program: one letter is one command, answered by one letter --------------------------------
 */

/* Whether there was somebody to wake is told on standard error, as programs tell it in their log.
 */
static void
wake(const struct starter *starter)
{
	if (starter_wake(starter) != RC_OK)
		fprintf(stderr, "nobody to wake\n");
}

static int
program_main(const char *mode)
{
	struct config config = { .directory = (char[]){ "/the/state" } };
	struct process process = { .program = poster, .config = &config };
	struct starter starter;
	char command;

	process.once = strchr(mode, '1') != NULL;
	config.hooks.command = strchr(mode, 'h') != NULL ? "/bin/true" : "";
	config.mail.transport = strchr(mode, 'm') != NULL ? MAIL_DIRECTORY : MAIL_NONE;
	if (strchr(mode, 'g') != NULL)
		process.program = PROGRAM_guard;
	signal(SIGPIPE, SIG_IGN);
	if (starter_open(&starter, &process) != RC_OK)
		return EXIT_FAILURE;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	command = starter.wake < 0 ? 'n' : 'y';
	do {
		if (command == 'w')
			wake(&starter);
		for (int i = 0; command == 'W' && i < 100000; i++)
			wake(&starter);
		if (command == 'c')
			starter_close(&starter);
		if (write(ANSWERS, &command, 1) != 1)
			break;
	} while (read(CONTROL, &command, 1) == 1 && command != 'e');
	return EXIT_SUCCESS;
}

/* --- the tests ---------------------------------------------------------------------------------
 */

struct running {
	pid_t pid;
	int control, answers, errors, out;
	uint16_t port; /* where descriptor 0 listens */
};

static void
pause_ms(long ms)
{
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

static const char *
file(const char *name)
{
	static char paths[4][512];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

static void
copy_self(const char *name)
{
	char block[65536];
	int from = open("/proc/self/exe", O_RDONLY);
	int to = open(file(name), O_WRONLY | O_CREAT | O_EXCL, 0700);
	ssize_t len;

	while ((len = read(from, block, sizeof(block))) > 0)
		ck_assert_int_eq(write(to, block, (size_t)len), len);
	close(from);
	close(to);
}

static void
begin(void)
{
	directory = fixture_directory();
	copy_self("program");
	copy_self("deliver");
}

static int
listener(uint16_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

static bool
connects(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool fine;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fine = connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
	close(fd);
	return fine;
}

/* Moves a descriptor out of the way of those that the program is to have. */
static int
high(int fd)
{
	int up = fcntl(fd, F_DUPFD_CLOEXEC, 20);

	close(fd);
	return up;
}

static void
program_pipe(int ends[2])
{
	ck_assert_int_eq(pipe(ends), 0);
	ends[0] = high(ends[0]);
	ends[1] = high(ends[1]);
}

static char
program_answer(const struct running *program)
{
	struct pollfd ready = { .fd = program->answers, .events = POLLIN };
	char answer = '?';

	ck_assert_int_eq(poll(&ready, 1, PATIENCE), 1);
	ck_assert_int_eq(read(program->answers, &answer, 1), 1);
	return answer;
}

static void
program_tell(const struct running *program, char command)
{
	ck_assert_int_eq(write(program->control, &command, 1), 1);
	if (command != 'e')
		ck_assert_int_eq(program_answer(program), command);
}

/* Whether there is a starter. */
static bool
program_start(struct running *program, const char *mode)
{
	int control[2], answers[2], errors[2], out[2];
	int socket = high(listener(&program->port));

	program_pipe(control);
	program_pipe(answers);
	program_pipe(errors);
	program_pipe(out);
	program->pid = fork();
	if (program->pid == 0) {
		dup2(socket, 0);
		dup2(out[1], 1);
		dup2(errors[1], 2);
		dup2(control[0], CONTROL);
		dup2(answers[1], ANSWERS);
		setpgid(0, 0);
		setenv("SECRET", "of the web server", 1);
		setenv("TZ", "Europe/Berlin", 1);
		setenv("YETT_ALLOW_ROOT", "1", 1);
		setenv("PATH", "/usr/bin:/bin", 1);
		execl(file("program"), "program", mode, NULL);
		_exit(127);
	}
	close(socket);
	close(control[0]);
	close(answers[1]);
	close(errors[1]);
	close(out[1]);
	program->control = control[1];
	program->answers = answers[0];
	program->errors = errors[0];
	program->out = out[0];
	return program_answer(program) == 'y';
}

static void
program_end(const struct running *program)
{
	int status = -1;

	program_tell(program, 'e');
	ck_assert_int_eq(waitpid(program->pid, &status, 0), program->pid);
	ck_assert_int_eq(status, 0);
}

/* The first process whose parent this is; 0 when there is none. */
static pid_t
child_of(pid_t parent)
{
	char path[64], text[32] = "";
	FILE *list;

	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)parent, (long)parent);
	list = fopen(path, "r");
	if (list != NULL) {
		if (fgets(text, sizeof(text), list) == NULL)
			text[0] = '\0';
		fclose(list);
	}
	return (pid_t)atol(text);
}

static size_t
count_ran(char name[300])
{
	DIR *list = opendir(directory);
	const struct dirent *entry;
	size_t count = 0;

	while ((entry = readdir(list)) != NULL) {
		if (strncmp(entry->d_name, "ran-", 4) != 0 ||
		    strstr(entry->d_name, ".part") != NULL)
			continue;
		count++;
		if (name != NULL)
			snprintf(name, 300, "%s", entry->d_name);
	}
	closedir(list);
	return count;
}

/* The letter that ps has for it; '\0' when it is gone, whoever still has to wait for it. */
static char
state_of(pid_t pid)
{
	char path[64], state = '\0';
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	stat = fopen(path, "r");
	if (stat == NULL)
		return '\0';
	if (fscanf(stat, "%*d (%*[^)]) %c", &state) != 1 || state == 'Z' || state == 'X')
		state = '\0';
	fclose(stat);
	return state;
}

static bool
comes_to(pid_t pid, char state)
{
	for (int waited = 0; waited < PATIENCE && state_of(pid) != state; waited += 10)
		pause_ms(10);
	return state_of(pid) == state;
}

static bool
is_gone(pid_t pid)
{
	return comes_to(pid, '\0');
}

static bool
has_no_child(pid_t parent)
{
	for (int waited = 0; waited < PATIENCE && child_of(parent) != 0; waited += 10)
		pause_ms(10);
	return child_of(parent) == 0;
}

static void
wait_for_runs(size_t count)
{
	for (int waited = 0; count_ran(NULL) < count; waited += 10) {
		ck_assert_int_lt(waited, PATIENCE);
		pause_ms(10);
	}
}

/* What the first deliver wrote; it is waited for. */
static const char *
ran(void)
{
	static char text[8192];
	char name[300];
	FILE *in;

	wait_for_runs(1);
	count_ran(name);
	in = fopen(file(name), "r");
	ck_assert_ptr_nonnull(in);
	text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
	fclose(in);
	return text;
}

/* It has forgotten, and has a session of its own. */
static pid_t
settled(const struct running *program)
{
	pid_t starter = child_of(program->pid);

	ck_assert_int_gt(starter, 0);
	for (int waited = 0; getpgid(starter) != starter; waited += 10) {
		ck_assert_int_lt(waited, PATIENCE);
		pause_ms(10);
	}
	return starter;
}

/* All that was written to it, once nobody can write any more. */
static const char *
errors_of(const struct running *program)
{
	static char text[65536];
	struct pollfd ready = { .fd = program->errors, .events = POLLIN };
	size_t size = 0;
	ssize_t got;

	do {
		ck_assert_int_eq(poll(&ready, 1, PATIENCE), 1);
		got = read(program->errors, text + size, sizeof(text) - 1 - size);
		ck_assert_int_ge(got, 0);
		size += (size_t)got;
	} while (got > 0);
	text[size] = '\0';
	return text;
}

/* Whether that stands in the environment that a process was given. */
static bool
was_given(pid_t pid, const char *variable)
{
	char path[64], text[65536];
	size_t size;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%ld/environ", (long)pid);
	in = fopen(path, "r");
	ck_assert_ptr_nonnull(in);
	size = fread(text, 1, sizeof(text), in);
	fclose(in);
	ck_assert_uint_gt(size, 0);
	return memmem(text, size, variable, strlen(variable)) != NULL;
}

static void
count_lines(const char *text, const char *prefix, size_t *count)
{
	*count = 0;
	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		*count += strncmp(line, prefix, strlen(prefix)) == 0;
		if (*line == '\0')
			break;
	}
}

START_TEST(deliver_gets_a_small_environment_and_no_files)
{
	struct running program;
	const char *text;
	size_t count;

	ck_assert(program_start(&program, "m"));
	program_tell(&program, 'w');
	text = ran();
	ck_assert_ptr_nonnull(strstr(text, "env YETT_STATE=/the/state\n"));
	ck_assert_ptr_nonnull(strstr(text, "env PATH=/usr/bin:/bin\n"));
	ck_assert_ptr_nonnull(strstr(text, "env TZ=Europe/Berlin\n"));
	ck_assert_ptr_nonnull(strstr(text, "env YETT_ALLOW_ROOT=1\n"));
	count_lines(text, "env ", &count);
	ck_assert_uint_eq(count, 4);
	ck_assert_ptr_nonnull(strstr(text, "fd 0 /dev/null\n"));
	ck_assert_ptr_nonnull(strstr(text, "fd 1 /dev/null\n"));
	ck_assert_ptr_nonnull(strstr(text, "fd 2 pipe:"));
	count_lines(text, "fd ", &count);
	ck_assert_uint_eq(count, 3);
	program_end(&program);
}
END_TEST

START_TEST(deliver_may_gain_privileges_and_has_default_signals)
{
	struct running program;
	const char *text, *ignored;
	char session[64];

	ck_assert(program_start(&program, "m"));
	program_tell(&program, 'w');
	text = ran();
	ck_assert_ptr_nonnull(strstr(text, "NoNewPrivs:\t0\n"));
	ck_assert_ptr_nonnull(strstr(text, "SigBlk:\t0000000000000000\n"));
	ignored = strstr(text, "SigIgn:\t");
	ck_assert_ptr_nonnull(ignored);
	/* Signals 32 and 33 are glibc's own; make leaves them ignored, and no program can change
	 * that. */
	ck_assert_uint_eq(
	    strtoull(ignored + strlen("SigIgn:\t"), NULL, 16) & ~UINT64_C(0x180000000), 0);
	snprintf(session, sizeof(session), "session %ld\n", (long)child_of(program.pid));
	ck_assert_ptr_nonnull(strstr(text, session));
	program_end(&program);
}
END_TEST

/* A web server takes the end of a plain CGI program's files for its end. */
START_TEST(plain_cgi_ends_while_deliver_goes_on)
{
	struct running program;
	struct pollfd ends[2];
	char byte, name[300];
	pid_t deliver;

	fclose(fopen(file("stay"), "w"));
	ck_assert(program_start(&program, "m1"));
	program_tell(&program, 'w');
	ck_assert_ptr_nonnull(strstr(ran(), "fd 2 /dev/null\n"));
	count_ran(name);
	deliver = (pid_t)atol(name + strlen("ran-"));
	program_end(&program);
	ends[0] = (struct pollfd){ .fd = program.out, .events = POLLIN };
	ends[1] = (struct pollfd){ .fd = program.errors, .events = POLLIN };
	ck_assert_int_ge(poll(ends, 2, 1000), 1);
	ck_assert_int_eq(read(program.out, &byte, 1), 0);
	ck_assert_int_eq(read(program.errors, &byte, 1), 0);
	ck_assert_uint_eq(count_ran(NULL), 1);
	ck_assert_int_ne(state_of(deliver), '\0');
	unlink(file("stay"));
	ck_assert(is_gone(deliver));
}
END_TEST

START_TEST(wakes_that_gather_start_one)
{
	struct running program;
	pid_t starter;

	ck_assert(program_start(&program, "m"));
	starter = child_of(program.pid);
	kill(starter, SIGSTOP);
	ck_assert(comes_to(starter, 'T'));
	for (int i = 0; i < 50; i++)
		program_tell(&program, 'w');
	kill(starter, SIGCONT);
	program_end(&program);
	ck_assert(is_gone(starter));
	wait_for_runs(1);
	pause_ms(200);
	ck_assert_uint_eq(count_ran(NULL), 1);
}
END_TEST

START_TEST(it_rests_before_it_starts_anything)
{
	struct running program;
	int64_t woken;

	ck_assert(program_start(&program, "m"));
	(void)settled(&program);
	woken = clock_monotonic(&clock_system);
	program_tell(&program, 'w');
	wait_for_runs(1);
	ck_assert_int_ge(clock_monotonic(&clock_system) - woken, REST);
	program_end(&program);
}
END_TEST

START_TEST(it_forgets_the_environment)
{
	struct running program;
	pid_t starter;

	ck_assert(program_start(&program, "m"));
	starter = settled(&program);
	ck_assert(was_given(program.pid, "SECRET"));
	ck_assert(!was_given(starter, "SECRET"));
	ck_assert(!was_given(starter, "of the web server"));
	program_end(&program);
}
END_TEST

START_TEST(no_zombies_are_left)
{
	struct running program;
	pid_t starter;

	ck_assert(program_start(&program, "h"));
	starter = child_of(program.pid);
	for (size_t i = 1; i <= 3; i++) {
		program_tell(&program, 'w');
		wait_for_runs(i);
	}
	ck_assert(has_no_child(starter));
	kill(starter, SIGKILL);
	ck_assert(is_gone(starter));
	ck_assert(has_no_child(program.pid));
	program_end(&program);
}
END_TEST

START_TEST(it_ends_when_the_program_is_killed)
{
	struct running program;
	pid_t starter;

	ck_assert(program_start(&program, "m"));
	starter = child_of(program.pid);
	ck_assert_int_gt(starter, 0);
	kill(program.pid, SIGKILL);
	waitpid(program.pid, NULL, 0);
	ck_assert(is_gone(starter));
}
END_TEST

/* Else the web server could not start the program anew. */
START_TEST(the_socket_is_the_programs_alone)
{
	struct running program;

	fclose(fopen(file("stay"), "w"));
	ck_assert(program_start(&program, "m"));
	ck_assert(connects(program.port));
	program_tell(&program, 'w');
	(void)ran();
	kill(program.pid, SIGKILL);
	waitpid(program.pid, NULL, 0);
	ck_assert(!connects(program.port));
	unlink(file("stay"));
}
END_TEST

START_TEST(signals_to_the_programs_group_pass_it_by)
{
	struct running program;
	pid_t starter;

	ck_assert(program_start(&program, "m"));
	starter = settled(&program);
	program_tell(&program, 'w');
	kill(-program.pid, SIGTERM);
	waitpid(program.pid, NULL, 0);
	(void)ran(); /* woken just before the end */
	ck_assert(is_gone(starter));
}
END_TEST

START_TEST(waking_never_waits_and_outlives_the_starter)
{
	struct running program;
	pid_t starter;

	ck_assert(program_start(&program, "m"));
	starter = child_of(program.pid);
	kill(starter, SIGSTOP);
	program_tell(&program, 'W');
	kill(starter, SIGKILL);
	ck_assert(is_gone(starter));
	program_tell(&program, 'w');
	program_end(&program);
	ck_assert_ptr_nonnull(strstr(errors_of(&program), "nobody to wake\n"));
}
END_TEST

START_TEST(a_missing_deliver_is_told)
{
	struct running program;
	char text[1024];
	ssize_t len;

	ck_assert_int_eq(unlink(file("deliver")), 0);
	ck_assert(program_start(&program, "m"));
	program_tell(&program, 'w');
	len = read(program.errors, text, sizeof(text) - 1);
	ck_assert_int_gt(len, 0);
	text[len] = '\0';
	ck_assert_ptr_nonnull(strstr(text, "/deliver: No such file"));
	program_end(&program);
}
END_TEST

/* Neither where nothing is sent, nor for a program that has nothing to send. What there is ends
 * once it is closed, and then nobody is woken. */
static const struct {
	const char *mode;
	bool forks;
} none_rows[] = { { "", false }, { "m", true }, { "h", true }, { "gmh", false }, { "1", false } };

START_TEST(none_is_forked_without_need)
{
	struct running program;

	ck_assert_int_eq(program_start(&program, none_rows[_i].mode), none_rows[_i].forks);
	ck_assert_int_eq(child_of(program.pid) != 0, none_rows[_i].forks);
	program_tell(&program, 'w');
	program_tell(&program, 'c');
	ck_assert(has_no_child(program.pid));
	program_tell(&program, 'w');
	program_end(&program);
	ck_assert_str_eq(errors_of(&program), "");
	if (none_rows[_i].forks)
		wait_for_runs(1);
	ck_assert_uint_eq(count_ran(NULL), none_rows[_i].forks);
}
END_TEST

static enum program
find_poster(void)
{
	int program = 0;

	while (program < PROGRAMS &&
	       (program_rows[program].grants & (GRANT_NOTICE | GRANT_OUTBOX_SEAL)) == 0)
		program++;
	return (enum program)program;
}

static Suite *
starter_suite(void)
{
	Suite *suite = suite_create("starter");
	TCase *tests = tcase_create("starter");

	tcase_add_checked_fixture(tests, begin, NULL);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, deliver_gets_a_small_environment_and_no_files);
	tcase_add_test(tests, deliver_may_gain_privileges_and_has_default_signals);
	tcase_add_test(tests, plain_cgi_ends_while_deliver_goes_on);
	tcase_add_test(tests, wakes_that_gather_start_one);
	tcase_add_test(tests, it_rests_before_it_starts_anything);
	tcase_add_test(tests, it_forgets_the_environment);
	tcase_add_test(tests, no_zombies_are_left);
	tcase_add_test(tests, it_ends_when_the_program_is_killed);
	tcase_add_test(tests, the_socket_is_the_programs_alone);
	tcase_add_test(tests, signals_to_the_programs_group_pass_it_by);
	tcase_add_test(tests, waking_never_waits_and_outlives_the_starter);
	tcase_add_test(tests, a_missing_deliver_is_told);
	tcase_add_loop_test(
	    tests, none_is_forked_without_need, 0, sizeof(none_rows) / sizeof(none_rows[0]));
	suite_add_tcase(suite, tests);
	return suite;
}

int
main(int argc, char **argv)
{
	char self[512] = "";
	const char *name;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) <= 0)
		return EXIT_FAILURE;
	name = strrchr(self, '/') + 1;
	poster = find_poster();
	if (strcmp(name, "deliver") == 0)
		return deliver_main(self);
	if (strcmp(name, "program") == 0)
		return program_main(argc > 1 ? argv[1] : "");
	if (poster == PROGRAMS) {
		puts("skipped: no program puts anything into the outbox");
		return EXIT_SUCCESS;
	}
	return fixture_run(starter_suite());
}
