#include "flow/deliver_watch.h"

#include <signal.h>
#include <time.h>

#include "base/log.h"
#include "base/slots.h"

#define WATCH_SENDERS "deliver"       /* lock files */
#define WATCH_KEEPER "deliver-keeper" /* whose holder stays awake */
#define WATCH_SHORTEST (1 * SECOND)
#define WATCH_LONGEST (2 * SECOND) /* others leave their rows to the keeper at any time */

struct watch {
	struct deliver *deliver;
	struct slots *senders, *keepers;
	int keeper;      /* the keeper's slot; -1: somebody else is it */
	int64_t started; /* monotonic */
	sigset_t ends;   /* the signals that end it */
};

static bool
watch_is_told_to_end(void)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1 ||
	       sigismember(&pending, SIGHUP) == 1;
}

static bool
watch_must_end(const struct watch *watch)
{
	return watch_is_told_to_end() || db_outdated(watch->deliver->ctx->db);
}

static bool
watch_has_time(const struct watch *watch, int64_t rest)
{
	int64_t now = clock_monotonic(&watch->deliver->ctx->clock);

	return now + rest - watch->started < DELIVER_AWAKE;
}

static bool
watch_stops(void *state)
{
	const struct watch *watch = state;

	return watch_must_end(watch) || !watch_has_time(watch, 0);
}

/* How long until something is due; -1: nothing is soon. */
static int64_t
watch_rest(const struct watch *watch)
{
	struct ctx *ctx = watch->deliver->ctx;
	int64_t now = clock_wall(&ctx->clock), due;
	enum rc rc = outbox_next_due(ctx, watch->deliver->mail_alone, &due);

	if (rc == RC_NO || (rc == RC_OK && due > now + DELIVER_SOON))
		return -1;
	if (rc != RC_OK)
		return WATCH_LONGEST;
	return due > now ? due - now : 0;
}

/* Sends what is due, in one of the slots. The last look comes after the slot was given back: who
 * found none free just before has gone. RC_NO: there was none free. */
static enum rc
watch_send(struct watch *watch)
{
	enum rc rc;
	int slot;

	do {
		rc = slots_try(watch->senders, &slot);
		if (rc != RC_OK)
			return rc;
		/* Hooks that hang may not hold up mail. */
		watch->deliver->mail_alone = slot >= DELIVER_AT_ONCE / 2;
		rc = deliver_run(watch->deliver);
		slots_release(watch->senders, slot);
	} while (rc == RC_OK && !watch_stops(watch) && watch_rest(watch) == 0);
	return rc;
}

static bool
watch_is_keeper(struct watch *watch)
{
	return watch->keeper >= 0 || slots_try(watch->keepers, &watch->keeper) == RC_OK;
}

/* A signal ends the sleep, and stays pending. */
static void
watch_sleep(const struct watch *watch, int64_t rest)
{
	struct timespec time;
	int number;

	rest = rest < WATCH_SHORTEST ? WATCH_SHORTEST : rest > WATCH_LONGEST ? WATCH_LONGEST : rest;
	time = (struct timespec){ rest / SECOND, rest % SECOND * 1000000 };
	number = sigtimedwait(&watch->ends, NULL, &time);
	if (number > 0)
		raise(number);
}

/* Sends and waits, until nothing is due soon, or somebody else waits for it. */
static enum rc
watch_keep(struct watch *watch)
{
	enum rc rc;

	for (;;) {
		int64_t rest;

		rc = watch_send(watch);
		if (watch_stops(watch) || rc == RC_INTERNAL || (rc == RC_NO && watch->keeper < 0))
			break;
		rest = rc == RC_OK ? watch_rest(watch) : WATCH_LONGEST;
		if (rest < 0 || !watch_has_time(watch, rest) || !watch_is_keeper(watch))
			break;
		log_flush();
		watch_sleep(watch, rest);
	}
	return rc == RC_NO ? RC_OK : rc;
}

/* Whether something was left to this keeper after it had looked for the last time. */
static bool
watch_lays_down(struct watch *watch)
{
	bool was = watch->keeper >= 0;
	int64_t rest;

	slots_release(watch->keepers, watch->keeper);
	watch->keeper = -1;
	if (!was || watch_stops(watch))
		return false;
	rest = watch_rest(watch);
	return rest >= 0 && watch_has_time(watch, rest);
}

/* With new keys at once, while something is due soon; after its hour, when something is due now. */
static bool
watch_begins_anew(const struct watch *watch)
{
	if (watch_is_told_to_end())
		return false;
	if (db_rekeyed(watch->deliver->ctx->db))
		return watch_rest(watch) >= 0;
	return !watch_has_time(watch, 0) && !watch_must_end(watch) && watch_rest(watch) == 0;
}

static void
watch_begin(struct watch *watch)
{
	watch->started = clock_monotonic(&watch->deliver->ctx->clock);
	watch->deliver->onlooker.stops = watch_stops;
	watch->deliver->onlooker.state = watch;
	sigemptyset(&watch->ends);
	sigaddset(&watch->ends, SIGTERM);
	sigaddset(&watch->ends, SIGINT);
	sigaddset(&watch->ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &watch->ends, NULL);
}

enum rc
deliver_watch(struct deliver *deliver)
{
	const char *directory = deliver->ctx->config->directory;
	struct watch watch = { .deliver = deliver, .keeper = -1 };
	enum rc rc;

	watch_begin(&watch);
	rc = slots_open(&watch.senders, directory, WATCH_SENDERS, DELIVER_AT_ONCE);
	if (rc == RC_OK)
		rc = slots_open(&watch.keepers, directory, WATCH_KEEPER, 1);
	if (rc != RC_OK)
		goto out;
	do {
		rc = watch_keep(&watch);
	} while (rc == RC_OK && watch_lays_down(&watch));
	if (rc == RC_OK && watch_begins_anew(&watch))
		rc = RC_NO;
out:
	slots_close(watch.keepers);
	slots_close(watch.senders);
	return rc;
}
