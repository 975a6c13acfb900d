#include "route/delivery.h"

#include <unistd.h>

#include "flow/deliver_watch.h"

#define DELIVERY_STARTS 20 /* a second apart, beside database.busy_timeout */

static enum rc
delivery_start(struct process *process, const char *directory, struct deliver *deliver,
    struct config_fault *fault)
{
	enum rc rc = process_configure(process, directory, fault);

	if (rc == RC_OK)
		rc = process_open(process, fault);
	return rc == RC_OK ? deliver_open(deliver, &process->ctx, fault) : rc;
}

/* A store that is locked for a moment must not leave a mail to whoever comes next. */
static enum rc
delivery_begin(struct process *process, const char *directory, struct deliver *deliver,
    struct config_fault *fault)
{
	enum rc rc = delivery_start(process, directory, deliver, fault);

	for (int i = 1; rc == RC_UNAVAILABLE && i < DELIVERY_STARTS; i++) {
		deliver_close(deliver);
		process_close(process);
		sleep(1);
		rc = delivery_start(process, directory, deliver, fault);
	}
	return rc;
}

enum rc
delivery_run(struct process *process, const char *directory, struct config_fault *fault)
{
	struct deliver deliver = { .ctx = NULL };
	enum rc rc = delivery_begin(process, directory, &deliver, fault);
	bool more = rc == RC_OK;

	while (more) {
		fault->text[0] = '\0';
		rc = deliver_watch(&deliver);
		deliver_close(&deliver);
		more = rc == RC_NO;
		if (more) {
			process_close(process);
			rc = delivery_begin(process, directory, &deliver, fault);
			more = rc == RC_OK;
		}
	}
	deliver_close(&deliver);
	return rc;
}
