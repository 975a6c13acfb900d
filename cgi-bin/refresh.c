/* {backend}/refresh: exchange the refresh token for new tokens. */
#include "flow/refresh.h"

#include "route/main.h"

struct refresh_input {
	struct span refresh_token;
};

static const struct field refresh_fields[] = {
	{ "refresh_token", NULL, FIELD_REFRESH_TOKEN, true,
	    offsetof(struct refresh_input, refresh_token) },
};

/* A cookie backend takes the cookie alone, a bearer backend the body alone. */
static enum problem
refresh_read(struct exchange *x, struct refresh_input *input)
{
	enum problem problem;

	if (!x->backend->transport->is_cookie)
		return exchange_fields(x, refresh_fields, 1, input);
	problem = exchange_fields(x, NULL, 0, input);
	input->refresh_token =
	    x->backend->transport->read(x->backend->config, x->request, TOKEN_REFRESH);
	return problem;
}

static enum problem
refresh_post(struct exchange *x)
{
	struct refresh_input input = { .refresh_token = { NULL, 0 } };
	struct tokens tokens = TOKENS_INIT;
	enum problem problem = refresh_read(x, &input);

	if (problem == PROBLEM_NONE)
		problem = refresh_rotate(
		    x->ctx, x->backend, &x->client, input.refresh_token, &tokens, &x->refusal);
	if (problem == PROBLEM_NONE)
		problem = exchange_tokens(x, &tokens, exchange_next(x));
	tokens_wipe(&tokens);
	return problem;
}

static handler_fn *const handlers[HANDLERS] = {
	[HANDLER_refresh_post] = refresh_post,
};

int
main(void)
{
	return route_main(PROGRAM_refresh, handlers);
}
