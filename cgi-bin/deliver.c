/* deliver: sends what waits in the outbox. The other programs start it when they have put something
 * there; cron and the operator may. It has no route: a web server that calls it is refused. No
 * sandbox, because it starts sendmail and hooks, and talks to mail servers. */
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "route/delivery.h"

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
	if (why[0] == '\0') /* that was logged where it was found */
		return EXIT_FAILURE;
	if (process->config != NULL)
		log_line(LOG_ERROR, "%s", why);
	return process_refuse(process, why);
}

int
main(void)
{
	struct process process = { .program = PROGRAM_deliver };
	struct config_fault fault = { "" };
	char place[PATH_MAX];
	int status = EXIT_SUCCESS;

	if (deliver_is_served())
		return process_refuse(&process,
		    "it is no page: the other programs start it when there is mail to send");
	/* Nobody may read what it says: that must not end it between sending and noting. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (process_begin(&process, PROGRAM_deliver, false) != RC_OK)
		return EXIT_FAILURE;
	if (delivery_run(&process, process_state(place), &fault) != RC_OK)
		status = deliver_refuse(&process, fault.text);
	process_close(&process);
	return status;
}
