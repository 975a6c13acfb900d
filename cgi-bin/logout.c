/* {backend}/logout: end the session of the presented token. */
#include "auth/event.h"
#include "auth/sessions.h"
#include "route/main.h"

static enum problem
logout_get(struct exchange *x)
{
	struct page_values values = {
		.action = exchange_path(x, HANDLER_logout_post, x->backend),
		.login_link = exchange_path(x, HANDLER_login_get, x->backend),
	};

	return exchange_page(x, PAGE_LOGOUT, 200, x->backend, &values);
}

/* Ended meanwhile by somebody else is ended all the same. */
static enum rc
logout_revoke(struct exchange *x)
{
	const struct event event = {
		.name = "session.ended",
		.client = &x->client,
		.user = &x->caller.user,
		.by_user = true,
		.backend = x->backend->config->name,
		.session = x->caller.session_id,
	};
	enum rc rc = db_begin(x->ctx->db);

	if (rc != RC_OK)
		return rc;
	rc = sessions_of(x->backend)->revoke(x->ctx, &x->caller);
	if (rc == RC_OK)
		rc = event_record(x->ctx, &event);
	return db_end(x->ctx->db, rc);
}

static enum problem
logout_post(struct exchange *x)
{
	enum rc rc = logout_revoke(x);

	if (rc != RC_OK && rc != RC_NO)
		return PROBLEM_TOKEN_PROCESSING_FAILED;
	response_null(x->response, 201);
	x->backend->transport->clear(x->backend->config, x->response);
	if (x->wants_page && x->backend->transport->is_cookie)
		exchange_go(x, exchange_path(x, HANDLER_login_get, x->backend));
	return PROBLEM_NONE;
}

static handler_fn *const handlers[HANDLERS] = {
	[HANDLER_logout_get] = logout_get,
	[HANDLER_logout_post] = logout_post,
};

int
main(void)
{
	return route_main(PROGRAM_logout, handlers);
}
