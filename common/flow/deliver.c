#include "flow/deliver.h"

#include <stdio.h>
#include <time.h>

#include "base/log.h"

#define DELIVER_DOUBLINGS 7 /* more reach beyond the longest pause */
#define DELIVER_STORE_TRIES 20
#define DELIVER_STORE_PAUSE 250 /* milliseconds, beside database.busy_timeout */

static const struct {
	const char *channel;
	deliver_try_fn *try;
} deliver_channels[] = {
	{ OUTBOX_MAIL, deliver_mail },
	{ OUTBOX_HOOK, deliver_hook },
};

static const char *const deliver_words[DELIVER_RESULTS] = {
	[DELIVER_SENT] = "sent",
	[DELIVER_LATER] = "later",
	[DELIVER_REFUSED] = "refused",
};

enum rc
deliver_open(struct deliver *deliver, struct ctx *ctx, struct config_fault *fault)
{
	*deliver = (struct deliver){ .ctx = ctx };
	return mail_templates_open(&deliver->templates, ctx->config, fault);
}

void
deliver_close(struct deliver *deliver)
{
	mail_templates_free(deliver->templates);
	deliver->templates = NULL;
}

/* 30 s, 1 min, 2 min ... 1 h, give or take a quarter, so that what failed together does not come
 * back together. */
static int64_t
deliver_pause(struct ctx *ctx, int64_t tries)
{
	int64_t doublings = tries < 1 ? 0 : tries - 1;
	int64_t pause = DELIVER_LONGEST_PAUSE;
	uint16_t chance;

	if (doublings < DELIVER_DOUBLINGS)
		pause = DELIVER_FIRST_PAUSE << doublings;
	if (random_bytes(&ctx->random, &chance, sizeof(chance)) != RC_OK)
		return pause;
	return pause - pause / 4 + pause / 2 * chance / UINT16_MAX;
}

/* What the operator's program or a server said can repeat to whom it was: no address in the log. */
static void
deliver_log_reason(const char *reason, char text[COURIER_REASON_SIZE])
{
	struct buf out = BUF_INIT(COURIER_REASON_SIZE - 1);
	struct span rest = span_of(reason);

	while (rest.len > 0) {
		struct span word = span_cut(&rest, ' ');
		bool address = memchr(word.data, '@', word.len) != NULL;

		buf_add(&out, address ? SPAN("(address)") : word);
		buf_add(&out, rest.len > 0 ? SPAN(" ") : SPAN(""));
	}
	if (!span_copy(text, COURIER_REASON_SIZE, buf_span(&out)))
		snprintf(text, COURIER_REASON_SIZE, "(cannot be shown)");
	buf_free(&out);
}

static void
deliver_log(const struct outbox_row *row, enum deliver_result result, const char *reason)
{
	char text[COURIER_REASON_SIZE] = "";

	if (reason[0] != '\0')
		deliver_log_reason(reason, text);
	log_line(result == DELIVER_SENT ? LOG_INFO : LOG_NOTICE,
	    "id=%s kind=%.*s tries=%lld result=%s%s%s", row->id, (int)row->kind.len, row->kind.data,
	    (long long)row->tries, deliver_words[result], text[0] == '\0' ? "" : " reason=", text);
}

static enum rc
deliver_attempt(
    struct deliver *deliver, const struct outbox_row *row, char reason[COURIER_REASON_SIZE])
{
	reason[0] = '\0';
	if (row->expires_at <= deliver->ctx->now) {
		snprintf(reason, COURIER_REASON_SIZE, "%s",
		    row->token.data != NULL ? "the link has expired before it could be sent"
					    : "it could not be sent in time");
		return RC_NO;
	}
	for (size_t i = 0; i < sizeof(deliver_channels) / sizeof(deliver_channels[0]); i++) {
		if (span_equal(row->channel, span_of(deliver_channels[i].channel)))
			return deliver_channels[i].try(deliver, row, reason);
	}
	snprintf(reason, COURIER_REASON_SIZE, "this version knows no such channel");
	return RC_NO;
}

static enum rc
deliver_store(
    struct ctx *ctx, const struct outbox_row *row, enum deliver_result result, const char *reason)
{
	ctx->now = clock_wall(&ctx->clock);
	switch (result) {
	case DELIVER_SENT:
		return outbox_sent(ctx, row);
	case DELIVER_LATER:
		return outbox_later(
		    ctx, row, ctx->now + deliver_pause(ctx, row->tries), span_of(reason));
	case DELIVER_REFUSED:
		return outbox_refused(ctx, row, span_of(reason));
	case DELIVER_RESULTS:
		break;
	}
	return RC_INTERNAL;
}

/* A result that is not written down means that the mail leaves twice: it is worth some patience
 * with a locked store, though not the whole lease. */
static enum rc
deliver_write_down(
    struct ctx *ctx, const struct outbox_row *row, enum deliver_result result, const char *reason)
{
	const struct timespec pause = { 0, DELIVER_STORE_PAUSE * 1000000L };
	enum rc rc = deliver_store(ctx, row, result, reason);

	for (int i = 1; rc == RC_UNAVAILABLE && i < DELIVER_STORE_TRIES; i++) {
		nanosleep(&pause, NULL);
		rc = deliver_store(ctx, row, result, reason);
	}
	if (rc == RC_NO)
		log_line(
		    LOG_WARN, "id=%s: it took longer than its lease, and is tried again", row->id);
	else if (rc != RC_OK)
		log_line(LOG_ERROR, "id=%s: %s, which cannot be written down; it is tried again",
		    row->id, deliver_words[result]);
	return rc == RC_NO ? RC_OK : rc;
}

static enum rc
deliver_one(struct deliver *deliver, const struct outbox_row *row)
{
	const struct deliver_onlooker *onlooker = &deliver->onlooker;
	char reason[COURIER_REASON_SIZE];
	enum deliver_result result;
	enum rc rc;

	if (onlooker->before != NULL)
		onlooker->before(onlooker->state, row);
	rc = deliver_attempt(deliver, row, reason);
	result = rc == RC_OK ? DELIVER_SENT : rc == RC_NO ? DELIVER_REFUSED : DELIVER_LATER;
	if (result == DELIVER_SENT)
		reason[0] = '\0';
	deliver_log(row, result, reason);
	rc = deliver_write_down(deliver->ctx, row, result, reason);
	if (onlooker->after != NULL)
		onlooker->after(onlooker->state, row, result, reason);
	return rc;
}

static bool
deliver_stops(const struct deliver *deliver)
{
	return deliver->onlooker.stops != NULL && deliver->onlooker.stops(deliver->onlooker.state);
}

/* A mail where one is due, else an event: hooks that hang may not hold up mail. */
static enum rc
deliver_claim(struct deliver *deliver, struct outbox_turn *turn, struct outbox_row *row)
{
	enum rc rc;

	turn->mail_alone = true;
	rc = outbox_claim(deliver->ctx, turn, row);
	if (rc == RC_NO && !deliver->mail_alone) {
		turn->mail_alone = false;
		rc = outbox_claim(deliver->ctx, turn, row);
	}
	return rc;
}

/* A turn that takes everything once ends when the clock is set back: it could not tell any more
 * what it has tried. */
enum rc
deliver_run(struct deliver *deliver)
{
	struct ctx *ctx = deliver->ctx;
	struct outbox_turn turn = { .started = clock_wall(&ctx->clock), .all = deliver->all };
	struct outbox_row row;
	enum rc rc = RC_OK;

	while (rc == RC_OK && !deliver_stops(deliver)) {
		ctx->now = clock_wall(&ctx->clock);
		if (turn.all && ctx->now < turn.started)
			break;
		rc = deliver_claim(deliver, &turn, &row);
		if (rc == RC_OK)
			rc = deliver_one(deliver, &row);
		arena_reset(ctx->arena);
	}
	log_flush();
	return rc == RC_NO ? RC_OK : rc;
}
