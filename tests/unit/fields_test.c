/* Bodies into structs: what is taken, what is refused, and with which answer. */
#include <sodium.h>
#include <stdio.h>

#include "http/fields.h"
#include "unit/fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define OK PROBLEM_NONE
#define BAD PROBLEM_BODY_MALFORMED
#define WRONG PROBLEM_BODY_INVALID

struct input {
	struct span identifier;
	struct span email;
	struct span username;
	struct secret proof;
	struct secret password;
	struct span refresh_token;
};

static struct config config;
static struct ctx ctx = { .config = &config };

static void
set_up(void)
{
	config = (struct config){ .account = { .login_identifier = LOGIN_BY_EMAIL },
		.password = { .min_length = 12 } };
	ctx.arena = arena_new(64 * 1024);
}

static void
tear_down(void)
{
	arena_free(ctx.arena);
}

static const struct field login[] = {
	{ "identifier", "username", FIELD_IDENTIFIER, true, offsetof(struct input, identifier) },
	{ "password", NULL, FIELD_PASSWORD_PROOF, true, offsetof(struct input, proof) },
	{ "scope", NULL, FIELD_IGNORED, false, 0 },
};

static const struct field registration[] = {
	{ "email", NULL, FIELD_EMAIL, true, offsetof(struct input, email) },
	{ "username", NULL, FIELD_USERNAME, true, offsetof(struct input, username) },
	{ "password", NULL, FIELD_PASSWORD_NEW, true, offsetof(struct input, password) },
};

static const struct field refresh[] = {
	{ "refresh_token", NULL, FIELD_REFRESH_TOKEN, false,
	    offsetof(struct input, refresh_token) },
};

static const struct field profile[] = {
	{ "email", NULL, FIELD_EMAIL, false, offsetof(struct input, email) },
	{ "current_password", NULL, FIELD_PASSWORD_PROOF, true, offsetof(struct input, proof) },
};

static const char *const profile_forbidden[] = { "password", "is_superuser", NULL };

/* The body lies in memory that is overwritten afterwards, so that what is read must be a copy. */
static enum problem
read_body(enum content content, struct span body, const struct field *fields, size_t count,
    const char *const *forbidden, struct input *input)
{
	char *copy = malloc(body.len + 1);
	struct request request = { .content = content, .body = { copy, body.len } };
	enum problem problem;

	memset(input, 0, sizeof(*input));
	memcpy(copy, body.len > 0 ? body.data : "", body.len);
	problem = fields_read(&ctx, &request, fields, count, forbidden, input);
	memset(copy, 'X', body.len);
	free(copy);
	return problem;
}

#define JSON(text) CONTENT_JSON, SPAN_INIT(text)
#define FORM(text) CONTENT_FORM, SPAN_INIT(text)
#define LOGIN(identifier, password) \
	JSON("{\"identifier\":\"" identifier "\",\"password\":\"" password "\"}")

/* The same as arguments. */
#define JSON_ARGS(text) CONTENT_JSON, SPAN(text)
#define FORM_ARGS(text) CONTENT_FORM, SPAN(text)
#define LOGIN_ARGS(identifier, password) \
	JSON_ARGS("{\"identifier\":\"" identifier "\",\"password\":\"" password "\"}")

static const struct {
	enum content content;
	struct span body;
	enum problem problem;
	const char *identifier, *proof;
} login_rows[] = {
	{ LOGIN("A@Example.org", "secret"), OK, "a@example.org", "secret" },
	{ LOGIN(" a@example.org ", " s "), OK, "a@example.org", " s " },
	{ LOGIN("a@example.org", "p\\u00e4\\n"), OK, "a@example.org", "p\xc3\xa4\n" },
	{ JSON("{\"password\":\"s\",\"identifier\":\"a@b.c\",\"scope\":[1]}"), OK, "a@b.c", "s" },
	{ JSON("{\"password\":\"s\",\"identifier\":\"a@b.c\",\"scope\":null}"), OK, "a@b.c", "s" },
	/* shape */
	{ JSON(""), BAD, NULL, NULL },
	{ JSON("{"), BAD, NULL, NULL },
	{ JSON("{}x"), BAD, NULL, NULL },
	{ JSON("{\"identifier\":\"a@b.c\",\"identifier\":\"a@b.c\",\"password\":\"s\"}"), BAD, NULL,
	    NULL },
	{ LOGIN("a@b.c", "s\\u0000"), BAD, NULL, NULL },
	{ LOGIN("a@b.c", "s\xff"), BAD, NULL, NULL },
	{ JSON("[]"), WRONG, NULL, NULL },
	{ JSON("[{\"identifier\":\"a@b.c\",\"password\":\"s\"}]"), WRONG, NULL, NULL },
	{ JSON("null"), WRONG, NULL, NULL },
	{ JSON("\"a\""), WRONG, NULL, NULL },
	{ JSON("{}"), WRONG, NULL, NULL },
	{ JSON("{\"identifier\":\"a@b.c\"}"), WRONG, NULL, NULL },
	{ JSON("{\"password\":\"s\"}"), WRONG, NULL, NULL },
	{ JSON("{\"identifier\":null,\"password\":\"s\"}"), WRONG, NULL, NULL },
	{ JSON("{\"identifier\":1,\"password\":\"s\"}"), WRONG, NULL, NULL },
	{ JSON("{\"identifier\":\"a@b.c\",\"password\":[\"s\"]}"), WRONG, NULL, NULL },
	{ JSON("{\"identifier\":\"a@b.c\",\"password\":true}"), WRONG, NULL, NULL },
	{ JSON("{\"identifier\":\"a@b.c\",\"password\":{}}"), WRONG, NULL, NULL },
	{ JSON("{\"identifier\":\"a@b.c\",\"password\":\"s\",\"next\":1}"), WRONG, NULL, NULL },
	{ JSON("{\"identifier\":\"a@b.c\",\"password\":\"s\",\"x\":1}"), WRONG, NULL, NULL },
	{ JSON("{\"identifier\":\"a@b.c\",\"password\":\"s\",\"x\":null}"), WRONG, NULL, NULL },
	{ JSON("{\"username\":\"a@b.c\",\"password\":\"s\"}"), WRONG, NULL, NULL },
	{ JSON("{\"Identifier\":\"a@b.c\",\"password\":\"s\"}"), WRONG, NULL, NULL },
	{ JSON("{\"identifier\":\"a@b.c\",\"password\":\"s\",\"csrf_token\":\"t\"}"), WRONG, NULL,
	    NULL },
	/* values */
	{ LOGIN("", "s"), WRONG, NULL, NULL },
	{ LOGIN("a", "s"), WRONG, NULL, NULL },
	{ LOGIN("a@b", "s"), WRONG, NULL, NULL },
	{ LOGIN("a@b.c", ""), WRONG, NULL, NULL },
	/* forms */
	{ FORM("identifier=a%40b.c&password=s"), OK, "a@b.c", "s" },
	{ FORM("username=A@b.c&password=+%73%0a"), OK, "a@b.c", " s\n" },
	{ FORM("&username=a@b.c&&password=s&csrf_token=t&next=%2F&_method=x&scope="), OK, "a@b.c",
	    "s" },
	{ FORM("%75sername=a@b.c&password=%C3%A4"), OK, "a@b.c", "\xc3\xa4" },
	{ FORM(""), WRONG, NULL, NULL },
	{ FORM("username=a@b.c"), WRONG, NULL, NULL },
	{ FORM("username=a@b.c&password="), WRONG, NULL, NULL },
	{ FORM("username=a@b.c&password"), WRONG, NULL, NULL },
	{ FORM("username=&password=s"), WRONG, NULL, NULL },
	{ FORM("username=a@b.c&password=s&x=1"), WRONG, NULL, NULL },
	{ FORM("username=a@b.c&password=s&x="), WRONG, NULL, NULL },
	{ FORM("username=a@b.c&password=s&password=s"), BAD, NULL, NULL },
	{ FORM("username=a@b.c&password=s&password="), BAD, NULL, NULL },
	{ FORM("username=a@b.c&identifier=a@b.c&password=s"), BAD, NULL, NULL },
	{ FORM("username=a@b.c&password=s&scope=&scope=a"), BAD, NULL, NULL },
	{ FORM("username=a@b.c&password=s&csrf_token=a&csrf_token=b"), BAD, NULL, NULL },
	{ FORM("username=a@b.c&password=s&next=/&next=/"), BAD, NULL, NULL },
	{ FORM("username=a@b.c&password=%"), BAD, NULL, NULL },
	{ FORM("username=a@b.c&password=%zz"), BAD, NULL, NULL },
	{ FORM("username=a@b.c&password=s&%z=1"), BAD, NULL, NULL },
	{ FORM("username=a@b.c&password=s%00"), BAD, NULL, NULL },
	{ FORM("username=a@b.c&password=s\0"), BAD, NULL, NULL },
	{ FORM("username=a@b.c&password=s&a%00=1"), BAD, NULL, NULL },
	{ FORM("username=a@b.c&password=%ff"), BAD, NULL, NULL },
	{ FORM("username=a@b.c&password=%c0%80"), BAD, NULL, NULL },
	{ FORM("username=a@b.c&password=s&%ff=1"), BAD, NULL, NULL },
	{ FORM("x=1&password=%"), BAD, NULL, NULL }, /* malformed before unknown */
	/* other types */
	{ CONTENT_NONE, { NULL, 0 }, WRONG, NULL, NULL },
	{ CONTENT_OTHER, SPAN_INIT("{}"), PROBLEM_UNSUPPORTED_MEDIA_TYPE, NULL, NULL },
};

START_TEST(fields_of_a_login_are_read_or_refused)
{
	struct input input;
	enum problem problem = read_body(
	    login_rows[_i].content, login_rows[_i].body, login, COUNT(login), NULL, &input);

	ck_assert_msg(problem == login_rows[_i].problem, "%.*s: %d", (int)login_rows[_i].body.len,
	    login_rows[_i].body.data, (int)problem);
	if (problem != PROBLEM_NONE)
		return;
	ck_assert(span_equal(input.identifier, span_of(login_rows[_i].identifier)));
	ck_assert(span_equal(secret_span(&input.proof), span_of(login_rows[_i].proof)));
}
END_TEST

/* A body {"NAME":"xxx..."} with a value of "count" times "unit" after "head". */
static struct span
long_json(const char *start, const char *unit, size_t count, const char *end)
{
	static char body[BODY_MAX];
	size_t len = (size_t)snprintf(body, sizeof(body), "%s", start);

	for (; count > 0; count--)
		len += (size_t)snprintf(body + len, sizeof(body) - len, "%s", unit);
	len += (size_t)snprintf(body + len, sizeof(body) - len, "%s", end);
	return (struct span){ body, len };
}

#define FACE "\xf0\x9f\x98\x80"

static const struct {
	const struct field *fields;
	size_t field_count;
	const char *start, *unit, *end;
	size_t count;
	enum problem problem;
} length_rows[] = {
	{ login, COUNT(login), "{\"identifier\":\"a@b.c\",\"password\":\"", FACE, "\"}", 1, OK },
	{ login, COUNT(login), "{\"identifier\":\"a@b.c\",\"password\":\"", FACE, "\"}", 128, OK },
	{ login, COUNT(login), "{\"identifier\":\"a@b.c\",\"password\":\"", "a", "\"}", 129,
	    WRONG },
	{ login, COUNT(login), "{\"identifier\":\"a@b.c\",\"password\":\"", FACE, "\"}", 129,
	    WRONG },
	{ login, COUNT(login), "{\"password\":\"s\",\"identifier\":\"a@", "b", ".c\"}", 316, OK },
	{ login, COUNT(login), "{\"password\":\"s\",\"identifier\":\"a@", "b", ".c\"}", 317,
	    WRONG },
	{ login, COUNT(login), "{\"password\":\"s\",\"identifier\":\"a@b.c", " ", "\"}", 316,
	    WRONG },
	{ registration, COUNT(registration), "{\"email\":\"a@b.c\",\"password\":\"", "a", "\"}", 11,
	    WRONG },
	{ registration, COUNT(registration), "{\"email\":\"a@b.c\",\"password\":\"", "a", "\"}", 12,
	    OK },
	{ registration, COUNT(registration), "{\"email\":\"a@b.c\",\"password\":\"", FACE, "\"}",
	    11, WRONG },
	{ registration, COUNT(registration), "{\"email\":\"a@b.c\",\"password\":\"", FACE, "\"}",
	    128, OK },
	{ registration, COUNT(registration), "{\"email\":\"a@b.c\",\"password\":\"", FACE, "\"}",
	    129, WRONG },
	{ registration, COUNT(registration), "{\"email\":\"a@b.c\",\"password\":\"", "a", "\"}",
	    129, WRONG },
	{ registration, COUNT(registration), "{\"email\":\"a@b.c\",\"password\":\"a", " ", "\"}",
	    20, OK },
	{ registration, COUNT(registration), "{\"email\":\"a@b.c\",\"password\":\"a", "\\t", "\"}",
	    20, WRONG },
	{ registration, COUNT(registration), "{\"email\":\"a@b.c\",\"password\":\"a", "\xc2\x85",
	    "\"}", 20, WRONG },
	{ registration, COUNT(registration), "{\"password\":\"aaaaaaaaaaaa\",\"email\":\"a@", "b",
	    ".c\"}", 316, OK },
	{ registration, COUNT(registration), "{\"password\":\"aaaaaaaaaaaa\",\"email\":\"a@", "b",
	    ".c\"}", 317, WRONG },
	{ refresh, COUNT(refresh), "{\"refresh_token\":\"", "a", "\"}", 0, WRONG },
	{ refresh, COUNT(refresh), "{\"refresh_token\":\"", "a", "\"}", 512, OK },
	{ refresh, COUNT(refresh), "{\"refresh_token\":\"", "a", "\"}", 513, WRONG },
};

START_TEST(fields_have_lengths_in_code_points)
{
	struct input input;
	struct span body = long_json(length_rows[_i].start, length_rows[_i].unit,
	    length_rows[_i].count, length_rows[_i].end);

	ck_assert_int_eq(read_body(CONTENT_JSON, body, length_rows[_i].fields,
			     length_rows[_i].field_count, NULL, &input),
	    length_rows[_i].problem);
}
END_TEST

START_TEST(fields_follow_the_least_length_of_the_configuration)
{
	struct input input;

	config.password.min_length = 8;
	ck_assert_int_eq(read_body(FORM_ARGS("email=a@b.c&password=12345678"), registration,
			     COUNT(registration), NULL, &input),
	    PROBLEM_NONE);
	ck_assert_str_eq(input.password.bytes, "12345678");
	ck_assert(span_equal(input.email, SPAN("a@b.c")));
}
END_TEST

START_TEST(fields_know_no_username_where_people_sign_in_by_email)
{
	struct input input;

	ck_assert_int_eq(
	    read_body(
		JSON_ARGS("{\"email\":\"a@b.c\",\"username\":\"u\",\"password\":\"aaaaaaaaaaaa\"}"),
		registration, COUNT(registration), NULL, &input),
	    PROBLEM_BODY_INVALID);
	ck_assert_int_eq(
	    read_body(
		JSON_ARGS("{\"email\":\"a@b.c\",\"username\":null,\"password\":\"aaaaaaaaaaaa\"}"),
		registration, COUNT(registration), NULL, &input),
	    PROBLEM_BODY_INVALID);
	ck_assert_int_eq(read_body(FORM_ARGS("email=a@b.c&username=&password=aaaaaaaaaaaa"),
			     registration, COUNT(registration), NULL, &input),
	    PROBLEM_BODY_INVALID);
}
END_TEST

START_TEST(fields_demand_a_username_where_people_sign_in_by_it)
{
	struct input input;

	config.account.login_identifier = LOGIN_BY_USERNAME;
	ck_assert_int_eq(
	    read_body(
		JSON_ARGS(
		    "{\"email\":\"a@b.c\",\"username\":\" Ann \",\"password\":\"aaaaaaaaaaaa\"}"),
		registration, COUNT(registration), NULL, &input),
	    PROBLEM_NONE);
	ck_assert(span_equal(input.username, SPAN("ann")));
	ck_assert_int_eq(read_body(JSON_ARGS("{\"email\":\"a@b.c\",\"password\":\"aaaaaaaaaaaa\"}"),
			     registration, COUNT(registration), NULL, &input),
	    PROBLEM_BODY_INVALID);
	ck_assert_int_eq(
	    read_body(LOGIN_ARGS("Ann", "s"), login, COUNT(login), NULL, &input), PROBLEM_NONE);
	ck_assert(span_equal(input.identifier, SPAN("ann")));
	ck_assert_int_eq(read_body(LOGIN_ARGS("an n", "s"), login, COUNT(login), NULL, &input),
	    PROBLEM_BODY_INVALID);
}
END_TEST

static const struct {
	enum content content;
	struct span body;
	enum problem problem;
} forbidden_rows[] = {
	{ JSON("{\"current_password\":\"s\"}"), OK },
	{ JSON("{\"current_password\":\"s\",\"email\":null}"), OK },
	{ FORM("current_password=s&email="), OK },
	{ JSON("{\"current_password\":\"s\",\"password\":\"n\"}"), BAD },
	{ JSON("{\"current_password\":\"s\",\"password\":null}"), BAD },
	{ JSON("{\"is_superuser\":true}"), BAD },
	{ JSON("{\"x\":1,\"email\":2,\"is_superuser\":true}"), BAD },
	{ FORM("current_password=s&password="), BAD },
	{ FORM("x=1&is_superuser=1"), BAD },
	{ JSON("{\"current_password\":\"s\",\"is_admin\":true}"), WRONG },
};

START_TEST(fields_that_are_forbidden_make_the_body_bad)
{
	struct input input;

	ck_assert_int_eq(read_body(forbidden_rows[_i].content, forbidden_rows[_i].body, profile,
			     COUNT(profile), profile_forbidden, &input),
	    forbidden_rows[_i].problem);
	ck_assert_ptr_null(input.email.data);
}
END_TEST

START_TEST(fields_of_no_body_are_those_of_an_empty_object)
{
	struct input input;

	ck_assert_int_eq(
	    read_body(CONTENT_NONE, SPAN(""), refresh, COUNT(refresh), NULL, &input), PROBLEM_NONE);
	ck_assert_ptr_null(input.refresh_token.data);
	ck_assert_int_eq(
	    read_body(FORM_ARGS("refresh_token=abc"), refresh, COUNT(refresh), NULL, &input),
	    PROBLEM_NONE);
	ck_assert(span_equal(input.refresh_token, SPAN("abc")));
}
END_TEST

START_TEST(fields_without_memory_are_unavailable)
{
	struct input input;

	arena_free(ctx.arena);
	ctx.arena = arena_new(4);
	ck_assert_int_eq(
	    read_body(LOGIN_ARGS("a@example.org", "s"), login, COUNT(login), NULL, &input),
	    PROBLEM_SERVICE_UNAVAILABLE);
	ck_assert_int_eq(
	    read_body(FORM_ARGS("refresh_token=abcdefgh"), refresh, COUNT(refresh), NULL, &input),
	    PROBLEM_SERVICE_UNAVAILABLE);
}
END_TEST

/* However the pairs are cut, what a form needs while it is read fits: the answer is about it. */
START_TEST(fields_of_a_form_of_many_pairs_are_judged)
{
	static const char *const units[] = { "+&", "+=+&", "%61&", "%61=%61&", "&", "a&" };
	struct input input;

	for (size_t i = 0; i < COUNT(units); i++) {
		size_t times = (BODY_MAX - 8) / strlen(units[i]);

		ck_assert_int_eq(read_body(CONTENT_FORM, long_json("", units[i], times, "%"), login,
				     COUNT(login), NULL, &input),
		    PROBLEM_BODY_MALFORMED);
	}
}
END_TEST

static const struct {
	enum content content;
	struct span body;
	enum rc rc;
	const char *value;
} peek_rows[] = {
	{ FORM("csrf_token=t"), RC_OK, "t" },
	{ FORM("a=b&csrf_token=%74+&c=d"), RC_OK, "t " },
	{ FORM("csrf_token=t&csrf_token=u"), RC_OK, "t" },
	{ FORM("csrf_token="), RC_OK, "" },
	{ FORM("x=csrf_token=t"), RC_OK, NULL },
	{ FORM(""), RC_OK, NULL },
	{ FORM("csrf_token=t&a=%"), RC_NO, NULL },
	{ FORM("csrf_token=%zz"), RC_NO, NULL },
	{ FORM("csrf_token=t&a=%00"), RC_NO, NULL },
	{ FORM("csrf_token=t&a=%ff"), RC_NO, NULL },
	{ JSON("{\"csrf_token\":\"t\"}"), RC_OK, NULL },
	{ CONTENT_OTHER, SPAN_INIT("csrf_token=t"), RC_OK, NULL },
	{ CONTENT_NONE, { NULL, 0 }, RC_OK, NULL },
};

START_TEST(fields_can_be_looked_at_before_the_body_is_judged)
{
	struct request request = { .content = peek_rows[_i].content, .body = peek_rows[_i].body };
	struct span value;

	ck_assert_int_eq(fields_peek(&ctx, &request, "csrf_token", &value), peek_rows[_i].rc);
	ck_assert_int_eq(value.data == NULL, peek_rows[_i].value == NULL);
	ck_assert(span_equal(value, span_of(peek_rows[_i].value)));
}
END_TEST

START_TEST(fields_leave_no_password_in_the_arena)
{
	struct input input;
	char *memory = arena_alloc(ctx.arena, 1);

	ck_assert_int_eq(read_body(FORM_ARGS("username=a@b.c&password=%73ecret-word"), login,
			     COUNT(login), NULL, &input),
	    PROBLEM_NONE);
	ck_assert_str_eq(input.proof.bytes, "secret-word");
	ck_assert_ptr_null(memmem(memory, 4096, "secret-word", 11));
	ck_assert_int_eq(
	    read_body(LOGIN_ARGS("a@b.c", "\\u0073ecret-word"), login, COUNT(login), NULL, &input),
	    PROBLEM_NONE);
	ck_assert_str_eq(input.proof.bytes, "secret-word");
	ck_assert_ptr_null(memmem(memory, 4096, "secret-word", 11));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fields");
	TCase *tests = tcase_create("fields");

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, fields_of_a_login_are_read_or_refused, 0, COUNT(login_rows));
	tcase_add_loop_test(tests, fields_have_lengths_in_code_points, 0, COUNT(length_rows));
	tcase_add_test(tests, fields_follow_the_least_length_of_the_configuration);
	tcase_add_test(tests, fields_know_no_username_where_people_sign_in_by_email);
	tcase_add_test(tests, fields_demand_a_username_where_people_sign_in_by_it);
	tcase_add_loop_test(
	    tests, fields_that_are_forbidden_make_the_body_bad, 0, COUNT(forbidden_rows));
	tcase_add_test(tests, fields_of_no_body_are_those_of_an_empty_object);
	tcase_add_test(tests, fields_without_memory_are_unavailable);
	tcase_add_test(tests, fields_of_a_form_of_many_pairs_are_judged);
	tcase_add_loop_test(
	    tests, fields_can_be_looked_at_before_the_body_is_judged, 0, COUNT(peek_rows));
	tcase_add_test(tests, fields_leave_no_password_in_the_arena);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
