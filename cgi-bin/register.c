/* {auth}/register: create an account; the form for browsers. */
#include "flow/register.h"

#include "route/main.h"

static const struct field register_fields[] = {
	{ "email", NULL, FIELD_EMAIL, true, offsetof(struct register_input, email) },
	{ "username", NULL, FIELD_USERNAME, true, offsetof(struct register_input, username) },
	{ "password", NULL, FIELD_PASSWORD_NEW, true, offsetof(struct register_input, password) },
};

static enum problem
register_page(struct exchange *x, int status, struct span error)
{
	bool by_name = x->config->account.login_identifier == LOGIN_BY_USERNAME;
	struct page_values values = {
		.action = exchange_path(x, HANDLER_register_post, NULL),
		.next = exchange_next(x),
		.identifier = exchange_typed(x, "email"),
		.username = exchange_typed(x, "username"),
		.wants_username = by_name ? SPAN("yes") : SPAN(""),
		.error = error,
		.login_link = exchange_login_link(x),
	};

	return exchange_page(x, PAGE_REGISTER, status, exchange_page_backend(x), &values);
}

static enum problem
register_get(struct exchange *x)
{
	return register_page(x, 200, SPAN_NONE);
}

static enum problem
register_done(struct exchange *x, const struct user *user)
{
	bool must_verify = x->config->account.requires_verification;
	struct page_values values = {
		.needs_verification = must_verify ? SPAN("yes") : SPAN(""),
		.login_link = exchange_login_link(x),
	};

	if (must_verify && x->config->mail.transport != MAIL_NONE)
		values.request_verify_link = exchange_link(x, HANDLER_request_verify_get);
	if (x->wants_page)
		return exchange_page(x, PAGE_REGISTERED, 201, NULL, &values);
	exchange_put_user(response_json(x->response, 201), user, SPAN_NONE);
	return PROBLEM_NONE;
}

static enum problem
register_post(struct exchange *x)
{
	struct register_input input = { .email = { NULL, 0 } };
	struct user user;
	enum problem problem = exchange_fields(
	    x, register_fields, sizeof(register_fields) / sizeof(register_fields[0]), &input);

	if (problem == PROBLEM_NONE)
		problem = register_account(x->ctx, &x->client, &input, &user, &x->refusal);
	if (problem == PROBLEM_NONE)
		problem = register_done(x, &user);
	else
		problem = exchange_refuse(x, register_page, problem);
	secret_wipe(&input.password);
	return problem;
}

static handler_fn *const handlers[HANDLERS] = {
	[HANDLER_register_get] = register_get,
	[HANDLER_register_post] = register_post,
};

int
main(void)
{
	return route_main(PROGRAM_register, handlers);
}
