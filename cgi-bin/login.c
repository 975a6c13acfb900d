/* {backend}/login: sign in with a password; the form for browsers. */
#include "flow/login.h"

#include "auth/csrf.h"
#include "base/json.h"
#include "flow/refresh.h"
#include "route/main.h"

static const struct field login_fields[] = {
	{ "identifier", "username", FIELD_IDENTIFIER, true,
	    offsetof(struct login_input, identifier) },
	{ "password", NULL, FIELD_PASSWORD_PROOF, true, offsetof(struct login_input, password) },
	{ "grant_type", NULL, FIELD_IGNORED, false, 0 },
	{ "scope", NULL, FIELD_IGNORED, false, 0 },
	{ "client_id", NULL, FIELD_IGNORED, false, 0 },
	{ "client_secret", NULL, FIELD_IGNORED, false, 0 },
};

static struct span
login_typed(struct exchange *x)
{
	struct span username = exchange_typed(x, "username");

	return username.data != NULL ? username : exchange_typed(x, "identifier");
}

static enum problem
login_page(struct exchange *x, int status, struct span error)
{
	bool by_email = x->config->account.login_identifier == LOGIN_BY_EMAIL;
	struct page_values values = {
		.action = exchange_path(x, HANDLER_login_post, x->backend),
		.next = exchange_next(x),
		.identifier = login_typed(x),
		.identifier_is_email = by_email ? SPAN("yes") : SPAN(""),
		.error = error,
	};

	values.register_link = exchange_link(x, HANDLER_register_get);
	values.forgot_link = exchange_link(x, HANDLER_forgot_get);
	return exchange_page(x, PAGE_LOGIN, status, x->backend, &values);
}

/* A browser that comes with a live refresh cookie need not sign in again. */
static enum problem
login_renew(struct exchange *x, struct span refresh)
{
	struct tokens tokens = TOKENS_INIT;
	enum problem problem =
	    refresh_rotate(x->ctx, x->backend, &x->client, refresh, &tokens, &x->refusal);

	if (problem == PROBLEM_NONE)
		problem = exchange_tokens(x, &tokens, exchange_next(x));
	tokens_wipe(&tokens);
	return problem;
}

static enum problem
login_get(struct exchange *x)
{
	struct span refresh =
	    x->backend->transport->read(x->backend->config, x->request, TOKEN_REFRESH);
	char binding[UUID_SIZE];
	char token[CSRF_TOKEN_SIZE];
	enum problem problem;

	if (x->wants_page && refresh.data != NULL && x->request->method == METHOD_GET) {
		problem = login_renew(x, refresh);
		if (problem == PROBLEM_NONE || problem_row(problem)->status >= 500)
			return problem;
		response_clear(x->response);
		/* A dead cookie goes, or each look at this page would count as a failed refresh. */
		if (problem == PROBLEM_REFRESH_TOKEN_INVALID)
			x->backend->transport->clear(x->backend->config, x->response);
	}
	if (x->wants_page)
		return login_page(x, 200, SPAN_NONE);
	problem = problem_of(csrf_binding(x->ctx, x->backend, x->request, binding));
	if (problem == PROBLEM_NONE)
		problem = exchange_csrf(x, x->backend, binding, token);
	if (problem != PROBLEM_NONE)
		return problem;
	buf_char(response_json(x->response, 200), '{');
	json_put_text(&x->response->body, "csrf_token", span_of(token));
	buf_char(&x->response->body, '}');
	return PROBLEM_NONE;
}

static enum problem
login_post(struct exchange *x)
{
	struct login_input input = { .identifier = { NULL, 0 } };
	struct tokens tokens = TOKENS_INIT;
	enum problem problem = exchange_fields(
	    x, login_fields, sizeof(login_fields) / sizeof(login_fields[0]), &input);

	if (problem == PROBLEM_NONE)
		problem = login_with_password(
		    x->ctx, x->backend, &x->client, &input, &tokens, &x->refusal);
	if (problem == PROBLEM_NONE)
		problem = exchange_tokens(x, &tokens, exchange_next(x));
	else
		problem = exchange_refuse(x, login_page, problem);
	tokens_wipe(&tokens);
	secret_wipe(&input.password);
	return problem;
}

static handler_fn *const handlers[HANDLERS] = {
	[HANDLER_login_get] = login_get,
	[HANDLER_login_post] = login_post,
};

int
main(void)
{
	return route_main(PROGRAM_login, handlers);
}
