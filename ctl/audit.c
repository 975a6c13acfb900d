/* audit: the newest security events. */
#include <stdlib.h>

#include "base/text.h"
#include "change.h"
#include "listing.h"

#define AUDIT_LIMIT 50
#define AUDIT_LIMIT_MAX 10000

static const struct column audit_columns[] = { { "number", 6 }, { "at", 20 }, { "event", 22 },
	{ "user_id", 36 }, { "actor", 9 }, { "backend", 7 }, { "session_id", 36 }, { "object", 10 },
	{ "request_id", 10 }, { "address", 0 }, { NULL, 0 } };

static void
audit_row(struct listing *listing, const struct audit_row *row)
{
	listing_number(listing, row->number);
	listing_time(listing, row->at);
	listing_text(listing, row->event);
	listing_text(listing, row->user);
	listing_text(listing, row->actor);
	listing_text(listing, row->backend);
	listing_text(listing, row->session);
	listing_text(listing, row->object);
	listing_text(listing, row->request_id);
	listing_text(listing, row->address);
}

static bool
audit_limit(const char *text, int64_t *limit)
{
	char *end = NULL;

	*limit = AUDIT_LIMIT;
	if (text == NULL)
		return true;
	*limit = strtol(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *limit >= 1 &&
	       *limit <= AUDIT_LIMIT_MAX;
}

enum ctl_exit
audit_run(struct ctl *ctl)
{
	const char *of = arguments_option(ctl, "--user");
	struct audit_row *rows = NULL;
	struct span id = { 0 };
	struct listing listing;
	struct user user;
	enum ctl_exit status;
	size_t count = 0;
	int64_t limit;
	enum rc rc;

	if (!audit_limit(arguments_option(ctl, "--limit"), &limit))
		return ctl_usage("--limit takes a number from 1 to %d", AUDIT_LIMIT_MAX);
	status = ctl_open_store(ctl);
	if (status == CTL_DONE && of != NULL) {
		id = span_of(of);
		if (!text_is_uuid(id)) {
			status = change_find(ctl, of, &user);
			id = span_of(user.id);
		}
	}
	if (status != CTL_DONE)
		return status;
	rc = operate_audit_page(&ctl->ctx, id, limit, &rows, &count);
	if (rc != RC_OK)
		return ctl_fault(rc);
	listing_begin(&listing, audit_columns, arguments_option(ctl, "--json") != NULL);
	for (size_t i = 0; i < count; i++)
		audit_row(&listing, &rows[i]);
	listing_end(&listing);
	return CTL_DONE;
}
