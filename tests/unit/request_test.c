/* A request as servers hand it over. */
#include <stdio.h>

#include "base/config.h"
#include "http/request.h"
#include "unit/fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define ROW_VARIABLES 8

static const char *const proxies[] = { "10.0.0.1" };
static const struct config config = { .site = { .trusted_proxies = { proxies, 1 } } };
static struct ctx ctx = { .config = &config };

static void
set_up(void)
{
	ctx.arena = arena_new(256 * 1024);
}

static void
tear_down(void)
{
	arena_free(ctx.arena);
}

/* The environment has to be writable for the server's sake; nothing writes here. */
static void
read_row(const char *const row[ROW_VARIABLES], struct request *request)
{
	static char copies[ROW_VARIABLES][4 * COOKIES_MAX];
	char *environment[ROW_VARIABLES + 1] = { NULL };

	for (size_t i = 0; i < ROW_VARIABLES && row[i] != NULL; i++) {
		ck_assert(span_copy(copies[i], sizeof(copies[i]), span_of(row[i])));
		environment[i] = copies[i];
	}
	ck_assert_int_eq(request_read(&ctx, environment, request), RC_OK);
}

/* In the order of the enum. */
static const char *const names[VARIABLES] = { "AUTH_RULE", "CONTENT_LENGTH", "CONTENT_TYPE",
	"FCGI_APACHE_ROLE", "FCGI_ROLE", "HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE",
	"HTTP_AUTHORIZATION", "HTTP_COOKIE", "HTTP_FORWARDED", "HTTP_ORIGIN", "HTTP_SEC_FETCH_MODE",
	"HTTP_SEC_FETCH_SITE", "HTTP_USER_AGENT", "HTTP_X_CSRF_TOKEN", "HTTP_X_FORWARDED_FOR",
	"HTTP_X_FORWARDED_METHOD", "HTTP_X_FORWARDED_URI", "HTTP_X_ORIGINAL_METHOD",
	"HTTP_X_ORIGINAL_URI", "ORIGINAL_METHOD", "ORIGINAL_URI", "PATH_INFO", "QUERY_STRING",
	"REDIRECT_HTTP_AUTHORIZATION", "REDIRECT_REDIRECT_HTTP_AUTHORIZATION", "REMOTE_ADDR",
	"REQUEST_METHOD", "REQUEST_URI", "SCRIPT_NAME" };

START_TEST(request_takes_the_variable_of_each_name)
{
	char pair[64], longer[64];
	const char *row[ROW_VARIABLES] = { longer, pair };
	struct request request;

	snprintf(pair, sizeof(pair), "%s=v=%d", names[_i], _i);
	snprintf(longer, sizeof(longer), "%sX=other", names[_i]);
	read_row(row, &request);
	for (int i = 0; i < VARIABLES; i++)
		ck_assert_int_eq(request.variables[i].data != NULL, i == _i);
	ck_assert(span_equal(request.variables[_i], span_of(pair + strlen(names[_i]) + 1)));
}
END_TEST

START_TEST(request_takes_the_first_of_two)
{
	static const char *const row[ROW_VARIABLES] = { "HTTP_COOKIE=", "HTTP_COOKIE=a=b",
		"REQUEST_URI=/a", "REQUEST_URI=/b", "REQUEST_METHOD", "=x", "" };
	struct request request;

	read_row(row, &request);
	ck_assert(request.variables[VARIABLE_HTTP_COOKIE].data != NULL);
	ck_assert_uint_eq(request.variables[VARIABLE_HTTP_COOKIE].len, 0);
	ck_assert(span_equal(request.path, SPAN("/a")));
	ck_assert_int_eq(request.method, METHOD_OTHER);
}
END_TEST

/* One of two may be the client's own ("X_Forwarded_For" has the same variable), and which one is
 * not told: neither counts. */
static const struct {
	const char *row[ROW_VARIABLES];
	unsigned char client[4];
} forwarded_rows[] = {
	{ { "REMOTE_ADDR=10.0.0.1", "HTTP_X_FORWARDED_FOR=203.0.113.5" }, { 203, 0, 113, 5 } },
	{ { "REMOTE_ADDR=10.0.0.1", "HTTP_FORWARDED=for=203.0.113.5" }, { 203, 0, 113, 5 } },
	{ { "REMOTE_ADDR=10.0.0.1", "HTTP_X_FORWARDED_FOR=203.0.113.66",
	      "HTTP_X_FORWARDED_FOR=203.0.113.5" },
	    { 10, 0, 0, 1 } },
	{ { "REMOTE_ADDR=10.0.0.1", "HTTP_X_FORWARDED_FOR=203.0.113.5",
	      "HTTP_X_FORWARDED_FOR=203.0.113.5", "HTTP_X_FORWARDED_FOR=203.0.113.5" },
	    { 10, 0, 0, 1 } },
	{ { "REMOTE_ADDR=10.0.0.1", "HTTP_FORWARDED=for=203.0.113.66",
	      "HTTP_FORWARDED=for=203.0.113.5" },
	    { 10, 0, 0, 1 } },
};

START_TEST(request_comes_from_the_peer_where_forwarding_headers_stand_twice)
{
	struct request request;

	read_row(forwarded_rows[_i].row, &request);
	ck_assert(request.client.known);
	ck_assert_mem_eq(request.client.bytes + 12, forwarded_rows[_i].client, 4);
}
END_TEST

START_TEST(request_empties_what_a_proxy_tells_twice)
{
	static const enum variable emptied[] = { VARIABLE_HTTP_FORWARDED,
		VARIABLE_HTTP_X_FORWARDED_FOR, VARIABLE_HTTP_X_FORWARDED_METHOD,
		VARIABLE_HTTP_X_FORWARDED_URI, VARIABLE_HTTP_X_ORIGINAL_METHOD,
		VARIABLE_HTTP_X_ORIGINAL_URI };
	char one[64], other[64];
	const char *row[ROW_VARIABLES] = { one, other };
	const char *expected = "/a";
	struct request request;

	snprintf(one, sizeof(one), "%s=/a", names[_i]);
	snprintf(other, sizeof(other), "%s=/b", names[_i]);
	for (size_t i = 0; i < COUNT(emptied); i++) {
		if (emptied[i] == (enum variable)_i)
			expected = "";
	}
	read_row(row, &request);
	ck_assert(request.variables[_i].data != NULL);
	ck_assert(span_equal(request.variables[_i], span_of(expected)));
}
END_TEST

static const struct {
	const char *pair;
	enum method method;
} method_rows[] = {
	{ "REQUEST_METHOD=GET", METHOD_GET },
	{ "REQUEST_METHOD=HEAD", METHOD_HEAD },
	{ "REQUEST_METHOD=POST", METHOD_POST },
	{ "REQUEST_METHOD=PATCH", METHOD_PATCH },
	{ "REQUEST_METHOD=DELETE", METHOD_DELETE },
	{ "REQUEST_METHOD=OPTIONS", METHOD_OPTIONS },
	{ "REQUEST_METHOD=PUT", METHOD_OTHER },
	{ "REQUEST_METHOD=get", METHOD_OTHER },
	{ "REQUEST_METHOD=GETX", METHOD_OTHER },
	{ "REQUEST_METHOD=", METHOD_OTHER },
	{ NULL, METHOD_OTHER },
};

START_TEST(request_has_a_method)
{
	const char *row[ROW_VARIABLES] = { method_rows[_i].pair };
	struct request request;

	read_row(row, &request);
	ck_assert_int_eq(request.method, method_rows[_i].method);
}
END_TEST

static const struct {
	const char *row[ROW_VARIABLES];
	bool authorizer;
} role_rows[] = {
	{ { "FCGI_ROLE=AUTHORIZER" }, true },
	{ { "FCGI_APACHE_ROLE=AUTHENTICATOR" }, true },
	{ { "FCGI_APACHE_ROLE=AUTHORIZER" }, true },
	{ { "FCGI_APACHE_ROLE=ACCESS_CHECKER" }, true },
	{ { "FCGI_ROLE=RESPONDER", "FCGI_APACHE_ROLE=ACCESS_CHECKER" }, true },
	{ { "FCGI_ROLE=AUTHORIZER", "FCGI_ROLE=RESPONDER" }, true },
	{ { "FCGI_ROLE=RESPONDER", "FCGI_ROLE=AUTHORIZER" }, false },
	{ { "FCGI_ROLE=RESPONDER" }, false },
	{ { "FCGI_ROLE=RESPONDER", "FCGI_APACHE_ROLE=" }, false },
	{ { "HTTP_FCGI_ROLE=AUTHORIZER" }, false },
	{ { NULL }, false },
};

START_TEST(request_knows_the_authorizer_role)
{
	struct request request;

	read_row(role_rows[_i].row, &request);
	ck_assert_int_eq(request.authorizer, role_rows[_i].authorizer);
}
END_TEST

static const struct {
	const char *length, *type;
	int64_t content_length;
	enum content content;
} content_rows[] = {
	{ NULL, NULL, 0, CONTENT_NONE },
	{ "CONTENT_LENGTH=", "CONTENT_TYPE=", 0, CONTENT_NONE },
	{ "CONTENT_LENGTH=0", NULL, 0, CONTENT_NONE },
	{ "CONTENT_LENGTH=1", NULL, 1, CONTENT_OTHER },
	{ "CONTENT_LENGTH=1", "CONTENT_TYPE= ", 1, CONTENT_OTHER },
	{ "CONTENT_LENGTH=0", "CONTENT_TYPE=application/json", 0, CONTENT_JSON },
	{ "CONTENT_LENGTH=16384", "CONTENT_TYPE=Application/JSON", 16384, CONTENT_JSON },
	{ "CONTENT_LENGTH=007", "CONTENT_TYPE=application/json; charset=utf-8", 7, CONTENT_JSON },
	{ NULL, "CONTENT_TYPE=application/json;charset=UTF-8", 0, CONTENT_JSON },
	{ NULL, "CONTENT_TYPE=application/json ; Charset=\"Utf-8\"", 0, CONTENT_JSON },
	{ NULL, "CONTENT_TYPE=application/json;", 0, CONTENT_JSON },
	{ NULL, "CONTENT_TYPE=application/json; x=y", 0, CONTENT_JSON },
	{ NULL, "CONTENT_TYPE=application/json; charset=iso-8859-1", 0, CONTENT_OTHER },
	{ NULL, "CONTENT_TYPE=application/json; charset=", 0, CONTENT_OTHER },
	{ NULL, "CONTENT_TYPE=application/json; charset=utf-8; charset=utf-7", 0, CONTENT_OTHER },
	{ NULL, "CONTENT_TYPE=application/jsonx", 0, CONTENT_OTHER },
	{ NULL, "CONTENT_TYPE=application/problem+json", 0, CONTENT_OTHER },
	{ NULL, "CONTENT_TYPE=application/x-www-form-urlencoded", 0, CONTENT_FORM },
	{ NULL, "CONTENT_TYPE=APPLICATION/x-www-form-urlencoded; charset=utf-8", 0, CONTENT_FORM },
	{ NULL, "CONTENT_TYPE=application/x-www-form-urlencoded; charset=utf-16", 0,
	    CONTENT_OTHER },
	{ NULL, "CONTENT_TYPE=multipart/form-data; boundary=x", 0, CONTENT_OTHER },
	{ NULL, "CONTENT_TYPE=text/plain", 0, CONTENT_OTHER },
	{ NULL, "CONTENT_TYPE=application/json, text/plain", 0, CONTENT_OTHER },
	{ "CONTENT_LENGTH=-1", NULL, -1, CONTENT_OTHER },
	{ "CONTENT_LENGTH=+1", NULL, -1, CONTENT_OTHER },
	{ "CONTENT_LENGTH= 1", NULL, -1, CONTENT_OTHER },
	{ "CONTENT_LENGTH=1 ", NULL, -1, CONTENT_OTHER },
	{ "CONTENT_LENGTH=0x10", NULL, -1, CONTENT_OTHER },
	{ "CONTENT_LENGTH=1,1", NULL, -1, CONTENT_OTHER },
	{ "CONTENT_LENGTH=9223372036854775807", NULL, INT64_MAX, CONTENT_OTHER },
	{ "CONTENT_LENGTH=9223372036854775808", NULL, INT64_MAX, CONTENT_OTHER },
	{ "CONTENT_LENGTH=18446744073709551617", NULL, INT64_MAX, CONTENT_OTHER },
	{ "CONTENT_LENGTH=99999999999999999999999999999999999999990", NULL, INT64_MAX,
	    CONTENT_OTHER },
	{ "CONTENT_LENGTH=9999999999999999999999999x", NULL, -1, CONTENT_OTHER },
};

START_TEST(request_says_what_body_comes)
{
	const char *row[ROW_VARIABLES] = { "A=b" };
	struct request request;
	size_t next = 1;

	if (content_rows[_i].length != NULL)
		row[next++] = content_rows[_i].length;
	row[next] = content_rows[_i].type;
	read_row(row, &request);
	ck_assert_int_eq(request.content_length, content_rows[_i].content_length);
	ck_assert_int_eq(request.content, content_rows[_i].content);
}
END_TEST

static const struct {
	const char *row[ROW_VARIABLES];
	const char *path, *query; /* NULL: not given */
} target_rows[] = {
	{ { "REQUEST_URI=/a/b" }, "/a/b", NULL },
	{ { "REQUEST_URI=/a/b?" }, "/a/b", "" },
	{ { "REQUEST_URI=/a/b?c=d?e" }, "/a/b", "c=d?e" },
	{ { "REQUEST_URI=/a?b", "QUERY_STRING=c" }, "/a", "c" },
	{ { "REQUEST_URI=/a?b", "QUERY_STRING=" }, "/a", "" },
	{ { "REQUEST_URI=/a%2fb?c" }, NULL, "c" },
	{ { "REQUEST_URI=/x/../../a" }, NULL, NULL },
	{ { "REQUEST_URI=" }, NULL, NULL },
	{ { "SCRIPT_NAME=/a", "PATH_INFO=/b" }, NULL, NULL },
	{ { "ORIGINAL_URI=/a", "HTTP_X_ORIGINAL_URI=/b" }, NULL, NULL },
};

START_TEST(request_has_a_path_and_a_query)
{
	struct request request;

	read_row(target_rows[_i].row, &request);
	ck_assert_int_eq(request.path.data == NULL, target_rows[_i].path == NULL);
	ck_assert(span_equal(request.path, span_of(target_rows[_i].path)));
	ck_assert_int_eq(request.query.data == NULL, target_rows[_i].query == NULL);
	ck_assert(span_equal(request.query, span_of(target_rows[_i].query)));
}
END_TEST

/* NAME=aaa... with a value of that length. */
static const char *
long_pair(const char *name, size_t length)
{
	static char pair[4 * COOKIES_MAX];
	size_t len = strlen(name);

	memcpy(pair, name, len);
	memset(pair + len, 'a', length);
	pair[len + length] = '\0';
	return pair;
}

static const struct {
	const char *name;
	enum variable variable;
	size_t max;
} long_rows[] = {
	{ "HTTP_COOKIE=", VARIABLE_HTTP_COOKIE, COOKIES_MAX },
	{ "HTTP_AUTHORIZATION=", VARIABLE_HTTP_AUTHORIZATION, AUTHORIZATION_MAX },
	{ "REDIRECT_HTTP_AUTHORIZATION=", VARIABLE_REDIRECT_HTTP_AUTHORIZATION, AUTHORIZATION_MAX },
	{ "REDIRECT_REDIRECT_HTTP_AUTHORIZATION=", VARIABLE_REDIRECT_REDIRECT_HTTP_AUTHORIZATION,
	    AUTHORIZATION_MAX },
};

START_TEST(request_leaves_out_what_is_too_long)
{
	const char *row[ROW_VARIABLES] = { long_pair(long_rows[_i].name, long_rows[_i].max) };
	struct request request;

	read_row(row, &request);
	ck_assert_uint_eq(request.variables[long_rows[_i].variable].len, long_rows[_i].max);
	row[0] = long_pair(long_rows[_i].name, long_rows[_i].max + 1);
	row[1] = "HTTP_COOKIE=second=1"; /* the first counts, also when it is left out */
	read_row(row, &request);
	ck_assert_ptr_null(request.variables[long_rows[_i].variable].data);
}
END_TEST

START_TEST(request_with_too_long_a_target_has_no_path)
{
	static const char *const names_of_targets[] = { "REQUEST_URI=/", "REQUEST_URI=/a?",
		"QUERY_STRING=" };

	for (size_t i = 0; i < COUNT(names_of_targets); i++) {
		const char *row[ROW_VARIABLES] = { long_pair(names_of_targets[i], TARGET_MAX + 1),
			"REQUEST_URI=/short" };
		struct request request;

		read_row(row, &request);
		ck_assert_ptr_null(request.path.data);
	}
}
END_TEST

static const struct {
	size_t before; /* ASCII characters before the rest */
	const char *rest;
	size_t kept;
} agent_rows[] = {
	{ 255, "", 255 },
	{ 256, "", 255 },
	{ 1000, "", 255 },
	{ 254, "\xc3\xa4", 254 },
	{ 253, "\xc3\xa4", 255 },
	{ 253, "\xe2\x82\xac", 253 },
	{ 252, "\xf0\x9f\x98\x80", 252 },
	{ 251, "\xf0\x9f\x98\x80", 255 },
	{ 240, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", 252 },
};

START_TEST(request_cuts_the_user_agent_at_a_code_point)
{
	char pair[2048] = { 0 };
	const char *row[ROW_VARIABLES] = { pair };
	struct request request;

	snprintf(pair, sizeof(pair), "%s%s", long_pair("HTTP_USER_AGENT=", agent_rows[_i].before),
	    agent_rows[_i].rest);
	read_row(row, &request);
	ck_assert_uint_eq(request.variables[VARIABLE_HTTP_USER_AGENT].len, agent_rows[_i].kept);
}
END_TEST

static const struct {
	const char *query, *name, *value; /* NULL: not given */
} query_rows[] = {
	{ "a=b", "a", "b" },
	{ "a=b&a=c", "a", "b" },
	{ "x&a=b%20c+d", "a", "b c d" },
	{ "%61=b", "a", "b" },
	{ "a", "a", "" },
	{ "a=", "a", "" },
	{ "a=%&a=b", "a", NULL },
	{ "x=%&a=b", "a", "b" },
	{ "a=%ff", "a", NULL },
	{ "a=%00", "a", NULL },
	{ "ab=c", "a", NULL },
	{ "", "a", NULL },
};

START_TEST(request_query_gives_the_first_value)
{
	struct request request = { .query = span_of(query_rows[_i].query) };
	struct span value = request_query(&ctx, &request, query_rows[_i].name);

	ck_assert_int_eq(value.data == NULL, query_rows[_i].value == NULL);
	ck_assert(span_equal(value, span_of(query_rows[_i].value)));
}
END_TEST

static const struct {
	const char *row[ROW_VARIABLES];
	const char *authorization;
} authorization_rows[] = {
	{ { "HTTP_AUTHORIZATION=Bearer a", "REDIRECT_HTTP_AUTHORIZATION=Bearer b" }, "Bearer a" },
	{ { "HTTP_AUTHORIZATION=", "REDIRECT_HTTP_AUTHORIZATION=Bearer b" }, "Bearer b" },
	{ { "REDIRECT_HTTP_AUTHORIZATION=Bearer b" }, "Bearer b" },
	{ { "REDIRECT_REDIRECT_HTTP_AUTHORIZATION=Bearer c" }, "Bearer c" },
	{ { "HTTP_REDIRECT_HTTP_AUTHORIZATION=Bearer d" }, NULL },
	{ { NULL }, NULL },
};

START_TEST(request_authorization_is_found_where_apache_puts_it)
{
	struct request request;

	read_row(authorization_rows[_i].row, &request);
	ck_assert(span_equal(
	    request_authorization(&request), span_of(authorization_rows[_i].authorization)));
}
END_TEST

START_TEST(request_of_a_browser_wants_a_page)
{
	static const char *const browser[ROW_VARIABLES] = { "HTTP_ACCEPT=text/html,*/*;q=0.8" };
	static const char *const client[ROW_VARIABLES] = { "HTTP_ACCEPT=*/*" };
	struct request request;

	read_row(browser, &request);
	ck_assert(request.wants_html);
	read_row(client, &request);
	ck_assert(!request.wants_html);
}
END_TEST

START_TEST(request_without_memory_is_unavailable)
{
	char uri[] = "REQUEST_URI=/abcdefghijklmnopqrstuvwxyz";
	char *environment[] = { uri, NULL };
	struct ctx small = { .config = &config, .arena = arena_new(8) };
	struct request request;

	ck_assert_int_eq(request_read(&small, environment, &request), RC_UNAVAILABLE);
	arena_free(small.arena);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("request");
	TCase *tests = tcase_create("request");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, request_takes_the_variable_of_each_name, 0, VARIABLES);
	tcase_add_test(tests, request_takes_the_first_of_two);
	tcase_add_loop_test(tests, request_comes_from_the_peer_where_forwarding_headers_stand_twice,
	    0, COUNT(forwarded_rows));
	tcase_add_loop_test(tests, request_empties_what_a_proxy_tells_twice, 0, VARIABLES);
	tcase_add_loop_test(tests, request_has_a_method, 0, COUNT(method_rows));
	tcase_add_loop_test(tests, request_knows_the_authorizer_role, 0, COUNT(role_rows));
	tcase_add_loop_test(tests, request_says_what_body_comes, 0, COUNT(content_rows));
	tcase_add_loop_test(tests, request_has_a_path_and_a_query, 0, COUNT(target_rows));
	tcase_add_loop_test(tests, request_leaves_out_what_is_too_long, 0, COUNT(long_rows));
	tcase_add_test(tests, request_with_too_long_a_target_has_no_path);
	tcase_add_loop_test(
	    tests, request_cuts_the_user_agent_at_a_code_point, 0, COUNT(agent_rows));
	tcase_add_loop_test(tests, request_query_gives_the_first_value, 0, COUNT(query_rows));
	tcase_add_loop_test(tests, request_authorization_is_found_where_apache_puts_it, 0,
	    COUNT(authorization_rows));
	tcase_add_test(tests, request_of_a_browser_wants_a_page);
	tcase_add_test(tests, request_without_memory_is_unavailable);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
