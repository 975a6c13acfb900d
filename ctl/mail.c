/* mail: what waits to be sent, sending it, and trying whether mail leaves at all. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl.h"
#include "flow/deliver.h"
#include "listing.h"
#include "mail/message.h"
#include "mail/sender.h"
#include "route/delivery.h"

#define MAIL_LIST_MAX 100000
#define MAIL_FILES 1024 /* as many are closed where the kernel cannot close all at once */
#define MAIL_TEST_TEXT                                                                    \
	"This is a test: yettctl mail test sent it.\n\nIf you read it, mail of the site " \
	"arrives.\n"
#define MAIL_TEST_HTML                                                                             \
	"<p>This is a test: <code>yettctl mail test</code> sent it.</p>\n<p>If you read it, mail " \
	"of the site arrives.</p>\n"

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

/* The message in hand is finished, else nobody knows whether it has left. */
static void
mail_take_signals(void)
{
	struct sigaction action = { .sa_flags = SA_RESTART };

	action.sa_handler = mail_on_signal;
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static bool
mail_stops(void *state)
{
	(void)state;
	return mail_interrupted != 0;
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

/* --- test ---------------------------------------------------------------------------------- */

static enum rc
mail_test_write(
    struct ctl *ctl, struct span to, struct span id, struct buf *sender, struct buf *out)
{
	struct buf subject = BUF_INIT(SENDER_MAX);
	struct message message = { .to = to,
		.text = SPAN(MAIL_TEST_TEXT),
		.html = SPAN(MAIL_TEST_HTML),
		.id = id,
		.written_at = clock_wall(&clock_system) };
	enum rc rc;

	sender_put(sender, ctl->config);
	buf_text(&subject, "Test of ");
	buf_text(&subject, ctl->config->site.name);
	message.from = buf_span(sender);
	message.subject = buf_span(&subject);
	rc = message_put(out, &message);
	buf_free(&subject);
	return rc;
}

/* The dialogue goes to stdout as it is spoken. */
static enum ctl_exit
mail_test_send(
    struct ctl *ctl, struct span to, struct span id, struct span from, struct span message)
{
	const struct courier *courier = courier_of(ctl->config);
	struct envelope envelope = {
		.from = message_address(from), .to = to, .id = id, .dialogue = stdout
	};
	char reason[COURIER_REASON_SIZE] = "";
	enum rc rc;

	ctl_say("by %s, from %.*s", courier->name, (int)envelope.from.len, envelope.from.data);
	rc = courier->send(ctl->config, &envelope, message, reason);
	if (rc != RC_OK)
		return ctl_refuse("%s: %s", rc == RC_NO ? "refused" : "not now", reason);
	ctl_say("taken%s%s", reason[0] == '\0' ? "" : ": ", reason);
	return CTL_DONE;
}

enum ctl_exit
mail_test(struct ctl *ctl)
{
	struct buf sender = BUF_INIT(SENDER_MAX), message = BUF_INIT(MESSAGE_MAX);
	struct span to = span_of(ctl->words[0]);
	enum ctl_exit status = ctl_open(ctl);
	char id[UUID_SIZE];
	enum rc rc;

	if (status != CTL_DONE)
		return status;
	rc = random_uuid(&random_system, id);
	if (rc == RC_OK)
		rc = mail_test_write(ctl, to, span_of(id), &sender, &message);
	if (rc == RC_NO)
		status = ctl_refuse("%s is no address that mail can be sent to", ctl->words[0]);
	else if (rc == RC_INTERNAL)
		status = ctl_refuse("%s cannot be the sender; set mail.from", sender.data);
	else if (rc != RC_OK)
		status = ctl_fault(rc);
	else
		status =
		    mail_test_send(ctl, to, span_of(id), buf_span(&sender), buf_span(&message));
	buf_free(&message);
	buf_free(&sender);
	return status;
}

/* --- after other commands ------------------------------------------------------------------ */

/* The operator does not wait, and a terminal or pipe that is closed does not matter. */
static _Noreturn void
mail_detached(const char *directory)
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
		for (int fd = STDERR_FILENO + 1; fd < MAIL_FILES; fd++)
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
mail_send_detached(const char *directory)
{
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0)
		mail_detached(directory);
	if (child < 0)
		(void)ctl_refuse(
		    "what is to be mailed waits: %s; yettctl mail send sends it", strerror(errno));
}
