/* {auth}/verify and {auth}/request-verify-token: confirm an address by the link that was mailed to
 * it.
 */
#include "flow/verify.h"

#include "route/main.h"

struct verify_input {
	struct span token;
};

static const struct field verify_fields[] = {
	{ "token", NULL, FIELD_TOKEN, true, offsetof(struct verify_input, token) },
};

struct request_input {
	struct span email;
};

static const struct field request_fields[] = {
	{ "email", NULL, FIELD_EMAIL, true, offsetof(struct request_input, email) },
};

/* A page of this program, with what any of them may show. */
static enum problem
verify_page(struct exchange *x, enum page page, int status, struct page_values *values)
{
	values->login_link = exchange_login_link(x);
	values->request_verify_link = exchange_link(x, HANDLER_request_verify_get);
	return exchange_page(x, page, status, exchange_page_backend(x), values);
}

/* Mail scanners follow links, so this uses nothing up; the button does. */
static enum problem
verify_get(struct exchange *x)
{
	struct page_values values = {
		.action = exchange_path(x, HANDLER_verify_post, NULL),
		.token = request_query(x->ctx, x->request, "token"),
	};

	return verify_page(x, values.token.len > 0 ? PAGE_VERIFY : PAGE_LINK_DEAD, 200, &values);
}

static enum problem
verify_done(struct exchange *x, const struct user *user)
{
	struct page_values values = { .action = { NULL, 0 } };

	if (x->wants_page)
		return verify_page(x, PAGE_VERIFIED, 200, &values);
	exchange_put_user(response_json(x->response, 200), user, SPAN_NONE);
	return PROBLEM_NONE;
}

/* A link that is refused has no form to show again. */
static enum problem
verify_dead_page(struct exchange *x, int status, struct span error)
{
	struct page_values values = { .error = error };

	return verify_page(x, PAGE_LINK_DEAD, status, &values);
}

static enum problem
verify_post(struct exchange *x)
{
	struct verify_input input = { .token = { NULL, 0 } };
	struct user user;
	enum problem problem = exchange_fields(
	    x, verify_fields, sizeof(verify_fields) / sizeof(verify_fields[0]), &input);

	if (problem == PROBLEM_NONE)
		problem = verify_address(x->ctx, &x->client, input.token, &user, &x->refusal);
	if (problem == PROBLEM_NONE)
		return verify_done(x, &user);
	return problem == PROBLEM_VERIFY_BAD_TOKEN ? exchange_refuse(x, verify_dead_page, problem)
						   : problem;
}

static enum problem
request_verify_page(struct exchange *x, int status, struct span error)
{
	struct page_values values = {
		.action = exchange_path(x, HANDLER_request_verify_post, NULL),
		.identifier = exchange_typed(x, "email"),
		.error = error,
	};

	return verify_page(x, PAGE_REQUEST_VERIFY, status, &values);
}

static enum problem
request_verify_get(struct exchange *x)
{
	return request_verify_page(x, 200, SPAN_NONE);
}

static enum problem
request_verify_post(struct exchange *x)
{
	struct request_input input = { .email = { NULL, 0 } };
	struct page_values sent = { .action = { NULL, 0 } };
	enum problem problem = exchange_fields(
	    x, request_fields, sizeof(request_fields) / sizeof(request_fields[0]), &input);

	if (problem == PROBLEM_NONE)
		problem = verify_request(x->ctx, &x->client, input.email, &x->refusal);
	if (problem == PROBLEM_NONE && x->wants_page)
		return verify_page(x, PAGE_MAIL_SENT, 202, &sent);
	if (problem == PROBLEM_NONE)
		response_null(x->response, 202);
	else
		problem = exchange_refuse(x, request_verify_page, problem);
	return problem;
}

static handler_fn *const handlers[HANDLERS] = {
	[HANDLER_verify_get] = verify_get,
	[HANDLER_verify_post] = verify_post,
	[HANDLER_request_verify_get] = request_verify_get,
	[HANDLER_request_verify_post] = request_verify_post,
};

int
main(void)
{
	return route_main(PROGRAM_verify, handlers);
}
