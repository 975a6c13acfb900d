/* {backend}/sessions: the user's live sessions over all backends, and ending them. */
#include "auth/sessions.h"

#include "auth/event.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/keyring.h"
#include "crypto/token.h"
#include "route/main.h"

struct sessions_input {
	struct span refresh_token;
};

static const struct field sessions_fields[] = {
	{ "refresh_token", NULL, FIELD_REFRESH_TOKEN, true,
	    offsetof(struct sessions_input, refresh_token) },
};

static const struct field revoke_fields[] = {
	{ "refresh_token", NULL, FIELD_REFRESH_TOKEN, false,
	    offsetof(struct sessions_input, refresh_token) },
};

/* Which session is the caller's: the given refresh token tells (or the cookie's), else the access
 * token's own; "current" stays empty when neither does. */
static enum rc
sessions_current(struct exchange *x, struct span refresh, char current[UUID_SIZE])
{
	struct digest digest;
	enum rc rc = RC_NO;

	current[0] = '\0';
	if (refresh.data == NULL)
		refresh =
		    x->backend->transport->read(x->backend->config, x->request, TOKEN_REFRESH);
	if (refresh.data != NULL)
		rc = token_digest(keyring_key(x->ctx->keys, PURPOSE_REFRESH), refresh, &digest);
	if (rc == RC_OK)
		rc = session_of_refresh(x->ctx, &x->caller.user, DIGEST_SPAN(digest), current);
	if (rc != RC_NO)
		return rc;
	memcpy(current, x->caller.session_id, UUID_SIZE);
	return RC_OK;
}

static void
sessions_put(struct buf *body, const struct session *session, const char *current)
{
	buf_char(body, '{');
	json_put_text(body, "session_id", span_of(session->id));
	json_put_time(body, "created_at", session->created_at);
	json_put_time(body, "last_used_at", session->last_used_at);
	if (current[0] == '\0')
		json_put_text(body, "is_current", (struct span){ NULL, 0 });
	else
		json_put_bool(body, "is_current", strcmp(session->id, current) == 0);
	json_put_text(body, "backend", session->backend);
	json_put_name(body, "client_metadata");
	buf_char(body, '{');
	json_put_text(body, "user_agent", session->user_agent);
	buf_text(body, "}}");
}

static enum problem
sessions_answer(struct exchange *x, struct span refresh)
{
	struct session *rows = NULL;
	size_t count = 0;
	char current[UUID_SIZE];
	struct buf *body;
	enum rc rc = sessions_of(x->backend)->list(x->ctx, &x->caller.user, &rows, &count);

	if (rc == RC_OK)
		rc = sessions_current(x, refresh, current);
	if (rc != RC_OK)
		return problem_of(rc);
	body = response_json(x->response, 200);
	buf_text(body, "{\"sessions\":[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_char(body, ',');
		sessions_put(body, &rows[i], current);
	}
	buf_text(body, "]}");
	return PROBLEM_NONE;
}

static enum problem
sessions_get(struct exchange *x)
{
	if (sessions_of(x->backend)->list == NULL)
		return PROBLEM_SESSION_MANAGEMENT_UNSUPPORTED;
	return sessions_answer(x, (struct span){ NULL, 0 });
}

static enum problem
sessions_post(struct exchange *x)
{
	struct sessions_input input = { .refresh_token = { NULL, 0 } };
	enum problem problem = exchange_fields(x, sessions_fields, 1, &input);

	if (problem != PROBLEM_NONE)
		return problem;
	if (sessions_of(x->backend)->list == NULL)
		return PROBLEM_SESSION_MANAGEMENT_UNSUPPORTED;
	return sessions_answer(x, input.refresh_token);
}

static enum rc
sessions_record(struct exchange *x, const char *name, const char *session)
{
	const struct event event = {
		.name = name,
		.client = &x->client,
		.user = &x->caller.user,
		.by_user = true,
		.backend = x->backend->config->name,
		.session = session,
	};

	return event_record(x->ctx, &event);
}

static enum problem
session_delete(struct exchange *x)
{
	char id[UUID_SIZE];
	enum rc rc;

	if (sessions_of(x->backend)->list == NULL)
		return PROBLEM_SESSION_MANAGEMENT_UNSUPPORTED;
	if (!text_is_uuid(x->segment) || !span_copy(id, sizeof(id), x->segment))
		return PROBLEM_SESSION_NOT_FOUND;
	rc = db_begin(x->ctx->db);
	if (rc == RC_OK) {
		rc = session_end(x->ctx, &x->caller.user, x->segment);
		if (rc == RC_OK)
			rc = sessions_record(x, "session.ended", id);
		rc = db_end(x->ctx->db, rc);
	}
	if (rc == RC_OK)
		response_null(x->response, 204);
	return rc == RC_NO ? PROBLEM_SESSION_NOT_FOUND : problem_of(rc);
}

/* With an unknown current session all of them end. */
static enum problem
sessions_revoke_others(struct exchange *x)
{
	struct sessions_input input = { .refresh_token = { NULL, 0 } };
	char current[UUID_SIZE];
	enum problem problem = exchange_fields(x, revoke_fields, 1, &input);
	enum rc rc;

	if (problem != PROBLEM_NONE)
		return problem;
	if (sessions_of(x->backend)->list == NULL)
		return PROBLEM_SESSION_MANAGEMENT_UNSUPPORTED;
	rc = sessions_current(x, input.refresh_token, current);
	if (rc == RC_OK)
		rc = db_begin(x->ctx->db);
	if (rc != RC_OK)
		return problem_of(rc);
	rc = current[0] == '\0' ? session_end_all(x->ctx, &x->caller.user)
				: session_end_others(x->ctx, &x->caller.user, span_of(current));
	if (rc == RC_OK)
		rc = sessions_record(x, "session.others_ended", current);
	rc = db_end(x->ctx->db, rc);
	if (rc == RC_OK)
		response_null(x->response, 204);
	return problem_of(rc);
}

static handler_fn *const handlers[HANDLERS] = {
	[HANDLER_sessions_get] = sessions_get,
	[HANDLER_sessions_post] = sessions_post,
	[HANDLER_session_delete] = session_delete,
	[HANDLER_sessions_revoke_others] = sessions_revoke_others,
};

int
main(void)
{
	return route_main(PROGRAM_sessions, handlers);
}
