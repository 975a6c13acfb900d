/* An environment, its variables separated by NUL bytes. */
#include <stdint.h>
#include <stdlib.h>

#include "base/config.h"
#include "base/text.h"
#include "http/path.h"
#include "http/request.h"

#define MUST(condition) ((condition) ? (void)0 : abort())

enum { ENTRIES = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_judge(struct ctx *ctx, const struct request *request)
{
	const struct span *variables = request->variables;
	struct span uri = variables[VARIABLE_REQUEST_URI], value;

	MUST(request->method <= METHOD_OTHER && request->content <= CONTENT_OTHER);
	MUST(request->content_length >= -1);
	MUST(variables[VARIABLE_HTTP_COOKIE].len <= COOKIES_MAX);
	MUST(request_authorization(request).len <= AUTHORIZATION_MAX);
	MUST(variables[VARIABLE_HTTP_USER_AGENT].len <= USER_AGENT_KEPT);
	MUST(request->query.len <= TARGET_MAX);
	MUST(!span_equal(variables[VARIABLE_FCGI_ROLE], SPAN("AUTHORIZER")) || request->authorizer);
	if (request->path.data != NULL) {
		MUST(request->path.len >= 1 && request->path.data[0] == '/');
		MUST(uri.len <= TARGET_MAX && variables[VARIABLE_QUERY_STRING].len <= TARGET_MAX);
	}
	if (request->content == CONTENT_NONE)
		MUST(request->content_length == 0);
	MUST(request->client.known ||
	     address_limited(&request->client, (unsigned char[16]){ 0 }) == 0);
	value = request_query(ctx, request, "role");
	MUST(text_is_utf8(value));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const proxies[] = { "10.0.0.0/8" };
	struct config config = { .site = { .trusted_proxies = { proxies, 1 } } };
	struct ctx ctx = { .config = &config, .arena = arena_new(16 * size + 65536) };
	char *copy = malloc(size + 1), *at = copy;
	char *environment[ENTRIES + 1] = { NULL };
	struct request request;

	MUST(copy != NULL && ctx.arena != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	copy[size] = '\0';
	for (size_t i = 0; i < ENTRIES && at < copy + size; i++) {
		environment[i] = at;
		at += strlen(at) + 1;
	}
	MUST(request_read(&ctx, environment, &request) == RC_OK);
	fuzz_judge(&ctx, &request);
	arena_free(ctx.arena);
	free(copy);
	return 0;
}
