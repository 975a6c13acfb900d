#include "route/starter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/self.h"

#define STARTER_PIPE 3      /* where the child keeps its end */
#define STARTER_GATHER 100  /* milliseconds in which wakes become one; see starter_live() */
#define STARTER_FILES 65536 /* as many are closed where the kernel cannot close all at once */
#define STARTER_PATH "/usr/local/bin:/usr/bin:/bin"
#define STARTER_VARIABLE (PATH_MAX + 16)

enum starter_variable { STARTER_STATE, STARTER_SEARCH, STARTER_ZONE, STARTER_ROOT, STARTER_ENDS };

/* All that deliver is started with; made before the fork. */
struct starter_plan {
	bool once; /* the web server waits for the end of everything that it gave us */
	char program[PATH_MAX];
	char variables[STARTER_ENDS][STARTER_VARIABLE];
	char *environment[STARTER_ENDS + 1];
};

static bool
starter_is_of_use(const struct process *process)
{
	const struct config *config = process->config;

	return (program_rows[process->program].grants & (GRANT_NOTICE | GRANT_OUTBOX_SEAL)) != 0 &&
	       (config->mail.transport != MAIL_NONE || config->hooks.command[0] != '\0');
}

/* Adds NAME=value to the environment; NULL leaves it out. */
static bool
starter_plan_put(
    struct starter_plan *plan, enum starter_variable variable, const char *name, const char *value)
{
	char *text = plan->variables[variable];
	size_t count = 0;
	int length;

	if (value == NULL)
		return true;
	length = snprintf(text, STARTER_VARIABLE, "%s=%s", name, value);
	while (plan->environment[count] != NULL)
		count++;
	plan->environment[count] = text;
	return length > 0 && length < STARTER_VARIABLE;
}

static enum rc
starter_plan_make(struct starter_plan *plan, const struct process *process)
{
	const char *path = getenv("PATH");

	plan->once = process->once;
	if (self_beside(STARTER_PROGRAM, plan->program, sizeof(plan->program)) == RC_OK &&
	    starter_plan_put(plan, STARTER_STATE, "YETT_STATE", process->config->directory) &&
	    starter_plan_put(plan, STARTER_SEARCH, "PATH", path == NULL ? STARTER_PATH : path) &&
	    starter_plan_put(plan, STARTER_ZONE, "TZ", getenv("TZ")) &&
	    starter_plan_put(plan, STARTER_ROOT, "YETT_ALLOW_ROOT", getenv("YETT_ALLOW_ROOT")))
		return RC_OK;
	LOG_FAULT(LOG_ERROR, "cannot tell where %s is", STARTER_PROGRAM);
	return RC_INTERNAL;
}

/* The listening socket, or the pipes of plain CGI, are the program's alone: its end must be the end
 * of them. */
static bool
starter_files(int pipe, bool once)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    (once && dup2(null, STDERR_FILENO) < 0) || dup2(pipe, STARTER_PIPE) < 0 ||
	    fcntl(STARTER_PIPE, F_SETFD, FD_CLOEXEC) != 0)
		return false;
	if (close_range(STARTER_PIPE + 1, ~0U, 0) != 0) {
		for (int fd = STARTER_PIPE + 1; fd < STARTER_FILES; fd++)
			close(fd);
	}
	return true;
}

/* As a program expects them; what it starts is not waited for and leaves no zombie. */
static void
starter_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	signal(SIGCHLD, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
starter_start(struct starter_plan *plan)
{
	char *const arguments[] = { plan->program, NULL };

	pid_t child = fork();

	if (child < 0)
		dprintf(
		    STDERR_FILENO, "yett: cannot start %s: %s\n", plan->program, strerror(errno));
	if (child != 0)
		return;
	signal(SIGCHLD, SIG_DFL);
	execve(plan->program, arguments, plan->environment);
	dprintf(STDERR_FILENO, "yett: cannot start %s: %s\n", plan->program, strerror(errno));
	_exit(EXIT_FAILURE);
}

/* Under plain CGI the environment is the request, cookies and all; nothing here needs it. */
static void
starter_forget(void)
{
	for (char **entry = environ; *entry != NULL; entry++)
		explicit_bzero(*entry, strlen(*entry));
	environ[0] = NULL;
}

/* It rests before it starts anything: it is woken as an answer leaves, and what it started at once
 * would share the processor with the way of that answer, which only some of them would pay for. */
static _Noreturn void
starter_live(struct starter_plan *plan, int pipe)
{
	const struct timespec gather = { 0, STARTER_GATHER * 1000000L };
	char bytes[256];
	ssize_t got;

	starter_forget();
	setsid();
	prctl(PR_SET_NAME, "starter", 0, 0, 0);
	starter_signals();
	if (!starter_files(pipe, plan->once))
		_exit(EXIT_FAILURE);
	while ((got = read(STARTER_PIPE, bytes, sizeof(bytes))) != 0) {
		if (got < 0 && errno != EINTR)
			break;
		if (got > 0) {
			nanosleep(&gather, NULL);
			starter_start(plan);
		}
	}
	_exit(EXIT_SUCCESS);
}

enum rc
starter_open(struct starter *starter, const struct process *process)
{
	struct starter_plan plan = { .once = false };
	int ends[2];
	pid_t child;
	enum rc rc;

	starter->wake = -1;
	if (!starter_is_of_use(process))
		return RC_OK;
	rc = starter_plan_make(&plan, process);
	if (rc != RC_OK)
		return rc;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return RC_UNAVAILABLE;
	signal(SIGCHLD, SIG_IGN); /* it is not waited for */
	child = fork();
	if (child == 0)
		starter_live(&plan, ends[0]);
	close(ends[0]);
	starter->wake = ends[1];
	if (child > 0 && fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0)
		return RC_OK;
	starter_close(starter);
	return RC_UNAVAILABLE;
}

enum rc
starter_wake(const struct starter *starter)
{
	/* A full pipe wakes it anyway. */
	if (starter->wake < 0 || write(starter->wake, "", 1) > 0 || errno == EAGAIN)
		return RC_OK;
	LOG_FAULT(LOG_WARN, "what starts %s is gone: %s", STARTER_PROGRAM, strerror(errno));
	return RC_UNAVAILABLE;
}

void
starter_close(struct starter *starter)
{
	if (starter->wake >= 0)
		close(starter->wake);
	starter->wake = -1;
}
