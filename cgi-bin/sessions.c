/* {backend}/sessions: the user's live sessions over all backends, and ending them. */
#include "base/json.h"
#include "flow/session_care.h"
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

/* The refresh token of the body, else the cookie's. */
static struct span
sessions_refresh(struct exchange *x, struct span given)
{
	if (given.data != NULL)
		return given;
	return x->backend->transport->read(x->backend->config, x->request, TOKEN_REFRESH);
}

static void
sessions_put(struct buf *body, const struct session *session, const char *current)
{
	buf_char(body, '{');
	json_put_text(body, "session_id", span_of(session->id));
	json_put_time(body, "created_at", session->created_at);
	json_put_time(body, "last_used_at", session->last_used_at);
	if (current[0] == '\0')
		json_put_text(body, "is_current", SPAN_NONE);
	else
		json_put_bool(body, "is_current", strcmp(session->id, current) == 0);
	json_put_text(body, "backend", session->backend);
	json_put_name(body, "client_metadata");
	buf_char(body, '{');
	json_put_text(body, "user_agent", session->user_agent);
	buf_text(body, "}}");
}

static enum problem
sessions_answer(struct exchange *x, struct span given)
{
	struct session_view view = { .count = 0 };
	enum problem problem =
	    session_care_list(x->ctx, &x->caller, sessions_refresh(x, given), &view);
	struct buf *body;

	if (problem != PROBLEM_NONE)
		return problem;
	body = response_json(x->response, 200);
	buf_text(body, "{\"sessions\":[");
	for (size_t i = 0; i < view.count; i++) {
		if (i > 0)
			buf_char(body, ',');
		sessions_put(body, &view.sessions[i], view.current);
	}
	buf_text(body, "]}");
	return PROBLEM_NONE;
}

static enum problem
sessions_get(struct exchange *x)
{
	return sessions_answer(x, SPAN_NONE);
}

static enum problem
sessions_post(struct exchange *x)
{
	struct sessions_input input = { .refresh_token = { NULL, 0 } };
	enum problem problem = exchange_fields(x, sessions_fields, 1, &input);

	return problem == PROBLEM_NONE ? sessions_answer(x, input.refresh_token) : problem;
}

static enum problem
session_delete(struct exchange *x)
{
	enum problem problem = session_care_end(x->ctx, &x->caller, &x->client, x->segment);

	if (problem == PROBLEM_NONE)
		response_null(x->response, 204);
	return problem;
}

static enum problem
sessions_revoke_others(struct exchange *x)
{
	struct sessions_input input = { .refresh_token = { NULL, 0 } };
	enum problem problem = exchange_fields(x, revoke_fields, 1, &input);

	if (problem == PROBLEM_NONE)
		problem = session_care_end_others(
		    x->ctx, &x->caller, &x->client, sessions_refresh(x, input.refresh_token));
	if (problem == PROBLEM_NONE)
		response_null(x->response, 204);
	return problem;
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
