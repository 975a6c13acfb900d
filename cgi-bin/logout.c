/* {backend}/logout: end the session of the presented token. */
#include "flow/session_care.h"
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

static enum problem
logout_post(struct exchange *x)
{
	enum problem problem = session_care_sign_out(x->ctx, &x->caller, &x->client);

	if (problem != PROBLEM_NONE)
		return problem;
	response_null(x->response, 201);
	x->backend->transport->clear(x->backend->config, x->response);
	if (exchange_shows_page(x))
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
