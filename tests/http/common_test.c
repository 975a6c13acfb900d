/* What holds for every route: methods, bodies, the order of judgement, headers, problems, CORS,
 * log. */
#include <stdlib.h>

#include "http/site.h"

#define LENGTH(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))
#define SESSION_ID "00000000-0000-4000-8000-000000000000"

static struct site *site;
static const char *email; /* somebody who is signed in */
static struct login login;
static struct jar *jar;

static void
setup(void)
{
	email = site_member(site);
	login = site_login_bearer(site, email, SITE_PASSWORD);
	jar = site_login_cookie(site, email, SITE_PASSWORD);
}

enum caller { NOBODY, BEARER, COOKIE };

/* A question about another request is judged whatever its method: a server takes any 2xx for
 * consent, so neither 204 nor "wrong method" may stand for an answer. */
#define EVERY_METHOD "GET, HEAD, POST, PUT, PATCH, DELETE, TRACE, PROPFIND, OPTIONS"

static const struct {
	const char *path;
	const char *allow;
	enum caller caller; /* who may ask */
	const char *method; /* the one that takes a body, NULL: none does */
} routes[] = {
	{ "/auth/login", "POST, OPTIONS", NOBODY, "POST" },
	{ "/auth/web/login", "GET, HEAD, POST, OPTIONS", COOKIE, "POST" },
	{ "/auth/logout", "POST, OPTIONS", BEARER, NULL },
	{ "/auth/web/logout", "POST, OPTIONS", COOKIE, NULL },
	{ "/auth/refresh", "POST, OPTIONS", NOBODY, "POST" },
	{ "/auth/web/refresh", "POST, OPTIONS", COOKIE, "POST" },
	{ "/auth/sessions", "GET, HEAD, POST, OPTIONS", BEARER, "POST" },
	{ "/auth/web/sessions", "GET, HEAD, POST, OPTIONS", COOKIE, "POST" },
	{ "/auth/sessions/" SESSION_ID, "DELETE, OPTIONS", BEARER, NULL },
	{ "/auth/web/sessions/" SESSION_ID, "DELETE, OPTIONS", COOKIE, NULL },
	{ "/auth/sessions/revoke-others", "POST, DELETE, OPTIONS", BEARER, "POST" },
	{ "/auth/register", "POST, OPTIONS", NOBODY, "POST" },
	{ "/users/me", "GET, HEAD, PATCH, OPTIONS", BEARER, "PATCH" },
	{ "/users/me", "GET, HEAD, PATCH, OPTIONS", COOKIE, "PATCH" },
	{ "/users/me/change-password", "POST, OPTIONS", BEARER, "POST" },
	{ "/auth/guard", EVERY_METHOD, BEARER, NULL },
	{ "/auth/health", "GET, HEAD, OPTIONS", NOBODY, NULL },
	{ "/auth/jwks.json", "GET, HEAD, OPTIONS", NOBODY, NULL },
	{ "/auth/openapi.json", "GET, HEAD, OPTIONS", NOBODY, NULL },
};

/* A request that may be made, as the row's caller. */
static struct ask
request_of(int row, const char *method)
{
	struct ask request = { .path = routes[row].path, .method = method };

	if (routes[row].caller == BEARER)
		request.bearer = login.access;
	if (routes[row].caller == COOKIE) {
		request.jar = jar_copy(jar);
		request.csrf = jar_csrf(jar);
	}
	return request;
}

static void
check_headers(const struct answer *answer)
{
	const char *type = answer_header(answer, "Content-Type");
	bool page = type != NULL && strncmp(type, "text/html", 9) == 0;

	ck_assert_msg(answer_header_count(answer, "Cache-Control") == 1, "%s", answer->headers);
	ck_assert_str_eq(answer_header(answer, "Cache-Control"), "no-store");
	ck_assert_str_eq(answer_header(answer, "X-Content-Type-Options"), "nosniff");
	ck_assert_str_eq(
	    answer_header(answer, "Referrer-Policy"), page ? "same-origin" : "no-referrer");
	ck_assert_int_eq(answer_header(answer, "Content-Security-Policy") != NULL, page);
	ck_assert_ptr_null(answer_header(answer, "Status"));
	ck_assert_ptr_null(answer_header(answer, "X-Powered-By"));
}

/* RFC 9457, with our two members. */
static void
check_problem(const struct answer *answer, int status, const char *code)
{
	ck_answer(answer, status, code);
	check_headers(answer);
	ck_assert_str_eq(answer_header(answer, "Content-Type"), "application/problem+json");
	ck_assert_uint_eq(answer_count(answer, ""), 6);
	ck_assert_str_eq(answer_value(answer, "type"), "about:blank");
	ck_assert_str_eq(answer_value(answer, "status"), text("%d", status));
	ck_assert_uint_gt(strlen(answer_value(answer, "title")), 3);
	ck_assert_uint_gt(strlen(answer_value(answer, "detail")), 10);
	ck_assert_uint_eq(strlen(answer_value(answer, "request_id")), 32);
}

/* ------------------------------------------------------------------ methods and paths */

START_TEST(test_other_methods_are_refused)
{
	static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE", "TRACE",
		"PROPFIND" };

	for (int i = 0; i < LENGTH(methods); i++) {
		struct ask request = request_of(_i, methods[i]);
		struct answer *answer;

		if (strstr(routes[_i].allow, methods[i]) != NULL)
			continue;
		answer = ask(site, &request);
		check_problem(answer, 405, "METHOD_NOT_ALLOWED");
		ck_assert_str_eq(answer_header(answer, "Allow"), routes[_i].allow);
	}
}
END_TEST

START_TEST(test_options)
{
	struct answer *answer = ASK(site, .path = routes[_i].path, .method = "OPTIONS");

	if (strcmp(routes[_i].allow, EVERY_METHOD) == 0) {
		check_problem(answer, 401, "NOT_AUTHENTICATED");
		return;
	}
	ck_answer(answer, 204, NULL);
	check_headers(answer);
	ck_assert_str_eq(answer_header(answer, "Allow"), routes[_i].allow);
	ck_assert_uint_eq(answer->size, 0);
	ck_assert_ptr_null(answer_header(answer, "Access-Control-Allow-Origin"));
}
END_TEST

START_TEST(test_head_is_get_without_a_body)
{
	struct ask request = request_of(_i, "GET");
	struct answer *get, *head;

	if (strstr(routes[_i].allow, "HEAD") == NULL)
		return;
	get = ask(site, &request);
	request.method = "HEAD";
	head = ask(site, &request);
	check_headers(get);
	check_headers(head);
	ck_assert_int_eq(get->status, 200);
	ck_assert_int_eq(head->status, 200);
	ck_assert_uint_eq(head->size, 0);
	if (get->size > 0) {
		ck_assert_str_eq(
		    answer_header(head, "Content-Type"), answer_header(get, "Content-Type"));
		ck_assert_str_eq(answer_header(head, "Content-Length"), text("%zu", get->size));
	}
}
END_TEST

/* What only resembles a route is none. */
START_TEST(test_neighbouring_paths_are_not_found)
{
	static const char *const suffixes[] = { "/", "/x", "x", "%2f", "/..%2f", "//x" };
	bool ids = strstr(routes[_i].path, "/sessions") != NULL; /* a segment below may be an id */

	for (int i = 0; i < LENGTH(suffixes); i++) {
		struct answer *answer =
		    ASK(site, .path = text("%s%s", routes[_i].path, suffixes[i]), .method = "POST",
			.bearer = login.access);

		ck_assert_msg(answer->status == 404 || (ids && answer->status == 405), "%s%s: %s",
		    routes[_i].path, suffixes[i], answer->headers);
	}
}
END_TEST

static const struct {
	const char *path;
	const char *target; /* the route that it is */
} spellings[] = {
	{ "/auth/%68ealth", "/auth/health" },
	{ "/auth//health", "/auth/health" },
	{ "/auth/./health", "/auth/health" },
	{ "/auth/x/../health", "/auth/health" },
	{ "/auth/health?x=%zz&y", "/auth/health" },
	{ "/auth/health?", "/auth/health" },
};

START_TEST(test_spellings_of_a_path)
{
	ck_assert_str_eq(ASK(site, .path = spellings[_i].path)->body,
	    ASK(site, .path = spellings[_i].target)->body);
}
END_TEST

/* The same executables elsewhere: below other prefixes, by a rewritten URL, with path info, as CGI.
 */
static const struct {
	const char *path;
	const char *json; /* NULL: GET */
	int status;
} mounts[] = {
	{ "/account/auth/health", NULL, 200 },
	{ "/account/auth/login", "LOGIN", 201 },
	{ "/people/me", NULL, 200 },
	/* Where the server mounts it, it answers. */
	{ "/auth/login", "LOGIN", 201 },
	{ "/users/me", NULL, 200 },
	{ "/auth/health", NULL, 404 },
	{ "/run/login.fcgi/account/auth/login", "LOGIN", 201 },
	{ "/run/login.fcgi/account/auth/web/login", NULL, 200 },
	{ "/run/login.fcgi", "LOGIN", 201 },
	{ "/run/login.fcgi/other", "LOGIN", 404 },
	{ "/cgi-bin/meta/health", NULL, 200 },
	{ "/cgi-bin/login", "LOGIN", 201 },
	{ "/cgi-bin/login", "{", 400 },
	{ "/cgi-bin/login", "{}", 422 },
	{ "/cgi-bin/login", NULL, 405 },
	{ "/cgi-bin/login/account/auth/web/login", NULL, 200 },
	{ "/cgi-bin/users/me", NULL, 200 },
	{ "/cgi-bin/users", NULL, 404 },
	{ "/cgi-bin/guard?require=verified", NULL, 200 },
	{ "/cgi-bin/guard?require=superuser", NULL, 403 },
};

START_TEST(test_mounts)
{
	const char *lighttpd =
	    text("server.modules += ( \"mod_cgi\" )\n"
		 "url.rewrite-once += ( \"^/account/auth/(health)\" => \"/auth/meta/$1\","
		 " \"^/account/auth/(.*)\" => \"/auth/$1\", \"^/people/(.*)\" => \"/users/$1\" )\n"
		 "fastcgi.server += ( \"/run/login.fcgi\" => (( \"socket\" => var.sockets + "
		 "\"/login-0\","
		 " \"check-local\" => \"disable\" )) )\n"
		 "$HTTP[\"url\"] =~ \"^/cgi-bin/\" {\n"
		 "alias.url = ( \"/cgi-bin\" => var.programs )\n"
		 "cgi.assign = ( \"\" => \"\" )\n"
		 "setenv.add-environment = ( \"YETT_STATE\" => var.state%s )\n}\n",
		getenv("YETT_ALLOW_ROOT") == NULL ? "" : ", \"YETT_ALLOW_ROOT\" => \"1\"");
	struct site *moved = site_start(&(struct site_options){
	    .settings = { "paths.auth", "/account/auth", "paths.users", "/people" },
	    .lighttpd = lighttpd,
	    .health = "/account/auth/health" });
	const char *who = site_member(moved), *credentials = site_credentials(who, SITE_PASSWORD);
	struct answer *answer = ASK(moved, .path = "/account/auth/login", .json = credentials);
	const char *access = answer_value(answer, "access_token");

	for (int i = 0; i < LENGTH(mounts); i++) {
		const char *json = mounts[i].json;

		if (json != NULL && strcmp(json, "LOGIN") == 0)
			json = credentials;
		answer = ASK(moved, .path = mounts[i].path, .json = json, .bearer = access);
		ck_assert_msg(answer->status == mounts[i].status, "%s: wanted %d, got %s%s%s",
		    mounts[i].path, mounts[i].status, answer->headers, answer->body,
		    site_log_end(moved));
		check_headers(answer);
	}
}
END_TEST

/* ------------------------------------------------------------------ bodies */

static const char *
padded(size_t size)
{
	return text("{\"x\":\"%0*d\"}", (int)size - 8, 1);
}

START_TEST(test_bodies_over_16_kib_are_refused)
{
	struct ask request = request_of(_i, routes[_i].method);
	struct answer *answer;

	if (routes[_i].method == NULL)
		return;
	request.json = padded(16385);
	check_problem(ask(site, &request), 413, "REQUEST_BODY_TOO_LARGE");
	request.headers[0] = "Transfer-Encoding: chunked";
	check_problem(ask(site, &request), 413, "REQUEST_BODY_TOO_LARGE");
	request.json = padded(16384);
	answer = ask(site, &request);
	ck_answer(answer, 422, NULL);
	request.headers[0] = NULL;
	/* Before anybody is asked who it is. */
	request = (struct ask){
		.path = routes[_i].path, .method = routes[_i].method, .json = padded(200000)
	};
	check_problem(ask(site, &request), 413, "REQUEST_BODY_TOO_LARGE");
}
END_TEST

static const struct {
	const char *type;
	bool good;
} types[] = {
	{ "application/json", true },
	{ "Application/JSON ; charset=UTF-8", true },
	{ "application/json;charset=\"utf-8\"", true },
	{ "application/json; charset=iso-8859-1", false },
	{ "application/jsonx", false },
	{ "application/problem+json", false },
	{ "text/json", false },
	{ "text/plain", false },
	{ "text/html", false },
	{ "multipart/form-data; boundary=x", false },
	{ "application/octet-stream", false },
	{ "json", false },
	{ "", false },
};

START_TEST(test_content_types)
{
	struct ask request = request_of(_i, routes[_i].method);

	if (routes[_i].method == NULL)
		return;
	for (int i = 0; i < LENGTH(types); i++) {
		request.body = "{\"unknown\":1}";
		request.type = types[i].type;
		check_problem(ask(site, &request), types[i].good ? 422 : 415,
		    types[i].good ? NULL : "UNSUPPORTED_MEDIA_TYPE");
	}
}
END_TEST

static const struct {
	const char *json;
	size_t size;
	int status;
} malformed[] = {
	{ "{", 0, 400 },
	{ "", 0, 400 },
	{ " ", 0, 400 },
	{ "{}{}", 0, 400 },
	{ "{}\0", 3, 400 },
	{ "\xef\xbb\xbf{}", 0, 400 },
	{ "{\"a\":01}", 0, 400 },
	{ "{\"a\":NaN}", 0, 400 },
	{ "{'a':1}", 0, 400 },
	{ "{\"a\":1,\"a\":2}", 0, 400 },
	{ "{\"a\":{\"b\":1,\"\\u0062\":2}}", 0, 400 },
	{ "{\"a\":\"\\u0000\"}", 0, 400 },
	{ "{\"a\\u0000\":1}", 0, 400 },
	{ "{\"a\":\"\xff\"}", 0, 400 },
	{ "{\"a\":\"\xc0\x80\"}", 0, 400 },
	{ "{\"a\":\"\xed\xa0\x80\"}", 0, 400 },
	{ "{\"a\":\"\n\"}", 0, 400 },
	{ "{\"a\":[[[[[[[[1]]]]]]]]}", 0, 400 },
	{ "{\"a\":[[[[[[[1]]]]]]]}", 0, 422 },
	{ "{\"a\":1e999}", 0, 400 },
	{ "[]", 0, 422 },
	{ "\"x\"", 0, 422 },
	{ "null", 0, 422 },
	{ "{\"unknown\":null}", 0, 422 },
};

START_TEST(test_malformed_bodies)
{
	struct ask request = request_of(_i, routes[_i].method);
	bool is_login = strstr(routes[_i].path, "/login") != NULL;

	if (routes[_i].method == NULL)
		return;
	for (int i = 0; i < LENGTH(malformed); i++) {
		request.json = malformed[i].json;
		request.size = malformed[i].size;
		check_problem(ask(site, &request), malformed[i].status,
		    is_login && malformed[i].status == 422 ? "LOGIN_PAYLOAD_INVALID"
							   : "REQUEST_BODY_INVALID");
	}
}
END_TEST

/* Each is wrong in several ways; the first in the order of judgement is told. */
START_TEST(test_order_of_judgement)
{
	struct jar *plain = jar_new();
	const char *large = padded(20000);

	ASK(site, .path = "/auth/web/login", .jar = plain);
	check_problem(
	    ASK(site, .path = "/auth/login/x", .method = "PUT", .json = large), 404, "NOT_FOUND");
	check_problem(ASK(site, .path = "/auth/web/login", .method = "PUT", .json = large), 405,
	    "METHOD_NOT_ALLOWED");
	check_problem(
	    ASK(site, .path = "/auth/web/login", .json = large), 413, "REQUEST_BODY_TOO_LARGE");
	check_problem(ASK(site, .path = "/auth/web/logout", .json = "{"), 403, "CSRF_FAILED");
	check_problem(
	    ASK(site, .path = "/users/me", .method = "PATCH", .form = "%"), 403, "CSRF_FAILED");
	check_problem(ASK(site, .path = "/auth/web/logout", .jar = plain, .csrf = jar_csrf(plain),
			  .type = "text/plain", .body = "x"),
	    401, "NOT_AUTHENTICATED");
	check_problem(
	    ASK(site, .path = "/users/me", .method = "PATCH", .type = "text/plain", .body = "x"),
	    401, "NOT_AUTHENTICATED");
	check_problem(ASK(site, .path = "/auth/login", .type = "text/plain", .body = "{"), 415,
	    "UNSUPPORTED_MEDIA_TYPE");
	check_problem(ASK(site, .path = "/auth/login", .json = "{\"unknown\":1,"), 400,
	    "REQUEST_BODY_INVALID");
}
END_TEST

/* Bytes that libcurl would not send; the server may refuse them, but has to answer. */
static const struct {
	const char *bytes;
	long least, most;
} raw[] = {
	{ "GET /auth/health HTTP/1.0\r\n\r\n", 200, 200 },
	{ "GET /auth/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200, 200 },
	{ "GET /auth/health HTTP/1.1\r\nConnection: close\r\n\r\n", 400, 400 },
	{ "GET http://x/auth/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200, 200 },
	{ "GET auth/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400, 404 },
	{ "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200, 405 },
	{ "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\nConnection: close\r\n\r\n",
	    400, 400 },
	{ "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n"
	  "Connection: close\r\n\r\n{} ",
	    400, 400 },
	{ "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: "
	  "chunked\r\n"
	  "Connection: close\r\n\r\n0\r\n\r\n",
	    400, 422 },
	{ "POST /auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
	  "Content-Type: application/json\r\nConnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
	    422, 422 },
	{ "POST /auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: "
	  "close\r\n\r\n"
	  "zz\r\n",
	    400, 400 },
	{ "\r\n\r\n\r\n", 0, 400 },
	{ "\x16\x03\x01\x02", 0, 400 },
};

START_TEST(test_raw_requests)
{
	struct answer *answer = ask_raw(site, raw[_i].bytes, strlen(raw[_i].bytes));

	ck_assert_msg(answer->status >= raw[_i].least && answer->status <= raw[_i].most, "%ld %s%s",
	    answer->status, answer->headers, answer->body);
	ck_answer(ASK(site, .path = "/auth/health"), 200, NULL);
}
END_TEST

/* ------------------------------------------------------------------ CORS */

static const struct {
	const char *path, *method, *origin;
	bool allowed, credentials;
} origins[] = {
	{ "/auth/login", "POST", "https://app.example.org", true, false },
	{ "/auth/web/login", "GET", "https://app.example.org", true, true },
	{ "/auth/web/login", "POST", "https://app.example.org", true, true },
	{ "/auth/web/login", "OPTIONS", "https://app.example.org", true, true },
	{ "/auth/web/nothing", "PUT", "https://app.example.org", false, false },
	{ "/auth/login/x", "POST", "https://app.example.org", true, true },
	{ "/auth/login", "PUT", "https://app.example.org", true, true },
	{ "/users/me", "GET", "https://app.example.org", true, true },
	{ "/users/me", "OPTIONS", "http://localhost:3000", true, true },
	{ "/users/me", "GET", "https://app.example.org:443", false, false },
	{ "/users/me", "GET", "https://app.example.org.evil.org", false, false },
	{ "/users/me", "GET", "https://evil.org/https://app.example.org", false, false },
	{ "/users/me", "GET", "https://APP.example.org", false, false },
	{ "/users/me", "GET", "http://app.example.org", false, false },
	{ "/users/me", "GET", "null", false, false },
	{ "/users/me", "GET", "*", false, false },
	{ "/users/me", "OPTIONS", "https://evil.org", false, false },
};

START_TEST(test_cors)
{
	struct site *sharing = site_start(
	    &(struct site_options){ .settings = { "site.allowed_origins",
					"https://app.example.org http://localhost:3000" } });

	for (int i = 0; i < LENGTH(origins); i++) {
		bool preflight = strcmp(origins[i].method, "OPTIONS") == 0;
		struct answer *answer =
		    ASK(sharing, .path = origins[i].path, .method = origins[i].method,
			.headers = { text("Origin: %s", origins[i].origin),
			    preflight ? "Access-Control-Request-Method: POST" : NULL });

		if (strcmp(origins[i].path, "/auth/web/nothing") == 0)
			continue; /* the server's own 404 */
		ck_assert_str_eq(answer_header(answer, "Vary"), "Origin");
		if (!origins[i].allowed) {
			ck_assert_ptr_null(answer_header(answer, "Access-Control-Allow-Origin"));
			ck_assert_ptr_null(
			    answer_header(answer, "Access-Control-Allow-Credentials"));
			continue;
		}
		ck_assert_str_eq(
		    answer_header(answer, "Access-Control-Allow-Origin"), origins[i].origin);
		ck_assert_str_eq(
		    answer_header(answer, "Access-Control-Expose-Headers"), "Retry-After");
		if (answer->status < 404)
			ck_assert_int_eq(
			    answer_header(answer, "Access-Control-Allow-Credentials") != NULL,
			    origins[i].credentials);
		if (!preflight)
			continue;
		ck_answer(answer, 204, NULL);
		ck_assert_ptr_nonnull(
		    strstr(answer_header(answer, "Access-Control-Allow-Methods"), "PATCH"));
		ck_assert_ptr_nonnull(
		    strstr(answer_header(answer, "Access-Control-Allow-Headers"), "X-CSRF-Token"));
	}
}
END_TEST

/* ------------------------------------------------------------------ the log */

static size_t
lines_with(const char *log, const char *needle)
{
	size_t count = 0;

	for (const char *place = strstr(log, needle); place != NULL;
	     place = strstr(place + 1, needle))
		count++;
	return count;
}

START_TEST(test_one_log_line_per_request)
{
	size_t from = site_log_size(site);
	struct answer *answer;
	const char *log, *line;

	for (int i = 0; i < 5; i++)
		ASK(site, .path = "/auth/jwks.json");
	answer = ASK(site, .path = "/auth/jwks.json", .method = "PUT");
	log = site_log_wait(site, from, answer_value(answer, "request_id"));
	ck_assert_uint_eq(lines_with(log, "method=GET"), 5);
	ck_assert_uint_eq(lines_with(log, "\n"), 6);
	line = strstr(log, answer_value(answer, "request_id"));
	ck_assert_ptr_nonnull(strstr(line, "status=405"));
	ck_assert_uint_eq(lines_with(log, answer_value(answer, "request_id")), 1);
}
END_TEST

START_TEST(test_the_log_keeps_secrets_to_itself)
{
	const char *who = site_member(site), *fresh = "Fresh.Address@example.org";
	size_t from = site_log_size(site);
	struct login first = site_login_bearer(site, who, SITE_PASSWORD);
	struct jar *cookies = site_login_cookie(site, who, SITE_PASSWORD);
	struct answer *last;
	const char *log;
	const char *const secrets[] = { who, "resh.", "ddress@", SITE_PASSWORD, SITE_OTHER_PASSWORD,
		first.access, first.refresh, jar_value(cookies, ""), jar_value(cookies, "_refresh"),
		jar_csrf(cookies), "sesame", "forged", "127.0.0.1", strrchr(first.access, '.') };

	ASK(site, .path = "/auth/login", .json = site_credentials(who, SITE_OTHER_PASSWORD));
	ASK(site, .path = "/auth/login?password=sesame", .json = "{\"password\":\"sesame\",}");
	ASK(site, .path = "/users/me?access_token=sesame", .bearer = "sesame");
	ASK(site, .path = "/auth/register",
	    .json = text("{\"email\":\"%s\",\"password\":\"%s\"}", fresh, SITE_OTHER_PASSWORD));
	ASK(site, .path = "/auth/refresh",
	    .json = text("{\"refresh_token\":\"%s\"}", first.refresh));
	ASK(site, .path = "/auth/guard?role=forged%0aline", .bearer = first.access,
	    .headers = { "User-Agent: forged\x1b[2J", "X-Original-URI: /forged%0aforged" });
	ASK(site, .path = "/auth/sessions/forged%0aforged", .method = "DELETE",
	    .bearer = first.access);
	last = ASK(site, .path = "/users/me/change-password", .bearer = first.access,
	    .json = "{\"current_password\":\"sesame\",\"new_password\":\"sesame-sesame-7#\"}");
	log = site_log_wait(site, from, answer_value(last, "request_id"));
	for (int i = 0; i < LENGTH(secrets); i++)
		ck_assert_msg(
		    strstr(log, secrets[i]) == NULL, "in the log: %s\n%s", secrets[i], log);
	for (const char *c = log; *c != '\0'; c++)
		ck_assert(*c == '\n' || (*c >= ' ' && *c <= '~'));
}
END_TEST

/* Problems tell nothing of what was sent or of what is inside. */
START_TEST(test_problems_repeat_nothing)
{
	struct answer *answer = ASK(site, .path = "/auth/login",
	    .json = "{\"identifier\":\"zebra@example.org\",\"password\":\"zebra\",\"zebra\":1}");

	check_problem(answer, 422, "LOGIN_PAYLOAD_INVALID");
	ck_assert(!answer_has(answer, "zebra"));
	answer = ASK(site, .path = "/auth/login/zebra%3Cscript%3E");
	check_problem(answer, 404, "NOT_FOUND");
	ck_assert(!answer_has(answer, "zebra"));
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("common");

	site = site_start(&(struct site_options){ 0 });
	tcase_add_unchecked_fixture(tests, setup, NULL);
	tcase_add_loop_test(tests, test_other_methods_are_refused, 0, LENGTH(routes));
	tcase_add_loop_test(tests, test_options, 0, LENGTH(routes));
	tcase_add_loop_test(tests, test_head_is_get_without_a_body, 0, LENGTH(routes));
	tcase_add_loop_test(tests, test_neighbouring_paths_are_not_found, 0, LENGTH(routes));
	tcase_add_loop_test(tests, test_spellings_of_a_path, 0, LENGTH(spellings));
	tcase_add_test(tests, test_mounts);
	tcase_add_loop_test(tests, test_bodies_over_16_kib_are_refused, 0, LENGTH(routes));
	tcase_add_loop_test(tests, test_content_types, 0, LENGTH(routes));
	tcase_add_loop_test(tests, test_malformed_bodies, 0, LENGTH(routes));
	tcase_add_test(tests, test_order_of_judgement);
	tcase_add_loop_test(tests, test_raw_requests, 0, LENGTH(raw));
	tcase_add_test(tests, test_cors);
	tcase_add_test(tests, test_one_log_line_per_request);
	tcase_add_test(tests, test_the_log_keeps_secrets_to_itself);
	tcase_add_test(tests, test_problems_repeat_nothing);
	return site_run(tests);
}
