/* One mail of the outbox: its link, its words, its bytes, and who takes them. */
#include <stdio.h>

#include "base/mail.h"
#include "crypto/keyring.h"
#include "crypto/seal.h"
#include "flow/deliver.h"
#include "mail/message.h"
#include "mail/sender.h"

#define DELIVER_LINK_MAX 2048
#define DELIVER_LIFETIME_SIZE 32
#define DELIVER_PART 12 /* characters of a token that are too many to be told */

/* Behind the prefix of the auth routes. */
static const char *const deliver_pages[] = {
	[LINK_NONE] = NULL,
	[LINK_VERIFY] = "/verify?token=",
	[LINK_RESET] = "/reset-password?token=",
};

/* All that holds a link for the time of a try. */
struct deliver_letter {
	struct buf link, login, forgot, sender, message;
	char lifetime[DELIVER_LIFETIME_SIZE];
	struct mail_content content;
};

static enum rc
deliver_because(enum rc rc, const char *why, char reason[COURIER_REASON_SIZE])
{
	snprintf(reason, COURIER_REASON_SIZE, "%s", why);
	return rc;
}

static void
deliver_put_page(struct buf *out, const struct config *config, const char *page)
{
	buf_text(out, config->site.url);
	buf_text(out, config->paths.auth);
	buf_text(out, page);
}

static enum rc
deliver_link(const struct deliver *deliver, const struct outbox_row *row, const char *page,
    struct deliver_letter *letter, char reason[COURIER_REASON_SIZE])
{
	const struct ctx *ctx = deliver->ctx;
	enum rc rc;

	if (row->token.data == NULL)
		return deliver_because(RC_NO, "the token of its link is missing", reason);
	deliver_put_page(&letter->link, ctx->config, page);
	rc = seal_open(&letter->link, keyring_sealing(ctx->keys, PURPOSE_OUTBOX), row->token,
	    span_of(row->id));
	if (rc == RC_NO)
		return deliver_because(
		    rc, "the token of its link cannot be opened: the row was changed", reason);
	if (rc == RC_UNAVAILABLE)
		return deliver_because(rc,
		    "the key of its link is missing from keys/outbox, or no memory; bring the key "
		    "back",
		    reason);
	if (rc != RC_OK)
		return deliver_because(rc, "no cipher", reason);
	return buf_check(&letter->link);
}

/* "1 hour", "90 minutes". */
static void
deliver_lifetime(int64_t lifetime, char text[DELIVER_LIFETIME_SIZE])
{
	static const struct {
		int64_t length;
		const char *name;
	} units[] = { { DAY, "day" }, { HOUR, "hour" }, { MINUTE, "minute" },
		{ SECOND, "second" } };
	size_t i = 0;
	long long count;

	while (i < sizeof(units) / sizeof(units[0]) - 1 && lifetime % units[i].length != 0)
		i++;
	count = lifetime / units[i].length;
	snprintf(
	    text, DELIVER_LIFETIME_SIZE, "%lld %s%s", count, units[i].name, count == 1 ? "" : "s");
}

/* The pages that there are; a site without them has its own. */
static void
deliver_pages_put(const struct config *config, struct deliver_letter *letter)
{
	const struct backend_config *backend = config_backend_of(config, TRANSPORT_COOKIE);

	if (!config->routes.pages || backend == NULL)
		return;
	deliver_put_page(&letter->login, config, "");
	if (backend != &config->backends[0]) {
		buf_char(&letter->login, '/');
		buf_text(&letter->login, backend->name);
	}
	buf_text(&letter->login, "/login");
	if (config->routes.reset)
		deliver_put_page(&letter->forgot, config, "/forgot-password");
}

static enum rc
deliver_compose(const struct deliver *deliver, const struct outbox_row *row, enum mail_kind kind,
    struct deliver_letter *letter, char reason[COURIER_REASON_SIZE])
{
	const struct config *config = deliver->ctx->config;
	struct mail_values values = { .site = span_of(config->site.name),
		.site_url = span_of(config->site.url),
		.recipient = row->recipient };
	enum rc rc;

	deliver_pages_put(config, letter);
	values.login = buf_span(&letter->login);
	values.forgot = buf_span(&letter->forgot);
	if (mail_rows[kind].link != LINK_NONE) {
		deliver_lifetime(row->expires_at - row->created_at, letter->lifetime);
		values.lifetime = span_of(letter->lifetime);
		values.link = buf_span(&letter->link);
	}
	rc = mail_compose(deliver->templates, kind, row->language, &values, &letter->content);
	return rc == RC_OK
		   ? rc
		   : deliver_because(rc, "its templates cannot be filled, or no memory", reason);
}

static enum rc
deliver_write(const struct deliver *deliver, const struct outbox_row *row,
    struct deliver_letter *letter, char reason[COURIER_REASON_SIZE])
{
	struct message message = { .to = row->recipient,
		.subject = buf_span(&letter->content.subject),
		.text = buf_span(&letter->content.text),
		.html = buf_span(&letter->content.html),
		.id = span_of(row->id),
		.written_at = row->created_at };
	enum rc rc;

	sender_put(&letter->sender, deliver->ctx->config);
	message.from = buf_span(&letter->sender);
	rc = message_put(&letter->message, &message);
	if (rc == RC_NO)
		return deliver_because(rc, "no message can be addressed like this", reason);
	if (rc == RC_INTERNAL)
		return deliver_because(rc, "mail.from cannot be the sender of a message", reason);
	return rc == RC_OK ? rc : deliver_because(rc, "no memory, or it is too long", reason);
}

/* Whether a part of the link's token stands in there: a program that failed can repeat what it was
 * given, broken into lines or not. */
static bool
deliver_repeats(const char *reason, struct span link)
{
	char part[DELIVER_PART + 1];
	size_t start = link.len;

	while (start > 0 && link.data[start - 1] != '=')
		start--;
	for (; start > 0 && start + DELIVER_PART <= link.len; start++) {
		if (span_copy(
			part, sizeof(part), (struct span){ link.data + start, DELIVER_PART }) &&
		    strstr(reason, part) != NULL)
			return true;
	}
	return false;
}

static enum rc
deliver_hand_over(const struct deliver *deliver, const struct outbox_row *row,
    const struct deliver_letter *letter, char reason[COURIER_REASON_SIZE])
{
	const struct config *config = deliver->ctx->config;
	struct envelope envelope = { .from = message_address(buf_span(&letter->sender)),
		.to = row->recipient,
		.id = span_of(row->id) };
	enum rc rc =
	    courier_of(config)->send(config, &envelope, buf_span(&letter->message), reason);

	if (rc != RC_OK && deliver_repeats(reason, buf_span(&letter->link)))
		return deliver_because(
		    rc, "what was said of it is left out: it has the link", reason);
	return rc;
}

static void
deliver_letter_free(struct deliver_letter *letter)
{
	buf_free(&letter->link);
	buf_free(&letter->login);
	buf_free(&letter->forgot);
	buf_free(&letter->sender);
	buf_free(&letter->message);
	mail_content_free(&letter->content);
}

enum rc
deliver_mail(
    struct deliver *deliver, const struct outbox_row *row, char reason[COURIER_REASON_SIZE])
{
	struct deliver_letter letter = { .link = BUF_INIT(DELIVER_LINK_MAX),
		.login = BUF_INIT(DELIVER_LINK_MAX),
		.forgot = BUF_INIT(DELIVER_LINK_MAX),
		.sender = BUF_INIT(SENDER_MAX),
		.message = BUF_INIT(MESSAGE_MAX),
		.content = MAIL_CONTENT_INIT };
	enum mail_kind kind = mail_kind_of(row->kind);
	enum rc rc = RC_OK;

	if (kind == MAIL_KINDS)
		return deliver_because(RC_NO, "this version knows no such mail", reason);
	if (mail_rows[kind].link != LINK_NONE)
		rc = deliver_link(
		    deliver, row, deliver_pages[mail_rows[kind].link], &letter, reason);
	if (rc == RC_OK)
		rc = deliver_compose(deliver, row, kind, &letter, reason);
	if (rc == RC_OK)
		rc = deliver_write(deliver, row, &letter, reason);
	if (rc == RC_OK)
		rc = deliver_hand_over(deliver, row, &letter, reason);
	deliver_letter_free(&letter);
	return rc;
}
