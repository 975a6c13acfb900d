/* POST {auth}/register. */
#include <stdlib.h>

#include "http/site.h"

#define LENGTH(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))
#define TEN "qK7#vW2!xZ"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define GOOD "\"password\":\"" SITE_PASSWORD "\""

static struct site *site;
static struct site *open_site; /* without verification */
static struct site *named;     /* with user names */

static const char *
account(const char *email, const char *password)
{
	return text("{\"email\":\"%s\",\"password\":\"%s\"}", email, password);
}

static struct answer *
enrol(const struct site *at, const char *email, const char *password)
{
	return ASK(at, .path = "/auth/register", .json = account(email, password));
}

static const char *
accounts(const struct site *at)
{
	return site_sql(at, "SELECT count(*) FROM users");
}

START_TEST(test_a_new_account_is_shown)
{
	const char *email = site_email();
	struct answer *answer = enrol(site, text("  USER%s ", email + 4), SITE_PASSWORD);

	ck_answer(answer, 201, NULL);
	ck_assert_uint_eq(answer_count(answer, ""), 7);
	ck_assert_uint_eq(strlen(answer_value(answer, "id")), 36);
	ck_assert_str_eq(answer_value(answer, "email"), email);
	ck_assert_str_eq(answer_value(answer, "username"), "null");
	ck_assert_str_eq(answer_value(answer, "is_active"), "true");
	ck_assert_str_eq(answer_value(answer, "is_verified"), "false");
	ck_assert_str_eq(answer_value(answer, "is_superuser"), "false");
	ck_assert_str_eq(answer_value(answer, "roles"), "[]");
	ck_assert_str_eq(site_sql(site, "SELECT public_id FROM users WHERE email = %Q", email),
	    answer_value(answer, "id"));
	/* Until it is verified it opens nothing. */
	ck_answer(ASK(site, .path = "/auth/login", .json = site_credentials(email, SITE_PASSWORD)),
	    400, "LOGIN_BAD_CREDENTIALS");
	CTL(site, "user", "verify", email);
	site_login_bearer(site, email, SITE_PASSWORD);
}
END_TEST

/* Headers and body without what differs from one answer to the next. */
static const char *
comparable(const struct answer *answer, const char *email)
{
	char *whole = strdup(text("%s%s", answer->headers, answer->body));
	const char *copy;
	const char *const parts[] = { answer_value(answer, "id"), answer_header(answer, "Date"),
		email };

	for (size_t i = 0; i < 3; i++) {
		char *place = strstr(whole, parts[i]);

		ck_assert_ptr_nonnull(place);
		memset(place, '-', strlen(parts[i]));
	}
	copy = text("%s", whole);
	free(whole);
	return copy;
}

/* Whether the address had an account, and of which kind, cannot be seen. */
START_TEST(test_a_taken_address_looks_like_a_new_one)
{
	const char *email = site_email(), *fresh = site_email();
	const char *id = site_user(site, email, SITE_PASSWORD, _i == 0), *before;
	struct answer *expected, *answer, *again;

	if (_i == 2)
		CTL(site, "user", "deactivate", email);
	expected = enrol(site, fresh, SITE_OTHER_PASSWORD);
	before = accounts(site);
	answer = enrol(site, email, SITE_OTHER_PASSWORD);
	again = enrol(site, email, SITE_OTHER_PASSWORD);
	ck_answer(expected, 201, NULL);
	ck_answer(answer, 201, NULL);
	ck_assert_str_eq(comparable(answer, email), comparable(expected, fresh));
	ck_assert_str_ne(answer_value(answer, "id"), id);
	ck_assert_str_ne(answer_value(answer, "id"), answer_value(again, "id"));
	ck_assert_str_eq(accounts(site), before);
	/* And the account is as it was. */
	ck_assert_str_eq(site_sql(site, "SELECT public_id FROM users WHERE email = %Q", email), id);
	if (_i == 0) {
		site_login_bearer(site, email, SITE_PASSWORD);
		ck_answer(ASK(site, .path = "/auth/login",
			      .json = site_credentials(email, SITE_OTHER_PASSWORD)),
		    400, "LOGIN_BAD_CREDENTIALS");
	}
}
END_TEST

START_TEST(test_without_verification_a_taken_address_is_told)
{
	const char *email = site_email();

	ck_answer(enrol(open_site, email, SITE_PASSWORD), 201, NULL);
	site_login_bearer(open_site, email, SITE_PASSWORD);
	ck_answer(enrol(open_site, email, SITE_OTHER_PASSWORD), 400, "REGISTER_FAILED");
	ck_answer(enrol(open_site, text(" USER%s", email + 4), SITE_OTHER_PASSWORD), 400,
	    "REGISTER_FAILED");
	site_login_bearer(open_site, email, SITE_PASSWORD);
}
END_TEST

START_TEST(test_a_race_for_one_address_has_one_winner)
{
	const char *json = account(site_email(), SITE_PASSWORD);
	struct ask requests[8];
	struct answer *answers[8];
	int won = 0;

	for (int i = 0; i < LENGTH(requests); i++)
		requests[i] = (struct ask){ .path = "/auth/register", .json = json };
	ask_all(open_site, requests, LENGTH(requests), answers);
	for (int i = 0; i < LENGTH(requests); i++)
		won += answers[i]->status == 201;
	ck_assert_int_eq(won, 1);
}
END_TEST

static const struct {
	const char *given;
	int status;
} bodies[] = {
	{ "{", 400 },
	{ "[]", 422 },
	{ "{}", 422 },
	{ "{\"email\":\"a@b.de\"}", 422 },
	{ "{" GOOD "}", 422 },
	{ "{\"email\":null," GOOD "}", 422 },
	{ "{\"email\":\"ab.de\"," GOOD "}", 422 },
	{ "{\"email\":\"@b.de\"," GOOD "}", 422 },
	{ "{\"email\":\"a@\"," GOOD "}", 422 },
	{ "{\"email\":\"a@b\"," GOOD "}", 422 },
	{ "{\"email\":\"a@@b.de\"," GOOD "}", 422 },
	{ "{\"email\":\"a b@c.de\"," GOOD "}", 422 },
	{ "{\"email\":\"a\\u00a0b@c.de\"," GOOD "}", 422 },
	{ "{\"email\":\"a\\r\\nBcc: x@c.de\"," GOOD "}", 422 },
	{ "{\"email\":\"a@b.de\\u0000\"," GOOD "}", 400 },
	{ "{\"email\":\"a@b.de\"," GOOD ",\"is_superuser\":true}", 422 },
	{ "{\"email\":\"a@b.de\"," GOOD ",\"is_verified\":true}", 422 },
	{ "{\"email\":\"a@b.de\"," GOOD ",\"roles\":[\"superuser\"]}", 422 },
	{ "{\"email\":\"a@b.de\"," GOOD ",\"username\":\"ann\"}", 422 },
	{ "{\"email\":\"a@b.de\"," GOOD ",\"email\":\"a@b.de\"}", 400 },
	{ "{\"email\":\"a@b.de\",\"password\":\"qK7#vW2!xZ1\"}", 422 }, /* 11 */
	{ "{\"email\":\"a@b.de\",\"password\":\"qK7#vW2!x\\n12345\"}", 422 },
	{ "{\"email\":\"a@b.de\",\"password\":\"qK7#vW2!x\\u007f12345\"}", 422 },
	{ "{\"email\":\"a@b.de\",\"password\":\"" HUNDRED TEN TEN "123456789\"}", 422 }, /* 129 */
	{ "{\"email\":\"a@b.de\",\"password\":null}", 422 },
};

START_TEST(test_bodies)
{
	const char *before = accounts(site);

	ck_answer(ASK(site, .path = "/auth/register", .json = bodies[_i].given), bodies[_i].status,
	    "REQUEST_BODY_INVALID");
	ck_assert_str_eq(accounts(site), before);
}
END_TEST

static const struct {
	const char *password;
	const char *reason; /* NULL: it is accepted */
} passwords[] = {
	{ SITE_PASSWORD, NULL },
	{ "correct horse battery staple", NULL },
	{ "Gr\xc3\xbc\xc3\x9f Gott, Nachtigall 9", NULL },
	{ "\xe9\x97\xa8\xe9\x97\xa8\xe7\x8c\xab\xe6\xb2\xb3\xe7\x9f\xb3\xe6\x9c\xa8\xe6\xb0\xb4\xe7"
	  "\x81\xab"
	  "\xe5\xb1\xb1\xe9\xa3\x8e\xe9\x9b\xa8\xe9\x9b\xaa",
	    NULL }, /* 12 code points */
	{ " leading and trailing 7# ", NULL },
	{ "passwordpassword", "too_weak" },
	{ "aaaaaaaaaaaa", "too_weak" },
	{ "123456789012", "too_weak" },
	{ "qwertyuiop123", "too_weak" },
	{ "christopher1", "too_common" },
	{ "IDENTITY-x9!Kw2", "contains_identity" },
};

/* Judged before any look-up, so the same for a taken address. */
START_TEST(test_passwords)
{
	const char *email = site_email(), *taken = site_member(site);
	const char *const emails[] = { email, taken };
	const char *password = passwords[_i].password;

	for (int i = 0; i < LENGTH(emails); i++) {
		const char *local = text("%.*s", (int)strcspn(emails[i], "@"), emails[i]);
		struct answer *answer = enrol(site, emails[i],
		    strncmp(password, "IDENTITY", 8) == 0 ? text("%s%s", local, password + 8)
							  : password);

		if (passwords[_i].reason == NULL) {
			ck_answer(answer, 201, NULL);
			continue;
		}
		ck_answer(answer, 400, "REGISTER_INVALID_PASSWORD");
		ck_assert_uint_eq(answer_count(answer, ""), 7);
		ck_assert_ptr_nonnull(
		    strstr(answer_value(answer, "reasons"), passwords[_i].reason));
		ck_assert(!answer_has(answer, local));
	}
}
END_TEST

START_TEST(test_longest_password)
{
	const char *email = site_email();
	/* 128 code points of four bytes each */
	const char *password = "";

	for (int i = 0; i < 128; i++)
		password = text(
		    "%s\xf0\x9f%c%c", password, (char)(0x98 + i % 8), (char)(0x80 + i * 7 % 64));
	ck_answer(enrol(open_site, email, password), 201, NULL);
	site_login_bearer(open_site, email, password);
	ck_answer(
	    enrol(open_site, site_email(), text("%sx", password)), 422, "REQUEST_BODY_INVALID");
}
END_TEST

START_TEST(test_forms_need_the_csrf_token)
{
	const char *email = site_email();
	struct jar *jar = jar_new();

	ck_answer(ASK(site, .path = "/auth/register",
		      .form = form("email", email, "password", SITE_PASSWORD, NULL)),
	    403, "CSRF_FAILED");
	ASK(site, .path = "/auth/register", .jar = jar, .browser = true);
	ck_answer(
	    ASK(site, .path = "/auth/register", .jar = jar,
		.form = form("email", email, "password", SITE_PASSWORD, "csrf_token", "x", NULL)),
	    403, "CSRF_FAILED");
	ck_answer(ASK(site, .path = "/auth/register", .jar = jar,
		      .form = form("email", email, "password", SITE_PASSWORD, "csrf_token",
			  jar_csrf(jar), NULL)),
	    201, NULL);
}
END_TEST

/* ------------------------------------------------------------------ user names */

static struct answer *
enrol_named(const char *email, const char *username)
{
	return ASK(named, .path = "/auth/register",
	    .json = text("{\"email\":\"%s\",\"username\":\"%s\"," GOOD "}", email, username));
}

START_TEST(test_user_names)
{
	const char *email = site_email();
	struct answer *answer = enrol_named(email, "  Ann.Example ");

	ck_answer(answer, 201, NULL);
	ck_assert_str_eq(answer_value(answer, "username"), "ann.example");
	ck_answer(enrol_named(site_email(), "ann.example"), 400, "REGISTER_FAILED");
	ck_answer(enrol_named(site_email(), "ANN.EXAMPLE"), 400, "REGISTER_FAILED");
	ck_answer(enrol(named, site_email(), SITE_PASSWORD), 422, "REQUEST_BODY_INVALID");
	ck_answer(enrol_named(site_email(), ""), 422, "REQUEST_BODY_INVALID");
	ck_answer(enrol_named(site_email(), "an n"), 422, "REQUEST_BODY_INVALID");
	ck_answer(enrol_named(site_email(), "an\\tn"), 422, "REQUEST_BODY_INVALID");
	ck_answer(enrol_named(site_email(), text("%0150d", 1)), 201, NULL);
	ck_answer(enrol_named(site_email(), text("%0151d", 1)), 422, "REQUEST_BODY_INVALID");
}
END_TEST

/* A name given with a taken address is taken from then on, as it would be with a new address. */
START_TEST(test_a_name_given_with_a_taken_address_stays_reserved)
{
	const char *email = site_email();

	ck_answer(enrol_named(email, "first"), 201, NULL);
	ck_answer(enrol_named(email, "second"), 201, NULL);
	ck_answer(enrol_named(site_email(), "second"), 400, "REGISTER_FAILED");
	ck_answer(enrol_named(email, "second"), 400, "REGISTER_FAILED");
}
END_TEST

/* ------------------------------------------------------------------ limits and switches */

START_TEST(test_the_eleventh_registration_is_too_many)
{
	struct site *limited = site_start(&(struct site_options){
	    .settings = { "limit.register", "10/1h", "account.response_floor", "100ms" } });
	struct ask request = { .path = "/auth/register", .address = "127.0.4.1" };
	struct answer *answer;

	for (int i = 0; i < 10; i++) {
		request.json = account(site_email(), i % 2 == 0 ? SITE_PASSWORD : "aaaaaaaaaaaa");
		answer = ask(limited, &request);
		ck_answer(answer, i % 2 == 0 ? 201 : 400, NULL);
		ck_assert_double_ge(answer->seconds, 0.1);
	}
	request.json = account(site_email(), SITE_PASSWORD);
	answer = ask(limited, &request);
	ck_answer(answer, 429, "RATE_LIMITED");
	ck_assert_int_ge(atoi(answer_header(answer, "Retry-After")), 3000);
	ck_assert_int_le(atoi(answer_header(answer, "Retry-After")), 3600);
	request.address = "127.0.4.2";
	ck_answer(ask(limited, &request), 201, NULL);
}
END_TEST

START_TEST(test_switched_off_it_is_not_found)
{
	struct site *off =
	    site_start(&(struct site_options){ .settings = { "routes.register", "off" } });

	ck_answer(enrol(off, site_email(), SITE_PASSWORD), 404, "NOT_FOUND");
	ck_answer(ASK(off, .path = "/auth/register", .browser = true), 404, NULL);
}
END_TEST

START_TEST(test_without_its_store_registration_is_unavailable)
{
	struct sqlite3 *lock = site_lock(site);
	struct answer *answer = enrol(site, site_email(), SITE_PASSWORD);

	site_unlock(lock);
	ck_answer(answer, 503, "SERVICE_UNAVAILABLE");
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("register");

	site =
	    site_start(&(struct site_options){ .settings = { "database.busy_timeout", "500ms" } });
	open_site = site_start(
	    &(struct site_options){ .settings = { "account.requires_verification", "off" } });
	named = site_start(
	    &(struct site_options){ .settings = { "account.login_identifier", "username" } });
	tcase_add_test(tests, test_a_new_account_is_shown);
	tcase_add_loop_test(tests, test_a_taken_address_looks_like_a_new_one, 0, 3);
	tcase_add_test(tests, test_without_verification_a_taken_address_is_told);
	tcase_add_test(tests, test_a_race_for_one_address_has_one_winner);
	tcase_add_loop_test(tests, test_bodies, 0, LENGTH(bodies));
	tcase_add_loop_test(tests, test_passwords, 0, LENGTH(passwords));
	tcase_add_test(tests, test_longest_password);
	tcase_add_test(tests, test_forms_need_the_csrf_token);
	tcase_add_test(tests, test_user_names);
	tcase_add_test(tests, test_a_name_given_with_a_taken_address_stays_reserved);
	tcase_add_test(tests, test_the_eleventh_registration_is_too_many);
	tcase_add_test(tests, test_switched_off_it_is_not_found);
	tcase_add_test(tests, test_without_its_store_registration_is_unavailable);
	return site_run(tests);
}
