#include "route/judge.h"

#include "auth/csrf.h"
#include "auth/policy.h"
#include "base/json.h"
#include "http/origin.h"

static bool
judge_is_unsafe(enum method method)
{
	return method == METHOD_POST || method == METHOD_PATCH || method == METHOD_DELETE;
}

static void
judge_allow(struct exchange *x, unsigned allowed)
{
	char text[64] = "";
	size_t used = 0;

	if ((allowed & (1u << METHOD_GET)) != 0)
		allowed |= 1u << METHOD_HEAD;
	allowed |= 1u << METHOD_OPTIONS;
	for (int i = 0; i < METHOD_OTHER; i++) {
		const char *name = method_name((enum method)i);
		if ((allowed & (1u << i)) == 0 || used + strlen(name) + 3 > sizeof(text))
			continue;
		if (used > 0) {
			memcpy(text + used, ", ", 2);
			used += 2;
		}
		memcpy(text + used, name, strlen(name));
		used += strlen(name);
	}
	response_header(x->response, "Allow", (struct span){ text, used });
}

/* A preflight is an OPTIONS request too: what it asks for is answered in judge_cors. */
static enum problem
judge_method(struct exchange *x, const struct route_match *match)
{
	if (match->allowed == 0)
		return PROBLEM_NOT_FOUND;
	if (match->handler != HANDLERS)
		return PROBLEM_NONE;
	judge_allow(x, match->allowed);
	if (x->request->method != METHOD_OPTIONS)
		return PROBLEM_METHOD_NOT_ALLOWED;
	response_null(x->response, 204);
	return PROBLEM_NONE;
}

static enum problem
judge_body(struct request *request, const struct route *route, struct conn *conn, struct buf *body)
{
	enum rc rc;

	if (route->body == BODY_NEVER)
		return PROBLEM_NONE;
	if (request->content_length < 0)
		return PROBLEM_BODY_MALFORMED;
	if (request->content_length > BODY_MAX)
		return PROBLEM_BODY_TOO_LARGE;
	rc = conn_read(conn, body, (size_t)request->content_length);
	request->body = buf_span(body);
	return rc == RC_NO ? PROBLEM_BODY_MALFORMED : problem_of(rc);
}

/* Who calls, if the row asks for it or the request could have been sent by another site's page. */
static enum problem
judge_caller(struct exchange *x, const struct route *route)
{
	bool anyone = route->caller == ANYONE;
	bool own = (route->caller & SESSION) != 0;
	enum rc rc = RC_NO;

	if (own)
		rc = caller_at(x->ctx, x->backend, x->request, &x->caller, &x->token_presented);
	else if (!anyone || (judge_is_unsafe(route->method) && x->backend == NULL))
		rc = caller_find(x->ctx, x->backends, x->request, &x->caller, &x->token_presented);
	if (rc != RC_OK && rc != RC_NO)
		return problem_of(rc);
	if (judge_is_unsafe(route->method)) {
		rc = csrf_judge(x->ctx, x->backends, x->backend, x->request, &x->caller);
		if (rc != RC_OK)
			return rc == RC_NO ? PROBLEM_CSRF_FAILED : problem_of(rc);
	}
	if (anyone)
		return PROBLEM_NONE;
	if (!x->caller.known)
		return PROBLEM_NOT_AUTHENTICATED;
	return x->caller.must_enrol && (route->caller & ENROLLING) == 0
		   ? PROBLEM_TOTP_ENROLLMENT_REQUIRED
		   : PROBLEM_NONE;
}

/* Where a browser that asked for a page is to come back to, with its query; "not given" for other
 * requests, also for one that asks about another. Who puts it into a link looks that it is a path
 * on this site. */
static struct span
judge_way_back(const struct exchange *x)
{
	bool about_another = x->route->kind == QUESTION && !x->request->authorizer;

	return judge_is_unsafe(x->request->method) || about_another
		   ? SPAN_NONE
		   : x->request->variables[VARIABLE_REQUEST_URI];
}

/* A browser of somebody who must set up a second factor is sent to do that. */
static bool
judge_sends_to_enrol(struct exchange *x)
{
	const struct backend *backend = x->caller.backend;
	struct span page;

	if (!x->wants_page || !x->config->routes.twofactor || !backend->transport->is_cookie)
		return false;
	page = exchange_path_next(x, HANDLER_factor_enable_get, backend, judge_way_back(x));
	if (page.data != NULL)
		response_redirect(x->response, 303, page);
	return page.data != NULL;
}

enum problem
judge_request(struct exchange *x, struct request *request, struct conn *conn, enum program program,
    handler_fn *const *handlers, struct buf *body)
{
	struct route_match match;
	enum problem problem;

	route_find(x->config, x->backends, program, request, x->ctx, &match);
	problem = judge_method(x, &match);
	if (problem != PROBLEM_NONE || match.handler == HANDLERS)
		return problem;
	x->route = &route_table[match.handler];
	x->backend = match.backend;
	x->segment = match.segment;
	problem = judge_body(request, x->route, conn, body);
	if (problem == PROBLEM_NONE)
		problem = judge_caller(x, x->route);
	if (problem == PROBLEM_TOTP_ENROLLMENT_REQUIRED && judge_sends_to_enrol(x))
		return PROBLEM_NONE;
	return problem == PROBLEM_NONE ? handlers[match.handler](x) : problem;
}

/* CORS for exactly the configured origins, on every answer, errors too. */
static void
judge_cors(struct exchange *x)
{
	struct span origin = x->request->variables[VARIABLE_HTTP_ORIGIN];
	bool cookies = x->backend == NULL ? backends_first_cookie(x->backends) != NULL
					  : x->backend->transport->is_cookie;

	if (x->config->site.allowed_origins.count == 0)
		return;
	response_header(x->response, "Vary", SPAN("Origin"));
	if (origin.data == NULL || !origin_allowed(x->config, origin))
		return;
	response_header(x->response, "Access-Control-Allow-Origin", origin);
	response_header(x->response, "Access-Control-Expose-Headers", SPAN("Retry-After"));
	if (cookies)
		response_header(x->response, "Access-Control-Allow-Credentials", SPAN("true"));
	if (x->request->method != METHOD_OPTIONS)
		return;
	response_header(
	    x->response, "Access-Control-Allow-Methods", SPAN("GET, POST, PATCH, DELETE"));
	response_header(x->response, "Access-Control-Allow-Headers",
	    SPAN("Authorization, Content-Type, X-CSRF-Token"));
}

/* The member that policy answers carry beside the usual ones. */
static void
judge_reasons(struct exchange *x)
{
	struct buf *body = &x->response->body;
	const char *separator = "";

	if (x->refusal.reasons == 0 || body->len == 0)
		return;
	body->data[--body->len] = '\0';
	json_put_name(body, "reasons");
	buf_char(body, '[');
	for (unsigned i = 0; i < POLICY_REASONS; i++) {
		if ((x->refusal.reasons & (1u << i)) == 0)
			continue;
		buf_text(body, separator);
		json_put_string(body, span_of(policy_name(i)));
		separator = ",";
	}
	buf_text(body, "]}");
}

static struct span
judge_way_in(struct exchange *x)
{
	const struct backend *backend = x->backend;

	if (backend == NULL || !backend->transport->is_cookie)
		backend = backends_first_cookie(x->backends);
	if (backend == NULL)
		return SPAN_NONE;
	return exchange_path_next(x, HANDLER_login_get, backend, judge_way_back(x));
}

/* A browser gets a page where the handler has not shown one; who is not signed in, with the way to
 * do that. */
static void
judge_problem_page(struct exchange *x, enum problem problem)
{
	struct page_values values = {
		.error = exchange_sentence(x, problem),
		.request_id = span_of(x->ctx->request_id),
	};

	if (problem == PROBLEM_NOT_AUTHENTICATED && x->route != NULL)
		values.login_link = judge_way_in(x);
	if (exchange_page(x, PAGE_PROBLEM, problem_row(problem)->status, NULL, &values) !=
	    PROBLEM_NONE)
		response_problem(x->response, problem, x->ctx->request_id);
}

void
judge_answer(struct exchange *x, enum problem problem)
{
	struct response *response = x->response;

	if (problem != PROBLEM_NONE) {
		int status = problem_row(problem)->status;
		if (response->head.failed)
			response_clear(response);
		if (x->wants_page && response->status != status)
			judge_problem_page(x, problem);
		else if (!response->is_page || response->status != status) {
			response_problem(response, problem, x->ctx->request_id);
			judge_reasons(x);
		}
		if (status == 401)
			response_header(response, "WWW-Authenticate",
			    x->token_presented ? SPAN("Bearer error=\"invalid_token\"")
					       : SPAN("Bearer"));
		if (status == 429 || status == 503)
			response->retry_after = x->refusal.wait > 0 ? x->refusal.wait : SECOND;
	}
	judge_cors(x);
}
