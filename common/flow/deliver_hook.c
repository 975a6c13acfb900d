/* One event of the outbox, told to the operator's program. */
#include <stdio.h>

#include "base/json.h"
#include "flow/deliver.h"
#include "mail/child.h"

#define DELIVER_EVENT_MAX 4096
#define DELIVER_SAID_SIZE 121

/* {"id","event","time","user_id","request_id"} and a line end. */
static void
deliver_event(struct buf *out, const struct outbox_row *row)
{
	buf_char(out, '{');
	json_put_text(out, "id", span_of(row->id));
	json_put_text(out, "event", row->kind);
	json_put_time(out, "time", row->created_at);
	json_put_text(out, "user_id", row->user);
	json_put_text(out, "request_id", row->request);
	buf_text(out, "}\n");
}

static enum rc
deliver_hook_run(
    const struct child_words *words, struct span event, char reason[COURIER_REASON_SIZE])
{
	char said[DELIVER_SAID_SIZE] = "";
	int status = -1;
	enum rc rc =
	    child_run(words->argv, NULL, event, DELIVER_HOOK_SECONDS, &status, said, sizeof(said));

	if (rc != RC_OK) {
		snprintf(reason, COURIER_REASON_SIZE, "hooks.command: %s", said);
		return RC_UNAVAILABLE;
	}
	if (status == 0)
		return RC_OK;
	snprintf(reason, COURIER_REASON_SIZE, "hooks.command: exit status %d%s%s", status,
	    said[0] == '\0' ? "" : ": ", said);
	return RC_UNAVAILABLE;
}

enum rc
deliver_hook(
    struct deliver *deliver, const struct outbox_row *row, char reason[COURIER_REASON_SIZE])
{
	struct buf event = BUF_INIT(DELIVER_EVENT_MAX);
	struct child_words words;
	enum rc rc = RC_INTERNAL;

	deliver_event(&event, row);
	if (child_split(&words, span_of(deliver->ctx->config->hooks.command)) != RC_OK)
		snprintf(reason, COURIER_REASON_SIZE, "hooks.command is empty, or too long");
	else if (event.failed)
		snprintf(reason, COURIER_REASON_SIZE, "no memory");
	else
		rc = deliver_hook_run(&words, buf_span(&event), reason);
	buf_free(&event);
	return rc;
}
