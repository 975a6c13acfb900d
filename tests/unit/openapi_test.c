/* The OpenAPI description: it says what the route table, the field tables and the answers say. */
#include "route/openapi.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <glob.h>
#include <stdio.h>

#include "auth/policy.h"
#include "http/cookie.h"
#include "http/response.h"
#include "route/exchange.h"
#include "unit/fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define API "[backend api]\ntransport = bearer\nstrategy = jwt\n"
#define WEB "[backend web]\ntransport = cookie\nstrategy = database\n"
#define OFF                                                                  \
	"[routes]\nregister = off\nusers = off\nsessions = off\n2fa = off\n" \
	"pages = off\nopenapi = off\n"

enum { DEFAULTS, ALL_OFF, BY_NAME, BEARER_ONLY, MOVED, NO_PAGES };

static const char *const configs[] = {
	[DEFAULTS] = API WEB,
	[ALL_OFF] = OFF API WEB,
	[BY_NAME] = "[account]\nlogin_identifier = username\n[password]\nmin_length = 20\n" WEB API,
	[BEARER_ONLY] = API "[backend opaque]\ntransport = bearer\nstrategy = database\n",
	[MOVED] = "[paths]\nauth = /a/b\nusers = /people\n" WEB API
		  "[backend old]\ntransport = cookie\nstrategy = jwt\nname = older\n",
	[NO_PAGES] = "[routes]\npages = off\n" API WEB,
};

static const char *const methods[METHODS] = {
	[METHOD_GET] = "get",
	[METHOD_POST] = "post",
	[METHOD_PATCH] = "patch",
	[METHOD_DELETE] = "delete",
};

static struct config *config;
static struct backends backends;
static cJSON *document;

static void
describe(int which)
{
	struct config_fault fault;
	struct buf body = BUF_INIT(RESPONSE_BODY_MAX);

	if (config_parse(span_of(configs[which]), "t", &config, &fault) != RC_OK)
		ck_abort_msg("%s", fault.text);
	backends_make(config, &backends);
	openapi_put(&body, config, &backends);
	ck_assert_int_eq(buf_check(&body), RC_OK);
	document = cJSON_ParseWithOpts(body.data, NULL, true);
	ck_assert_ptr_nonnull(document);
	buf_free(&body);
}

static void
forget(void)
{
	cJSON_Delete(document);
	config_free(config);
	document = NULL;
	config = NULL;
}

static cJSON *
member(const cJSON *object, const char *name)
{
	cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);

	if (found == NULL)
		ck_abort_msg("no member %s", name);
	return found;
}

static bool
holds(const cJSON *array, const char *text)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, array)
	{
		if (cJSON_IsString(item) && strcmp(item->valuestring, text) == 0)
			return true;
	}
	return false;
}

/* "#/a/b", where no name has a '~' or '/' in it. */
static cJSON *
resolve(const char *reference)
{
	struct span rest = span_of(reference);
	cJSON *at = document;

	ck_assert_msg(span_equal(span_cut(&rest, '/'), SPAN("#")), "%s", reference);
	while (rest.data != NULL && at != NULL) {
		char name[128];
		ck_assert(span_copy(name, sizeof(name), span_cut(&rest, '/')));
		at = cJSON_GetObjectItemCaseSensitive(at, name);
	}
	return at;
}

static cJSON *
followed(cJSON *object)
{
	cJSON *reference = cJSON_GetObjectItemCaseSensitive(object, "$ref");

	return reference == NULL ? object : resolve(reference->valuestring);
}

static cJSON *
operation(const char *path, const char *method)
{
	return member(member(member(document, "paths"), path), method);
}

static cJSON *
schema(const char *name)
{
	return member(member(member(document, "components"), "schemas"), name);
}

static cJSON *
parameter(const cJSON *op, const char *name)
{
	cJSON *item;

	cJSON_ArrayForEach(item, member(op, "parameters"))
	{
		if (strcmp(member(followed(item), "name")->valuestring, name) == 0)
			return followed(item);
	}
	return NULL;
}

/* The rows that are on, each at its addresses; the callback gets the operation. */

typedef void site_fn(const struct route *, const struct backend *, const char *path, cJSON *op);

static size_t
visit_at(const struct route *route, const struct backend *backend, site_fn *check)
{
	struct buf path = BUF_INIT(4096);

	route_path(config, route, backend, &path);
	ck_assert_int_eq(buf_check(&path), RC_OK);
	check(route, backend, path.data, operation(path.data, methods[route->method]));
	buf_free(&path);
	return 1;
}

static bool
is_visited(const struct route *route)
{
	bool form = route == &route_table[HANDLER_register_get]; /* a page and nothing else */

	return strchr(route->path, '/') != NULL && route_is_on(config, route) &&
	       (!form || config->routes.pages);
}

static size_t
visit(site_fn *check)
{
	size_t count = 0;

	for (size_t i = 0; i < HANDLERS; i++) {
		const struct route *route = &route_table[i];
		if (!is_visited(route))
			continue;
		if (strstr(route->path, "{backend}") == NULL &&
		    strstr(route->path, "{cookie}") == NULL)
			count += visit_at(route, NULL, check);
		else
			for (size_t k = 0; k < backends.count; k++)
				if (strstr(route->path, "{backend}") != NULL ||
				    backends.items[k].transport->is_cookie)
					count += visit_at(route, &backends.items[k], check);
	}
	return count;
}

static size_t
count_operations(void)
{
	size_t count = 0;
	const cJSON *path;

	cJSON_ArrayForEach(path, member(document, "paths")) count +=
	    (size_t)cJSON_GetArraySize(path);
	return count;
}

static void
check_nothing(const struct route *route, const struct backend *backend, const char *path, cJSON *op)
{
	ck_assert_str_eq(member(op, "summary")->valuestring, route->words);
	(void)backend;
	(void)path;
}

START_TEST(exactly_the_routes_that_are_on_are_described)
{
	describe(_i);
	ck_assert_uint_gt(count_operations(), 0);
	ck_assert_uint_eq(visit(check_nothing), count_operations());
	forget();
}
END_TEST

static void
check_references(const cJSON *at)
{
	for (; at != NULL; at = at->next) {
		if (at->string != NULL && strcmp(at->string, "$ref") == 0)
			ck_assert_msg(resolve(at->valuestring) != NULL, "%s", at->valuestring);
		check_references(at->child);
	}
}

START_TEST(every_reference_resolves)
{
	describe(_i);
	check_references(document);
	forget();
}
END_TEST

START_TEST(no_object_names_a_member_twice)
{
	const cJSON *path, *op;

	describe(_i);
	cJSON_ArrayForEach(path, member(document, "paths"))
	{
		ck_assert_ptr_eq(member(member(document, "paths"), path->string), path);
		cJSON_ArrayForEach(op, path) ck_assert_ptr_eq(member(path, op->string), op);
	}
	forget();
}
END_TEST

static char ids[8192];

static void
check_operation(
    const struct route *route, const struct backend *backend, const char *path, cJSON *op)
{
	const cJSON *response;
	char id[128];
	size_t good = 0;

	snprintf(id, sizeof(id), " %s ", member(op, "operationId")->valuestring);
	ck_assert_msg(strstr(ids, id) == NULL, "twice: %s", id);
	ck_assert_uint_lt(strlen(ids) + strlen(id), sizeof(ids));
	strncat(ids, id, sizeof(ids) - strlen(ids) - 1);
	ck_assert(holds(member(op, "tags"), program_rows[route->program].name));
	cJSON_ArrayForEach(response, member(op, "responses")) good += response->string[0] == '2';
	/* A sign-in may also go on with a code. */
	ck_assert_msg(good == (route == &route_table[HANDLER_login_post] ? 2u : 1u),
	    "%s: %zu successes", path, good);
	ck_assert_msg((strstr(path, "{id}") != NULL) == (parameter(op, "id") != NULL), "%s", path);
	(void)backend;
}

START_TEST(every_operation_has_an_id_of_its_own_and_one_success)
{
	describe(_i);
	ids[0] = '\0';
	visit(check_operation);
	forget();
}
END_TEST

static bool
lets_in(const cJSON *security, const char *backend)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, security)
	{
		if (backend == NULL
			? item->child == NULL
			: cJSON_HasObjectItem(item, backend) && item->child->next == NULL)
			return true;
	}
	return backend == NULL && cJSON_GetArraySize(security) == 0;
}

static void
check_security(
    const struct route *route, const struct backend *backend, const char *path, cJSON *op)
{
	const cJSON *security = member(op, "security");
	int count = cJSON_GetArraySize(security);
	bool guard = route == &route_table[HANDLER_guard_get];

	ck_assert_msg(lets_in(security, NULL) == (route->caller == ANYONE), "%s", path);
	ck_assert_msg(cJSON_HasObjectItem(member(op, "responses"), "401") ==
			  (route->caller != ANYONE || guard),
	    "%s", path);
	if ((route->caller & SESSION) != 0) {
		ck_assert_int_eq(count, 1);
		ck_assert(lets_in(security, backend->config->name));
	} else if ((route->caller & ANY_SESSION) != 0 || guard) {
		ck_assert_int_eq(count, (int)backends.count + guard);
		for (size_t i = 0; i < backends.count; i++)
			ck_assert(lets_in(security, backends.items[i].config->name));
	} else {
		ck_assert_int_eq(count, 0);
	}
}

START_TEST(security_is_what_the_row_asks_for)
{
	describe(_i);
	visit(check_security);
	forget();
}
END_TEST

static cJSON *
response_codes(cJSON *response)
{
	cJSON *media = member(member(followed(response), "content"), "application/problem+json");
	cJSON *parts = member(member(media, "schema"), "allOf");

	return member(member(member(cJSON_GetArrayItem(parts, 1), "properties"), "code"), "enum");
}

/* Whether the operation may answer that problem of that status. */
static bool
refuses(const cJSON *op, const char *status, const char *code)
{
	cJSON *response = cJSON_GetObjectItemCaseSensitive(member(op, "responses"), status);

	return response != NULL && holds(response_codes(response), code);
}

static void
check_csrf(const struct route *route, const struct backend *backend, const char *path, cJSON *op)
{
	bool cookies = backend == NULL ? backends_first_cookie(&backends) != NULL
				       : backend->transport->is_cookie;
	bool expected = route->method != METHOD_GET && cookies;

	ck_assert_msg((parameter(op, "X-CSRF-Token") != NULL) == expected, "%s", path);
	ck_assert_msg(refuses(op, "403", "CSRF_FAILED") == expected, "%s", path);
}

START_TEST(csrf_is_asked_for_where_cookies_are)
{
	describe(_i);
	visit(check_csrf);
	forget();
}
END_TEST

/* Everything that takes a session, but what somebody who must enrol needs for that. */
static void
check_enrolling(
    const struct route *route, const struct backend *backend, const char *path, cJSON *op)
{
	bool guard = route == &route_table[HANDLER_guard_get];
	bool expected = guard || (route->caller != ANYONE && (route->caller & ENROLLING) == 0);

	ck_assert_msg(refuses(op, "403", "TOTP_ENROLLMENT_REQUIRED") == expected, "%s", path);
	(void)backend;
}

START_TEST(who_must_enrol_is_kept_out_of_the_rest)
{
	describe(_i);
	visit(check_enrolling);
	forget();
}
END_TEST

START_TEST(every_backend_has_a_scheme)
{
	const cJSON *schemes;

	describe(_i);
	schemes = member(member(document, "components"), "securitySchemes");
	ck_assert_int_eq(cJSON_GetArraySize(schemes), (int)backends.count);
	for (size_t i = 0; i < backends.count; i++) {
		const struct backend_config *backend = backends.items[i].config;
		const cJSON *scheme = member(schemes, backend->name);
		char name[COOKIE_NAME_SIZE];
		cookie_name(&backend->cookie, "", name);
		if (backend->transport == TRANSPORT_COOKIE)
			ck_assert_str_eq(member(scheme, "name")->valuestring, name);
		else
			ck_assert_str_eq(member(scheme, "bearerFormat")->valuestring,
			    backend->strategy == STRATEGY_JWT ? "JWT" : "opaque");
	}
	forget();
}
END_TEST

/* What the contract promises, in its own words. */
static const struct {
	int config;
	const char *path, *method;
	const char *status;
	const char *code; /* of a problem; NULL: only the status */
	bool there;
} answers[] = {
	{ DEFAULTS, "/auth/login", "post", "201", NULL, true },
	{ DEFAULTS, "/auth/login", "post", "303", NULL, false },
	{ DEFAULTS, "/auth/login", "post", "400", "LOGIN_BAD_CREDENTIALS", true },
	{ DEFAULTS, "/auth/login", "post", "400", "REQUEST_BODY_INVALID", true },
	{ DEFAULTS, "/auth/login", "post", "422", "LOGIN_PAYLOAD_INVALID", true },
	{ DEFAULTS, "/auth/login", "post", "422", "REQUEST_BODY_INVALID", false },
	{ DEFAULTS, "/auth/login", "post", "413", "REQUEST_BODY_TOO_LARGE", true },
	{ DEFAULTS, "/auth/login", "post", "415", "UNSUPPORTED_MEDIA_TYPE", true },
	{ DEFAULTS, "/auth/login", "post", "429", "RATE_LIMITED", true },
	{ DEFAULTS, "/auth/web/login", "get", "303", NULL, true },
	{ DEFAULTS, "/auth/web/login", "post", "303", NULL, true },
	{ NO_PAGES, "/auth/web/login", "get", "303", NULL, false },
	{ DEFAULTS, "/auth/login", "post", "202", NULL, true },
	{ DEFAULTS, "/auth/web/login", "post", "202", NULL, true },
	{ ALL_OFF, "/auth/login", "post", "202", NULL, true },
	{ DEFAULTS, "/auth/2fa/enable", "post", "201", NULL, true },
	{ DEFAULTS, "/auth/2fa/enable", "post", "400", "LOGIN_BAD_CREDENTIALS", true },
	{ DEFAULTS, "/auth/2fa/enable", "post", "400", "TOTP_ALREADY_ENABLED", true },
	{ DEFAULTS, "/auth/2fa/enable", "post", "403", NULL, false },
	{ DEFAULTS, "/auth/2fa/enable", "post", "422", "LOGIN_PAYLOAD_INVALID", true },
	{ DEFAULTS, "/auth/2fa/enable", "post", "422", "REQUEST_BODY_INVALID", false },
	{ DEFAULTS, "/auth/2fa/enable", "post", "429", "RATE_LIMITED", true },
	{ DEFAULTS, "/auth/2fa/enable/confirm", "post", "201", NULL, true },
	{ DEFAULTS, "/auth/2fa/enable/confirm", "post", "400", "TOTP_ENROLL_BAD_TOKEN", true },
	{ DEFAULTS, "/auth/2fa/enable/confirm", "post", "400", "TOTP_CODE_INVALID", true },
	{ DEFAULTS, "/auth/2fa/enable/confirm", "post", "400", "TOTP_ALREADY_ENABLED", true },
	{ DEFAULTS, "/auth/2fa/enable/confirm", "post", "422", "REQUEST_BODY_INVALID", true },
	{ DEFAULTS, "/auth/2fa/verify", "post", "201", NULL, true },
	{ DEFAULTS, "/auth/2fa/verify", "post", "303", NULL, false },
	{ DEFAULTS, "/auth/2fa/verify", "post", "401", NULL, false },
	{ DEFAULTS, "/auth/2fa/verify", "post", "400", "TOTP_PENDING_BAD_TOKEN", true },
	{ DEFAULTS, "/auth/2fa/verify", "post", "400", "TOTP_CODE_INVALID", true },
	{ DEFAULTS, "/auth/2fa/verify", "post", "400", "LOGIN_ACCOUNT_UNAVAILABLE", true },
	{ DEFAULTS, "/auth/2fa/verify", "post", "429", "RATE_LIMITED", true },
	{ DEFAULTS, "/auth/web/2fa/verify", "post", "303", NULL, true },
	{ DEFAULTS, "/auth/web/2fa/verify", "get", "303", NULL, true },
	{ DEFAULTS, "/auth/2fa/disable", "post", "201", NULL, true },
	{ DEFAULTS, "/auth/2fa/disable", "post", "400", "TOTP_CODE_INVALID", true },
	{ DEFAULTS, "/auth/2fa/disable", "post", "403", "TOTP_ENROLLMENT_REQUIRED", true },
	{ DEFAULTS, "/auth/2fa/disable", "post", "429", "RATE_LIMITED", true },
	{ DEFAULTS, "/auth/2fa/recovery-codes/regenerate", "post", "201", NULL, true },
	{ DEFAULTS, "/auth/2fa/recovery-codes/regenerate", "post", "400", "LOGIN_BAD_CREDENTIALS",
	    true },
	{ DEFAULTS, "/auth/2fa/recovery-codes/regenerate", "post", "400", "TOTP_NOT_ENABLED",
	    true },
	{ DEFAULTS, "/auth/2fa/recovery-codes/regenerate", "post", "400", "TOTP_CODE_INVALID",
	    true },
	{ DEFAULTS, "/auth/2fa/recovery-codes/regenerate", "post", "403", "TOTP_STEPUP_REQUIRED",
	    true },
	{ DEFAULTS, "/auth/2fa/recovery-codes/regenerate", "post", "422", "LOGIN_PAYLOAD_INVALID",
	    true },
	{ DEFAULTS, "/auth/logout", "post", "201", NULL, true },
	{ DEFAULTS, "/auth/logout", "post", "401", "NOT_AUTHENTICATED", true },
	{ DEFAULTS, "/auth/logout", "post", "415", NULL, false },
	{ DEFAULTS, "/auth/logout", "post", "503", "TOKEN_PROCESSING_FAILED", true },
	{ DEFAULTS, "/auth/logout", "post", "503", "SERVICE_UNAVAILABLE", true },
	{ DEFAULTS, "/auth/refresh", "post", "400", "REFRESH_TOKEN_INVALID", true },
	{ DEFAULTS, "/auth/refresh", "post", "400", "LOGIN_ACCOUNT_UNAVAILABLE", true },
	{ DEFAULTS, "/auth/refresh", "post", "429", "RATE_LIMITED", true },
	{ DEFAULTS, "/auth/sessions", "get", "400", "SESSION_MANAGEMENT_UNSUPPORTED", true },
	{ DEFAULTS, "/auth/sessions", "post", "400", "SESSION_MANAGEMENT_UNSUPPORTED", true },
	{ DEFAULTS, "/auth/sessions/{id}", "delete", "204", NULL, true },
	{ DEFAULTS, "/auth/sessions/{id}", "delete", "404", "REFRESH_SESSION_NOT_FOUND", true },
	{ DEFAULTS, "/auth/sessions/revoke-others", "post", "204", NULL, true },
	{ DEFAULTS, "/auth/register", "post", "201", NULL, true },
	{ DEFAULTS, "/auth/register", "post", "400", "REGISTER_INVALID_PASSWORD", true },
	{ DEFAULTS, "/auth/register", "post", "400", "REGISTER_FAILED", true },
	{ DEFAULTS, "/auth/register", "post", "422", "REQUEST_BODY_INVALID", true },
	{ DEFAULTS, "/auth/register", "post", "429", "RATE_LIMITED", true },
	{ DEFAULTS, "/auth/register", "get", "405", "METHOD_NOT_ALLOWED", true },
	{ DEFAULTS, "/users/me", "get", "401", "NOT_AUTHENTICATED", true },
	{ DEFAULTS, "/users/me", "patch", "400", "LOGIN_BAD_CREDENTIALS", true },
	{ DEFAULTS, "/users/me", "patch", "400", "UPDATE_USER_EMAIL_ALREADY_EXISTS", true },
	{ DEFAULTS, "/users/me", "patch", "400", "UPDATE_USER_USERNAME_ALREADY_EXISTS", true },
	{ DEFAULTS, "/users/me", "patch", "400", "REQUEST_BODY_INVALID", true },
	{ DEFAULTS, "/users/me", "patch", "400", "TOTP_CODE_INVALID", true },
	{ DEFAULTS, "/users/me", "patch", "403", "CSRF_FAILED", true },
	{ DEFAULTS, "/users/me", "patch", "403", "TOTP_STEPUP_REQUIRED", true },
	{ DEFAULTS, "/users/me/change-password", "post", "204", NULL, true },
	{ DEFAULTS, "/users/me/change-password", "post", "400", "UPDATE_USER_INVALID_PASSWORD",
	    true },
	{ DEFAULTS, "/users/me/change-password", "post", "429", "RATE_LIMITED", true },
	{ DEFAULTS, "/auth/guard", "get", "403", "AUTHORIZATION_DENIED", true },
	{ DEFAULTS, "/auth/guard", "get", "403", "INSUFFICIENT_ROLES", true },
	{ DEFAULTS, "/auth/guard", "get", "403", "TOTP_ENROLLMENT_REQUIRED", true },
	{ DEFAULTS, "/auth/guard", "get", "302", NULL, true },
	{ BEARER_ONLY, "/auth/guard", "get", "302", NULL, false },
	{ BEARER_ONLY, "/auth/opaque/login", "post", "403", NULL, false },
	{ DEFAULTS, "/auth/health", "get", "503", "SERVICE_UNAVAILABLE", true },
	{ DEFAULTS, "/auth/openapi.json", "get", "200", NULL, true },
	{ MOVED, "/a/b/api/login", "post", "201", NULL, true },
	{ MOVED, "/people/me", "get", "200", NULL, true },
};

START_TEST(answers_are_those_of_the_contract)
{
	cJSON *response;

	describe(answers[_i].config);
	response = cJSON_GetObjectItemCaseSensitive(
	    member(operation(answers[_i].path, answers[_i].method), "responses"),
	    answers[_i].status);
	if (answers[_i].code == NULL || response == NULL)
		ck_assert_int_eq(response != NULL, answers[_i].there);
	else
		ck_assert_int_eq(
		    holds(response_codes(response), answers[_i].code), answers[_i].there);
	forget();
}
END_TEST

/* The media types of an answer, and the schema of the JSON among them. */
static const struct {
	int config;
	const char *path, *method, *status;
	const char *json; /* its component, "null", or NULL for none */
	bool html;
} contents[] = {
	{ DEFAULTS, "/auth/web/login", "get", "200", "CsrfToken", true },
	{ NO_PAGES, "/auth/web/login", "get", "200", "CsrfToken", false },
	{ DEFAULTS, "/auth/login", "post", "201", "Tokens", false },
	{ DEFAULTS, "/auth/web/login", "post", "201", "null", false },
	{ DEFAULTS, "/auth/login", "post", "202", "PendingLogin", false },
	{ DEFAULTS, "/auth/web/login", "post", "202", "PendingLogin", false },
	{ DEFAULTS, "/auth/web/2fa/enable", "get", "200", NULL, true },
	{ DEFAULTS, "/auth/2fa/enable", "post", "201", "Enrolment", false },
	{ DEFAULTS, "/auth/web/2fa/enable", "post", "201", "Enrolment", true },
	{ NO_PAGES, "/auth/web/2fa/enable", "post", "201", "Enrolment", false },
	{ DEFAULTS, "/auth/web/2fa/enable/confirm", "post", "201", "Enabled", true },
	{ DEFAULTS, "/auth/2fa/verify", "post", "201", "Tokens", false },
	{ DEFAULTS, "/auth/web/2fa/verify", "post", "201", "null", false },
	{ DEFAULTS, "/auth/web/2fa/disable", "post", "201", "null", true },
	{ DEFAULTS, "/auth/web/2fa/recovery-codes/regenerate", "get", "200", NULL, true },
	{ DEFAULTS, "/auth/2fa/recovery-codes/regenerate", "post", "201", "RecoveryCodes", false },
	{ DEFAULTS, "/auth/web/2fa/recovery-codes/regenerate", "post", "201", "RecoveryCodes",
	    true },
	{ DEFAULTS, "/auth/web/logout", "get", "200", NULL, true },
	{ DEFAULTS, "/auth/logout", "post", "201", "null", false },
	{ DEFAULTS, "/auth/web/refresh", "post", "201", "null", false },
	{ DEFAULTS, "/auth/sessions", "get", "200", "SessionList", false },
	{ DEFAULTS, "/auth/register", "get", "200", NULL, true },
	{ DEFAULTS, "/auth/register", "post", "201", "UserRead", true },
	{ NO_PAGES, "/auth/register", "post", "201", "UserRead", false },
	{ DEFAULTS, "/users/me", "patch", "200", "UserRead", false },
	{ DEFAULTS, "/users/me/change-password", "post", "204", NULL, false },
	{ DEFAULTS, "/auth/guard", "get", "200", NULL, false },
	{ DEFAULTS, "/auth/health", "get", "200", "Health", false },
	{ DEFAULTS, "/auth/jwks.json", "get", "200", "JWKS", false },
};

START_TEST(an_answer_has_the_body_that_is_sent)
{
	cJSON *response, *content, *media;

	describe(contents[_i].config);
	response = member(member(operation(contents[_i].path, contents[_i].method), "responses"),
	    contents[_i].status);
	content = cJSON_GetObjectItemCaseSensitive(response, "content");
	ck_assert_int_eq(cJSON_HasObjectItem(content, "text/html"), contents[_i].html);
	media = cJSON_GetObjectItemCaseSensitive(content, "application/json");
	ck_assert_int_eq(media != NULL, contents[_i].json != NULL);
	if (media != NULL && strcmp(contents[_i].json, "null") == 0)
		ck_assert_str_eq(
		    member(member(media, "schema"), "type")->valuestring, contents[_i].json);
	else if (media != NULL)
		ck_assert_ptr_eq(followed(member(media, "schema")), schema(contents[_i].json));
	forget();
}
END_TEST

/* Drift: the field tables in cgi-bin against the request schemas. */

static const struct {
	const char *table, *schema;
	const char *path, *method; /* where it is read */
} tables[] = {
	{ "cgi-bin/login.c login_fields", "LoginRequest", "/auth/login", "post" },
	{ "cgi-bin/refresh.c refresh_fields", "RefreshRequest", "/auth/refresh", "post" },
	{ "cgi-bin/register.c register_fields", "RegisterRequest", "/auth/register", "post" },
	{ "cgi-bin/sessions.c sessions_fields", "RefreshRequest", "/auth/sessions", "post" },
	{ "cgi-bin/sessions.c revoke_fields", "RevokeRequest", "/auth/sessions/revoke-others",
	    "post" },
	{ "cgi-bin/verify.c verify_fields", "VerifyRequest", "/auth/verify", "post" },
	{ "cgi-bin/verify.c request_fields", "AddressRequest", "/auth/request-verify-token",
	    "post" },
	{ "cgi-bin/password.c forgot_fields", "AddressRequest", "/auth/forgot-password", "post" },
	{ "cgi-bin/password.c reset_fields", "ResetRequest", "/auth/reset-password", "post" },
	{ "cgi-bin/2fa.c enable_fields", "EnableRequest", "/auth/2fa/enable", "post" },
	{ "cgi-bin/2fa.c confirm_fields", "ConfirmRequest", "/auth/2fa/enable/confirm", "post" },
	{ "cgi-bin/2fa.c code_fields", "CodeCookieRequest", "/auth/web/2fa/verify", "post" },
	{ "cgi-bin/2fa.c disable_fields", "DisableRequest", "/auth/2fa/disable", "post" },
	{ "cgi-bin/2fa.c renew_fields", "RenewRequest", "/auth/2fa/recovery-codes/regenerate",
	    "post" },
	{ "cgi-bin/users.c profile_fields", "ProfileUpdate", "/users/me", "patch" },
	{ "cgi-bin/users.c password_fields", "ChangePassword", "/users/me/change-password",
	    "post" },
};

static char *
file_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 128 * 1024);

	if (file == NULL)
		ck_abort_msg("%s: start this test in the project's directory", path);
	ck_assert_uint_lt(fread(text, 1, 128 * 1024 - 1, file), 128 * 1024 - 1);
	fclose(file);
	return text;
}

/* The next word or string of C, without its quotes; empty at a brace that closes the table. */
static struct span
word(const char **at)
{
	const char *start;

	while (**at != '\0' && strncmp(*at, "};", 2) != 0 && **at != '"' && **at != '_' &&
	       !isalnum((unsigned char)**at))
		++*at;
	start = *at;
	while (**at == '_' || isalnum((unsigned char)**at) || (**at == '"' && *at == start))
		++*at;
	if (*start == '"' && **at == '"')
		return (struct span){ start + 1, (size_t)((*at)++ - start) - 1 };
	return (struct span){ start, (size_t)(*at - start) };
}

/* One row: name, form name, kind, required. */
static bool
row(const char **at, struct span cell[4])
{
	const char *end;

	for (size_t i = 0; i < 4; i++) {
		cell[i] = word(at);
		if (cell[i].len == 0)
			return false;
	}
	end = strstr(*at, "},");
	if (span_equal(word(at), SPAN("offsetof")))
		end = strstr(*at, ") }");
	ck_assert_ptr_nonnull(end);
	*at = end + 2;
	return true;
}

static void
check_member(const cJSON *object, struct span name, bool required, const char *table)
{
	char text[64];

	ck_assert(span_copy(text, sizeof(text), name));
	if (!cJSON_HasObjectItem(member(object, "properties"), text))
		ck_abort_msg("%s: %s is not described", table, text);
	ck_assert_msg(holds(member(object, "required"), text) == required, "%s: %s", table, text);
}

/* Every row stands in both schemas, and nothing else does. */
static void
check_table(const char *at, const char *table, const char *name)
{
	struct span cell[4];
	char form_name[64];
	const cJSON *json = schema(name), *form;
	int in_json = 0, in_form = 0;

	snprintf(form_name, sizeof(form_name), "%sForm", name);
	form = schema(form_name);
	while (row(&at, cell)) {
		bool required = span_equal(cell[3], SPAN("true"));
		bool renamed = !span_equal(cell[1], SPAN("NULL"));
		ck_assert(required || span_equal(cell[3], SPAN("false")));
		check_member(form, cell[renamed ? 1 : 0], required, table);
		in_form++;
		if (span_equal(cell[2], SPAN("FIELD_IGNORED")))
			continue;
		check_member(json, cell[0], required, table);
		in_json++;
	}
	ck_assert_int_gt(in_json, 0);
	ck_assert_int_eq(cJSON_GetArraySize(member(json, "properties")), in_json);
	ck_assert_int_eq(cJSON_GetArraySize(member(form, "properties")), in_form + 2);
	ck_assert(cJSON_HasObjectItem(member(form, "properties"), "csrf_token"));
	ck_assert(cJSON_HasObjectItem(member(form, "properties"), "next"));
}

static size_t
check_file(const char *path)
{
	static const char begin[] = "\nstatic const struct field ";
	char *text = file_text(path);
	char table[128];
	size_t count = 0;

	for (const char *at = strstr(text, begin); at != NULL; at = strstr(at, begin), count++) {
		struct span name;
		size_t i = 0;
		at += sizeof(begin) - 1;
		name = word(&at);
		snprintf(table, sizeof(table), "%s %.*s", path, (int)name.len, name.data);
		while (i < COUNT(tables) && strcmp(tables[i].table, table) != 0)
			i++;
		ck_assert_msg(i < COUNT(tables), "%s: no schema", table);
		check_table(at, table, tables[i].schema);
	}
	free(text);
	return count;
}

/* With user names on, since without them that field is in no schema. */
START_TEST(request_schemas_are_the_field_tables)
{
	glob_t files;
	size_t count = 0;

	describe(BY_NAME);
	ck_assert_int_eq(glob("cgi-bin/*.c", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++)
		count += check_file(files.gl_pathv[i]);
	globfree(&files);
	ck_assert_uint_eq(count, COUNT(tables));
	forget();
}
END_TEST

START_TEST(an_operation_takes_the_schema_of_its_table)
{
	const char *types[] = { "application/json", "application/x-www-form-urlencoded" };
	const char *suffixes[] = { "", "Form" };
	cJSON *request;

	describe(DEFAULTS);
	request = member(operation(tables[_i].path, tables[_i].method), "requestBody");
	for (size_t i = 0; i < COUNT(types); i++) {
		char name[64];
		snprintf(name, sizeof(name), "%s%s", tables[_i].schema, suffixes[i]);
		ck_assert_ptr_eq(
		    followed(member(member(member(request, "content"), types[i]), "schema")),
		    schema(name));
		ck_assert_int_eq(cJSON_IsTrue(member(request, "required")),
		    cJSON_GetArraySize(member(schema(name), "required")) > 0);
	}
	forget();
}
END_TEST

static const struct {
	int config;
	const char *schema, *member;
	int min, max; /* -1: there is no such member */
} lengths[] = {
	{ DEFAULTS, "LoginRequest", "identifier", 1, 320 },
	{ BY_NAME, "LoginRequest", "identifier", 1, 150 },
	{ BY_NAME, "LoginRequestForm", "username", 1, 150 },
	{ DEFAULTS, "LoginRequest", "password", 1, 128 },
	{ DEFAULTS, "LoginRequest", "grant_type", -1, -1 },
	{ DEFAULTS, "RefreshRequest", "refresh_token", 1, 512 },
	{ DEFAULTS, "RegisterRequest", "email", 3, 320 },
	{ DEFAULTS, "RegisterRequest", "username", -1, -1 },
	{ BY_NAME, "RegisterRequest", "username", 1, 150 },
	{ DEFAULTS, "RegisterRequest", "password", 12, 128 },
	{ BY_NAME, "RegisterRequest", "password", 20, 128 },
	{ DEFAULTS, "ProfileUpdate", "username", -1, -1 },
	{ DEFAULTS, "ProfileUpdate", "current_password", 1, 128 },
	{ BY_NAME, "ChangePassword", "new_password", 20, 128 },
	{ DEFAULTS, "EnableRequest", "password", 1, 128 },
	{ DEFAULTS, "ConfirmRequest", "enrollment_token", 1, 2048 },
	{ DEFAULTS, "CodeRequest", "pending_token", 1, 2048 },
	{ DEFAULTS, "RenewRequest", "current_password", 1, 128 },
};

START_TEST(lengths_are_those_of_the_contract_and_the_settings)
{
	const cJSON *found;

	describe(lengths[_i].config);
	found = cJSON_GetObjectItemCaseSensitive(
	    member(schema(lengths[_i].schema), "properties"), lengths[_i].member);
	ck_assert_int_eq(found != NULL, lengths[_i].min >= 0);
	if (found != NULL) {
		ck_assert_int_eq(member(found, "minLength")->valueint, lengths[_i].min);
		ck_assert_int_eq(member(found, "maxLength")->valueint, lengths[_i].max);
	}
	forget();
}
END_TEST

/* Drift: what is really sent against the schemas of answers. */
static void
check_sent(const char *name, const char *json, int optional)
{
	cJSON *sent = cJSON_Parse(json);
	const cJSON *item, *described = schema(name);
	int required = cJSON_GetArraySize(member(described, "required"));

	ck_assert_ptr_nonnull(sent);
	cJSON_ArrayForEach(item, sent) ck_assert_msg(
	    cJSON_HasObjectItem(member(described, "properties"), item->string), "%s", item->string);
	cJSON_ArrayForEach(item, member(described, "required"))
	    ck_assert_msg(cJSON_HasObjectItem(sent, item->valuestring), "%s", item->valuestring);
	ck_assert_int_eq(cJSON_GetArraySize(member(described, "properties")), required + optional);
	cJSON_Delete(sent);
}

START_TEST(answers_are_sent_as_described)
{
	struct response response = RESPONSE_INIT;
	struct tokens tokens = TOKENS_INIT;
	const struct user user = { .email = SPAN("a@example.org") };
	const cJSON *reasons;

	describe(DEFAULTS);
	exchange_put_user(response_json(&response, 200), &user, SPAN("new@example.org"));
	check_sent("UserRead", response.body.data, 1);
	transport_bearer.write(backends.items[0].config, &tokens, &response);
	check_sent("Tokens", response.body.data, 1);
	response_problem(&response, PROBLEM_NOT_FOUND, "0");
	check_sent("Problem", response.body.data, 1);
	reasons = member(member(member(schema("Problem"), "properties"), "reasons"), "items");
	ck_assert_int_eq(cJSON_GetArraySize(member(reasons, "enum")), POLICY_REASONS);
	for (unsigned i = 0; i < POLICY_REASONS; i++)
		ck_assert(holds(member(reasons, "enum"), policy_name(i)));
	response_free(&response);
	tokens_wipe(&tokens);
	forget();
}
END_TEST

#define LOOP(tcase, test, table) tcase_add_loop_test(tcase, test, 0, COUNT(table))

int
main(void)
{
	Suite *suite = suite_create("openapi");
	TCase *routes = tcase_create("routes"), *drift = tcase_create("drift");

	LOOP(routes, exactly_the_routes_that_are_on_are_described, configs);
	LOOP(routes, every_reference_resolves, configs);
	LOOP(routes, no_object_names_a_member_twice, configs);
	LOOP(routes, every_operation_has_an_id_of_its_own_and_one_success, configs);
	LOOP(routes, security_is_what_the_row_asks_for, configs);
	LOOP(routes, csrf_is_asked_for_where_cookies_are, configs);
	LOOP(routes, who_must_enrol_is_kept_out_of_the_rest, configs);
	LOOP(routes, every_backend_has_a_scheme, configs);
	LOOP(routes, answers_are_those_of_the_contract, answers);
	LOOP(routes, an_answer_has_the_body_that_is_sent, contents);
	suite_add_tcase(suite, routes);

	tcase_add_test(drift, request_schemas_are_the_field_tables);
	LOOP(drift, an_operation_takes_the_schema_of_its_table, tables);
	LOOP(drift, lengths_are_those_of_the_contract_and_the_settings, lengths);
	tcase_add_test(drift, answers_are_sent_as_described);
	suite_add_tcase(suite, drift);
	return fixture_run(suite);
}
