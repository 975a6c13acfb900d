#include "mail/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "mail/reason.h"

enum {
	CHILD_TICK = 10, /* milliseconds between two looks whether it has ended */
	CHILD_SAID_MAX = 1024,
	CHILD_FIRST_FREE = STDERR_FILENO + 1
};

struct child {
	pid_t pid;
	int in;  /* written to; -1 once all is written or nobody reads any more */
	int out; /* read from; -1 at its end */
	struct span input;
	char said[CHILD_SAID_MAX];
	size_t said_len;
};

/* What else is set for the whole process while a child runs, and was before. */
struct child_signals {
	struct sigaction pipe, child;
};

enum rc
child_split(struct child_words *words, struct span command)
{
	char *next = words->text;
	size_t count = 0;

	words->argv[0] = NULL;
	if (!span_copy(words->text, sizeof(words->text), command))
		return RC_NO;
	while (next != NULL) {
		char *word = strsep(&next, " ");

		if (*word == '\0')
			continue;
		if (count == CHILD_WORDS_MAX)
			return RC_NO;
		words->argv[count++] = word;
		words->argv[count] = NULL;
	}
	return count == 0 ? RC_NO : RC_OK;
}

/* A peer that does not read must not end this process, and its status must not be lost. */
static void
child_signals_set(struct child_signals *before)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, standard = { .sa_handler = SIG_DFL };

	sigaction(SIGPIPE, &ignore, &before->pipe);
	sigaction(SIGCHLD, &standard, &before->child);
}

static void
child_signals_restore(const struct child_signals *before)
{
	sigaction(SIGPIPE, &before->pipe, NULL);
	sigaction(SIGCHLD, &before->child, NULL);
}

static void
child_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static bool
child_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC) == 0)
		return true;
	ends[0] = ends[1] = -1;
	return false;
}

/* Its standard descriptors, and no other. Should this process have some of these closed, its pipes
 * lie there: "in", that is made first, below "out", and "out" is then none of the three. */
static int
child_actions(posix_spawn_file_actions_t *actions, int in, int out)
{
	int error = posix_spawn_file_actions_adddup2(actions, in, STDIN_FILENO);

	if (error == 0)
		error = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(actions, out, STDERR_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_addclosefrom_np(actions, CHILD_FIRST_FREE);
	if (error == 0)
		error = posix_spawn_file_actions_addchdir_np(actions, "/");
	return error;
}

/* A process group of its own, so that it can be ended with all that it starts. */
static int
child_attributes(posix_spawnattr_t *attributes)
{
	sigset_t all, none;
	int error;

	sigfillset(&all);
	sigemptyset(&none);
	error = posix_spawnattr_setsigdefault(attributes, &all);
	if (error == 0)
		error = posix_spawnattr_setsigmask(attributes, &none);
	if (error == 0)
		error = posix_spawnattr_setpgroup(attributes, 0);
	if (error == 0)
		error = posix_spawnattr_setflags(attributes,
		    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	return error;
}

/* Starts it; errno as the answer. */
static int
child_spawn(struct child *child, char *const argv[], char *const environment[], int in, int out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error = posix_spawn_file_actions_init(&actions);

	if (error != 0)
		return error;
	error = posix_spawnattr_init(&attributes);
	if (error != 0)
		goto out;
	error = child_actions(&actions, in, out);
	if (error == 0)
		error = child_attributes(&attributes);
	if (error == 0)
		error = posix_spawn(&child->pid, argv[0], &actions, &attributes, argv, environment);
	posix_spawnattr_destroy(&attributes);
out:
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static char *
child_home(void)
{
	static char home[PATH_MAX + 5];
	const struct passwd *entry = getpwuid(geteuid());
	int length;

	if (entry == NULL)
		return NULL;
	length = snprintf(home, sizeof(home), "HOME=%s", entry->pw_dir);
	return length > 0 && (size_t)length < sizeof(home) ? home : NULL;
}

static void
child_environment(char *environment[], char *const variables[])
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	static char language[] = "LANG=C.UTF-8";
	size_t count = 0;

	environment[count++] = path;
	environment[count++] = language;
	for (size_t i = 0; variables != NULL && variables[i] != NULL && i < CHILD_VARIABLES_MAX;
	     i++)
		environment[count++] = variables[i];
	/* The last one, because there may be none. */
	environment[count++] = child_home();
	environment[count] = NULL;
}

/* Starts it between two pipes; errno as the answer. */
static int
child_start(struct child *child, char *const argv[], char *const variables[])
{
	char *environment[CHILD_VARIABLES_MAX + 4];
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };
	int error = 0;

	child_environment(environment, variables);
	if (!child_pipe(in) || !child_pipe(out) || fcntl(in[1], F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(out[0], F_SETFL, O_NONBLOCK) != 0)
		error = errno;
	if (error == 0)
		error = child_spawn(child, argv, environment, in[0], out[1]);
	child_close(&in[0]);
	child_close(&out[1]);
	child->in = in[1];
	child->out = out[0];
	return error;
}

static bool
child_may_retry(void)
{
	return errno == EAGAIN || errno == EINTR;
}

static void
child_write(struct child *child)
{
	ssize_t put = 0;

	if (child->input.len > 0)
		put = write(child->in, child->input.data, child->input.len);
	if (put > 0)
		child->input = span_after(child->input, (size_t)put);
	if (child->input.len == 0 || (put < 0 && !child_may_retry()))
		child_close(&child->in);
}

/* Reads on when the place is full, so that the child is not held up; false when nothing came. */
static bool
child_read(struct child *child)
{
	char more[4096];
	size_t room = sizeof(child->said) - child->said_len;
	ssize_t got = room > 0 ? read(child->out, child->said + child->said_len, room)
			       : read(child->out, more, sizeof(more));

	if (got == 0 || (got < 0 && !child_may_retry()))
		child_close(&child->out);
	else if (got > 0 && room > 0)
		child->said_len += (size_t)got;
	return got > 0;
}

static void
child_exchange(struct child *child)
{
	struct pollfd ends[] = { { .fd = child->in, .events = POLLOUT },
		{ .fd = child->out, .events = POLLIN } };

	if (poll(ends, 2, CHILD_TICK) <= 0)
		return;
	if (ends[0].revents != 0)
		child_write(child);
	if (ends[1].revents != 0)
		(void)child_read(child);
}

static int
child_status(int raw)
{
	return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
}

/* RC_UNAVAILABLE: out of time. */
static enum rc
child_wait(struct child *child, int seconds, int *status)
{
	int64_t deadline = clock_monotonic(&clock_system) + seconds * SECOND;
	int raw;

	for (;;) {
		child_exchange(child);
		if (waitpid(child->pid, &raw, WNOHANG) == child->pid)
			break;
		if (clock_monotonic(&clock_system) >= deadline)
			return RC_UNAVAILABLE;
	}
	/* What it said last; others that it left may go on writing for ever. */
	while (child->out >= 0 && child->said_len < sizeof(child->said) && child_read(child))
		;
	*status = child_status(raw);
	return RC_OK;
}

static void
child_kill(struct child *child)
{
	kill(-child->pid, SIGKILL);
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

enum rc
child_run(char *const argv[], char *const variables[], struct span input, int seconds, int *status,
    char *said, size_t said_size)
{
	struct child child = { .in = -1, .out = -1, .input = input };
	struct child_signals before;
	enum rc rc = RC_UNAVAILABLE;
	int error;

	*status = -1;
	child_signals_set(&before);
	error = child_start(&child, argv, variables);
	if (error != 0) {
		reason_print(said, said_size, "cannot be started: %s", strerror(error));
		goto out;
	}
	rc = child_wait(&child, seconds, status);
	if (rc == RC_OK) {
		reason_line(said, said_size, (struct span){ child.said, child.said_len });
	} else {
		child_kill(&child);
		reason_print(said, said_size, "did not end within %d seconds", seconds);
	}
out:
	child_close(&child.in);
	child_close(&child.out);
	child_signals_restore(&before);
	return rc;
}
