#include "http/request.h"

#include <limits.h>

#include "base/config.h"
#include "base/text.h"
#include "http/accept.h"
#include "http/path.h"

/* Sorted, because names are looked up by bisection. */
static const struct span request_names[] = {
#define NAME(name) [VARIABLE_##name] = SPAN_INIT(#name)
	NAME(AUTH_RULE),
	NAME(CONTENT_LENGTH),
	NAME(CONTENT_TYPE),
	NAME(FCGI_APACHE_ROLE),
	NAME(FCGI_ROLE),
	NAME(HTTP_ACCEPT),
	NAME(HTTP_ACCEPT_LANGUAGE),
	NAME(HTTP_AUTHORIZATION),
	NAME(HTTP_COOKIE),
	NAME(HTTP_FORWARDED),
	NAME(HTTP_ORIGIN),
	NAME(HTTP_SEC_FETCH_MODE),
	NAME(HTTP_SEC_FETCH_SITE),
	NAME(HTTP_USER_AGENT),
	NAME(HTTP_X_CSRF_TOKEN),
	NAME(HTTP_X_FORWARDED_FOR),
	NAME(HTTP_X_FORWARDED_METHOD),
	NAME(HTTP_X_FORWARDED_URI),
	NAME(HTTP_X_ORIGINAL_METHOD),
	NAME(HTTP_X_ORIGINAL_URI),
	NAME(ORIGINAL_METHOD),
	NAME(ORIGINAL_URI),
	NAME(PATH_INFO),
	NAME(QUERY_STRING),
	NAME(REDIRECT_HTTP_AUTHORIZATION),
	NAME(REDIRECT_REDIRECT_HTTP_AUTHORIZATION),
	NAME(REMOTE_ADDR),
	NAME(REQUEST_METHOD),
	NAME(REQUEST_URI),
	NAME(SCRIPT_NAME),
#undef NAME
};

_Static_assert(sizeof(request_names) / sizeof(*request_names) == VARIABLES, "a name each");

static const struct span request_methods[] = {
	[METHOD_GET] = SPAN_INIT("GET"),
	[METHOD_HEAD] = SPAN_INIT("HEAD"),
	[METHOD_POST] = SPAN_INIT("POST"),
	[METHOD_PATCH] = SPAN_INIT("PATCH"),
	[METHOD_DELETE] = SPAN_INIT("DELETE"),
	[METHOD_OPTIONS] = SPAN_INIT("OPTIONS"),
};

_Static_assert(sizeof(request_methods) / sizeof(*request_methods) == METHOD_OTHER, "a name each");

static int
request_order(struct span a, struct span b)
{
	int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* The variable of that name, VARIABLES when it is none of ours. */
static size_t
request_variable(struct span name)
{
	size_t low = 0, high = VARIABLES;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = request_order(name, request_names[middle]);

		if (order == 0)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return VARIABLES;
}

/* Headers by which a proxy tells of the outer request. */
static bool
request_is_forwarded(size_t variable)
{
	return variable == VARIABLE_HTTP_FORWARDED || (variable >= VARIABLE_HTTP_X_FORWARDED_FOR &&
							  variable <= VARIABLE_HTTP_X_ORIGINAL_URI);
}

/* Where a variable stands twice the first counts. But where a header does that a proxy sets, the
 * client may have sent one of them ("X_Forwarded_For" has the same variable): it is then given and
 * empty, which nothing accepts. */
static void
request_variables(struct request *request, char **environment)
{
	for (; *environment != NULL; environment++) {
		struct span value = span_of(*environment);
		struct span name = span_cut(&value, '=');
		size_t which = value.data == NULL ? VARIABLES : request_variable(name);

		if (which == VARIABLES)
			continue;
		if (request->variables[which].data == NULL)
			request->variables[which] = value;
		else if (request_is_forwarded(which))
			request->variables[which] = SPAN("");
	}
}

static void
request_limit(struct span *value, size_t max)
{
	if (value->len > max)
		*value = SPAN_NONE;
}

/* Cuts to at most "max" bytes, not inside of a code point. */
static void
request_shorten(struct span *value, size_t max)
{
	size_t len = max;

	if (value->len <= max)
		return;
	while (len > max - 3 && ((unsigned char)value->data[len] & 0xc0) == 0x80)
		len--;
	value->len = len;
}

static enum method
request_method(struct span name)
{
	int method = METHOD_GET;

	while (method < METHOD_OTHER && !span_equal(name, request_methods[method]))
		method++;
	return (enum method)method;
}

/* Digits alone; -1 for anything else. What is too large for a number is large all the same. */
static int64_t
request_length(struct span text)
{
	int64_t length = 0;

	for (size_t i = 0; i < text.len; i++) {
		int digit = text.data[i] - '0';

		if (digit < 0 || digit > 9)
			return -1;
		length = length > (INT64_MAX - digit) / 10 ? INT64_MAX : length * 10 + digit;
	}
	return length;
}

/* Whether no parameter of a media type names another character set than UTF-8. */
static bool
request_is_utf8(struct span parameters)
{
	while (parameters.data != NULL) {
		struct span value = span_cut(&parameters, ';');
		struct span name = span_trim(span_cut(&value, '='));

		value = span_trim(value);
		if (span_equal_nocase(name, SPAN("charset")) &&
		    !span_equal_nocase(value, SPAN("utf-8")) &&
		    !span_equal_nocase(value, SPAN("\"utf-8\"")))
			return false;
	}
	return true;
}

static enum content
request_content(struct span type, int64_t length)
{
	struct span parameters = span_trim(type), name;

	if (parameters.len == 0)
		return length == 0 ? CONTENT_NONE : CONTENT_OTHER;
	name = span_trim(span_cut(&parameters, ';'));
	if (!request_is_utf8(parameters))
		return CONTENT_OTHER;
	if (span_equal_nocase(name, SPAN("application/json")))
		return CONTENT_JSON;
	if (span_equal_nocase(name, SPAN("application/x-www-form-urlencoded")))
		return CONTENT_FORM;
	return CONTENT_OTHER;
}

/* Path and query. A query that is too long to be looked at takes the path with it, so that nothing
 * which it asks for is passed over. */
static enum rc
request_target(struct ctx *ctx, struct request *request)
{
	struct span query = request->variables[VARIABLE_REQUEST_URI];
	enum rc rc;

	(void)span_cut(&query, '?');
	if (request->variables[VARIABLE_QUERY_STRING].data != NULL)
		query = request->variables[VARIABLE_QUERY_STRING];
	if (query.len > TARGET_MAX)
		return RC_OK;
	request->query = query;
	rc = path_canonical(ctx->arena, request->variables[VARIABLE_REQUEST_URI], &request->path);
	return rc == RC_NO ? RC_OK : rc;
}

enum rc
request_read(struct ctx *ctx, char **environment, struct request *request)
{
	struct span *variables = request->variables;

	*request = (struct request){ 0 };
	request_variables(request, environment);
	request_limit(&variables[VARIABLE_HTTP_COOKIE], COOKIES_MAX);
	request_limit(&variables[VARIABLE_HTTP_AUTHORIZATION], AUTHORIZATION_MAX);
	request_limit(&variables[VARIABLE_REDIRECT_HTTP_AUTHORIZATION], AUTHORIZATION_MAX);
	request_limit(&variables[VARIABLE_REDIRECT_REDIRECT_HTTP_AUTHORIZATION], AUTHORIZATION_MAX);
	request_shorten(&variables[VARIABLE_HTTP_USER_AGENT], USER_AGENT_KEPT);
	request->method = request_method(variables[VARIABLE_REQUEST_METHOD]);
	/* Apache names the phase (AUTHENTICATOR, ACCESS_CHECKER ...): none has a body to read. */
	request->authorizer = span_equal(variables[VARIABLE_FCGI_ROLE], SPAN("AUTHORIZER")) ||
			      variables[VARIABLE_FCGI_APACHE_ROLE].len > 0;
	request->client = address_client(variables[VARIABLE_REMOTE_ADDR],
	    variables[VARIABLE_HTTP_X_FORWARDED_FOR], variables[VARIABLE_HTTP_FORWARDED],
	    &ctx->config->site.trusted_proxies);
	request->wants_html = accept_prefers_html(variables[VARIABLE_HTTP_ACCEPT]);
	request->content_length = request_length(variables[VARIABLE_CONTENT_LENGTH]);
	request->content =
	    request_content(variables[VARIABLE_CONTENT_TYPE], request->content_length);
	return request_target(ctx, request);
}

struct span
request_query(struct ctx *ctx, const struct request *request, const char *name)
{
	struct span rest = request->query, found, value;
	bool broken;

	while (path_next_pair(ctx->arena, &rest, &found, &value, &broken) == RC_OK) {
		if (!span_equal(found, span_of(name)))
			continue;
		if (broken || !text_is_utf8(value) || memchr(value.data, '\0', value.len) != NULL)
			break;
		return value;
	}
	return SPAN_NONE;
}

struct span
request_authorization(const struct request *request)
{
	static const enum variable places[] = { VARIABLE_HTTP_AUTHORIZATION,
		VARIABLE_REDIRECT_HTTP_AUTHORIZATION,
		VARIABLE_REDIRECT_REDIRECT_HTTP_AUTHORIZATION };

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (request->variables[places[i]].len > 0)
			return request->variables[places[i]];
	}
	return SPAN_NONE;
}
