/* clean: deletes what has expired, all of it. */
#include "store/clean.h"

#include <unistd.h>

#include "ctl.h"

/* On a terminal, once it has taken a second. */
static void
clean_progress(const struct ctl *ctl, int64_t since, int64_t total)
{
	if (isatty(STDERR_FILENO) && clock_monotonic(&ctl->ctx.clock) - since >= SECOND)
		fprintf(stderr, "\r%lld rows deleted ...", (long long)total);
}

enum ctl_exit
clean_command(struct ctl *ctl)
{
	enum ctl_exit status = ctl_open_store(ctl);
	int64_t total = 0, deleted = 1, since;
	enum rc rc = RC_OK;

	if (status != CTL_DONE)
		return status;
	since = clock_monotonic(&ctl->ctx.clock);
	while (rc == RC_OK && deleted > 0) {
		ctl->ctx.now = clock_wall(&ctl->ctx.clock);
		deleted = 0;
		rc = clean_run(&ctl->ctx, CLEAN_BATCH, &deleted);
		total += deleted;
		arena_reset(ctl->ctx.arena);
		clean_progress(ctl, since, total);
	}
	if (isatty(STDERR_FILENO) && clock_monotonic(&ctl->ctx.clock) - since >= SECOND)
		fputs("\r\033[K", stderr);
	if (rc != RC_OK)
		return ctl_refuse("the store is locked, full or broken; %lld rows were deleted, "
				  "the others wait",
		    (long long)total);
	ctl_say("%lld rows deleted", (long long)total);
	return CTL_DONE;
}
