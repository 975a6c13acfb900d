/* {auth}/forgot-password and {auth}/reset-password: set a forgotten password by the link that was
 * mailed to the account's address. */
#include "flow/reset.h"

#include "route/main.h"

struct forgot_input {
	struct span email;
};

static const struct field forgot_fields[] = {
	{ "email", NULL, FIELD_EMAIL, true, offsetof(struct forgot_input, email) },
};

static const struct field reset_fields[] = {
	{ "token", NULL, FIELD_TOKEN, true, offsetof(struct reset_input, token) },
	{ "password", NULL, FIELD_PASSWORD_LINK, true, offsetof(struct reset_input, password) },
};

/* A page of this program, with what any of them may show. */
static enum problem
password_page(struct exchange *x, enum page page, int status, struct page_values *values)
{
	values->login_link = exchange_login_link(x);
	values->forgot_link = exchange_link(x, HANDLER_forgot_get);
	return exchange_page(x, page, status, exchange_page_backend(x), values);
}

static enum problem
forgot_page(struct exchange *x, int status, struct span error)
{
	struct page_values values = {
		.action = exchange_path(x, HANDLER_forgot_post, NULL),
		.identifier = exchange_typed(x, "email"),
		.error = error,
	};

	return password_page(x, PAGE_FORGOT, status, &values);
}

static enum problem
forgot_get(struct exchange *x)
{
	return forgot_page(x, 200, SPAN_NONE);
}

static enum problem
forgot_post(struct exchange *x)
{
	struct forgot_input input = { .email = { NULL, 0 } };
	struct page_values sent = { .action = { NULL, 0 } };
	enum problem problem = exchange_fields(
	    x, forgot_fields, sizeof(forgot_fields) / sizeof(forgot_fields[0]), &input);

	if (problem == PROBLEM_NONE)
		problem = reset_request(x->ctx, &x->client, input.email, &x->refusal);
	if (problem == PROBLEM_NONE && x->wants_page)
		return password_page(x, PAGE_MAIL_SENT, 202, &sent);
	if (problem == PROBLEM_NONE)
		response_null(x->response, 202);
	else
		problem = exchange_refuse(x, forgot_page, problem);
	return problem;
}

/* The token of the link, or of the form that it led to. */
static enum problem
reset_page(struct exchange *x, int status, struct span error)
{
	struct page_values values = {
		.action = exchange_path(x, HANDLER_reset_post, NULL),
		.token = exchange_typed(x, "token"),
		.error = error,
	};

	if (values.token.data == NULL)
		values.token = request_query(x->ctx, x->request, "token");
	return password_page(
	    x, values.token.len > 0 ? PAGE_RESET : PAGE_LINK_DEAD, status, &values);
}

/* A link that is refused has no form to show again. */
static enum problem
reset_dead_page(struct exchange *x, int status, struct span error)
{
	struct page_values values = { .error = error };

	return password_page(x, PAGE_LINK_DEAD, status, &values);
}

/* Mail scanners follow links, so this uses nothing up; the form does. */
static enum problem
reset_get(struct exchange *x)
{
	return reset_page(x, 200, SPAN_NONE);
}

static enum problem
reset_done(struct exchange *x, const struct user *user)
{
	struct page_values values = { .action = { NULL, 0 } };

	if (x->wants_page)
		return password_page(x, PAGE_RESET_DONE, 200, &values);
	exchange_put_user(response_json(x->response, 200), user, SPAN_NONE);
	return PROBLEM_NONE;
}

static enum problem
reset_post(struct exchange *x)
{
	struct reset_input input = { .token = { NULL, 0 } };
	struct user user;
	enum problem problem = exchange_fields(
	    x, reset_fields, sizeof(reset_fields) / sizeof(reset_fields[0]), &input);

	if (problem == PROBLEM_NONE)
		problem = reset_password(x->ctx, &x->client, &input, &user, &x->refusal);
	if (problem == PROBLEM_NONE)
		problem = reset_done(x, &user);
	else
		problem = exchange_refuse(
		    x, problem == PROBLEM_RESET_BAD_TOKEN ? reset_dead_page : reset_page, problem);
	secret_wipe(&input.password);
	return problem;
}

static handler_fn *const handlers[HANDLERS] = {
	[HANDLER_forgot_get] = forgot_get,
	[HANDLER_forgot_post] = forgot_post,
	[HANDLER_reset_get] = reset_get,
	[HANDLER_reset_post] = reset_post,
};

int
main(void)
{
	return route_main(PROGRAM_password, handlers);
}
