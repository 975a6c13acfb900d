/* mail test: whether mail leaves at all. */
#include "ctl.h"
#include "mail/courier.h"
#include "mail/message.h"
#include "mail/sender.h"

#define MAIL_TEST_TEXT                                                                    \
	"This is a test: yettctl mail test sent it.\n\nIf you read it, mail of the site " \
	"arrives.\n"
#define MAIL_TEST_HTML                                                                             \
	"<p>This is a test: <code>yettctl mail test</code> sent it.</p>\n<p>If you read it, mail " \
	"of the site arrives.</p>\n"

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
