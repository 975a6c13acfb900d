/* {backend}/2fa: the second factor of the own account, and the code of a sign-in. */
#include <sodium.h>

#include "base/json.h"
#include "flow/login_code.h"
#include "flow/twofactor.h"
#include "page/factor_view.h"
#include "route/main.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct enable_input {
	struct secret password;
};

struct disable_input {
	struct secret code;
};

static const struct field enable_fields[] = {
	{ "password", NULL, FIELD_PASSWORD_PROOF, true, offsetof(struct enable_input, password) },
};

static const struct field confirm_fields[] = {
	{ "enrollment_token", NULL, FIELD_TOKEN, true, offsetof(struct confirm_input, token) },
	{ "code", NULL, FIELD_CODE, true, offsetof(struct confirm_input, code) },
};

static const struct field code_fields[] = {
	{ "pending_token", NULL, FIELD_TOKEN, false, offsetof(struct code_input, pending_token) },
	{ "code", NULL, FIELD_CODE_OR_RECOVERY, true, offsetof(struct code_input, code) },
};

static const struct field disable_fields[] = {
	{ "code", NULL, FIELD_CODE_OR_RECOVERY, true, offsetof(struct disable_input, code) },
};

static const struct field renew_fields[] = {
	{ "current_password", NULL, FIELD_PASSWORD_PROOF, true,
	    offsetof(struct renew_input, current_password) },
	{ "totp_code", NULL, FIELD_CODE, false, offsetof(struct renew_input, totp_code) },
};

/* A page of this program, with what any of them may show. */
static enum problem
factor_page(struct exchange *x, enum page page, int status, struct page_values *values)
{
	const struct backend *backend = x->backend;

	values->next = exchange_next(x);
	values->enable_link =
	    exchange_path_next(x, HANDLER_factor_enable_get, backend, values->next);
	values->login_link = exchange_path_next(x, HANDLER_login_get, backend, values->next);
	values->renew_link = exchange_path(x, HANDLER_factor_renew_get, backend);
	values->disable_link = exchange_path(x, HANDLER_factor_disable_get, backend);
	return exchange_page(x, page, status, backend, values);
}

/* One with nothing on it but a form that is posted to that handler. */
static enum problem
factor_form(struct exchange *x, enum page page, enum handler to, int status, struct span error)
{
	struct page_values values = {
		.action = exchange_path(x, to, x->backend),
		.error = error,
	};

	return factor_page(x, page, status, &values);
}

/* Where it is on, there is nothing to begin, but things to change. */
static enum problem
factor_enable_page(struct exchange *x, int status, struct span error)
{
	enum page page = x->caller.user.second_factor ? PAGE_ENABLED : PAGE_ENABLE;

	return factor_form(x, page, HANDLER_factor_enable_post, status, error);
}

/* A page for who has a second factor; others get the one that sets it up. */
static enum problem
factor_get(struct exchange *x, page_fn *page)
{
	return x->caller.user.second_factor ? page(x, 200, SPAN_NONE)
					    : factor_enable_page(x, 200, SPAN_NONE);
}

/* --- recovery codes ----------------------------------------------------------------------------
 */

static enum problem
factor_codes_page(struct exchange *x, const struct recovery_codes *codes, struct span renewed)
{
	struct factor_view view = FACTOR_VIEW_INIT;
	struct page_values values = {
		.account = x->caller.user.email,
		.codes_renewed = renewed,
	};
	enum rc rc = RC_OK;
	enum problem problem;

	for (int i = 0; i < RECOVERY_CODES && rc == RC_OK; i++)
		rc = factor_view_code(&view, span_of(codes->codes[i]));
	values.codes = buf_span(&view.lines);
	problem = problem_of(rc);
	if (problem == PROBLEM_NONE)
		problem = factor_page(x, PAGE_RECOVERY, 201, &values);
	factor_view_wipe(&view);
	return problem;
}

/* "begin" is what stands before them in the object. */
static void
factor_codes_json(struct exchange *x, const struct recovery_codes *codes, const char *begin)
{
	struct buf *body = response_json(x->response, 201);

	buf_text(body, begin);
	json_put_name(body, "recovery_codes");
	buf_char(body, '[');
	for (int i = 0; i < RECOVERY_CODES; i++) {
		if (i > 0)
			buf_char(body, ',');
		json_put_string(body, span_of(codes->codes[i]));
	}
	buf_text(body, "]}");
}

static enum problem
factor_renew_page(struct exchange *x, int status, struct span error)
{
	return factor_form(x, PAGE_RENEW, HANDLER_factor_renew_post, status, error);
}

static enum problem
factor_renew_get(struct exchange *x)
{
	return factor_get(x, factor_renew_page);
}

static enum problem
factor_renew_post(struct exchange *x)
{
	struct renew_input input = { .current_password = { .len = 0 } };
	struct recovery_codes codes;
	enum problem problem = exchange_fields(x, renew_fields, COUNT(renew_fields), &input);

	if (problem == PROBLEM_NONE)
		problem =
		    twofactor_renew(x->ctx, &x->caller, &x->client, &input, &codes, &x->refusal);
	if (problem != PROBLEM_NONE)
		problem = exchange_refuse(x, factor_renew_page, problem);
	else if (exchange_shows_page(x))
		problem = factor_codes_page(x, &codes, SPAN("yes"));
	else
		factor_codes_json(x, &codes, "{");
	sodium_memzero(&codes, sizeof(codes));
	secret_wipe(&input.current_password);
	secret_wipe(&input.totp_code);
	return problem;
}

/* --- setting it up -----------------------------------------------------------------------------
 */

static enum problem
factor_enable_get(struct exchange *x)
{
	return factor_enable_page(x, 200, SPAN_NONE);
}

static void
factor_enrol_json(
    struct exchange *x, const struct enrolment *enrolment, const struct factor_view *view)
{
	struct buf *body = response_json(x->response, 201);

	buf_char(body, '{');
	json_put_text(body, "secret", buf_span(&enrolment->shown.secret));
	json_put_text(body, "uri", buf_span(&enrolment->shown.uri));
	json_put_text(body, "qr_svg", view->svg.len > 0 ? buf_span(&view->svg) : SPAN_NONE);
	json_put_text(body, "enrollment_token", buf_span(&enrolment->token));
	buf_char(body, '}');
}

static enum problem
factor_enrol_page(struct exchange *x, const struct enrolment *enrolment,
    const struct factor_view *view, int status, struct span error)
{
	struct page_values values = {
		.action = exchange_path(x, HANDLER_factor_confirm_post, x->backend),
		.enrollment_token = buf_span(&enrolment->token),
		.uri = buf_span(&enrolment->shown.uri),
		.secret = buf_span(&view->lines),
		.image = buf_span(&view->image),
		.error = error,
	};

	return factor_page(x, PAGE_ENROL, status, &values);
}

static enum problem
factor_enrol_show(
    struct exchange *x, const struct enrolment *enrolment, int status, struct span error)
{
	struct factor_view view = FACTOR_VIEW_INIT;
	enum problem problem =
	    problem_of(factor_view_enrolment(&view, buf_span(&enrolment->shown.uri),
		buf_span(&enrolment->shown.secret), span_of(x->config->site.name)));

	if (problem == PROBLEM_NONE && exchange_shows_page(x))
		problem = factor_enrol_page(x, enrolment, &view, status, error);
	else if (problem == PROBLEM_NONE)
		factor_enrol_json(x, enrolment, &view);
	factor_view_wipe(&view);
	return problem;
}

static enum problem
factor_enable_post(struct exchange *x)
{
	struct enable_input input = { .password = { .len = 0 } };
	struct enrolment enrolment = ENROLMENT_INIT;
	enum problem problem = exchange_fields(x, enable_fields, COUNT(enable_fields), &input);

	if (problem == PROBLEM_NONE)
		problem = twofactor_enable(
		    x->ctx, &x->caller, &x->client, &input.password, &enrolment, &x->refusal);
	problem = problem == PROBLEM_NONE ? factor_enrol_show(x, &enrolment, 201, SPAN_NONE)
					  : exchange_refuse(x, factor_enable_page, problem);
	enrolment_wipe(&enrolment);
	secret_wipe(&input.password);
	return problem;
}

/* With picture and secret once more, as long as the set-up goes on. */
static enum problem
factor_confirm_page(struct exchange *x, int status, struct span error)
{
	struct enrolment enrolment = ENROLMENT_INIT;
	enum problem problem = twofactor_enrolment(
	    x->ctx, &x->caller, exchange_typed(x, "enrollment_token"), &enrolment);

	if (problem == PROBLEM_NONE)
		problem = factor_enrol_show(x, &enrolment, status, error);
	else if (problem == PROBLEM_TOTP_ENROLL_BAD_TOKEN)
		problem = factor_enable_page(x, status,
		    x->caller.user.second_factor ? error : exchange_sentence(x, problem));
	enrolment_wipe(&enrolment);
	return problem;
}

static enum problem
factor_confirm_post(struct exchange *x)
{
	struct confirm_input input = { .token = SPAN_NONE };
	struct recovery_codes codes;
	enum problem problem = exchange_fields(x, confirm_fields, COUNT(confirm_fields), &input);

	if (problem == PROBLEM_NONE)
		problem =
		    twofactor_confirm(x->ctx, &x->caller, &x->client, &input, &codes, &x->refusal);
	if (problem != PROBLEM_NONE)
		problem = exchange_refuse(x, factor_confirm_page, problem);
	else if (exchange_shows_page(x))
		problem = factor_codes_page(x, &codes, SPAN_NONE);
	else
		factor_codes_json(x, &codes, "{\"enabled\":true");
	sodium_memzero(&codes, sizeof(codes));
	secret_wipe(&input.code);
	return problem;
}

/* --- signing in --------------------------------------------------------------------------------
 */

static struct span
factor_pending(struct exchange *x)
{
	return x->backend->transport->read(x->backend->config, x->request, TOKEN_PENDING);
}

static enum problem
factor_verify_page(struct exchange *x, int status, struct span error)
{
	return factor_form(x, PAGE_CODE, HANDLER_factor_verify_post, status, error);
}

/* Without a sign-in that waits, there is nothing to enter a code for. */
static enum problem
factor_verify_get(struct exchange *x)
{
	struct span token = factor_pending(x);
	enum problem problem = PROBLEM_TOTP_PENDING_BAD_TOKEN;

	if (token.data != NULL)
		problem = login_waits(x->ctx, x->backend, &x->client, token);
	if (problem == PROBLEM_NONE)
		return factor_verify_page(x, 200, SPAN_NONE);
	if (problem != PROBLEM_TOTP_PENDING_BAD_TOKEN)
		return problem;
	if (token.data != NULL)
		transport_cookie_pending(x->backend->config, SPAN_NONE, -1, x->response);
	response_redirect(x->response, 303,
	    exchange_path_next(x, HANDLER_login_get, x->backend, exchange_next(x)));
	return PROBLEM_NONE;
}

/* A browser has the token in a cookie. */
static enum problem
factor_verify_read(struct exchange *x, struct code_input *input)
{
	enum problem problem = exchange_fields(x, code_fields, COUNT(code_fields), input);

	if (problem != PROBLEM_NONE || input->pending_token.data != NULL)
		return problem;
	input->pending_token = factor_pending(x);
	if (input->pending_token.data != NULL)
		return PROBLEM_NONE;
	return exchange_shows_page(x) ? PROBLEM_TOTP_PENDING_BAD_TOKEN : PROBLEM_BODY_INVALID;
}

static enum problem
factor_verify_post(struct exchange *x)
{
	struct code_input input = { .pending_token = SPAN_NONE };
	struct tokens tokens = TOKENS_INIT;
	enum problem problem = factor_verify_read(x, &input);

	if (problem == PROBLEM_NONE)
		problem =
		    login_with_code(x->ctx, x->backend, &x->client, &input, &tokens, &x->refusal);
	if (problem == PROBLEM_NONE)
		problem = exchange_tokens(x, &tokens, exchange_next(x));
	else
		problem = exchange_refuse(x, factor_verify_page, problem);
	if (x->backend->transport->is_cookie &&
	    (problem == PROBLEM_NONE || problem == PROBLEM_TOTP_PENDING_BAD_TOKEN))
		transport_cookie_pending(x->backend->config, SPAN_NONE, -1, x->response);
	tokens_wipe(&tokens);
	secret_wipe(&input.code);
	return problem;
}

/* --- switching it off --------------------------------------------------------------------------
 */

static enum problem
factor_disable_page(struct exchange *x, int status, struct span error)
{
	return factor_form(x, PAGE_DISABLE, HANDLER_factor_disable_post, status, error);
}

static enum problem
factor_disable_get(struct exchange *x)
{
	return factor_get(x, factor_disable_page);
}

static enum problem
factor_disable_post(struct exchange *x)
{
	struct disable_input input = { .code = { .len = 0 } };
	struct page_values values = { .action = SPAN_NONE };
	enum problem problem = exchange_fields(x, disable_fields, COUNT(disable_fields), &input);

	if (problem == PROBLEM_NONE)
		problem =
		    twofactor_disable(x->ctx, &x->caller, &x->client, &input.code, &x->refusal);
	if (problem != PROBLEM_NONE)
		problem = exchange_refuse(x, factor_disable_page, problem);
	else if (exchange_shows_page(x))
		problem = factor_page(x, PAGE_DISABLED, 201, &values);
	else
		response_null(x->response, 201);
	secret_wipe(&input.code);
	return problem;
}

static handler_fn *const handlers[HANDLERS] = {
	[HANDLER_factor_enable_get] = factor_enable_get,
	[HANDLER_factor_enable_post] = factor_enable_post,
	[HANDLER_factor_confirm_post] = factor_confirm_post,
	[HANDLER_factor_verify_get] = factor_verify_get,
	[HANDLER_factor_verify_post] = factor_verify_post,
	[HANDLER_factor_disable_get] = factor_disable_get,
	[HANDLER_factor_disable_post] = factor_disable_post,
	[HANDLER_factor_renew_get] = factor_renew_get,
	[HANDLER_factor_renew_post] = factor_renew_post,
};

int
main(void)
{
	return route_main(PROGRAM_2fa, handlers);
}
