/* Tokens in cookies: NAME and NAME_refresh, HttpOnly; NAME_csrf beside them, readable. */
#include "http/cookie.h"
#include "http/transport.h"

static const char *const transport_cookie_suffix[] = {
	[TOKEN_ACCESS] = "",
	[TOKEN_REFRESH] = REFRESH_SUFFIX,
	[TOKEN_PENDING] = PENDING_SUFFIX,
};

static struct span
transport_cookie_find(
    const struct backend_config *backend, const struct request *request, const char *suffix)
{
	char name[COOKIE_NAME_SIZE];
	struct span value;

	cookie_name(&backend->cookie, suffix, name);
	value = cookie_find(request->variables[VARIABLE_HTTP_COOKIE], name);
	return value.len == 0 ? SPAN_NONE : value;
}

static struct span
transport_cookie_read(
    const struct backend_config *backend, const struct request *request, enum token_use use)
{
	return transport_cookie_find(backend, request, transport_cookie_suffix[use]);
}

static void
transport_cookie_set(const struct backend_config *backend, enum token_use use, struct span value,
    int64_t max_age, struct response *response)
{
	char name[COOKIE_NAME_SIZE];

	cookie_name(&backend->cookie, transport_cookie_suffix[use], name);
	cookie_put(&response->head, &backend->cookie, name, value, max_age, false);
}

static void
transport_cookie_write(
    const struct backend_config *backend, const struct tokens *tokens, struct response *response)
{
	int64_t max_age = backend->cookie.max_age;

	response_null(response, 201);
	transport_cookie_set(backend, TOKEN_ACCESS, buf_span(&tokens->access), max_age, response);
	if (tokens->refresh.len > 0)
		transport_cookie_set(
		    backend, TOKEN_REFRESH, buf_span(&tokens->refresh), max_age, response);
}

static void
transport_cookie_clear(const struct backend_config *backend, struct response *response)
{
	transport_cookie_set(backend, TOKEN_ACCESS, SPAN(""), -1, response);
	transport_cookie_set(backend, TOKEN_REFRESH, SPAN(""), -1, response);
}

void
transport_cookie_pending(const struct backend_config *backend, struct span token, int64_t max_age,
    struct response *response)
{
	transport_cookie_set(backend, TOKEN_PENDING, token, max_age, response);
}

void
transport_cookie_csrf(
    const struct backend_config *backend, struct span token, struct response *response)
{
	char name[COOKIE_NAME_SIZE];

	cookie_name(&backend->cookie, CSRF_SUFFIX, name);
	cookie_put(&response->head, &backend->cookie, name, token, backend->cookie.max_age, true);
}

struct span
transport_cookie_csrf_read(const struct backend_config *backend, const struct request *request)
{
	return transport_cookie_find(backend, request, CSRF_SUFFIX);
}

const struct transport transport_cookie = {
	.is_cookie = true,
	.read = transport_cookie_read,
	.write = transport_cookie_write,
	.clear = transport_cookie_clear,
};
