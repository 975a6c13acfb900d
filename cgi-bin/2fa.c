/* {backend}/2fa: the second factor of the own account, and the code of a sign-in. */
#include <sodium.h>
#include <stdlib.h>

#include "base/json.h"
#include "crypto/base32.h"
#include "flow/login_code.h"
#include "flow/twofactor.h"
#include "http/path.h"
#include "page/qr.h"
#include "route/main.h"

#define FACTOR_GROUP 4 /* characters of a secret that are typed together */
#define FACTOR_IMAGE "data:image/svg+xml;base64,"

struct enable_input {
	struct secret password;
	struct span next;
};

struct disable_input {
	struct secret code;
};

static const struct field enable_fields[] = {
	{ "password", NULL, FIELD_PASSWORD_PROOF, true, offsetof(struct enable_input, password) },
	{ "next", NULL, FIELD_NEXT, false, offsetof(struct enable_input, next) },
};

static const struct field confirm_fields[] = {
	{ "enrollment_token", NULL, FIELD_TOKEN, true, offsetof(struct confirm_input, token) },
	{ "code", NULL, FIELD_CODE, true, offsetof(struct confirm_input, code) },
};

static const struct field code_fields[] = {
	{ "pending_token", NULL, FIELD_TOKEN, false, offsetof(struct code_input, pending_token) },
	{ "code", NULL, FIELD_CODE_OR_RECOVERY, true, offsetof(struct code_input, code) },
	{ "next", NULL, FIELD_NEXT, false, offsetof(struct code_input, next) },
};

static const struct field disable_fields[] = {
	{ "code", NULL, FIELD_CODE_OR_RECOVERY, true, offsetof(struct disable_input, code) },
};

static const struct field renew_fields[] = {
	{ "current_password", NULL, FIELD_PASSWORD_PROOF, true,
	    offsetof(struct renew_input, current_password) },
	{ "totp_code", NULL, FIELD_CODE, false, offsetof(struct renew_input, totp_code) },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* A page of this program, posted to that handler. */
static enum problem
factor_page(
    struct exchange *x, enum page page, int status, enum handler to, struct page_values *values)
{
	values->action = exchange_path(x, to, x->backend);
	values->enable_link = exchange_path(x, HANDLER_factor_enable_get, x->backend);
	values->login_link = exchange_path(x, HANDLER_login_get, x->backend);
	return exchange_page(x, page, status, x->backend, values);
}

/* Only a cookie backend has pages: with another, a form could not be sent. */
static bool
factor_wants_page(const struct exchange *x)
{
	return x->wants_page && x->backend->transport->is_cookie;
}

/* Shows a refused form again, to a browser; the problem stays what it is. */
static enum problem
factor_again(struct exchange *x, enum page page, enum handler to, struct page_values *values,
    enum problem problem)
{
	values->error = exchange_sentence(x, problem);
	if (factor_wants_page(x) &&
	    factor_page(x, page, problem_row(problem)->status, to, values) != PROBLEM_NONE)
		return PROBLEM_SERVICE_UNAVAILABLE;
	return problem;
}

/* --- setting it up -----------------------------------------------------------------------------
 */

static struct span
factor_next(struct exchange *x)
{
	struct span next = request_query(x->ctx, x->request, "next");

	return path_is_local(next) ? next : SPAN_NONE;
}

static enum problem
factor_enable_get(struct exchange *x)
{
	struct page_values values = { .next = factor_next(x) };

	return factor_page(x, PAGE_ENABLE, 200, HANDLER_factor_enable_post, &values);
}

static struct span
factor_secret_span(const struct enrolment *enrolment)
{
	return (
	    struct span){ (const char *)enrolment->secret.bytes, sizeof(enrolment->secret.bytes) };
}

/* "" where the address of so long a name fits into no picture: then the secret is typed. */
static enum rc
factor_put_picture(struct exchange *x, const struct enrolment *enrolment, struct buf *svg)
{
	enum rc rc = qr_put_svg(svg, buf_span(&enrolment->uri), span_of(x->config->site.name),
	    SPAN("The secret for an authenticator app, as a QR code"));

	return rc == RC_NO ? RC_OK : rc;
}

static enum rc
factor_enrol_json(struct exchange *x, const struct enrolment *enrolment, struct span svg)
{
	struct buf *body = response_json(x->response, 201);
	struct buf secret = BUF_INIT(BASE32_LEN(TOTP_SECRET));

	base32_put(&secret, factor_secret_span(enrolment));
	buf_char(body, '{');
	json_put_text(body, "secret", buf_span(&secret));
	json_put_text(body, "uri", buf_span(&enrolment->uri));
	json_put_text(body, "qr_svg", svg.len == 0 ? SPAN_NONE : svg);
	json_put_text(body, "enrollment_token", buf_span(&enrolment->token));
	buf_char(body, '}');
	buf_free(&secret);
	return buf_check(body);
}

/* In groups, as people type it. */
static void
factor_put_groups(struct buf *out, struct span secret)
{
	struct buf text = BUF_INIT(BASE32_LEN(TOTP_SECRET));

	base32_put(&text, secret);
	for (size_t i = 0; i < text.len; i++) {
		if (i > 0 && i % FACTOR_GROUP == 0)
			buf_char(out, ' ');
		buf_char(out, text.data[i]);
	}
	buf_free(&text);
}

static void
factor_put_image(struct buf *out, struct span svg)
{
	size_t size = sodium_base64_encoded_len(svg.len, sodium_base64_VARIANT_ORIGINAL);
	char *text = malloc(size);

	buf_text(out, FACTOR_IMAGE);
	if (text == NULL) {
		buf_clear(out);
		return;
	}
	sodium_bin2base64(
	    text, size, (const unsigned char *)svg.data, svg.len, sodium_base64_VARIANT_ORIGINAL);
	buf_text(out, text);
	sodium_memzero(text, size);
	free(text);
}

static enum problem
factor_enrol_page(
    struct exchange *x, const struct enrolment *enrolment, struct span svg, struct span next)
{
	struct buf groups = BUF_INIT(2 * BASE32_LEN(TOTP_SECRET));
	struct buf image = BUF_INIT(2 * QR_SVG_MAX);
	struct page_values values = { .enrollment_token = buf_span(&enrolment->token),
		.next = next };
	enum problem problem;

	factor_put_groups(&groups, factor_secret_span(enrolment));
	values.secret = buf_span(&groups);
	if (svg.len > 0) {
		factor_put_image(&image, svg);
		values.image = buf_span(&image);
	}
	problem = factor_page(x, PAGE_ENROL, 201, HANDLER_factor_confirm_post, &values);
	buf_free(&groups);
	buf_free(&image);
	return problem;
}

static enum problem
factor_enrol_show(struct exchange *x, const struct enrolment *enrolment, struct span next)
{
	struct buf svg = BUF_INIT(QR_SVG_MAX);
	enum problem problem = problem_of(factor_put_picture(x, enrolment, &svg));

	if (problem == PROBLEM_NONE)
		problem = factor_wants_page(x)
			      ? factor_enrol_page(x, enrolment, buf_span(&svg), next)
			      : problem_of(factor_enrol_json(x, enrolment, buf_span(&svg)));
	buf_free(&svg);
	return problem;
}

static enum problem
factor_enable_post(struct exchange *x)
{
	struct enable_input input = { .next = { NULL, 0 } };
	struct page_values values = { .next = exchange_typed_next(x) };
	struct enrolment enrolment = ENROLMENT_INIT;
	enum problem problem = exchange_fields(x, enable_fields, COUNT(enable_fields), &input);

	if (problem == PROBLEM_BODY_INVALID)
		problem = PROBLEM_LOGIN_PAYLOAD;
	if (problem == PROBLEM_NONE)
		problem = twofactor_enable(
		    x->ctx, &x->caller, &x->client, &input.password, &enrolment, &x->refusal);
	problem = problem == PROBLEM_NONE
		      ? factor_enrol_show(x, &enrolment, input.next)
		      : factor_again(x, PAGE_ENABLE, HANDLER_factor_enable_post, &values, problem);
	enrolment_wipe(&enrolment);
	secret_wipe(&input.password);
	return problem;
}

static void
factor_codes_json(struct buf *body, const struct recovery_codes *codes)
{
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
factor_codes_page(struct exchange *x, const struct recovery_codes *codes, struct span next)
{
	struct buf lines =
	    BUF_INIT(RECOVERY_CODES * (RECOVERY_LEN + RECOVERY_LEN / FACTOR_GROUP + 1));
	struct page_values values = { .next = next };
	enum problem problem;

	for (int i = 0; i < RECOVERY_CODES; i++) {
		for (int k = 0; k < RECOVERY_LEN; k++) {
			if (k > 0 && k % FACTOR_GROUP == 0)
				buf_char(&lines, ' ');
			buf_char(&lines, codes->codes[i][k]);
		}
		buf_char(&lines, '\n');
	}
	values.codes = buf_span(&lines);
	problem = factor_page(x, PAGE_RECOVERY, 201, HANDLER_factor_confirm_post, &values);
	buf_free(&lines);
	return problem;
}

static enum problem
factor_confirm_post(struct exchange *x)
{
	struct confirm_input input = { .token = { NULL, 0 } };
	struct recovery_codes codes;
	struct page_values values = { .enrollment_token = exchange_typed(x, "enrollment_token"),
		.next = exchange_typed_next(x) };
	struct buf *body;
	enum problem problem = exchange_fields(x, confirm_fields, COUNT(confirm_fields), &input);

	if (problem == PROBLEM_NONE)
		problem =
		    twofactor_confirm(x->ctx, &x->caller, &x->client, &input, &codes, &x->refusal);
	if (problem == PROBLEM_TOTP_ENROLL_BAD_TOKEN)
		problem = factor_again(x, PAGE_ENABLE, HANDLER_factor_enable_post,
		    &(struct page_values){ .next = values.next }, problem);
	else if (problem != PROBLEM_NONE)
		problem =
		    factor_again(x, PAGE_ENROL, HANDLER_factor_confirm_post, &values, problem);
	else if (factor_wants_page(x))
		problem = factor_codes_page(x, &codes, values.next);
	else {
		body = response_json(x->response, 201);
		buf_char(body, '{');
		json_put_bool(body, "enabled", true);
		factor_codes_json(body, &codes);
	}
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
factor_verify_get(struct exchange *x)
{
	struct page_values values = { .next = factor_next(x) };

	if (factor_pending(x).data != NULL)
		return factor_page(x, PAGE_CODE, 200, HANDLER_factor_verify_post, &values);
	response_redirect(
	    x->response, 303, exchange_path_next(x, HANDLER_login_get, x->backend, values.next));
	return PROBLEM_NONE;
}

static enum problem
factor_verify_post(struct exchange *x)
{
	struct code_input input = { .pending_token = { NULL, 0 } };
	struct page_values values = { .next = exchange_typed_next(x) };
	struct tokens tokens = TOKENS_INIT;
	enum problem problem = exchange_fields(x, code_fields, COUNT(code_fields), &input);

	if (problem == PROBLEM_NONE && input.pending_token.data == NULL)
		input.pending_token =
		    factor_pending(x); /* of a browser, which has it in a cookie */
	if (problem == PROBLEM_NONE && input.pending_token.data == NULL)
		problem =
		    factor_wants_page(x) ? PROBLEM_TOTP_PENDING_BAD_TOKEN : PROBLEM_BODY_INVALID;
	if (problem == PROBLEM_NONE)
		problem =
		    login_with_code(x->ctx, x->backend, &x->client, &input, &tokens, &x->refusal);
	if (problem == PROBLEM_NONE)
		problem = exchange_tokens(x, &tokens, input.next);
	else
		problem = factor_again(x, PAGE_CODE, HANDLER_factor_verify_post, &values, problem);
	if (x->backend->transport->is_cookie &&
	    (problem == PROBLEM_NONE || problem == PROBLEM_TOTP_PENDING_BAD_TOKEN))
		transport_cookie_pending(x->backend->config, SPAN(""), -1, x->response);
	tokens_wipe(&tokens);
	secret_wipe(&input.code);
	return problem;
}

/* --- switching it off --------------------------------------------------------------------------
 */

static enum problem
factor_disable_get(struct exchange *x)
{
	struct page_values values = { .next = { NULL, 0 } };

	return factor_page(x, PAGE_DISABLE, 200, HANDLER_factor_disable_post, &values);
}

static enum problem
factor_disable_post(struct exchange *x)
{
	struct disable_input input = { .code = { .len = 0 } };
	struct page_values values = { .next = { NULL, 0 } };
	enum problem problem = exchange_fields(x, disable_fields, COUNT(disable_fields), &input);

	if (problem == PROBLEM_NONE)
		problem =
		    twofactor_disable(x->ctx, &x->caller, &x->client, &input.code, &x->refusal);
	if (problem != PROBLEM_NONE)
		problem =
		    factor_again(x, PAGE_DISABLE, HANDLER_factor_disable_post, &values, problem);
	else if (factor_wants_page(x))
		problem = factor_page(x, PAGE_DISABLED, 201, HANDLER_factor_disable_post, &values);
	else
		response_null(x->response, 201);
	secret_wipe(&input.code);
	return problem;
}

static enum problem
factor_renew_post(struct exchange *x)
{
	struct renew_input input = { .current_password = { .len = 0 } };
	struct recovery_codes codes;
	struct buf *body;
	enum problem problem = exchange_fields(x, renew_fields, COUNT(renew_fields), &input);

	if (problem == PROBLEM_BODY_INVALID)
		problem = PROBLEM_LOGIN_PAYLOAD;
	if (problem == PROBLEM_NONE)
		problem =
		    twofactor_renew(x->ctx, &x->caller, &x->client, &input, &codes, &x->refusal);
	if (problem == PROBLEM_NONE) {
		body = response_json(x->response, 201);
		buf_char(body, '{');
		factor_codes_json(body, &codes);
	}
	sodium_memzero(&codes, sizeof(codes));
	secret_wipe(&input.current_password);
	secret_wipe(&input.totp_code);
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
	[HANDLER_factor_renew_post] = factor_renew_post,
};

int
main(void)
{
	return route_main(PROGRAM_2fa, handlers);
}
