#include "route/openapi.h"

#include <stdio.h>

#include "base/json.h"
#include "http/cookie.h"
#include "http/transport.h"
#include "route/openapi_rows.h"

enum {
	OPENAPI_SITES_MAX = HANDLERS * BACKENDS_MAX,
	OPENAPI_PATHS_MAX = 512 * 1024,
	OPENAPI_NAME_SIZE = 64
};

/* One row of the route table at one of its addresses. */
struct openapi_site {
	enum handler handler;
	const struct backend *backend; /* NULL where the route exists once */
	size_t path, path_len;         /* in the text of all paths */
	bool written;
};

struct openapi {
	struct buf *body;
	const struct config *config;
	const struct backends *backends;
	struct buf paths;
	struct openapi_site sites[OPENAPI_SITES_MAX];
	size_t count;
};

static const char *const openapi_handlers[HANDLERS] = {
#define PROGRAM(name, grants)
#define ROUTE(program, method, path, body, caller, kind, when, handler, words) \
	[HANDLER_##handler] = #handler,
#include "route/routes.def"
#undef PROGRAM
#undef ROUTE
};

static const char *const openapi_problems[PROBLEMS] = {
#define PROBLEM(name, status, code, level, title, detail) [PROBLEM_##name] = #name,
#include "base/problem.def"
#undef PROBLEM
};

static const char *const openapi_methods[METHODS] = {
	[METHOD_GET] = "get",
	[METHOD_POST] = "post",
	[METHOD_PATCH] = "patch",
	[METHOD_DELETE] = "delete",
};

/* These stand among the components: many routes answer nothing else of that status. */
static const uint64_t openapi_shared =
    OPENAPI_PROBLEM(NOT_AUTHENTICATED) | OPENAPI_PROBLEM(CSRF_FAILED) |
    OPENAPI_PROBLEM(METHOD_NOT_ALLOWED) | OPENAPI_PROBLEM(BODY_TOO_LARGE) |
    OPENAPI_PROBLEM(UNSUPPORTED_MEDIA_TYPE) | OPENAPI_PROBLEM(BODY_MALFORMED) |
    OPENAPI_PROBLEM(BODY_INVALID) | OPENAPI_PROBLEM(LOGIN_PAYLOAD) | OPENAPI_PROBLEM(RATE_LIMITED) |
    OPENAPI_PROBLEM(INTERNAL_ERROR) | OPENAPI_PROBLEM(SERVICE_UNAVAILABLE);

static void
openapi_open(struct buf *body, const char *name, char bracket)
{
	json_put_name(body, name);
	buf_char(body, bracket);
}

static void
openapi_put_constant(struct buf *body, const char *name, const char *text)
{
	json_put_text(body, name, span_of(text));
}

static void
openapi_put_fragment(struct buf *body, const char *name, const char *json)
{
	json_put_name(body, name);
	buf_text(body, json);
}

static void
openapi_put_reference(struct buf *body, const char *kind, const char *name)
{
	buf_text(body, "{\"$ref\":\"#/components/");
	buf_text(body, kind);
	buf_char(body, '/');
	buf_text(body, name);
	buf_text(body, "\"}");
}

static void
openapi_comma(struct buf *body)
{
	if (body->len > 0 && strchr("[{", body->data[body->len - 1]) == NULL)
		buf_char(body, ',');
}

/* What there is */

static bool
openapi_is_cookie(const struct backend *backend)
{
	return backend != NULL && backend->transport->is_cookie;
}

/* Whether browsers with cookies come here. */
static bool
openapi_meets_cookies(const struct openapi *o, const struct openapi_site *site)
{
	return site->backend == NULL ? backends_first_cookie(o->backends) != NULL
				     : openapi_is_cookie(site->backend);
}

static bool
openapi_is_described(const struct config *config, enum handler handler)
{
	const struct openapi_row *row = &openapi_rows[handler];

	return row->status != 0 && route_is_on(config, &route_table[handler]) &&
	       (row->page != OPENAPI_ONLY_PAGE || config->routes.pages);
}

static void
openapi_add(struct openapi *o, enum handler handler, const struct backend *backend)
{
	struct openapi_site *site = &o->sites[o->count++];

	*site = (struct openapi_site){ handler, backend, o->paths.len, 0, false };
	route_path(o->config, &route_table[handler], backend, &o->paths);
	site->path_len = o->paths.len - site->path;
}

static void
openapi_find(struct openapi *o, enum handler handler)
{
	struct span pattern = span_of(route_table[handler].path);
	bool cookie = span_starts(pattern, SPAN("{cookie}"));

	if (!openapi_is_described(o->config, handler))
		return;
	if (!cookie && !span_starts(pattern, SPAN("{backend}"))) {
		openapi_add(o, handler, NULL);
		return;
	}
	for (size_t i = 0; i < o->backends->count; i++) {
		const struct backend *backend = &o->backends->items[i];
		if (!cookie || backend->transport->is_cookie)
			openapi_add(o, handler, backend);
	}
}

static struct span
openapi_path(const struct openapi *o, const struct openapi_site *site)
{
	return (struct span){ o->paths.data + site->path, site->path_len };
}

/* Problems */

static bool
openapi_is_unsafe(const struct openapi_site *site)
{
	return route_table[site->handler].method != METHOD_GET;
}

static const struct openapi_body *
openapi_body(const struct openapi_site *site)
{
	const struct openapi_row *row = &openapi_rows[site->handler];
	bool differs =
	    openapi_is_cookie(site->backend) && row->cookie_request != OPENAPI_NO_REQUEST;
	const struct openapi_body *body =
	    &openapi_bodies[differs ? row->cookie_request : row->request];

	return body->name == NULL ? NULL : body;
}

/* The row's own, and what everything before the handler may answer (route/judge.c). */
static uint64_t
openapi_problems_of(const struct openapi *o, const struct openapi_site *site)
{
	const struct route *route = &route_table[site->handler];
	uint64_t problems = openapi_rows[site->handler].problems | OPENAPI_PROBLEM(INTERNAL_ERROR) |
			    OPENAPI_PROBLEM(SERVICE_UNAVAILABLE);

	if (route->body != BODY_NEVER)
		problems |= OPENAPI_PROBLEM(BODY_TOO_LARGE) | OPENAPI_PROBLEM(BODY_MALFORMED);
	if (openapi_body(site) != NULL) {
		problems |= OPENAPI_PROBLEM(UNSUPPORTED_MEDIA_TYPE);
		problems |= route->body == BODY_PROOF ? OPENAPI_PROBLEM(LOGIN_PAYLOAD)
						      : OPENAPI_PROBLEM(BODY_INVALID);
	}
	if (route->caller != ANYONE)
		problems |= OPENAPI_PROBLEM(NOT_AUTHENTICATED);
	if (route->caller != ANYONE && (route->caller & ENROLLING) == 0)
		problems |= OPENAPI_PROBLEM(TOTP_ENROLLMENT_REQUIRED);
	if (openapi_is_unsafe(site) && openapi_meets_cookies(o, site))
		problems |= OPENAPI_PROBLEM(CSRF_FAILED);
	return problems;
}

static void
openapi_put_details(struct buf *body, uint64_t problems)
{
	struct buf words = BUF_INIT(PROBLEMS * 128);

	for (int i = PROBLEM_NONE + 1; i < PROBLEMS; i++) {
		if ((problems & (UINT64_C(1) << i)) == 0)
			continue;
		buf_text(&words, words.len > 0 ? " " : "");
		buf_text(&words, problem_row((enum problem)i)->detail);
	}
	json_put_text(body, "description", buf_span(&words));
	buf_free(&words);
}

static void
openapi_put_codes(struct buf *body, uint64_t problems)
{
	openapi_open(body, "enum", '[');
	for (int i = PROBLEM_NONE + 1; i < PROBLEMS; i++) {
		if ((problems & (UINT64_C(1) << i)) == 0)
			continue;
		openapi_comma(body);
		json_put_string(body, span_of(problem_row((enum problem)i)->code));
	}
	buf_char(body, ']');
}

/* A response that carries one of these problems, all of one status. */
static void
openapi_put_problem(struct buf *body, int status, uint64_t problems)
{
	buf_char(body, '{');
	openapi_put_details(body, problems);
	if (status == 401)
		openapi_put_fragment(body, "headers",
		    "{\"WWW-Authenticate\":{\"$ref\":\"#/components/headers/WWW-Authenticate\"}}");
	if (status == 429 || status == 503)
		openapi_put_fragment(body, "headers",
		    "{\"Retry-After\":{\"$ref\":\"#/components/headers/Retry-After\"}}");
	openapi_put_fragment(body, "content",
	    "{\"application/problem+json\":{\"schema\":{\"allOf\":["
	    "{\"$ref\":\"#/components/schemas/Problem\"},{\"properties\":{\"code\":{");
	openapi_put_codes(body, problems);
	buf_text(body, "}}}]}}}}");
}

static void
openapi_put_status(struct buf *body, int status)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", status);
	json_put_name(body, name);
}

static uint64_t
openapi_with_status(uint64_t problems, int status)
{
	for (int i = PROBLEM_NONE + 1; i < PROBLEMS; i++) {
		if (problem_row((enum problem)i)->status != status)
			problems &= ~(UINT64_C(1) << i);
	}
	return problems;
}

static void
openapi_put_problems(struct buf *body, uint64_t problems)
{
	for (int status = 400; status < 600; status++) {
		uint64_t some = openapi_with_status(problems, status);
		int only = PROBLEM_NONE;

		if (some == 0)
			continue;
		for (int i = 0; i < PROBLEMS; i++) {
			if (some == (UINT64_C(1) << i) && (some & openapi_shared) != 0)
				only = i;
		}
		openapi_put_status(body, status);
		if (only != PROBLEM_NONE)
			openapi_put_reference(body, "responses", openapi_problems[only]);
		else
			openapi_put_problem(body, status, some);
	}
}

/* One operation */

static void
openapi_put_id(struct buf *body, const struct openapi_site *site)
{
	char name[OPENAPI_NAME_SIZE];
	const char *backend = site->backend == NULL ? "" : site->backend->config->name;

	snprintf(name, sizeof(name), "%s%s%s", openapi_handlers[site->handler],
	    site->backend == NULL ? "" : "_", backend);
	openapi_put_constant(body, "operationId", name);
}

/* A list of alternatives; an empty one in it, or an empty list, lets anyone in. */
static void
openapi_put_security(struct openapi *o, const struct openapi_site *site)
{
	bool known = openapi_rows[site->handler].knows_caller;
	unsigned caller = route_table[site->handler].caller;

	openapi_open(o->body, "security", '[');
	if (known)
		buf_text(o->body, "{}");
	for (size_t i = 0; i < o->backends->count && (known || caller != ANYONE); i++) {
		const struct backend *backend = &o->backends->items[i];
		if ((caller & SESSION) != 0 && backend != site->backend)
			continue;
		openapi_comma(o->body);
		buf_char(o->body, '{');
		openapi_put_fragment(o->body, backend->config->name, "[]}");
	}
	buf_char(o->body, ']');
}

static void
openapi_put_cookie(
    struct buf *body, const struct openapi_site *site, const char *suffix, bool required)
{
	char name[COOKIE_NAME_SIZE];

	cookie_name(&site->backend->config->cookie, suffix, name);
	openapi_comma(body);
	buf_char(body, '{');
	openapi_put_constant(body, "name", name);
	openapi_put_constant(body, "in", "cookie");
	json_put_bool(body, "required", required);
	openapi_put_fragment(body, "schema", "{\"type\":\"string\"}}");
}

static void
openapi_put_parameters(struct openapi *o, const struct openapi_site *site)
{
	const struct openapi_row *row = &openapi_rows[site->handler];

	openapi_open(o->body, "parameters", '[');
	if (strchr(route_table[site->handler].path, '*') != NULL)
		openapi_put_reference(o->body, "parameters", "Id");
	if (row->parameters != NULL) {
		openapi_comma(o->body);
		buf_text(o->body, row->parameters);
	}
	if (row->refresh_cookie && openapi_is_cookie(site->backend))
		openapi_put_cookie(o->body, site, REFRESH_SUFFIX, openapi_is_unsafe(site));
	if (row->pending_cookie && openapi_is_cookie(site->backend))
		openapi_put_cookie(o->body, site, PENDING_SUFFIX, false);
	if (openapi_is_unsafe(site) && openapi_meets_cookies(o, site)) {
		openapi_comma(o->body);
		openapi_put_reference(o->body, "parameters", "CsrfToken");
	}
	buf_char(o->body, ']');
}

static void
openapi_put_content(struct buf *body, const char *type, const char *schema, const char *suffix)
{
	char name[OPENAPI_NAME_SIZE];

	snprintf(name, sizeof(name), "%s%s", schema, suffix);
	openapi_open(body, type, '{');
	json_put_name(body, "schema");
	openapi_put_reference(body, "schemas", name);
	buf_char(body, '}');
}

static void
openapi_put_request(struct openapi *o, const struct openapi_site *site)
{
	const struct openapi_body *body = openapi_body(site);
	bool required = false;

	if (body == NULL)
		return;
	for (size_t i = 0; i < body->count; i++)
		required |= body->fields[i].required;
	openapi_open(o->body, "requestBody", '{');
	json_put_bool(o->body, "required", required);
	openapi_open(o->body, "content", '{');
	openapi_put_content(o->body, "application/json", body->name, "");
	openapi_put_content(o->body, "application/x-www-form-urlencoded", body->name, "Form");
	buf_text(o->body, "}}");
}

static void
openapi_put_success(struct openapi *o, const struct openapi_site *site)
{
	const struct openapi_row *row = &openapi_rows[site->handler];
	bool null = row->tokens && openapi_is_cookie(site->backend);
	bool page = row->page != OPENAPI_NO_PAGE && o->config->routes.pages &&
		    (site->backend == NULL || openapi_is_cookie(site->backend));

	openapi_put_status(o->body, row->status);
	buf_char(o->body, '{');
	openapi_put_constant(o->body, "description", row->words);
	if (row->headers != NULL)
		openapi_put_fragment(o->body, "headers", row->headers);
	if (null)
		openapi_put_fragment(o->body, "headers",
		    "{\"Set-Cookie\":{\"$ref\":\"#/components/headers/Set-Cookie\"}}");
	if (row->schema != NULL || page) {
		openapi_open(o->body, "content", '{');
		if (row->schema != NULL) {
			openapi_open(o->body, "application/json", '{');
			openapi_put_fragment(
			    o->body, "schema", null ? "{\"type\":\"null\"}" : row->schema);
			buf_char(o->body, '}');
		}
		if (page)
			openapi_put_fragment(
			    o->body, "text/html", "{\"schema\":{\"type\":\"string\"}}");
		buf_char(o->body, '}');
	}
	buf_char(o->body, '}');
}

/* Signing in goes on with a code. */
static void
openapi_put_waiting(struct openapi *o)
{
	openapi_put_status(o->body, 202);
	buf_char(o->body, '{');
	openapi_put_constant(o->body, "description",
	    "The password is right; a code of the second factor is missing.");
	openapi_open(o->body, "content", '{');
	openapi_put_content(o->body, "application/json", "PendingLogin", "");
	buf_text(o->body, "}}");
}

static void
openapi_put_responses(struct openapi *o, const struct openapi_site *site)
{
	const struct openapi_row *row = &openapi_rows[site->handler];

	openapi_open(o->body, "responses", '{');
	openapi_put_success(o, site);
	if (row->pending)
		openapi_put_waiting(o);
	if (row->redirect != 0 && o->config->routes.pages && openapi_meets_cookies(o, site)) {
		openapi_put_status(o->body, row->redirect);
		openapi_put_reference(o->body, "responses", "Redirect");
	}
	openapi_put_problems(o->body, openapi_problems_of(o, site));
	buf_char(o->body, '}');
}

static void
openapi_put_operation(struct openapi *o, struct openapi_site *site)
{
	const struct route *route = &route_table[site->handler];

	site->written = true;
	openapi_open(o->body, openapi_methods[route->method], '{');
	openapi_put_id(o->body, site);
	openapi_put_constant(o->body, "summary", route->words);
	openapi_open(o->body, "tags", '[');
	json_put_string(o->body, span_of(program_rows[route->program].name));
	buf_char(o->body, ']');
	openapi_put_security(o, site);
	openapi_put_parameters(o, site);
	openapi_put_request(o, site);
	openapi_put_responses(o, site);
	buf_char(o->body, '}');
}

/* Rows of one path need not stand together. */
static void
openapi_put_path(struct openapi *o, size_t first)
{
	struct span path = openapi_path(o, &o->sites[first]);

	openapi_comma(o->body);
	json_put_string(o->body, path);
	buf_text(o->body, ":{");
	for (size_t i = first; i < o->count; i++) {
		if (span_equal(openapi_path(o, &o->sites[i]), path))
			openapi_put_operation(o, &o->sites[i]);
	}
	buf_char(o->body, '}');
}

/* Components */

static void
openapi_put_kind(struct openapi *o, const struct field *field, bool form)
{
	const struct openapi_kind *kind = &openapi_kinds[field->kind];
	bool by_name = o->config->account.login_identifier == LOGIN_BY_USERNAME;
	bool email = field->kind == FIELD_IDENTIFIER && !by_name;
	bool name = field->kind == FIELD_IDENTIFIER && by_name;
	int64_t min =
	    field->kind == FIELD_PASSWORD_NEW ? o->config->password.min_length : kind->min;

	buf_char(o->body, '{');
	openapi_put_fragment(
	    o->body, "type", field->required || form ? "\"string\"" : "[\"string\",\"null\"]");
	if (kind->format != NULL || email)
		openapi_put_constant(o->body, "format", email ? "email" : kind->format);
	if (min > 0)
		json_put_number(o->body, "minLength", min);
	if (kind->max > 0)
		json_put_number(
		    o->body, "maxLength", name ? openapi_kinds[FIELD_USERNAME].max : kind->max);
	if (kind->words != NULL)
		openapi_put_constant(o->body, "description", kind->words);
	buf_char(o->body, '}');
}

/* Some fields exist under some settings only, and what is ignored matters to forms alone. */
static bool
openapi_has_field(const struct openapi *o, const struct field *field, bool form)
{
	if (field->kind == FIELD_IGNORED)
		return form;
	return field->kind != FIELD_USERNAME ||
	       o->config->account.login_identifier == LOGIN_BY_USERNAME;
}

static const char *
openapi_field_name(const struct field *field, bool form)
{
	return form && field->form_name != NULL ? field->form_name : field->name;
}

static void
openapi_put_required(struct openapi *o, const struct openapi_body *body, bool form)
{
	openapi_open(o->body, "required", '[');
	for (size_t i = 0; i < body->count; i++) {
		const struct field *field = &body->fields[i];
		if (!field->required || !openapi_has_field(o, field, form))
			continue;
		openapi_comma(o->body);
		json_put_string(o->body, span_of(openapi_field_name(field, form)));
	}
	buf_char(o->body, ']');
}

static void
openapi_put_body(struct openapi *o, const struct openapi_body *body, bool form)
{
	char name[OPENAPI_NAME_SIZE];

	snprintf(name, sizeof(name), "%s%s", body->name, form ? "Form" : "");
	openapi_open(o->body, name, '{');
	openapi_put_constant(o->body, "type", "object");
	openapi_put_required(o, body, form);
	openapi_open(o->body, "properties", '{');
	for (size_t i = 0; i < body->count; i++) {
		const struct field *field = &body->fields[i];
		if (!openapi_has_field(o, field, form))
			continue;
		json_put_name(o->body, openapi_field_name(field, form));
		openapi_put_kind(o, field, form);
	}
	if (form) { /* every one may have these */
		openapi_put_fragment(o->body, "next",
		    "{\"type\":\"string\",\"format\":\"uri-reference\","
		    "\"description\":\"Where a browser goes then: a path on this site.\"}");
		openapi_put_fragment(o->body, "csrf_token", "{\"type\":\"string\"}");
	}
	buf_char(o->body, '}');
	openapi_put_fragment(o->body, "additionalProperties", "false}");
}

static void
openapi_put_schemas(struct openapi *o)
{
	openapi_open(o->body, "schemas", '{');
	for (const struct openapi_schema *schema = openapi_schemas; schema->name != NULL; schema++)
		openapi_put_fragment(o->body, schema->name, schema->json);
	for (int i = OPENAPI_NO_REQUEST + 1; i < OPENAPI_REQUESTS; i++) {
		openapi_put_body(o, &openapi_bodies[i], false);
		openapi_put_body(o, &openapi_bodies[i], true);
	}
	buf_char(o->body, '}');
}

static void
openapi_put_shared(struct buf *body)
{
	openapi_open(body, "responses", '{');
	openapi_put_fragment(body, "Redirect",
	    "{\"description\":\"A browser goes on.\","
	    "\"headers\":{\"Location\":{\"$ref\":\"#/components/headers/Location\"}}}");
	for (int i = PROBLEM_NONE + 1; i < PROBLEMS; i++) {
		uint64_t problem = UINT64_C(1) << i;
		if ((problem & openapi_shared) == 0)
			continue;
		json_put_name(body, openapi_problems[i]);
		openapi_put_problem(body, problem_row((enum problem)i)->status, problem);
	}
	buf_char(body, '}');
	openapi_put_fragment(body, "headers",
	    "{\"Location\":{\"schema\":{\"type\":\"string\",\"format\":\"uri-reference\"}},"
	    "\"Retry-After\":{\"description\":\"Whole seconds.\","
	    "\"schema\":{\"type\":\"integer\",\"minimum\":1}},"
	    "\"Set-Cookie\":{\"description\":\"A header line for each token.\","
	    "\"schema\":{\"type\":\"string\"}},"
	    "\"WWW-Authenticate\":{\"description\":\"A Bearer challenge (RFC 6750).\","
	    "\"schema\":{\"type\":\"string\"}}}");
}

/* Every cookie backend has a CSRF cookie of its own name. */
static void
openapi_put_csrf(struct openapi *o)
{
	struct buf words = BUF_INIT(BACKENDS_MAX * 256);

	buf_text(&words, "The value of the CSRF cookie, unless a form carries it as csrf_token:");
	for (size_t i = 0; i < o->backends->count; i++) {
		const struct backend_config *backend = o->backends->items[i].config;
		char name[COOKIE_NAME_SIZE];
		if (!o->backends->items[i].transport->is_cookie)
			continue;
		cookie_name(&backend->cookie, CSRF_SUFFIX, name);
		buf_text(&words, words.data[words.len - 1] == ':' ? " " : ", ");
		buf_text(&words, name);
		buf_text(&words, " of ");
		buf_text(&words, backend->name);
	}
	openapi_open(o->body, "CsrfToken", '{');
	openapi_put_constant(o->body, "name", "X-CSRF-Token");
	openapi_put_constant(o->body, "in", "header");
	json_put_text(o->body, "description", buf_span(&words));
	openapi_put_fragment(o->body, "schema", "{\"type\":\"string\"}}");
	buf_free(&words);
}

static void
openapi_put_scheme(struct buf *body, const struct backend *backend)
{
	bool jwt = backend->config->strategy == STRATEGY_JWT;
	char name[COOKIE_NAME_SIZE];

	openapi_open(body, backend->config->name, '{');
	if (backend->transport->is_cookie) {
		cookie_name(&backend->config->cookie, "", name);
		openapi_put_constant(body, "type", "apiKey");
		openapi_put_constant(body, "in", "cookie");
		openapi_put_constant(body, "name", name);
	} else {
		openapi_put_constant(body, "type", "http");
		openapi_put_constant(body, "scheme", "bearer");
		openapi_put_constant(body, "bearerFormat", jwt ? "JWT" : "opaque");
	}
	buf_char(body, '}');
}

static void
openapi_put_components(struct openapi *o)
{
	openapi_open(o->body, "components", '{');
	openapi_put_schemas(o);
	openapi_put_shared(o->body);
	openapi_open(o->body, "parameters", '{');
	openapi_put_fragment(o->body, "Id",
	    "{\"name\":\"id\",\"in\":\"path\",\"required\":true,"
	    "\"schema\":{\"type\":\"string\",\"format\":\"uuid\"}}");
	if (backends_first_cookie(o->backends) != NULL)
		openapi_put_csrf(o);
	buf_char(o->body, '}');
	openapi_open(o->body, "securitySchemes", '{');
	for (size_t i = 0; i < o->backends->count; i++)
		openapi_put_scheme(o->body, &o->backends->items[i]);
	buf_text(o->body, "}}");
}

static void
openapi_put_head(struct openapi *o)
{
	openapi_put_constant(o->body, "openapi", "3.1.0");
	openapi_open(o->body, "info", '{');
	openapi_put_constant(o->body, "title", o->config->site.name);
	openapi_put_constant(o->body, "version", "1");
	openapi_put_constant(o->body, "description",
	    o->config->routes.pages
		? "Sign-in and accounts. Browsers that ask for text/html get pages, problems too."
		: "Sign-in and accounts.");
	buf_char(o->body, '}');
	openapi_open(o->body, "servers", '[');
	buf_char(o->body, '{');
	openapi_put_constant(o->body, "url", o->config->site.url);
	buf_text(o->body, "}]");
}

void
openapi_put(struct buf *body, const struct config *config, const struct backends *backends)
{
	struct openapi o = {
		.body = body,
		.config = config,
		.backends = backends,
		.paths = BUF_INIT(OPENAPI_PATHS_MAX),
	};

	for (int i = 0; i < HANDLERS; i++)
		openapi_find(&o, (enum handler)i);
	buf_char(body, '{');
	openapi_put_head(&o);
	openapi_open(body, "paths", '{');
	for (size_t i = 0; i < o.count && !o.paths.failed; i++) {
		if (!o.sites[i].written)
			openapi_put_path(&o, i);
	}
	buf_char(body, '}');
	openapi_put_components(&o);
	buf_char(body, '}');
	if (o.paths.failed)
		body->failed = true;
	buf_free(&o.paths);
}
