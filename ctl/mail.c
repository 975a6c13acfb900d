/* mail list, mail send: what waits to be sent, and sending it. */
#include <signal.h>
#include <unistd.h>

#include "ctl.h"
#include "flow/deliver.h"
#include "listing.h"

#define MAIL_LIST_MAX 100000

static const struct span mail_nothing; /* null, "-" */

static const struct column mail_columns[] = { { "id", 36 }, { "address", 30 }, { "kind", 18 },
	{ "state", 7 }, { "tries", 5 }, { "next_try", 20 }, { "reason", 0 }, { NULL, 0 } };

static void
mail_cell(struct listing *listing, struct span text)
{
	listing_text(listing, text.len > 0 ? text : mail_nothing);
}

static void
mail_row(struct listing *listing, const struct outbox_listed *row)
{
	bool waits = span_equal(row->state, SPAN("waiting"));

	listing_text(listing, row->id);
	mail_cell(listing, row->recipient);
	listing_text(listing, row->kind);
	listing_text(listing, row->state);
	listing_number(listing, row->tries);
	if (waits)
		listing_time(listing, row->next_try_at);
	else
		mail_cell(listing, mail_nothing);
	mail_cell(listing, row->reason);
}

enum ctl_exit
mail_list(struct ctl *ctl)
{
	bool events = arguments_option(ctl, "--events") != NULL;
	struct outbox_listed *rows = NULL;
	enum ctl_exit status = ctl_open_store(ctl);
	struct listing listing;
	size_t count = 0;
	enum rc rc;

	if (status != CTL_DONE)
		return status;
	rc = outbox_list(&ctl->ctx, events ? SPAN(OUTBOX_HOOK) : SPAN(OUTBOX_MAIL), MAIL_LIST_MAX,
	    &rows, &count);
	if (rc != RC_OK)
		return ctl_fault(rc);
	listing_begin(&listing, mail_columns, arguments_option(ctl, "--json") != NULL);
	for (size_t i = 0; i < count; i++)
		mail_row(&listing, &rows[i]);
	listing_end(&listing);
	return CTL_DONE;
}

/* --- send ---------------------------------------------------------------------------------- */

struct mail_sending {
	const struct ctl *ctl;
	int64_t since; /* monotonic */
	long counts[DELIVER_RESULTS];
};

static volatile sig_atomic_t mail_interrupted;

static void
mail_on_signal(int number)
{
	(void)number;
	mail_interrupted = 1;
}

/* The message in hand is finished, else nobody knows whether it has left: not even a reader of what
 * this says that goes away may come between. */
static void
mail_take_signals(void)
{
	struct sigaction action = { .sa_flags = SA_RESTART };

	action.sa_handler = mail_on_signal;
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* With keys of before, what was sealed since cannot be opened. */
static bool
mail_stops(void *state)
{
	const struct mail_sending *sending = state;

	return mail_interrupted != 0 || db_outdated(sending->ctl->ctx.db);
}

/* On a terminal, once it has taken a second. */
static bool
mail_shows_progress(const struct mail_sending *sending)
{
	return isatty(STDERR_FILENO) &&
	       clock_monotonic(&sending->ctl->ctx.clock) - sending->since >= SECOND;
}

static void
mail_before(void *state, const struct outbox_row *row)
{
	const struct mail_sending *sending = state;
	long done = 0;

	for (int i = 0; i < DELIVER_RESULTS; i++)
		done += sending->counts[i];
	if (!mail_shows_progress(sending))
		return;
	fprintf(stderr, "\r\033[K%ld done, now ", done);
	ctl_text(stderr, row->kind, 0);
	fputs(" ...", stderr);
}

static void
mail_after(
    void *state, const struct outbox_row *row, enum deliver_result result, const char *reason)
{
	struct mail_sending *sending = state;
	bool mail = span_equal(row->channel, SPAN(OUTBOX_MAIL));

	sending->counts[result]++;
	if (mail_shows_progress(sending))
		fputs("\r\033[K", stderr);
	if (result == DELIVER_SENT)
		return;
	ctl_say("%s: %.*s%s%.*s: %s", result == DELIVER_LATER ? "waits" : "refused",
	    (int)row->kind.len, row->kind.data, mail ? " to " : "", (int)row->recipient.len,
	    row->recipient.data, reason);
}

static enum ctl_exit
mail_still_waits(struct ctl *ctl)
{
	int64_t mails = 0, events = 0;
	enum rc rc = outbox_waiting(&ctl->ctx, SPAN(OUTBOX_MAIL), &mails);

	if (rc == RC_OK)
		rc = outbox_waiting(&ctl->ctx, SPAN(OUTBOX_HOOK), &events);
	if (rc != RC_OK)
		return ctl_fault(rc);
	if (events > 0)
		return ctl_refuse(
		    "%lld mails and %lld events wait", (long long)mails, (long long)events);
	if (mails > 0)
		return ctl_refuse("%lld mails wait", (long long)mails);
	return CTL_DONE;
}

static enum ctl_exit
mail_send_all(struct ctl *ctl)
{
	struct mail_sending sending = { .ctl = ctl, .since = clock_monotonic(&ctl->ctx.clock) };
	struct config_fault fault = { "" };
	struct deliver deliver;
	enum rc rc = deliver_open(&deliver, &ctl->ctx, &fault);

	if (rc == RC_OK) {
		deliver.all = true;
		deliver.onlooker =
		    (struct deliver_onlooker){ mail_stops, mail_before, mail_after, &sending };
		mail_take_signals();
		rc = deliver_run(&deliver);
		ctl_say("%ld sent, %ld refused, %ld put off", sending.counts[DELIVER_SENT],
		    sending.counts[DELIVER_REFUSED], sending.counts[DELIVER_LATER]);
		if (db_rekeyed(ctl->ctx.db))
			ctl_say("keys have changed meanwhile; run it again for the rest");
	}
	deliver_close(&deliver);
	return ctl_answer(rc, &fault);
}

enum ctl_exit
mail_send(struct ctl *ctl)
{
	enum ctl_exit status = ctl_open_store(ctl);

	if (status == CTL_DONE)
		status = ctl_open_keys(ctl);
	if (status == CTL_DONE)
		status = mail_send_all(ctl);
	return status == CTL_DONE ? mail_still_waits(ctl) : status;
}
