/* session: who is signed in, and ending it. */
#include "store/session.h"

#include "base/text.h"
#include "change.h"
#include "listing.h"

static const struct column session_columns[] = { { "session_id", 36 }, { "backend", 8 },
	{ "created_at", 20 }, { "last_used_at", 20 }, { "expires_at", 20 }, { "user_agent", 0 },
	{ NULL, 0 } };

enum ctl_exit
session_show(struct ctl *ctl)
{
	enum ctl_exit status = ctl_open_store(ctl);
	struct session *sessions = NULL;
	struct listing listing;
	struct user user;
	size_t count = 0;
	enum rc rc;

	if (status == CTL_DONE)
		status = change_find(ctl, ctl->words[0], &user);
	if (status != CTL_DONE)
		return status;
	rc = session_list(&ctl->ctx, &user, &sessions, &count);
	if (rc != RC_OK)
		return ctl_fault(rc);
	listing_begin(&listing, session_columns, arguments_option(ctl, "--json") != NULL);
	for (size_t i = 0; i < count; i++) {
		listing_text(&listing, span_of(sessions[i].id));
		listing_text(&listing, sessions[i].backend);
		listing_time(&listing, sessions[i].created_at);
		listing_time(&listing, sessions[i].last_used_at);
		listing_time(&listing, sessions[i].expires_at);
		listing_text(&listing, sessions[i].user_agent);
	}
	listing_end(&listing);
	return CTL_DONE;
}

static enum rc
session_revoke_rows(struct ctl *ctl, struct span id)
{
	char user[UUID_SIZE];
	int64_t row = 0;
	enum rc rc = operate_session_owner(&ctl->ctx, id, &row, user);

	if (rc == RC_NO)
		ctl_refuse(
		    "there is no session %.*s; see yettctl session list", (int)id.len, id.data);
	if (rc == RC_OK)
		rc = session_end_row(&ctl->ctx, row);
	if (rc == RC_OK)
		rc = change_audit(ctl, "session.ended", span_of(user), id);
	return rc;
}

static enum ctl_exit
session_revoke_one(struct ctl *ctl, struct span id)
{
	enum ctl_exit status;
	enum rc rc;

	if (!text_is_uuid(id))
		return ctl_refuse("that is no session id; see yettctl session list");
	rc = db_begin(ctl->ctx.db);
	if (rc != RC_OK)
		return ctl_fault(rc);
	status = change_answer(db_end(ctl->ctx.db, session_revoke_rows(ctl, id)));
	if (status == CTL_DONE)
		ctl_say("the session has ended");
	return status;
}

enum ctl_exit
session_revoke(struct ctl *ctl)
{
	static const struct change change = { .ends_sessions = true,
		.event = "session.revoked_all" };
	const char *email = arguments_option(ctl, "--all");
	enum ctl_exit status;
	size_t ended = 0;

	if ((email == NULL) == (ctl->words[0] == NULL))
		return ctl_usage("session revoke takes either ID or --all EMAIL");
	status = ctl_open_store(ctl);
	if (status != CTL_DONE)
		return status;
	if (email == NULL)
		return session_revoke_one(ctl, span_of(ctl->words[0]));
	status = change_user(ctl, email, &change, NULL, &ended);
	if (status == CTL_DONE)
		ctl_say("%zu sessions have ended", ended);
	return status;
}
