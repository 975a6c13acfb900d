#include "flow/session_care.h"

#include "auth/backend.h"
#include "auth/ending.h"
#include "auth/event.h"
#include "base/text.h"
#include "crypto/keyring.h"
#include "crypto/token.h"

static enum rc
session_care_record(struct ctx *ctx, const struct identity *identity, const struct client *client,
    const char *name, const char *session)
{
	const struct event event = {
		.name = name,
		.client = client,
		.user = &identity->user,
		.by_user = true,
		.backend = identity->backend->config->name,
		.session = session,
	};

	return event_record(ctx, &event);
}

/* The given refresh token tells which session is the caller's own, else the access token. */
static enum rc
session_care_current(
    struct ctx *ctx, const struct identity *identity, struct span refresh, char current[UUID_SIZE])
{
	struct digest digest;
	enum rc rc = RC_NO;

	current[0] = '\0';
	if (refresh.data != NULL)
		rc = token_digest(keyring_key(ctx->keys, PURPOSE_REFRESH), refresh, &digest);
	if (rc == RC_OK)
		rc = session_of_refresh(ctx, &identity->user, DIGEST_SPAN(digest), current);
	if (rc != RC_NO)
		return rc;
	memcpy(current, identity->session_id, UUID_SIZE);
	return RC_OK;
}

enum problem
session_care_list(struct ctx *ctx, const struct identity *identity, struct span refresh,
    struct session_view *view)
{
	const struct sessions *sessions = sessions_of(identity->backend);
	enum rc rc;

	if (sessions->list == NULL)
		return PROBLEM_SESSION_MANAGEMENT_UNSUPPORTED;
	rc = sessions->list(ctx, &identity->user, &view->sessions, &view->count);
	if (rc == RC_OK)
		rc = session_care_current(ctx, identity, refresh, view->current);
	return problem_of(rc);
}

enum problem
session_care_end(
    struct ctx *ctx, const struct identity *identity, const struct client *client, struct span id)
{
	char name[UUID_SIZE];
	enum rc rc;

	if (sessions_of(identity->backend)->list == NULL)
		return PROBLEM_SESSION_MANAGEMENT_UNSUPPORTED;
	if (!text_is_uuid(id) || !span_copy(name, sizeof(name), id))
		return PROBLEM_SESSION_NOT_FOUND;
	rc = db_begin(ctx->db);
	if (rc == RC_OK) {
		rc = session_end(ctx, &identity->user, id);
		if (rc == RC_OK)
			rc = session_care_record(ctx, identity, client, "session.ended", name);
		rc = db_end(ctx->db, rc);
	}
	return rc == RC_NO ? PROBLEM_SESSION_NOT_FOUND : problem_of(rc);
}

enum problem
session_care_end_others(struct ctx *ctx, const struct identity *identity,
    const struct client *client, struct span refresh)
{
	char current[UUID_SIZE];
	enum rc rc;

	if (sessions_of(identity->backend)->list == NULL)
		return PROBLEM_SESSION_MANAGEMENT_UNSUPPORTED;
	rc = session_care_current(ctx, identity, refresh, current);
	if (rc == RC_OK)
		rc = db_begin(ctx->db);
	if (rc != RC_OK)
		return problem_of(rc);
	rc = ending_sessions(ctx, &identity->user, span_of(current));
	if (rc == RC_OK)
		rc = session_care_record(ctx, identity, client, "session.others_ended", current);
	return problem_of(db_end(ctx->db, rc));
}

enum problem
session_care_sign_out(struct ctx *ctx, const struct identity *identity, const struct client *client)
{
	enum rc rc = db_begin(ctx->db);

	if (rc == RC_OK) {
		rc = sessions_of(identity->backend)->revoke(ctx, identity);
		if (rc == RC_OK)
			rc = session_care_record(
			    ctx, identity, client, "session.ended", identity->session_id);
		rc = db_end(ctx->db, rc);
	}
	return rc == RC_OK || rc == RC_NO ? PROBLEM_NONE : PROBLEM_TOKEN_PROCESSING_FAILED;
}
