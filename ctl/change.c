#include "change.h"

#include "auth/notice.h"
#include "base/text.h"
#include "store/audit.h"
#include "store/session.h"

enum ctl_exit
change_answer(enum rc rc)
{
	switch (rc) {
	case RC_OK:
		return CTL_DONE;
	case RC_NO:
		return CTL_REFUSED;
	case RC_UNAVAILABLE:
	case RC_INTERNAL:
		break;
	}
	return ctl_fault(rc);
}

enum ctl_exit
change_email(struct ctl *ctl, const char *given, struct span *email)
{
	enum rc rc = text_email(ctl->ctx.arena, span_of(given), email);

	if (rc == RC_NO)
		return ctl_refuse("%s is no address; write it as name@example.org", given);
	return rc == RC_OK ? CTL_DONE : ctl_fault(rc);
}

static enum rc
change_look(struct ctl *ctl, struct span email, struct user *user)
{
	enum rc rc = operate_user_find(&ctl->ctx, email, user);

	if (rc == RC_NO)
		ctl_refuse(
		    "there is no account %.*s; see yettctl user list", (int)email.len, email.data);
	return rc;
}

enum ctl_exit
change_find(struct ctl *ctl, const char *given, struct user *user)
{
	struct span email;
	enum ctl_exit status = change_email(ctl, given, &email);

	return status == CTL_DONE ? change_answer(change_look(ctl, email, user)) : status;
}

enum rc
change_audit(struct ctl *ctl, const char *event, struct span user, struct span session)
{
	const struct audit_entry entry = {
		.event = event, .user = user, .actor = SPAN("operator"), .session = session
	};

	enum rc rc = audit_insert(&ctl->ctx, &entry);

	return rc == RC_OK ? notice_event(&ctl->ctx, event, user) : rc;
}

enum rc
change_audit_about(struct ctl *ctl, const char *event, struct span user, struct span object)
{
	const struct audit_entry entry = {
		.event = event, .user = user, .actor = SPAN("operator"), .object = object
	};

	return audit_insert(&ctl->ctx, &entry);
}

/* All of them, with a row for each live one; every JWT is worthless. */
static enum rc
change_end_sessions(struct ctl *ctl, const struct user *user, size_t *ended)
{
	struct session *sessions = NULL;
	size_t count = 0;
	enum rc rc = session_list(&ctl->ctx, user, &sessions, &count);

	for (size_t i = 0; i < count && rc == RC_OK; i++)
		rc = change_audit(ctl, "session.ended", span_of(user->id), span_of(sessions[i].id));
	if (rc == RC_OK)
		rc = session_end_all_but(&ctl->ctx, user, SPAN_NONE);
	if (rc == RC_OK)
		rc = user_bump_version(&ctl->ctx, user);
	if (ended != NULL)
		*ended = count;
	return rc;
}

/* Counted inside the transaction, so that two at once cannot both be the last but one. */
static enum rc
change_last_superuser(struct ctl *ctl, const struct user *user)
{
	int64_t others = 0;
	enum rc rc;

	if (!user->is_superuser || !user->is_active)
		return RC_OK;
	rc = operate_superusers_beside(&ctl->ctx, user, &others);
	if (rc == RC_OK && others == 0) {
		ctl_refuse("%.*s is the last superuser that can sign in; make another one first",
		    (int)user->email.len, user->email.data);
		return RC_NO;
	}
	return rc;
}

static enum rc
change_apply(
    struct ctl *ctl, struct span email, const struct change *change, void *state, size_t *ended)
{
	struct user user;
	enum rc rc = change_look(ctl, email, &user);

	if (rc == RC_OK && change->takes_superuser)
		rc = change_last_superuser(ctl, &user);
	if (rc == RC_OK && change->ends_sessions)
		rc = change_end_sessions(ctl, &user, ended);
	if (rc == RC_OK && change->apply != NULL)
		rc = change->apply(ctl, &user, state);
	if (rc == RC_OK && change->event != NULL)
		rc = change_audit(ctl, change->event, span_of(user.id), (struct span){ 0 });
	return rc;
}

enum ctl_exit
change_user(
    struct ctl *ctl, const char *given, const struct change *change, void *state, size_t *ended)
{
	struct span email;
	enum ctl_exit status = change_email(ctl, given, &email);
	enum rc rc;

	if (status != CTL_DONE)
		return status;
	rc = db_begin(ctl->ctx.db);
	if (rc != RC_OK)
		return ctl_fault(rc);
	ctl->ctx.now = clock_wall(&ctl->ctx.clock);
	return change_answer(db_end(ctl->ctx.db, change_apply(ctl, email, change, state, ended)));
}
