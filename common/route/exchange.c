#include "route/exchange.h"

#include "auth/csrf.h"
#include "auth/policy.h"
#include "base/json.h"
#include "http/path.h"

enum problem
exchange_fields(struct exchange *x, const struct field *fields, size_t count, void *input)
{
	enum problem problem = fields_read(x->ctx, x->request, fields, count, NULL, input);

	if (problem == PROBLEM_BODY_INVALID && x->route->body == BODY_PROOF)
		return PROBLEM_LOGIN_PAYLOAD;
	return problem;
}

struct span
exchange_typed(struct exchange *x, const char *name)
{
	struct span text;

	if (fields_peek(x->ctx, x->request, name, &text) != RC_OK)
		return SPAN_NONE;
	return text;
}

struct span
exchange_next(struct exchange *x)
{
	struct span next = exchange_typed(x, "next");

	if (next.data == NULL)
		next = request_query(x->ctx, x->request, "next");
	return path_is_local(next) ? next : SPAN_NONE;
}

bool
exchange_shows_page(const struct exchange *x)
{
	return x->wants_page && (x->backend == NULL || x->backend->transport->is_cookie);
}

enum problem
exchange_refuse(struct exchange *x, page_fn *page, enum problem problem)
{
	if (!exchange_shows_page(x) ||
	    page(x, problem_row(problem)->status, exchange_sentence(x, problem)) == PROBLEM_NONE)
		return problem;
	response_clear(x->response); /* no half of a page */
	return PROBLEM_SERVICE_UNAVAILABLE;
}

enum problem
exchange_csrf(struct exchange *x, const struct backend *backend, const char *binding, char *token)
{
	enum rc rc = csrf_make(x->ctx, binding, token);

	if (rc == RC_OK)
		transport_cookie_csrf(backend->config, span_of(token), x->response);
	return problem_of(rc);
}

void
exchange_go(struct exchange *x, struct span next)
{
	response_redirect(x->response, 303, next.len > 0 ? next : SPAN("/"));
}

struct span
exchange_path_next(
    struct exchange *x, enum handler handler, const struct backend *backend, struct span next)
{
	struct buf path = BUF_INIT(TARGET_MAX * 4);
	struct span page = exchange_path(x, handler, backend);
	char *copy;

	if (page.data == NULL)
		return SPAN_NONE;
	buf_add(&path, page);
	if (path_is_local(next)) {
		buf_text(&path, "?next=");
		path_put_component(&path, next);
	}
	copy = path.failed ? NULL : arena_text(x->ctx->arena, buf_span(&path));
	buf_free(&path);
	return span_of(copy);
}

static enum problem
exchange_pending(struct exchange *x, struct span token, struct span next)
{
	struct buf *body;
	struct span page;

	if (exchange_shows_page(x)) {
		page = exchange_path_next(x, HANDLER_factor_verify_get, x->backend, next);
		if (page.data == NULL)
			return PROBLEM_SERVICE_UNAVAILABLE;
		transport_cookie_pending(
		    x->backend->config, token, x->config->totp.pending_lifetime, x->response);
		response_redirect(x->response, 303, page);
		return PROBLEM_NONE;
	}
	body = response_json(x->response, 202);
	buf_char(body, '{');
	json_put_bool(body, "totp_required", true);
	json_put_text(body, "pending_token", token);
	buf_char(body, '}');
	return PROBLEM_NONE;
}

/* Where a browser goes after signing in: who must set up a second factor does that first, and knows
 * where to go on then. */
static struct span
exchange_after(struct exchange *x, const struct tokens *tokens, struct span next)
{
	struct span enable;

	if (!tokens->must_enrol || !x->config->routes.twofactor)
		return next;
	enable = exchange_path(x, HANDLER_factor_enable_get, x->backend);
	return span_starts(next, enable)
		   ? next
		   : exchange_path_next(x, HANDLER_factor_enable_get, x->backend, next);
}

enum problem
exchange_tokens(struct exchange *x, const struct tokens *tokens, struct span next)
{
	char csrf[CSRF_TOKEN_SIZE];
	enum problem problem = PROBLEM_NONE;

	if (tokens->pending.len > 0)
		return exchange_pending(x, buf_span(&tokens->pending), next);
	x->backend->transport->write(x->backend->config, tokens, x->response);
	if (!x->backend->transport->is_cookie)
		return PROBLEM_NONE;
	problem = exchange_csrf(
	    x, x->backend, tokens->session_id[0] != '\0' ? tokens->session_id : tokens->jti, csrf);
	if (problem != PROBLEM_NONE)
		response_clear(x->response); /* tokens must not leave on a refusal */
	else if (x->wants_page)
		exchange_go(x, exchange_after(x, tokens, next));
	return problem;
}

enum problem
exchange_page(struct exchange *x, enum page page, int status, const struct backend *backend,
    const struct page_values *given)
{
	struct page_values values = *given;
	char binding[UUID_SIZE] = "";
	char token[CSRF_TOKEN_SIZE] = "";
	char min_length[24];
	enum problem problem = PROBLEM_NONE;

	snprintf(min_length, sizeof(min_length), "%lld", (long long)x->config->password.min_length);
	values.min_length = span_of(min_length);
	if (backend != NULL) {
		problem = problem_of(csrf_binding(x->ctx, backend, x->request, binding));
		if (problem == PROBLEM_NONE)
			problem = exchange_csrf(x, backend, binding, token);
		values.csrf_token = span_of(token);
	}
	values.site = span_of(x->config->site.name);
	buf_clear(&x->response->body);
	if (problem == PROBLEM_NONE)
		problem = problem_of(page_put(&x->response->body, page, &values));
	x->response->status = status;
	x->response->content_type = "text/html; charset=utf-8";
	x->response->is_page = true;
	return problem;
}

/* The first reason why a password was refused says it; the others would only confuse. */
struct span
exchange_sentence(const struct exchange *x, enum problem problem)
{
	for (unsigned i = 0; i < POLICY_REASONS && x->refusal.reasons != 0; i++) {
		if ((x->refusal.reasons & (1u << i)) != 0)
			return span_of(policy_sentence(i));
	}
	return span_of(problem_row(problem)->detail);
}

void
exchange_put_user(struct buf *body, const struct user *user, struct span pending_email)
{
	buf_char(body, '{');
	json_put_text(body, "id", span_of(user->id));
	json_put_text(body, "email", user->email);
	if (pending_email.data != NULL)
		json_put_text(body, "pending_email", pending_email);
	json_put_text(body, "username", user->username);
	json_put_bool(body, "is_active", user->is_active);
	json_put_bool(body, "is_verified", user->is_verified);
	json_put_bool(body, "is_superuser", user->is_superuser);
	json_put_name(body, "roles");
	buf_char(body, '[');
	for (size_t i = 0; i < user->role_count; i++) {
		if (i > 0)
			buf_char(body, ',');
		json_put_string(body, user->roles[i]);
	}
	buf_text(body, "]}");
}

struct span
exchange_path(struct exchange *x, enum handler handler, const struct backend *backend)
{
	struct buf path = BUF_INIT(TARGET_MAX);
	char *copy;

	route_path(x->config, &route_table[handler], backend, &path);
	copy = path.failed ? NULL : arena_text(x->ctx->arena, buf_span(&path));
	buf_free(&path);
	return span_of(copy);
}

const struct backend *
exchange_page_backend(struct exchange *x)
{
	bool presented = false;

	if (!x->caller.known &&
	    caller_find(x->ctx, x->backends, x->request, &x->caller, &presented) != RC_OK)
		return backends_first_cookie(x->backends);
	return x->caller.backend->transport->is_cookie ? x->caller.backend
						       : backends_first_cookie(x->backends);
}

struct span
exchange_login_link(struct exchange *x)
{
	const struct backend *backend = backends_first_cookie(x->backends);

	if (backend == NULL)
		return SPAN_NONE;
	return exchange_path(x, HANDLER_login_get, backend);
}

struct span
exchange_link(struct exchange *x, enum handler handler)
{
	if (!route_is_on(x->config, &route_table[handler]))
		return SPAN_NONE;
	return exchange_path(x, handler, NULL);
}
