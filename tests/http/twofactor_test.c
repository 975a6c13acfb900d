/* {backend}/2fa: setting up, signing in with a code, stepping up, switching off. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/browse.h"
#include "http/holder.h"
#include "http/mail.h"
#include "http/storm.h"

#define RACERS 20
#define EARLIEST (-3) /* steps from now, with totp.drift = 4: a step may end meanwhile */

static struct site *site;
static struct site *plain; /* totp.drift = 1, and limits as they are by default */
static struct site *must;  /* totp.required_for = superuser */

/* Ends all marks. */
#define UNMARK "UPDATE session SET stepup_until = 1"

static struct answer *
sign_in(const struct site *at, const char *email)
{
	return ASK(at, .path = "/auth/login", .json = site_credentials(email, SITE_PASSWORD));
}

static struct answer *
patch(const struct site *at, const char *access, const char *code)
{
	const char *more = code == NULL ? "" : text(",\"totp_code\":\"%s\"", code);

	return ASK(at, .path = "/users/me", .method = "PATCH", .bearer = access,
	    .json = text("{\"email\":\"%s\",\"current_password\":\"%s\"%s}", site_email(),
		SITE_PASSWORD, more));
}

/* ------------------------------------------------------------------ setting up */

START_TEST(test_it_is_set_up_by_a_code)
{
	const char *email = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	struct answer *answer = factor_enable(site, login.access, SITE_PASSWORD);
	const char *secret = answer_value(answer, "secret"), *uri = answer_value(answer, "uri");
	const char *token = answer_value(answer, "enrollment_token"), *code;

	ck_answer(answer, 201, NULL);
	ck_assert_uint_eq(strlen(secret), 32);
	ck_assert_ptr_nonnull(strstr(uri, text("?secret=%s&issuer=Yett", secret)));
	ck_assert_ptr_nonnull(strstr(answer->body, "\"qr_svg\":\"\\u003csvg "));
	ck_answer(sign_in(site, email), 201, NULL); /* not yet */
	ck_answer(factor_confirm(site, login.access, token, "000000"), 400, "TOTP_CODE_INVALID");
	code = app_code(secret, 0);
	answer = factor_confirm(site, login.access, token, code);
	ck_answer(answer, 201, NULL);
	ck_assert_ptr_nonnull(strstr(answer->body, "{\"enabled\":true,\"recovery_codes\":[\""));
	ck_answer(factor_verify(site, factor_pending(site, email), code), 400, "TOTP_CODE_INVALID");
	/* the caller's JWT is dead, the session goes on */
	ck_assert_int_eq(ASK(site, .path = "/users/me", .bearer = login.access)->status, 401);
	answer = ASK(site, .path = "/auth/refresh", .json = storm_refresh_body(login.refresh));
	ck_answer(answer, 201, NULL);
	ck_answer(factor_enable(site, answer_value(answer, "access_token"), SITE_PASSWORD), 400,
	    "TOTP_ALREADY_ENABLED");
	ck_answer(factor_enable(site, answer_value(answer, "access_token"), "wrong"), 400,
	    "LOGIN_BAD_CREDENTIALS");
	mail_wait(site, email, 1);
}
END_TEST

START_TEST(test_set_up_ends_with_the_fifth_wrong_code)
{
	const char *email = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	struct answer *answer = factor_enable(site, login.access, SITE_PASSWORD);
	const char *secret = answer_value(answer, "secret");
	const char *token = answer_value(answer, "enrollment_token");

	for (int i = 0; i < 5; i++)
		ck_answer(factor_confirm(site, login.access, token, app_code(secret, 40 + i)), 400,
		    "TOTP_CODE_INVALID");
	ck_answer(factor_confirm(site, login.access, token, app_code(secret, 0)), 400,
	    "TOTP_ENROLL_BAD_TOKEN");
	ck_answer(sign_in(site, email), 201, NULL);
}
END_TEST

/* A new one takes the place of the old; another's, and none, are no better. */
START_TEST(test_tokens_of_other_set_ups)
{
	struct login login = site_login_bearer(site, site_member(site), SITE_PASSWORD);
	struct login other = site_login_bearer(site, site_member(site), SITE_PASSWORD);
	struct answer *first = factor_enable(site, login.access, SITE_PASSWORD);
	struct answer *second = factor_enable(site, login.access, SITE_PASSWORD);
	const char *token = answer_value(second, "enrollment_token");
	const char *secret = answer_value(second, "secret");

	ck_answer(factor_confirm(site, login.access, answer_value(first, "enrollment_token"),
		      app_code(answer_value(first, "secret"), 0)),
	    400, "TOTP_ENROLL_BAD_TOKEN");
	ck_answer(factor_confirm(site, other.access, token, app_code(secret, 0)), 400,
	    "TOTP_ENROLL_BAD_TOKEN");
	ck_answer(factor_confirm(site, login.access, "x", app_code(secret, 0)), 400,
	    "TOTP_ENROLL_BAD_TOKEN");
	ck_answer(factor_confirm(site, login.access, token, app_code(secret, 0)), 201, NULL);
}
END_TEST

/* ------------------------------------------------------------------ signing in */

START_TEST(test_sign_in_takes_a_code)
{
	struct holder holder = holder_new(site, EARLIEST);
	struct answer *answer = sign_in(site, holder.email);
	const char *sessions = "SELECT count(*) FROM session s JOIN users u ON u.id = s.user_id "
			       "WHERE u.email = %Q";
	const char *before = site_sql(site, sessions, holder.email);
	const char *pending = answer_value(answer, "pending_token");
	const char *code = holder_code(&holder);

	ck_answer(answer, 202, NULL);
	ck_assert_str_eq(answer_value(answer, "totp_required"), "true");
	ck_assert_ptr_null(strstr(answer->body, "access_token"));
	ck_assert_str_eq(site_sql(site, sessions, holder.email), before);
	ck_answer(factor_verify(site, pending, "123456"), 400, "TOTP_CODE_INVALID");
	answer = factor_verify(site, pending, text("%.3s %s", code, code + 3));
	ck_answer(answer, 201, NULL);
	ck_assert_int_eq(
	    ASK(site, .path = "/users/me", .bearer = answer_value(answer, "access_token"))->status,
	    200);
	ck_answer(
	    factor_verify(site, pending, holder_code(&holder)), 400, "TOTP_PENDING_BAD_TOKEN");
	ck_answer(factor_verify(site, factor_pending(site, holder.email), code), 400,
	    "TOTP_CODE_INVALID");
}
END_TEST

/* The routes that are for anybody; then those also for who must set up a second factor. */
static const char *const open_routes[] = { "/auth/login", "/auth/web/login", "/auth/refresh",
	"/auth/web/refresh", "/auth/register", "/auth/verify", "/auth/request-verify-token",
	"/auth/forgot-password", "/auth/reset-password", "/auth/2fa/verify", "/auth/web/2fa/verify",
	"/auth/health", "/auth/jwks.json", "/auth/openapi.json", NULL };
static const char *const enrolling_routes[] = { "GET /users/me", "POST /auth/2fa/enable",
	"POST /auth/2fa/enable/confirm", "POST /auth/logout", "GET /auth/web/2fa/enable",
	"POST /auth/web/2fa/enable", "POST /auth/web/2fa/enable/confirm", "POST /auth/web/logout",
	"GET /auth/web/logout", NULL };
static const char *const pages_for_anybody[] = { "GET /auth/web/logout", NULL };

static bool
listed(const char *const *list, const char *name)
{
	while (*list != NULL && strcmp(*list, name) != 0)
		list++;
	return *list != NULL;
}

/* Asks every other route by the token of "with", in its header or its cookie: each must refuse. */
static void
every_route_refuses(const struct site *at, const struct ask *with, long status, const char *code,
    const char *const *but)
{
	const char *const words[] = { "routes", "--json", NULL };
	cJSON *rows = cJSON_Parse(site_ctl(at, NULL, words).out), *row;
	int asked = 0;

	cJSON_ArrayForEach(row, rows)
	{
		const char *path = cJSON_GetObjectItem(row, "path")->valuestring;
		const char *method = cJSON_GetObjectItem(row, "method")->valuestring;
		bool by_cookie = strstr(path, "/web/") != NULL, is_get = strcmp(method, "GET") == 0;
		struct ask request = *with;
		struct answer *answer;

		if (path[0] != '/' || listed(open_routes, path) ||
		    listed(but, text("%s %s", method, path)) || (by_cookie && with->jar == NULL) ||
		    (!by_cookie && with->bearer == NULL && strncmp(path, "/auth/", 6) == 0 &&
			strcmp(path, "/auth/guard") != 0))
			continue;
		request.path = path;
		request.method = method;
		request.json = is_get ? NULL : "{}";
		asked++;
		answer = ask(at, &request);
		if (answer->status != 405) {
			ck_answer(answer, status, code);
			continue;
		}
		request.browser = true; /* there is a page, or nothing */
		answer = ask(at, &request);
		ck_assert_msg(answer->status == 401 || answer->status == 303, "%s %s: %s%s", method,
		    path, answer->headers, answer->body);
	}
	cJSON_Delete(rows);
	ck_assert_int_ge(asked, 9);
	ck_answer(
	    ASK(at, .path = "/members/", .bearer = with->bearer, .jar = with->jar), status, NULL);
}

START_TEST(test_pending_token_opens_nothing)
{
	struct holder holder = holder_new(site, EARLIEST);
	const char *pending = factor_pending(site, holder.email);
	struct jar *jar = jar_new();

	every_route_refuses(site, &(struct ask){ .bearer = pending }, 401, NULL, pages_for_anybody);
	ck_answer(ASK(site, .path = "/auth/refresh", .json = storm_refresh_body(pending)), 400,
	    "REFRESH_TOKEN_INVALID");
	/* nor in the cookie of a session, of a browser that has a CSRF token */
	ck_answer(ASK(site, .path = "/auth/web/login", .jar = jar), 200, NULL);
	ck_answer(ASK(site, .path = "/auth/web/login", .jar = jar, .csrf = jar_csrf(jar),
		      .json = site_credentials(holder.email, SITE_PASSWORD)),
	    202, NULL);
	jar_set(jar, "yett", jar_value(jar, "_pending"));
	jar_set(jar, "yett_refresh", jar_value(jar, "_pending"));
	every_route_refuses(
	    site, &(struct ask){ .jar = jar, .csrf = jar_csrf(jar) }, 401, NULL, pages_for_anybody);
}
END_TEST

static const char *const spoilers[] = { "agent", "backend", "failures", "password", "deactivated",
	"expired" };

START_TEST(test_what_ends_a_sign_in_that_waits)
{
	struct holder holder = holder_new(site, EARLIEST);
	const char *pending = factor_pending(site, holder.email), *code = holder_code(&holder);
	const char *json = factor_code_body(pending, code);
	const char *how = spoilers[_i];
	struct ask request = { .path = "/auth/2fa/verify", .json = json };

	if (strcmp(how, "agent") == 0)
		request.headers[0] = "User-Agent: somebody else";
	else if (strcmp(how, "backend") == 0) {
		request.path = "/auth/web/2fa/verify";
		request.jar = jar_new();
		ASK(site, .path = "/auth/web/login", .jar = request.jar);
		request.csrf = jar_csrf(request.jar);
	} else if (strcmp(how, "failures") == 0) {
		for (int i = 0; i < 5; i++)
			ck_answer(factor_verify(site, pending, app_code(holder.secret, 40 + i)),
			    400, "TOTP_CODE_INVALID");
	} else if (strcmp(how, "password") == 0) {
		struct answer *fresh = ASK(site, .path = "/auth/refresh",
		    .json = storm_refresh_body(holder.login.refresh));

		ck_answer(ASK(site, .path = "/users/me/change-password",
			      .bearer = answer_value(fresh, "access_token"),
			      .json = "{\"current_password\":\"" SITE_PASSWORD
				      "\",\"new_password\":\"" SITE_OTHER_PASSWORD "\"}"),
		    204, NULL);
	} else if (strcmp(how, "deactivated") == 0)
		CTL(site, "user", "deactivate", holder.email);
	else
		site_sql(site, "UPDATE pending_login SET expires_at = 1");
	ck_answer(ask(site, &request), 400, "TOTP_PENDING_BAD_TOKEN");
}
END_TEST

START_TEST(test_recovery_code_works_once)
{
	struct holder holder = holder_new(site, EARLIEST);
	const char *code = holder_recovery(&holder, 3);

	mail_wait(site, holder.email, 1);
	ck_answer(factor_verify(site, factor_pending(site, holder.email), code), 201, NULL);
	mail_wait(site, holder.email, 2);
	ck_answer(factor_verify(site, factor_pending(site, holder.email), code), 400,
	    "TOTP_CODE_INVALID");
	ck_answer(
	    factor_verify(site, factor_pending(site, holder.email),
		text("%.4s-%.24s ", holder_recovery(&holder, 4), holder_recovery(&holder, 4) + 4)),
	    201, NULL);
}
END_TEST

static const char *const misshaped[] = { "12345", "1234567", "12345x", "", "0123456789abcdef",
	"0123456789abcdef0123456789a", "0123456789abcdef0123456789abc", "zz" };

START_TEST(test_misshaped_codes)
{
	struct holder holder = holder_new(site, EARLIEST);

	ck_answer(factor_verify(site, factor_pending(site, holder.email), misshaped[_i]), 422,
	    "REQUEST_BODY_INVALID");
}
END_TEST

/* One step early or late, and no more. */
START_TEST(test_drift)
{
	struct holder holder;
	const char *pending;

	app_settle();
	holder = holder_new(plain, -1); /* the code of the step before */
	pending = factor_pending(plain, holder.email);
	ck_answer(
	    factor_verify(plain, pending, app_code(holder.secret, -2)), 400, "TOTP_CODE_INVALID");
	ck_answer(
	    factor_verify(plain, pending, app_code(holder.secret, 2)), 400, "TOTP_CODE_INVALID");
	ck_answer(factor_verify(plain, pending, app_code(holder.secret, 1)), 201, NULL);
}
END_TEST

/* Wrong codes are counted for the user wherever they come from; who is signed in may still show
 * one. */
START_TEST(test_wrong_codes_are_limited)
{
	struct holder holder;
	struct answer *answer;
	const char *access;

	app_settle();
	holder = holder_new(plain, -1);
	access = holder_access(plain, &holder);
	for (int i = 0; i < 5; i++) {
		struct ask request = { .path = "/auth/2fa/verify",
			.address = text("127.0.7.%d", i + 1),
			.json = factor_code_body(
			    factor_pending(plain, holder.email), app_code(holder.secret, 40 + i)) };

		ck_answer(ask(plain, &request), 400, "TOTP_CODE_INVALID");
	}
	answer =
	    factor_verify(plain, factor_pending(plain, holder.email), app_code(holder.secret, 0));
	ck_answer(answer, 429, "RATE_LIMITED");
	ck_assert_int_ge(atoi(answer_header(answer, "Retry-After")), 1);
	ck_answer(patch(plain, access, app_code(holder.secret, 0)), 200, NULL);
}
END_TEST

/* ------------------------------------------------------------------ stepping up */

START_TEST(test_step_up)
{
	struct holder holder = holder_new(site, EARLIEST);
	const char *access = holder_access(site, &holder);

	ck_answer(patch(site, access, NULL), 200, NULL); /* it was set up in this session */
	site_sql(site, UNMARK);
	ck_answer(patch(site, access, NULL), 403, "TOTP_STEPUP_REQUIRED");
	ck_answer(patch(site, access, "123456"), 400, "TOTP_CODE_INVALID");
	ck_answer(patch(site, access, holder_recovery(&holder, 0)), 422, "REQUEST_BODY_INVALID");
	ck_answer(patch(site, access, holder_code(&holder)), 200, NULL);
	ck_answer(patch(site, access, NULL), 200, NULL); /* it is marked */
	site_sql(site, UNMARK);
	ck_answer(patch(site, access, NULL), 403, "TOTP_STEPUP_REQUIRED");
	/* nor by a clock that was ahead */
	site_sql(site, "UPDATE session SET stepup_until = %lld",
	    (long long)clock_wall(&clock_system) + 10 * MINUTE);
	ck_answer(patch(site, access, NULL), 403, "TOTP_STEPUP_REQUIRED");
}
END_TEST

START_TEST(test_recovery_codes_are_renewed)
{
	struct holder holder = holder_new(site, EARLIEST);
	const char *old = holder_recovery(&holder, 0);
	const char *access = holder_access(site, &holder);
	struct ask request = { .path = "/auth/2fa/recovery-codes/regenerate", .bearer = access };
	struct answer *answer;

	site_sql(site, UNMARK);
	request.json = "{\"current_password\":\"" SITE_PASSWORD "\"}";
	ck_answer(ask(site, &request), 403, "TOTP_STEPUP_REQUIRED");
	request.json = "{\"current_password\":\"wrong\"}";
	ck_answer(ask(site, &request), 400, "LOGIN_BAD_CREDENTIALS");
	request.json = text("{\"current_password\":\"" SITE_PASSWORD "\",\"totp_code\":\"%s\"}",
	    holder_code(&holder));
	answer = ask(site, &request);
	ck_answer(answer, 201, NULL);
	ck_answer(
	    factor_verify(site, factor_pending(site, holder.email), old), 400, "TOTP_CODE_INVALID");
	holder.recovery = strstr(answer->body, "[");
	ck_answer(
	    factor_verify(site, factor_pending(site, holder.email), holder_recovery(&holder, 9)),
	    201, NULL);
}
END_TEST

START_TEST(test_switched_off)
{
	struct holder holder = holder_new(site, EARLIEST);
	const char *access = holder_access(site, &holder);
	const char *rows = "SELECT (SELECT count(*) FROM totp t JOIN users u ON u.id = t.user_id "
			   "WHERE u.email = %Q) + (SELECT count(*) FROM recovery_code r JOIN users "
			   "u ON u.id = r.user_id WHERE u.email = %Q)";

	ck_answer(factor_disable(site, access, "123456"), 400, "TOTP_CODE_INVALID");
	ck_answer(factor_disable(site, access, holder_code(&holder)), 201, NULL);
	ck_assert_str_eq(site_sql(site, rows, holder.email, holder.email), "0");
	ck_answer(sign_in(site, holder.email), 201, NULL);
	ck_assert_int_eq(ASK(site, .path = "/users/me", .bearer = access)->status, 401);
}
END_TEST

/* ------------------------------------------------------------------ once */

/* One code at once at every place that takes it: one of them gets it. */
START_TEST(test_one_code_is_spent_once)
{
	struct holder holder = holder_new(site, EARLIEST);
	const char *access = holder_access(site, &holder);
	const char *code = holder_code(&holder);
	struct ask list[RACERS];
	struct answer *answers[RACERS];
	size_t good = 0;

	for (int i = 0; i < RACERS; i++) {
		if (i % 3 == 0)
			list[i] = (struct ask){ .path = "/auth/2fa/verify",
				.json =
				    factor_code_body(factor_pending(site, holder.email), code) };
		else if (i % 3 == 1)
			list[i] = (struct ask){ .path = "/users/me",
				.method = "PATCH",
				.bearer = access,
				.json = text("{\"email\":\"%s\",\"current_password\":\"%s\","
					     "\"totp_code\":\"%s\"}",
				    holder.email, SITE_PASSWORD, code) };
		else
			list[i] = (struct ask){ .path = "/auth/2fa/disable",
				.bearer = access,
				.json = text("{\"code\":\"%s\"}", code) };
	}
	ask_all(site, list, RACERS, answers);
	for (int i = 0; i < RACERS; i++)
		good += answers[i]->status < 300;
	ck_assert_msg(good == 1, "%s", storm_tally(answers, RACERS));
}
END_TEST

/* Somebody switches it off while a change is being proved: that is not let through without a code,
 * by a token from before. */
START_TEST(test_change_is_proved_for_the_account_as_it_was)
{
	struct holder holder = holder_new(plain, 0);
	const char *access = holder_access(plain, &holder);
	struct sqlite3 *lock = site_lock(plain);
	pid_t asker = fork();

	ck_assert_int_ge(asker, 0);
	if (asker == 0) /* waits for the store where the try is counted */
		_exit(patch(plain, access, "123456")->status == 401 ? 0 : 1);
	storm_rest(500);
	site_unlock_changed(lock,
	    text("UPDATE users SET second_factor = 0, security_version = security_version + 1 "
		 "WHERE email = '%s'",
		holder.email));
	storm_wait(asker);
}
END_TEST

START_TEST(test_one_recovery_code_is_spent_once)
{
	struct holder holder = holder_new(site, EARLIEST);
	struct ask list[RACERS];
	struct answer *answers[RACERS];

	for (int i = 0; i < RACERS; i++)
		list[i] = (struct ask){ .path = "/auth/2fa/verify",
			.json = factor_code_body(
			    factor_pending(site, holder.email), holder_recovery(&holder, 0)) };
	ask_all(site, list, RACERS, answers);
	ck_assert_msg(storm_count(answers, RACERS, 201) == 1, "%s", storm_tally(answers, RACERS));
}
END_TEST

/* What was begun without a code is not ended after there is one. */
START_TEST(test_address_that_waited_is_forgotten)
{
	struct holder holder = { .email = site_member(site) };
	const char *new = site_email(), *token;
	struct answer *answer;
	struct mail mail;

	holder.login = site_login_bearer(site, holder.email, SITE_PASSWORD);
	ck_answer(
	    ASK(site, .path = "/users/me", .method = "PATCH", .bearer = holder.login.access,
		.json = text("{\"email\":\"%s\",\"current_password\":\"%s\"}", new, SITE_PASSWORD)),
	    200, NULL);
	mail = mail_wait(site, new, 1);
	token = mail_token(site, &mail, "verify");
	answer = factor_enable(site, holder.login.access, SITE_PASSWORD);
	ck_answer(
	    factor_confirm(site, holder.login.access, answer_value(answer, "enrollment_token"),
		app_code(answer_value(answer, "secret"), 0)),
	    201, NULL);
	ck_answer(ASK(site, .path = "/auth/verify", .json = text("{\"token\":\"%s\"}", token)), 400,
	    "VERIFY_USER_BAD_TOKEN");
}
END_TEST

/* Off and on again, the new secret has not been shown by anybody. */
START_TEST(test_marks_go_with_the_secret)
{
	struct holder holder = holder_new(site, EARLIEST);
	struct answer *answer =
	    factor_verify(site, factor_pending(site, holder.email), holder_code(&holder));
	const char *marked = answer_value(answer, "refresh_token"), *access;
	const char *count = "SELECT count(*) FROM session s JOIN users u ON u.id = s.user_id "
			    "WHERE u.email = %Q AND stepup_until > 0";

	ck_assert_str_eq(site_sql(site, count, holder.email), "2"); /* the set-up's too */
	ck_answer(
	    factor_disable(site, answer_value(answer, "access_token"), holder_recovery(&holder, 0)),
	    201, NULL);
	ck_assert_str_eq(site_sql(site, count, holder.email), "0");
	answer = ASK(site, .path = "/auth/refresh", .json = storm_refresh_body(marked));
	access = answer_value(answer, "access_token");
	ck_answer(patch(site, access, NULL), 200, NULL);
}
END_TEST

/* Who has the password can keep the app out, but not the owner. */
START_TEST(test_recovery_code_is_not_locked_out)
{
	struct holder holder;

	app_settle();
	holder = holder_new(plain, -1);
	for (int i = 0; i < 5; i++) {
		struct ask request = { .path = "/auth/2fa/verify",
			.address = text("127.0.8.%d", i + 1),
			.json = factor_code_body(
			    factor_pending(plain, holder.email), app_code(holder.secret, 40 + i)) };

		ck_answer(ask(plain, &request), 400, "TOTP_CODE_INVALID");
	}
	ck_answer(
	    factor_verify(plain, factor_pending(plain, holder.email), app_code(holder.secret, 0)),
	    429, NULL);
	ck_answer(
	    factor_verify(plain, factor_pending(plain, holder.email), holder_recovery(&holder, 0)),
	    201, NULL);
}
END_TEST

/* ------------------------------------------------------------------ who must have one */

START_TEST(test_who_must_have_one_can_only_set_it_up)
{
	const char *email = site_member(must);
	struct login login;
	struct answer *answer;
	struct jar *jar;
	const char *secret;

	CTL(must, "role", "assign", "superuser", email);
	login = site_login_bearer(must, email, SITE_PASSWORD);
	ck_answer(ASK(must, .path = "/users/me", .bearer = login.access), 200, NULL);
	every_route_refuses(must, &(struct ask){ .bearer = login.access }, 403,
	    "TOTP_ENROLLMENT_REQUIRED", enrolling_routes);
	jar = site_login_cookie(must, email, SITE_PASSWORD);
	every_route_refuses(must, &(struct ask){ .jar = jar, .csrf = jar_csrf(jar) }, 403,
	    "TOTP_ENROLLMENT_REQUIRED", enrolling_routes);
	ck_answer(
	    ASK(must, .path = "/admin/", .bearer = login.access), 403, "TOTP_ENROLLMENT_REQUIRED");
	answer = factor_enable(must, login.access, SITE_PASSWORD);
	ck_answer(answer, 201, NULL);
	secret = answer_value(answer, "secret");
	ck_answer(factor_confirm(must, login.access, answer_value(answer, "enrollment_token"),
		      app_code(secret, 0)),
	    201, NULL);
	answer = ASK(must, .path = "/auth/refresh", .json = storm_refresh_body(login.refresh));
	ck_assert_int_eq(
	    ASK(must, .path = "/admin/", .bearer = answer_value(answer, "access_token"))->status,
	    200);
	login = site_login_bearer(must, site_member(must), SITE_PASSWORD);
	ck_assert_int_eq(ASK(must, .path = "/members/", .bearer = login.access)->status, 200);
}
END_TEST

/* ------------------------------------------------------------------ by pages */

#define FACTOR "/auth/web/2fa/"

/* What a page shows between that and the next tag. */
static const char *
shown(const struct answer *page, const char *tag)
{
	const char *start = strstr(page->body, tag);

	ck_assert_msg(start != NULL, "%s%s", page->headers, page->body);
	start += strlen(tag);
	return text("%.*s", (int)strcspn(start, "<"), start);
}

/* The secret of a page, as an app takes it. */
static const char *
shown_secret(const struct answer *page)
{
	const char *groups = shown(page, "<code class=\"secret\">");

	return text("%.4s%.4s%.4s%.4s%.4s%.4s%.4s%.4s", groups, groups + 5, groups + 10,
	    groups + 15, groups + 20, groups + 25, groups + 30, groups + 35);
}

/* To the page with the secret. */
static struct answer *
begin_by_pages(const struct site *at, struct jar *jar, const char *path)
{
	struct answer *page = submit(
	    at, jar, visit(at, jar, path), FACTOR "enable", form("password", SITE_PASSWORD, NULL));

	ck_answer(page, 201, NULL);
	return page;
}

START_TEST(test_the_whole_way_by_pages)
{
	const char *email = site_member(site), *secret, *codes;
	struct jar *jar = jar_new();
	struct answer *page;

	ck_answer(enter(site, jar, "/auth/web/login", email), 303, NULL);
	page = submit(site, jar, visit(site, jar, "/auth/web/2fa/enable"), "/auth/web/2fa/enable",
	    form("password", "wrong", NULL));
	ck_answer(page, 400, NULL);
	page =
	    submit(site, jar, page, "/auth/web/2fa/enable", form("password", SITE_PASSWORD, NULL));
	ck_answer(page, 201, NULL);
	ck_assert(answer_has(page, "src=\"data:image/svg+xml;base64,"));
	ck_assert_str_eq(answer_input(page, "code", "autocomplete"), "one-time-code");
	ck_assert_str_eq(answer_input(page, "code", "inputmode"), "numeric");
	secret = shown_secret(page);
	ck_assert_ptr_nonnull(strstr(page->body, "href=\"otpauth://totp/Yett:"));
	page =
	    submit(site, jar, page, "/auth/web/2fa/enable/confirm", form("code", "000000", NULL));
	ck_answer(page, 400, NULL);
	ck_assert_str_eq(shown_secret(page), secret);
	ck_assert(answer_has(page, "src=\"data:image/svg+xml;base64,"));
	page = submit(site, jar, page, "/auth/web/2fa/enable/confirm",
	    form("code", app_code(secret, -3), NULL));
	ck_answer(page, 201, NULL);
	codes = text("%.34s", shown(page, "<pre class=\"codes\">"));
	ck_assert_str_eq(shown(page, "<p class=\"account\">"), email);
	/* and in again, in another browser */
	jar = jar_new();
	page = enter(site, jar, "/auth/web/login?next=%2Fmembers%2F", email);
	ck_answer(page, 303, NULL);
	ck_assert_str_eq(
	    answer_header(page, "Location"), "/auth/web/2fa/verify?next=%2Fmembers%2F");
	ck_assert_ptr_nonnull(strstr(jar_cookie(jar, "_pending")->attributes, "HttpOnly"));
	ck_assert_ptr_null(jar_cookie(jar, "_refresh"));
	ck_answer(visit(site, jar, "/members/"), 302, NULL);
	page = visit(site, jar, "/auth/web/2fa/verify?next=%2Fmembers%2F");
	ck_answer(page, 200, NULL);
	page = submit(site, jar, page, "/auth/web/2fa/verify", form("code", "000000", NULL));
	ck_answer(page, 400, NULL);
	page = submit(
	    site, jar, page, "/auth/web/2fa/verify", form("code", app_code(secret, 0), NULL));
	ck_answer(page, 303, NULL);
	ck_assert_str_eq(answer_header(page, "Location"), "/members/");
	ck_assert_str_eq(jar_value(jar, "_pending"), "");
	ck_answer(visit(site, jar, "/members/"), 200, NULL);
	/* off, by a recovery code as it was shown */
	page = submit(site, jar, visit(site, jar, "/auth/web/2fa/disable"), "/auth/web/2fa/disable",
	    form("code", codes, NULL));
	ck_answer(page, 201, NULL);
	ck_answer(enter(site, jar_new(), "/auth/web/login", email), 303, NULL);
	ck_answer(sign_in(site, email), 201, NULL);
}
END_TEST

/* Where it is on, the page leads to what can be changed. */
START_TEST(test_new_recovery_codes_by_pages)
{
	struct holder holder = holder_new(site, EARLIEST);
	struct jar *jar = jar_new();
	struct answer *page;
	const char *codes;

	page = enter(site, jar, "/auth/web/login", holder.email);
	page = submit(site, jar, visit(site, jar, FACTOR "verify"), FACTOR "verify",
	    form("code", holder_code(&holder), NULL));
	ck_answer(page, 303, NULL);
	page = visit(site, jar, FACTOR "enable");
	ck_answer(page, 200, NULL);
	ck_assert(answer_has(page, "href=\"" FACTOR "recovery-codes/regenerate\""));
	ck_assert(answer_has(page, "href=\"" FACTOR "disable\""));
	page = visit(site, jar, FACTOR "recovery-codes/regenerate");
	page = submit(site, jar, page, FACTOR "recovery-codes/regenerate",
	    form("current_password", "wrong", "totp_code", "", NULL));
	ck_answer(page, 400, NULL);
	ck_assert(answer_has(page, "role=\"alert\""));
	site_sql(site, UNMARK);
	page = submit(site, jar, page, FACTOR "recovery-codes/regenerate",
	    form("current_password", SITE_PASSWORD, "totp_code", "", NULL));
	ck_answer(page, 403, NULL);
	page = submit(site, jar, page, FACTOR "recovery-codes/regenerate",
	    form("current_password", SITE_PASSWORD, "totp_code", holder_code(&holder), NULL));
	ck_answer(page, 201, NULL);
	codes = shown(page, "<pre class=\"codes\">");
	ck_assert_uint_eq(strlen(codes), 10 * 34 + 9);
	ck_assert_str_eq(shown(page, "<p class=\"account\">"), holder.email);
	ck_answer(
	    factor_verify(site, factor_pending(site, holder.email), holder_recovery(&holder, 0)),
	    400, "TOTP_CODE_INVALID");
	ck_answer(factor_verify(site, factor_pending(site, holder.email), text("%.34s", codes)),
	    201, NULL);
}
END_TEST

/* The fifth wrong code ends it: then there is a beginning again, and no picture. */
START_TEST(test_set_up_is_over_by_pages)
{
	struct jar *jar = site_login_cookie(site, site_member(site), SITE_PASSWORD);
	struct answer *page = begin_by_pages(site, jar, FACTOR "enable?next=%2Fmembers%2F");

	for (int i = 0; i < 4; i++) {
		page =
		    submit(site, jar, page, FACTOR "enable/confirm", form("code", "000000", NULL));
		ck_answer(page, 400, NULL);
		ck_assert(answer_has(page, "class=\"picture\""));
	}
	page = submit(site, jar, page, FACTOR "enable/confirm", form("code", "000000", NULL));
	ck_answer(page, 400, NULL);
	ck_assert(!answer_has(page, "class=\"picture\""));
	ck_assert_ptr_nonnull(answer_input(page, "password", "type"));
	ck_assert_str_eq(answer_input(page, "next", "value"), "/members/");
	ck_assert(answer_has(page, "This set-up is over"));
	page = visit(site, jar, FACTOR "disable"); /* what there is not */
	ck_answer(page, 200, NULL);
	ck_assert_ptr_nonnull(answer_input(page, "password", "type"));
}
END_TEST

START_TEST(test_code_page_without_a_sign_in)
{
	struct answer *page = visit(site, jar_new(), FACTOR "verify?next=%2Fmembers%2F");

	ck_answer(page, 303, NULL);
	ck_assert_str_eq(answer_header(page, "Location"), "/auth/web/login?next=%2Fmembers%2F");
}
END_TEST

/* A cookie is left of it, until it is looked at. */
START_TEST(test_code_page_of_a_sign_in_that_is_over)
{
	struct holder holder = holder_new(site, EARLIEST);
	struct jar *jar = jar_new();
	struct answer *page;

	enter(site, jar, "/auth/web/login?next=%2Fmembers%2F", holder.email);
	page = visit(site, jar, FACTOR "verify?next=%2Fmembers%2F");
	for (int i = 0; i < 5; i++) {
		page = submit(site, jar, page, FACTOR "verify", form("code", "000000", NULL));
		ck_answer(page, 400, NULL);
	}
	ck_assert_str_ne(jar_value(jar, "_pending"), "");
	page = visit(site, jar, FACTOR "verify?next=%2Fmembers%2F");
	ck_answer(page, 303, NULL);
	ck_assert_str_eq(answer_header(page, "Location"), "/auth/web/login?next=%2Fmembers%2F");
	ck_assert_str_eq(jar_value(jar, "_pending"), "");
}
END_TEST

START_TEST(test_who_must_have_one_is_led_to_it)
{
	const char *email = site_member(must), *secret;
	struct jar *jar = jar_new();
	struct answer *page;

	CTL(must, "role", "assign", "superuser", email);
	page = enter(must, jar, "/auth/web/login?next=%2Fmembers%2F", email);
	ck_answer(page, 303, NULL);
	ck_assert_str_eq(answer_header(page, "Location"), FACTOR "enable?next=%2Fmembers%2F");
	page = visit(must, jar, "/auth/web/login?next=%2Fmembers%2F"); /* renews the session */
	ck_answer(page, 303, NULL);
	ck_assert_str_eq(answer_header(page, "Location"), FACTOR "enable?next=%2Fmembers%2F");
	page = visit(
	    must, jar, "/auth/web/login?next=%2Fauth%2Fweb%2F2fa%2Fenable%3Fnext%3D%2Fmembers%2F");
	ck_assert_str_eq(answer_header(page, "Location"), FACTOR "enable?next=/members/");
	page = visit(must, jar, FACTOR "disable");
	ck_answer(page, 303, NULL);
	ck_assert_str_eq(
	    answer_header(page, "Location"), FACTOR "enable?next=%2Fauth%2Fweb%2F2fa%2Fdisable");
	page = begin_by_pages(must, jar, FACTOR "enable?next=%2Fmembers%2F");
	secret = shown_secret(page);
	page = submit(
	    must, jar, page, FACTOR "enable/confirm", form("code", app_code(secret, 0), NULL));
	ck_answer(page, 201, NULL);
	ck_assert(answer_has(page, "class=\"button\" href=\"/members/\""));
	ck_answer(visit(must, jar, "/members/"), 200, NULL);
}
END_TEST

/* There is no page to lead to. */
START_TEST(test_who_must_have_one_and_cannot)
{
	struct site *own = storm_site(&(struct site_options){
	    .settings = { "routes.2fa", "off", "totp.required_for", "all" } });
	struct jar *jar = jar_new();
	struct answer *page =
	    enter(own, jar, "/auth/web/login?next=%2Fmembers%2F", site_member(own));

	ck_answer(page, 303, NULL);
	ck_assert_str_eq(answer_header(page, "Location"), "/members/");
	ck_answer(visit(own, jar, "/members/"), 403, NULL);
}
END_TEST

START_TEST(test_page_without_a_session_has_the_way_in)
{
	struct answer *page = visit(site, jar_new(), FACTOR "enable?next=/members/");

	ck_answer(page, 401, NULL);
	ck_assert(answer_has(page,
	    "href=\"/auth/web/login?next=%2Fauth%2Fweb%2F2fa%2Fenable%3Fnext%3D%2Fmembers%2F\""));
}
END_TEST

/* ------------------------------------------------------------------ the operator */

START_TEST(test_operator_takes_it_away)
{
	struct holder holder = holder_new(site, EARLIEST);

	CTL(site, "user", "reset-2fa", holder.email);
	ck_answer(sign_in(site, holder.email), 201, NULL);
	ck_assert_int_ne(
	    site_ctl(site, NULL, (const char *const[]){ "user", "reset-2fa", holder.email, NULL })
		.status,
	    0);
	mail_wait(site, holder.email, 2);
}
END_TEST

/* A key that is gone is told of. */
START_TEST(test_doctor_misses_a_key)
{
	struct site *own = storm_site(
	    &(struct site_options){ .settings = { "limit.totp", "off", "totp.drift", "4" } });
	struct holder holder = holder_new(own, EARLIEST);
	struct ctl_result result;

	ck_assert_ptr_nonnull(holder.secret);
	CTL(own, "doctor");
	site_sql(own,
	    "UPDATE totp SET secret = CAST(x'010000000000000000' || substr(secret, 10) AS BLOB)");
	result = site_ctl(own, NULL, (const char *const[]){ "doctor", NULL });
	ck_assert_int_eq(result.status, 1);
	ck_assert_msg(strstr(result.out, "1 of 1 secrets") != NULL, "%s", result.out);
}
END_TEST

/* A secret that cannot be opened is no reason to sign in without it. */
static const char *const damages[] = { "UPDATE totp SET secret = x'00'", "DELETE FROM totp",
	"UPDATE totp SET algorithm = 'md5'",
	"UPDATE totp SET secret = (SELECT secret FROM totp ORDER BY user_id LIMIT 1)" };

START_TEST(test_damage_opens_no_door)
{
	struct holder holder = holder_new(site, EARLIEST);
	const char *pending = factor_pending(site, holder.email);

	site_sql(site,
	    text("%s WHERE user_id = (SELECT id FROM users WHERE email = %%Q)", damages[_i]),
	    holder.email);
	ck_answer(factor_verify(site, pending, holder_code(&holder)), 503, NULL);
	ck_answer(sign_in(site, holder.email), 202, NULL);
}
END_TEST

#define LENGTH(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

int
main(void)
{
	TCase *tests = tcase_create("twofactor");

	site = site_start(
	    &(struct site_options){ .settings = { "limit.totp", "off", "totp.drift", "4" } });
	plain = site_start(&(struct site_options){
	    .settings = { "limit.totp", "5/5m", "limit.password_proof", "50/5m" } });
	must = site_start(&(struct site_options){
	    .settings = { "limit.totp", "off", "totp.required_for", "superuser" } });
	tcase_add_test(tests, test_it_is_set_up_by_a_code);
	tcase_add_test(tests, test_set_up_ends_with_the_fifth_wrong_code);
	tcase_add_test(tests, test_tokens_of_other_set_ups);
	tcase_add_test(tests, test_sign_in_takes_a_code);
	tcase_add_test(tests, test_pending_token_opens_nothing);
	tcase_add_loop_test(tests, test_what_ends_a_sign_in_that_waits, 0, LENGTH(spoilers));
	tcase_add_test(tests, test_recovery_code_works_once);
	tcase_add_loop_test(tests, test_misshaped_codes, 0, LENGTH(misshaped));
	tcase_add_test(tests, test_drift);
	tcase_add_test(tests, test_wrong_codes_are_limited);
	tcase_add_test(tests, test_step_up);
	tcase_add_test(tests, test_recovery_codes_are_renewed);
	tcase_add_test(tests, test_switched_off);
	tcase_add_test(tests, test_one_code_is_spent_once);
	tcase_add_test(tests, test_change_is_proved_for_the_account_as_it_was);
	tcase_add_test(tests, test_one_recovery_code_is_spent_once);
	tcase_add_test(tests, test_address_that_waited_is_forgotten);
	tcase_add_test(tests, test_marks_go_with_the_secret);
	tcase_add_test(tests, test_recovery_code_is_not_locked_out);
	tcase_add_test(tests, test_who_must_have_one_can_only_set_it_up);
	tcase_add_test(tests, test_the_whole_way_by_pages);
	tcase_add_test(tests, test_new_recovery_codes_by_pages);
	tcase_add_test(tests, test_set_up_is_over_by_pages);
	tcase_add_test(tests, test_code_page_without_a_sign_in);
	tcase_add_test(tests, test_code_page_of_a_sign_in_that_is_over);
	tcase_add_test(tests, test_who_must_have_one_is_led_to_it);
	tcase_add_test(tests, test_who_must_have_one_and_cannot);
	tcase_add_test(tests, test_page_without_a_session_has_the_way_in);
	tcase_add_test(tests, test_doctor_misses_a_key);
	tcase_add_test(tests, test_operator_takes_it_away);
	tcase_add_loop_test(tests, test_damage_opens_no_door, 0, LENGTH(damages));
	return site_run(tests);
}
