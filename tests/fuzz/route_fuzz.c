/* The first bytes choose configuration, program, method and the way in; then follow REQUEST_URI,
 * PATH_INFO and SCRIPT_NAME, each ended by a NUL. A route that is found is one of that program, is
 * switched on, and has the path that the request names; where none is found, there is none. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "http/path.h"
#include "http/transport.h"
#include "route/route.h"

#define MUST(condition) ((condition) ? (void)0 : abort())
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { CHOICES = 4, CANDIDATES = 4 };
enum { WAY_AUTHORIZER = 1, WAY_SUBREQUEST = 2, WAY_BROWSER = 4, WAY_INFO = 8, WAY_SCRIPT = 16 };

static const char *const texts[] = {
	"[backend api]\ntransport = bearer\nstrategy = jwt\n"
	"[backend web]\ntransport = cookie\nstrategy = database\n",
	"[paths]\nauth = /a\nusers = /ab\n"
	"[backend a]\ntransport = cookie\nstrategy = jwt\n"
	"[backend ab]\ntransport = bearer\nstrategy = jwt\n"
	"[backend abc]\ntransport = cookie\nstrategy = jwt\nname = other\n",
	"[routes]\nregister = off\nverify = off\nreset = off\nusers = off\nsessions = off\n"
	"pages = off\nopenapi = off\n"
	"[backend api]\ntransport = bearer\nstrategy = jwt\n",
};

static struct config *configs[COUNT(texts)];
static struct backends backends[COUNT(texts)];

/* One look: what it was given, and what it found. */
struct look {
	const struct config *config;
	const struct backends *backends;
	enum program program;
	struct request request;
	struct route_match match;
	struct span candidates[CANDIDATES]; /* the paths that may be meant, in order */
	struct span path;                   /* the first that some row answers; else "not given" */
	unsigned methods;                   /* which it answers */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_start(void)
{
	struct config_fault fault;

	for (size_t i = 0; i < COUNT(texts) && configs[i] == NULL; i++) {
		MUST(config_parse(span_of(texts[i]), "given", &configs[i], &fault) == RC_OK);
		backends_make(configs[i], &backends[i]);
	}
}

static struct span
fuzz_join(struct arena *arena, const char *prefix, const char *between, const char *name,
    struct span info)
{
	struct buf buf = BUF_INIT(4 * TARGET_MAX);
	const char *copy;

	buf_text(&buf, prefix);
	buf_text(&buf, between);
	buf_text(&buf, name);
	buf_add(&buf, info);
	MUST(buf_check(&buf) == RC_OK);
	copy = arena_text(arena, buf_span(&buf));
	buf_free(&buf);
	MUST(copy != NULL);
	return span_of(copy);
}

/* The request's path; what the server left over, alone and behind the prefix, with and without the
 * program's name, where the server names the program as part of the path. */
static void
fuzz_candidates(struct arena *arena, struct look *look)
{
	const char *prefix =
	    look->program == PROGRAM_users ? look->config->paths.users : look->config->paths.auth;
	struct span info = look->request.variables[VARIABLE_PATH_INFO];
	struct span script = look->request.variables[VARIABLE_SCRIPT_NAME];

	if (look->request.path.data == NULL)
		return;
	look->candidates[0] = look->request.path;
	if (info.len > 0 && path_canonical(arena, info, &info) != RC_OK)
		return;
	if (info.len > 0)
		look->candidates[1] = info;
	if (!path_under(look->request.path, script) ||
	    path_under(script, span_of(look->config->paths.auth)) ||
	    path_under(script, span_of(look->config->paths.users)))
		return;
	look->candidates[2] = fuzz_join(arena, prefix, "/", program_rows[look->program].name, info);
	look->candidates[3] = fuzz_join(arena, prefix, "", "", info);
}

static bool
fuzz_is(const struct route *route, const char *prefix)
{
	return strncmp(route->path, prefix, strlen(prefix)) == 0;
}

/* Whether the path is that of the row; *segment is what stands for its '*'. */
static bool
fuzz_fits(const struct look *look, const struct route *route, const struct backend *backend,
    struct span path, struct span *segment)
{
	struct buf buf = BUF_INIT(TARGET_MAX);
	struct span wanted;
	bool hole = strchr(route->path, '*') != NULL, fits;

	route_path(look->config, route, backend, &buf);
	wanted = buf_span(&buf);
	MUST(wanted.data != NULL);
	*segment = SPAN_NONE;
	if (hole)
		wanted.len -= strlen("{id}");
	fits = hole ? span_starts(path, wanted) && path.len > wanted.len : span_equal(path, wanted);
	if (fits && hole) {
		*segment = span_after(path, wanted.len);
		fits = memchr(segment->data, '/', segment->len) == NULL;
	}
	buf_free(&buf);
	return fits;
}

/* The methods that the program's rows answer at a path. */
static unsigned
fuzz_methods(const struct look *look, struct span path)
{
	unsigned methods = 0;
	struct span segment;

	for (int i = 0; i < HANDLERS; i++) {
		const struct route *route = &route_table[i];
		bool cookie = fuzz_is(route, "{cookie}");

		if (route->program != look->program || !route_is_on(look->config, route) ||
		    (route->kind == PAGE && !look->request.wants_html) ||
		    fuzz_is(route, "{authorizer}") || fuzz_is(route, "{subrequest}"))
			continue;
		for (size_t k = 0; k < look->backends->count; k++) {
			const struct backend *backend = &look->backends->items[k];

			if (!cookie && !fuzz_is(route, "{backend}"))
				backend = NULL;
			if ((!cookie || backend->transport->is_cookie) &&
			    fuzz_fits(look, route, backend, path, &segment))
				methods |= 1u << route->method;
		}
	}
	return methods;
}

static void
fuzz_expect(struct look *look)
{
	for (size_t i = 0; i < CANDIDATES && look->methods == 0; i++) {
		if (look->candidates[i].data == NULL || look->request.authorizer)
			continue;
		look->methods = fuzz_methods(look, look->candidates[i]);
		look->path = look->candidates[i];
	}
}

/* A row whose path is the role in which the request came has no other. */
static bool
fuzz_is_role(const struct look *look, const struct route *route)
{
	if (fuzz_is(route, "{authorizer}"))
		return look->request.authorizer;
	return fuzz_is(route, "{subrequest}") && !look->request.authorizer &&
	       look->request.variables[VARIABLE_ORIGINAL_URI].data != NULL;
}

static void
fuzz_backend(const struct look *look, const struct route *route)
{
	const struct backend *backend = look->match.backend;

	if (!fuzz_is(route, "{backend}") && !fuzz_is(route, "{cookie}")) {
		MUST(backend == NULL);
		return;
	}
	MUST(backend != NULL && backend->index < look->backends->count);
	MUST(backend == &look->backends->items[backend->index]);
	MUST(!fuzz_is(route, "{cookie}") || backend->transport->is_cookie);
}

/* The segment is what the path says; no row with a fixed path is passed over for one with a '*'. */
static void
fuzz_segment(const struct look *look, const struct route *route)
{
	struct span segment = look->match.segment, found;

	MUST(fuzz_fits(look, route, look->match.backend, look->path, &found));
	MUST(span_equal(segment, found));
	if (segment.data == NULL)
		return;
	MUST(text_is_utf8(segment) && !text_has_control(segment));
	for (int i = 0; i < HANDLERS; i++) {
		const struct route *other = &route_table[i];

		if (other->program == look->program && other->method == route->method &&
		    fuzz_is(other, "{backend}") && strchr(other->path, '*') == NULL)
			MUST(!fuzz_fits(look, other, look->match.backend, look->path, &found));
	}
}

static void
fuzz_route(const struct look *look, const struct route *route)
{
	enum method method = look->request.method;

	MUST(route->program == look->program && route_is_on(look->config, route));
	MUST(route->kind != PAGE || look->request.wants_html);
	MUST(route->kind == QUESTION ||
	     route->method == (method == METHOD_HEAD ? METHOD_GET : method));
	fuzz_backend(look, route);
	if (fuzz_is(route, "{authorizer}") || fuzz_is(route, "{subrequest}")) {
		MUST(fuzz_is_role(look, route));
		return;
	}
	/* The guard takes no role for a question over HTTP. */
	MUST(!look->request.authorizer);
	MUST(look->program != PROGRAM_guard ||
	     look->request.variables[VARIABLE_ORIGINAL_URI].data == NULL);
	MUST(look->match.allowed == look->methods);
	fuzz_segment(look, route);
}

/* What is found is right; and where nothing is, no row has that path and method. */
static void
fuzz_judge(const struct look *look)
{
	const struct route_match *match = &look->match;
	enum method method = look->request.method;

	if (match->handler != HANDLERS) {
		MUST((size_t)match->handler < HANDLERS);
		fuzz_route(look, &route_table[match->handler]);
		return;
	}
	MUST(match->backend == NULL && match->segment.data == NULL);
	MUST(match->allowed == look->methods);
	MUST((look->methods & (1u << (method == METHOD_HEAD ? METHOD_GET : method))) == 0);
}

/* The next text of the input, as a variable of that name. */
static char *
fuzz_variable(struct arena *arena, struct span *rest, const char *name)
{
	struct span value = span_cut(rest, '\0');
	char *variable = arena_alloc(arena, strlen(name) + value.len + 1);

	MUST(variable != NULL);
	memcpy(variable, name, strlen(name));
	if (value.len > 0)
		memcpy(variable + strlen(name), value.data, value.len);
	return variable;
}

static void
fuzz_read(struct ctx *ctx, struct look *look, const uint8_t choices[CHOICES], struct span rest)
{
	static const char *const methods[METHODS] = { "GET", "HEAD", "POST", "PATCH", "DELETE",
		"OPTIONS", "TRACE" };
	char method[32];
	char *environment[8] = { method };
	size_t count = 1;

	snprintf(method, sizeof(method), "REQUEST_METHOD=%s", methods[choices[2] % METHODS]);
	environment[count++] = fuzz_variable(ctx->arena, &rest, "REQUEST_URI=");
	if ((choices[3] & WAY_INFO) != 0)
		environment[count++] = fuzz_variable(ctx->arena, &rest, "PATH_INFO=");
	if ((choices[3] & WAY_SCRIPT) != 0)
		environment[count++] = fuzz_variable(ctx->arena, &rest, "SCRIPT_NAME=");
	if ((choices[3] & WAY_SUBREQUEST) != 0)
		environment[count++] = fuzz_variable(ctx->arena, &rest, "ORIGINAL_URI=");
	if ((choices[3] & WAY_AUTHORIZER) != 0)
		environment[count++] =
		    fuzz_variable(ctx->arena, &(struct span){ "AUTHORIZER", 10 }, "FCGI_ROLE=");
	MUST(request_read(ctx, environment, &look->request) == RC_OK);
	look->request.wants_html = (choices[3] & WAY_BROWSER) != 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx ctx = { .arena = arena_new(16 * size + 256 * 1024) };
	struct look look = { 0 };
	size_t which;

	MUST(ctx.arena != NULL);
	fuzz_start();
	if (size >= CHOICES) {
		which = data[0] % COUNT(texts);
		ctx.config = look.config = configs[which];
		look.backends = &backends[which];
		look.program = (enum program)(data[1] % PROGRAMS);
		fuzz_read(&ctx, &look, data,
		    (struct span){ (const char *)data + CHOICES, size - CHOICES });
		route_find(
		    look.config, look.backends, look.program, &look.request, &ctx, &look.match);
		fuzz_candidates(ctx.arena, &look);
		fuzz_expect(&look);
		fuzz_judge(&look);
	}
	arena_free(ctx.arena);
	return 0;
}
