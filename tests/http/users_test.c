/* {users}/me and {users}/me/change-password. */
#include <stdlib.h>

#include "http/site.h"

#define LENGTH(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

static struct site *site;
static struct site *named; /* with user names */

static struct answer *
me(const char *access)
{
	return ASK(site, .path = "/users/me", .bearer = access);
}

static struct answer *
patch(const char *access, const char *json)
{
	return ASK(site, .path = "/users/me", .method = "PATCH", .json = json, .bearer = access);
}

static struct answer *
change(const char *access, const char *old, const char *new)
{
	return ASK(site, .path = "/users/me/change-password", .bearer = access,
	    .json = text("{\"current_password\":\"%s\",\"new_password\":\"%s\"}", old, new));
}

/* ------------------------------------------------------------------ reading */

START_TEST(test_the_own_account_is_shown)
{
	const char *email = site_email(), *id = site_user(site, email, SITE_PASSWORD, true);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	struct jar *jar = site_login_cookie(site, email, SITE_PASSWORD);
	struct answer *answer = me(login.access);

	ck_answer(answer, 200, NULL);
	ck_assert_uint_eq(answer_count(answer, ""), 7);
	ck_assert_str_eq(answer_value(answer, "id"), id);
	ck_assert_str_eq(answer_value(answer, "email"), email);
	ck_assert_str_eq(answer_value(answer, "username"), "null");
	ck_assert_str_eq(answer_value(answer, "is_active"), "true");
	ck_assert_str_eq(answer_value(answer, "is_verified"), "true");
	ck_assert_str_eq(answer_value(answer, "is_superuser"), "false");
	ck_assert_str_eq(answer_value(answer, "roles"), "[]");
	ck_assert_str_eq(ASK(site, .path = "/users/me", .jar = jar)->body, answer->body);
}
END_TEST

START_TEST(test_roles_are_sorted_and_shown_at_once)
{
	const char *email = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	static const char *const roles[] = { "writer", "editor", "superuser", "\xc3\xa9tude" };

	CTL(site, "role", "assign", "superuser", site_member(site)); /* somebody must remain */
	for (int i = 0; i < LENGTH(roles); i++) {
		if (strcmp(roles[i], "superuser") != 0)
			CTL(site, "role", "create", roles[i]);
		CTL(site, "role", "assign", roles[i], email);
	}
	ck_assert_str_eq(answer_value(me(login.access), "roles"),
	    "[\"editor\",\"superuser\",\"writer\",\"\xc3\xa9tude\"]");
	ck_assert_str_eq(answer_value(me(login.access), "is_superuser"), "true");
	CTL(site, "role", "unassign", "superuser", email);
	ck_assert_str_eq(answer_value(me(login.access), "is_superuser"), "false");
}
END_TEST

/* What is done to a JWT, that then is none of ours. */
START_TEST(test_jwt_forgeries)
{
	struct login login = site_login_bearer(site, site_member(site), SITE_PASSWORD);
	const char *token = login.access, *dot = strchr(token, '.'), *last = strrchr(token, '.');
	const char *body = text("%.*s", (int)(last - dot - 1), dot + 1);
	const char *const forged[] = {
		"",
		"x",
		"..",
		"Bearer",
		text("%.*s.%s.", (int)(dot - token), token, body),
		text("eyJhbGciOiJub25lIn0.%s.", body),
		text("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.%s.", body),
		text("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.%s%s", body, last),
		text("%.*s.%sA%s", (int)(dot - token), token, body, last),
		text("%.*s.e30%s", (int)(dot - token), token, last),
		text("%s=", token),
		text("%sA", token),
		text("%.*s%c%s", (int)(last - token + 1), token, last[1] == 'A' ? 'B' : 'A',
		    last + 2),
		text("%s.%s", token, token),
		text("%s %s", token, token),
		text("%s,x", token),
		text("%07000d", 1),
	};

	for (int i = 0; i < LENGTH(forged); i++)
		ck_answer(me(forged[i]), 401, "NOT_AUTHENTICATED");
	ck_answer(me(token), 200, NULL);
}
END_TEST

/* What happened since the token was issued. */
static const struct {
	const char *sql;
	int bearer, cookie;
} changes[] = {
	{ "SELECT %Q", 200, 200 },
	{ "UPDATE users SET is_active = 0 WHERE email = %Q", 401, 401 },
	{ "DELETE FROM users WHERE email = %Q", 401, 401 },
	{ "UPDATE users SET security_version = security_version + 1 WHERE email = %Q", 401, 200 },
	{ "DELETE FROM session WHERE user_id = (SELECT id FROM users WHERE email = %Q)", 401, 401 },
	{ "UPDATE session SET expires_at = 1 WHERE user_id = (SELECT id FROM users WHERE email = "
	  "%Q)",
	    401, 401 },
	{ "UPDATE access_token SET expires_at = CAST(strftime('%%s', 'now') AS INTEGER) * 1000"
	  " WHERE session_id IN (SELECT session.id FROM session JOIN users ON users.id = user_id"
	  " WHERE email = %Q)",
	    200, 401 },
};

START_TEST(test_tokens_die_with_what_they_stand_for)
{
	const char *email = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	struct jar *jar = site_login_cookie(site, email, SITE_PASSWORD);

	site_sql(site, changes[_i].sql, email);
	ck_answer(me(login.access), changes[_i].bearer, NULL);
	ck_answer(ASK(site, .path = "/users/me", .jar = jar), changes[_i].cookie, NULL);
}
END_TEST

START_TEST(test_the_first_good_token_wins)
{
	const char *email = site_member(site), *other = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	struct jar *jar = site_login_cookie(site, other, SITE_PASSWORD);

	ck_assert_str_eq(
	    answer_value(
		ASK(site, .path = "/users/me", .bearer = login.access, .jar = jar), "email"),
	    email);
	ck_assert_str_eq(
	    answer_value(ASK(site, .path = "/users/me", .bearer = "bad", .jar = jar), "email"),
	    other);
}
END_TEST

/* ------------------------------------------------------------------ changing the account */

#define PROOF "\"current_password\":\"" SITE_PASSWORD "\""

static const struct {
	const char *given;
	int status;
	const char *code;
} patches[] = {
	{ "{" PROOF "}", 200, NULL },
	{ "{" PROOF ",\"email\":null}", 200, NULL },
	{ "{\"current_password\":\"wrong\"}", 400, "LOGIN_BAD_CREDENTIALS" },
	{ "{}", 422, "REQUEST_BODY_INVALID" },
	{ "{\"email\":\"new@example.org\"}", 422, "REQUEST_BODY_INVALID" },
	{ "{" PROOF ",\"email\":\"nonsense\"}", 422, "REQUEST_BODY_INVALID" },
	{ "{" PROOF ",\"email\":5}", 422, "REQUEST_BODY_INVALID" },
	{ "{" PROOF ",\"username\":\"ann\"}", 422, "REQUEST_BODY_INVALID" },
	{ "{" PROOF ",\"id\":\"x\"}", 422, "REQUEST_BODY_INVALID" },
	{ "{" PROOF ",\"password\":\"" SITE_OTHER_PASSWORD "\"}", 400, "REQUEST_BODY_INVALID" },
	{ "{" PROOF ",\"is_active\":false}", 400, "REQUEST_BODY_INVALID" },
	{ "{" PROOF ",\"is_verified\":true}", 400, "REQUEST_BODY_INVALID" },
	{ "{" PROOF ",\"is_superuser\":true}", 400, "REQUEST_BODY_INVALID" },
	{ "{" PROOF ",\"roles\":[\"superuser\"]}", 400, "REQUEST_BODY_INVALID" },
	{ "{" PROOF ",\"roles\":null}", 400, "REQUEST_BODY_INVALID" },
	{ "{", 400, "REQUEST_BODY_INVALID" },
};

START_TEST(test_patches)
{
	const char *email = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	struct answer *before = me(login.access);

	ck_answer(patch(login.access, patches[_i].given), patches[_i].status, patches[_i].code);
	ck_assert_str_eq(me(login.access)->body, before->body);
	site_login_bearer(site, email, SITE_PASSWORD);
}
END_TEST

START_TEST(test_user_names_are_changed)
{
	const char *const words[] = { "user", "add", "bob@example.org", "--username", "bob",
		"--verified", "--password-stdin", NULL };
	const char *const more[] = { "user", "add", "ann@example.org", "--username", "ann",
		"--verified", "--password-stdin", NULL };
	struct login login;
	struct ask request = { .path = "/users/me", .method = "PATCH" };

	ck_assert_int_eq(site_ctl(named, SITE_PASSWORD "\n", words).status, 0);
	ck_assert_int_eq(site_ctl(named, SITE_PASSWORD "\n", more).status, 0);
	login = site_login_bearer(named, "ann", SITE_PASSWORD);
	request.bearer = login.access;
	request.json = "{" PROOF ",\"username\":\" Bob \"}";
	ck_answer(ask(named, &request), 400, "UPDATE_USER_USERNAME_ALREADY_EXISTS");
	request.json = "{" PROOF ",\"username\":\"Ann2\"}";
	ck_answer(ask(named, &request), 200, NULL);
	ck_assert_str_eq(answer_value(ask(named, &request), "username"), "ann2");
	site_login_bearer(named, "ann2", SITE_PASSWORD);
}
END_TEST

START_TEST(test_cookies_need_the_csrf_token_to_change)
{
	struct jar *jar = site_login_cookie(site, site_member(site), SITE_PASSWORD),
		   *plain = jar_new();
	struct ask request = {
		.path = "/users/me", .method = "PATCH", .json = "{" PROOF "}", .jar = jar
	};

	ck_answer(ask(site, &request), 403, "CSRF_FAILED");
	ASK(site, .path = "/auth/web/login", .jar = plain);
	request.csrf = jar_csrf(plain);
	ck_answer(ask(site, &request), 403, "CSRF_FAILED");
	request.csrf = jar_csrf(jar);
	ck_answer(ask(site, &request), 200, NULL);
	/* Nobody at all is first of all nobody. */
	ck_answer(patch(NULL, "{"), 401, "NOT_AUTHENTICATED");
}
END_TEST

/* ------------------------------------------------------------------ changing the password */

START_TEST(test_a_new_password_ends_all_sessions)
{
	const char *email = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	struct login device = site_login_bearer(site, email, SITE_PASSWORD);
	struct jar *jar = site_login_cookie(site, email, SITE_PASSWORD);
	struct answer *answer = change(login.access, SITE_PASSWORD, SITE_OTHER_PASSWORD);

	ck_answer(answer, 204, NULL);
	ck_assert_uint_eq(answer->size, 0);
	ck_answer(me(login.access), 401, "NOT_AUTHENTICATED");
	ck_answer(me(device.access), 401, "NOT_AUTHENTICATED");
	ck_answer(ASK(site, .path = "/users/me", .jar = jar), 401, "NOT_AUTHENTICATED");
	ck_answer(ASK(site, .path = "/auth/refresh",
		      .json = text("{\"refresh_token\":\"%s\"}", device.refresh)),
	    400, "REFRESH_TOKEN_INVALID");
	ck_answer(ASK(site, .path = "/auth/login", .json = site_credentials(email, SITE_PASSWORD)),
	    400, "LOGIN_BAD_CREDENTIALS");
	site_login_bearer(site, email, SITE_OTHER_PASSWORD);
}
END_TEST

static const struct {
	const char *given;
	int status;
	const char *code;
} changed_passwords[] = {
	{ "{\"current_password\":\"wrong\",\"new_password\":\"" SITE_OTHER_PASSWORD "\"}", 400,
	    "LOGIN_BAD_CREDENTIALS" },
	{ "{" PROOF ",\"new_password\":\"aaaaaaaaaaaa\"}", 400, "UPDATE_USER_INVALID_PASSWORD" },
	{ "{" PROOF ",\"new_password\":\"short7#Kx\"}", 422, "REQUEST_BODY_INVALID" },
	{ "{" PROOF "}", 422, "REQUEST_BODY_INVALID" },
	{ "{\"new_password\":\"" SITE_OTHER_PASSWORD "\"}", 422, "REQUEST_BODY_INVALID" },
	{ "{" PROOF ",\"new_password\":\"" SITE_OTHER_PASSWORD "\",\"x\":1}", 422,
	    "REQUEST_BODY_INVALID" },
	{ "[", 400, "REQUEST_BODY_INVALID" },
};

START_TEST(test_refused_new_passwords_change_nothing)
{
	const char *email = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	struct answer *answer = ASK(site, .path = "/users/me/change-password",
	    .bearer = login.access, .json = changed_passwords[_i].given);

	ck_answer(answer, changed_passwords[_i].status, changed_passwords[_i].code);
	ck_assert_int_eq(strcmp(changed_passwords[_i].code, "UPDATE_USER_INVALID_PASSWORD") == 0,
	    answer_value(answer, "reasons") != NULL);
	ck_answer(me(login.access), 200, NULL);
	site_login_bearer(site, email, SITE_PASSWORD);
}
END_TEST

/* Both routes that take the password share the count, which is of the user. */
START_TEST(test_password_proofs_are_limited)
{
	struct site *limited =
	    site_start(&(struct site_options){ .settings = { "limit.password_proof", "5/5m" } });
	const char *email = site_member(limited);
	struct login login = site_login_bearer(limited, email, SITE_PASSWORD);
	struct login other = site_login_bearer(limited, site_member(limited), SITE_PASSWORD);
	struct ask request = { .path = "/users/me",
		.method = "PATCH",
		.bearer = login.access,
		.json = "{" PROOF "}" };
	struct answer *answer;

	for (int i = 0; i < 8; i++)
		ck_answer(ask(limited, &request), 200, NULL);
	request.json = "{\"current_password\":\"wrong\"}";
	for (int i = 0; i < 5; i++) {
		request.address = text("127.0.5.%d", i + 1);
		ck_answer(ask(limited, &request), 400, "LOGIN_BAD_CREDENTIALS");
	}
	answer = ASK(limited, .path = "/users/me/change-password", .bearer = login.access,
	    .json = "{" PROOF ",\"new_password\":\"" SITE_OTHER_PASSWORD "\"}");
	ck_answer(answer, 429, "RATE_LIMITED");
	ck_assert_int_ge(atoi(answer_header(answer, "Retry-After")), 1);
	request.bearer = other.access;
	ck_answer(ask(limited, &request), 400, "LOGIN_BAD_CREDENTIALS");
	ck_assert_str_eq(
	    site_sql(limited, "SELECT count(*) FROM audit WHERE event = 'proof.failed'"), "6");
}
END_TEST

/* Each answer tells of one address or name whether it is taken; what is refused counts, too. */
START_TEST(test_taken_names_are_told_so_often)
{
	struct site *limited = site_start(&(struct site_options){
	    .settings = { "limit.recipient", "6/1h", "account.login_identifier", "username",
		"account.email_change", "immediate" } });
	struct ask request = { .path = "/users/me", .method = "PATCH" };

	CTL(limited, "user", "add", "bob@example.org", "--username", "bob");
	ck_assert_int_eq(site_ctl(limited, SITE_PASSWORD "\n",
			     (const char *const[]){ "user", "add", "ann@example.org", "--username",
				 "ann", "--verified", "--password-stdin", NULL })
			     .status,
	    0);
	request.bearer = site_login_bearer(limited, "ann", SITE_PASSWORD).access;
	for (int i = 0; i < 6; i++) {
		request.json = i % 2 == 0 ? "{" PROOF ",\"username\":\"bob\"}"
					  : "{" PROOF ",\"email\":\"bob@example.org\"}";
		ck_answer(ask(limited, &request), 400,
		    i % 2 == 0 ? "UPDATE_USER_USERNAME_ALREADY_EXISTS"
			       : "UPDATE_USER_EMAIL_ALREADY_EXISTS");
	}
	ck_answer(ask(limited, &request), 429, "RATE_LIMITED");
	request.json = "{" PROOF ",\"username\":\"ann\"}";
	ck_answer(ask(limited, &request), 200, NULL); /* the own one tells nothing */
}
END_TEST

START_TEST(test_switched_off_they_are_not_found)
{
	struct site *off =
	    site_start(&(struct site_options){ .settings = { "routes.users", "off" } });

	ck_answer(ASK(off, .path = "/users/me"), 404, "NOT_FOUND");
	ck_answer(
	    ASK(off, .path = "/users/me/change-password", .method = "POST"), 404, "NOT_FOUND");
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("users");

	site = site_start(&(struct site_options){ 0 });
	named = site_start(
	    &(struct site_options){ .settings = { "account.login_identifier", "username" } });
	tcase_add_test(tests, test_the_own_account_is_shown);
	tcase_add_test(tests, test_roles_are_sorted_and_shown_at_once);
	tcase_add_test(tests, test_jwt_forgeries);
	tcase_add_loop_test(tests, test_tokens_die_with_what_they_stand_for, 0, LENGTH(changes));
	tcase_add_test(tests, test_the_first_good_token_wins);
	tcase_add_loop_test(tests, test_patches, 0, LENGTH(patches));
	tcase_add_test(tests, test_user_names_are_changed);
	tcase_add_test(tests, test_cookies_need_the_csrf_token_to_change);
	tcase_add_test(tests, test_a_new_password_ends_all_sessions);
	tcase_add_loop_test(
	    tests, test_refused_new_passwords_change_nothing, 0, LENGTH(changed_passwords));
	tcase_add_test(tests, test_password_proofs_are_limited);
	tcase_add_test(tests, test_taken_names_are_told_so_often);
	tcase_add_test(tests, test_switched_off_they_are_not_found);
	return site_run(tests);
}
