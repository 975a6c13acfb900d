#include "route/route.h"

#include <stddef.h>

#include "http/path.h"
#include "http/transport.h"

#define ALWAYS ROUTE_ALWAYS
#define WHEN(flag) offsetof(struct config, routes.flag)

const struct program_row program_rows[PROGRAMS] = {
#define PROGRAM(name, grants) [PROGRAM_##name] = { #name, grants },
#define ROUTE(program, method, path, body, caller, kind, when, handler, words)
#include "route/routes.def"
#undef PROGRAM
#undef ROUTE
};

const struct route route_table[HANDLERS] = {
#define PROGRAM(name, grants)
#define ROUTE(program, method, path, body, caller, kind, when, handler, words)                \
	[HANDLER_##handler] = { PROGRAM_##program, METHOD_##method, path, body, caller, kind, \
		when, words },
#include "route/routes.def"
#undef PROGRAM
#undef ROUTE
};

static const char *const method_names[METHODS] = {
	[METHOD_GET] = "GET",
	[METHOD_HEAD] = "HEAD",
	[METHOD_POST] = "POST",
	[METHOD_PATCH] = "PATCH",
	[METHOD_DELETE] = "DELETE",
	[METHOD_OPTIONS] = "OPTIONS",
	[METHOD_OTHER] = "OTHER",
};

const char *
method_name(enum method method)
{
	return method_names[method];
}

bool
route_is_on(const struct config *config, const struct route *route)
{
	bool on = true;

	if (route->when != ROUTE_ALWAYS)
		memcpy(&on, (const char *)config + route->when, sizeof(on));
	return on && (route->kind != PAGE || config->routes.pages);
}

void
route_mount(const struct config *config, const struct backend *backend, struct buf *path)
{
	buf_text(path, config->paths.auth);
	if (backend != NULL && backend->index > 0) {
		buf_char(path, '/');
		buf_text(path, backend->config->name);
	}
}

/* Takes the prefix's text off the path; false when the path does not begin with it. */
static bool
route_take(struct span *path, struct span prefix)
{
	if (!span_starts(*path, prefix))
		return false;
	*path = span_after(*path, prefix.len);
	return true;
}

/* The pattern's "{name}", and what comes after it. */
static struct span
route_prefix(const char *pattern, struct span *rest)
{
	*rest = span_of(pattern);
	return span_cut(rest, '}');
}

static bool
route_rest_fits(struct span pattern, struct span path, struct span *segment)
{
	if (pattern.len == 0 || pattern.data[pattern.len - 1] != '*')
		return span_equal(pattern, path);
	pattern.len--;
	if (!route_take(&path, pattern) || path.len == 0 ||
	    memchr(path.data, '/', path.len) != NULL)
		return false;
	*segment = path;
	return true;
}

static bool
route_backend_fits(const struct config *config, const struct backends *backends, bool cookie_only,
    struct span pattern, struct span path, struct route_match *match)
{
	for (size_t i = 0; i < backends->count; i++) {
		const struct backend *backend = &backends->items[i];
		struct span rest = path;
		if (cookie_only && !backend->transport->is_cookie)
			continue;
		if (!route_take(&rest, span_of(config->paths.auth)))
			return false;
		if (i > 0 && (!route_take(&rest, SPAN("/")) ||
				 !route_take(&rest, span_of(backend->config->name))))
			continue;
		if (route_rest_fits(pattern, rest, &match->segment)) {
			match->backend = backend;
			return true;
		}
	}
	return false;
}

static bool
route_fits(const struct config *config, const struct backends *backends, const struct route *route,
    struct span path, struct route_match *match)
{
	struct span rest;
	struct span prefix = route_prefix(route->path, &rest);

	if (span_equal(prefix, SPAN("{auth")))
		return route_take(&path, span_of(config->paths.auth)) &&
		       route_rest_fits(rest, path, &match->segment);
	if (span_equal(prefix, SPAN("{users")))
		return route_take(&path, span_of(config->paths.users)) &&
		       route_rest_fits(rest, path, &match->segment);
	if (span_equal(prefix, SPAN("{backend")))
		return route_backend_fits(config, backends, false, rest, path, match);
	if (span_equal(prefix, SPAN("{cookie")))
		return route_backend_fits(config, backends, true, rest, path, match);
	return false;
}

/* Whether the row is for the role in which the request came, which no path can tell. */
static bool
route_is_role(const struct route *route, const struct request *request)
{
	if (request->authorizer)
		return span_equal(span_of(route->path), SPAN("{authorizer}"));
	return request->variables[VARIABLE_ORIGINAL_URI].data != NULL &&
	       span_equal(span_of(route->path), SPAN("{subrequest}"));
}

/* A fixed path wins over one with a '*', whatever the order of the rows. */
static bool
route_is_better(const struct route_match *found, const struct route_match *match)
{
	return match->handler == HANDLERS || match->segment.data != NULL ||
	       found->segment.data == NULL;
}

static void
route_look(const struct config *config, const struct backends *backends, enum program program,
    const struct request *request, struct span path, struct route_match *match)
{
	enum method wanted = request->method == METHOD_HEAD ? METHOD_GET : request->method;

	for (int i = 0; i < HANDLERS; i++) {
		const struct route *route = &route_table[i];
		struct route_match found = { .handler = (enum handler)i };
		bool role = route_is_role(route, request);
		if (route->program != program || !route_is_on(config, route) ||
		    (route->kind == PAGE && !request->wants_html))
			continue;
		if (!role &&
		    (request->authorizer || !route_fits(config, backends, route, path, &found)))
			continue;
		match->allowed |= 1u << route->method;
		if ((route->kind == QUESTION || route->method == wanted) &&
		    route_is_better(&found, match)) {
			found.allowed = match->allowed;
			*match = found;
		}
		if (role)
			return;
	}
}

/* What the server left as PATH_INFO behind the program's name, for plain "/cgi-bin/login" mounts:
 * below the prefix, with or without the name of the program. */
static struct span
route_fallback(const struct config *config, enum program program, bool named, struct span info,
    struct ctx *ctx)
{
	struct buf path = BUF_INIT(TARGET_MAX * 2);
	char *copy;

	buf_text(&path, program == PROGRAM_users ? config->paths.users : config->paths.auth);
	if (named) {
		buf_char(&path, '/');
		buf_text(&path, program_rows[program].name);
	}
	buf_add(&path, info);
	copy = path.failed ? NULL : arena_text(ctx->arena, buf_span(&path));
	buf_free(&path);
	return span_of(copy);
}

void
route_find(const struct config *config, const struct backends *backends, enum program program,
    const struct request *request, struct ctx *ctx, struct route_match *match)
{
	struct span info = request->variables[VARIABLE_PATH_INFO];
	struct span script = request->variables[VARIABLE_SCRIPT_NAME];

	*match = (struct route_match){ .handler = HANDLERS };
	route_look(config, backends, program, request, request->path, match);
	if (match->allowed != 0 || request->path.data == NULL || request->authorizer)
		return;
	if (info.len > 0 && path_canonical(ctx->arena, info, &info) != RC_OK)
		return;
	if (info.len > 0)
		route_look(config, backends, program, request, info, match);
	if (script.data == NULL || !path_under(request->path, script) ||
	    path_under(script, span_of(config->paths.auth)) ||
	    path_under(script, span_of(config->paths.users)))
		return;
	for (int named = 1; named >= 0 && match->allowed == 0; named--)
		route_look(config, backends, program, request,
		    route_fallback(config, program, named, info, ctx), match);
}

void
route_path(const struct config *config, const struct route *route, const struct backend *backend,
    struct buf *path)
{
	struct span rest;
	struct span prefix = route_prefix(route->path, &rest);

	if (span_equal(prefix, SPAN("{users")))
		buf_text(path, config->paths.users);
	else
		route_mount(config, backend, path);
	while (rest.len > 0) {
		bool segment = rest.data[0] == '*';
		buf_add(path, segment ? SPAN("{id}") : (struct span){ rest.data, 1 });
		rest = span_after(rest, 1);
	}
}
