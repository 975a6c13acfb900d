/* deliver: sends what waits in the outbox. The other programs start it when they have put something
 * there; cron and the operator may. It has no route: a web server that calls it is refused. No
 * sandbox, because it starts sendmail and hooks, and talks to mail servers. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "flow/deliver_watch.h"
#include "route/process.h"

#define DELIVER_STARTS 20

/* As CGI, or as FastCGI with its listening socket in the place of standard input. */
static bool
deliver_is_served(void)
{
	int listens = 0;
	socklen_t len = sizeof(listens);

	return getenv("GATEWAY_INTERFACE") != NULL ||
	       (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 &&
		   listens != 0);
}

/* Who started it may see no standard error, so the reason goes to the log, too. */
static int
deliver_refuse(const struct process *process, const char *why)
{
	if (process->config != NULL)
		log_line(LOG_ERROR, "%s", why);
	return process_refuse(process, why);
}

static enum rc
deliver_start(struct process *process, struct deliver *deliver, struct config_fault *fault)
{
	char place[PATH_MAX];
	enum rc rc = process_configure(process, process_state(place), fault);

	if (rc == RC_OK)
		rc = process_open(process, fault);
	return rc == RC_OK ? deliver_open(deliver, &process->ctx, fault) : rc;
}

/* A store that is locked for a moment must not leave a mail to whoever comes next. */
static enum rc
deliver_start_patiently(
    struct process *process, struct deliver *deliver, struct config_fault *fault)
{
	enum rc rc = deliver_start(process, deliver, fault);

	for (int i = 1; rc == RC_UNAVAILABLE && i < DELIVER_STARTS; i++) {
		deliver_close(deliver);
		process_close(process);
		sleep(1);
		rc = deliver_start(process, deliver, fault);
	}
	return rc;
}

int
main(void)
{
	struct process process = { .program = PROGRAM_deliver };
	struct deliver deliver = { .ctx = NULL };
	struct config_fault fault = { "" };
	int status = EXIT_SUCCESS;

	if (deliver_is_served())
		return process_refuse(&process,
		    "it is no page: the other programs start it when there is mail to send");
	if (process_begin(&process, PROGRAM_deliver, false) != RC_OK)
		return EXIT_FAILURE;
	if (deliver_start_patiently(&process, &deliver, &fault) != RC_OK)
		status = deliver_refuse(&process, fault.text);
	else if (deliver_watch(&deliver) != RC_OK)
		status = EXIT_FAILURE;
	deliver_close(&deliver);
	process_close(&process);
	return status;
}
