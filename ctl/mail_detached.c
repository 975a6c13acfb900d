/* What a command has put into the outbox is sent by a process that it leaves behind. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl.h"
#include "route/delivery.h"

#define DETACHED_FILES 1024 /* as many are closed where the kernel cannot close all at once */

/* The operator does not wait, and a terminal or pipe that is closed does not matter. */
static _Noreturn void
mail_detached_run(const char *directory)
{
	struct process process = { .program = PROGRAM_deliver,
		.ctx = { .clock = clock_system, .random = random_system } };
	struct config_fault fault = { "" };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	enum rc rc = null < 0 ? RC_INTERNAL : RC_OK;

	setsid();
	for (int fd = 0; rc == RC_OK && fd <= STDERR_FILENO; fd++)
		rc = dup2(null, fd) < 0 ? RC_INTERNAL : RC_OK;
	/* Somebody's lock or directory must not be held for the hour that this may take. */
	if (close_range(STDERR_FILENO + 1, ~0U, 0) != 0) {
		for (int fd = STDERR_FILENO + 1; fd < DETACHED_FILES; fd++)
			close(fd);
	}
	if (chdir("/") != 0)
		rc = RC_INTERNAL;
	if (rc == RC_OK)
		rc = delivery_run(&process, directory, &fault);
	process_close(&process);
	_exit(rc == RC_OK ? EXIT_SUCCESS : EXIT_FAILURE);
}

void
mail_detached_send(const char *directory)
{
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0)
		mail_detached_run(directory);
	if (child < 0)
		ctl_warn(
		    "what is to be mailed waits: %s; yettctl mail send sends it", strerror(errno));
}
