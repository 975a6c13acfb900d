/* What is mailed, and what the links in it do: verify, forgot and reset, change of address. */
#include <signal.h>
#include <stdlib.h>

#include "http/mail.h"
#include "http/storm.h"

#define RACERS 20

static struct site *site;
static struct site *limited; /* with the limit of mails to one address, and without verification */

/* ------------------------------------------------------------------ asking */

static struct answer *
enrol(const char *email, const char *password)
{
	return ASK(site, .path = "/auth/register",
	    .json = text("{\"email\":\"%s\",\"password\":\"%s\"}", email, password));
}

static struct answer *
verify(const char *token)
{
	return ASK(site, .path = "/auth/verify", .json = text("{\"token\":\"%s\"}", token));
}

static struct answer *
ask_for(const char *path, const char *email)
{
	return ASK(site, .path = path, .json = text("{\"email\":\"%s\"}", email));
}

static struct answer *
reset(const char *token, const char *password)
{
	return ASK(site, .path = "/auth/reset-password",
	    .json = text("{\"token\":\"%s\",\"password\":\"%s\"}", token, password));
}

static struct answer *
patch(const char *access, const char *email)
{
	return ASK(site, .path = "/users/me", .method = "PATCH", .bearer = access,
	    .json = text("{\"email\":\"%s\",\"current_password\":\"%s\"}", email, SITE_PASSWORD));
}

static struct answer *
sign_in(const char *email, const char *password)
{
	return ASK(site, .path = "/auth/login", .json = site_credentials(email, password));
}

/* The token of the newest of "count" mails to the address. */
static const char *
token_of(const char *email, size_t count, const char *page)
{
	struct mail mail = mail_wait(site, email, count);

	return mail_token(site, &mail, page);
}

/* ------------------------------------------------------------------ verify */

START_TEST(test_registration_is_confirmed_by_its_link)
{
	const char *email = site_email(), *token;
	struct answer *answer;

	ck_answer(enrol(email, SITE_PASSWORD), 201, NULL);
	ck_answer(sign_in(email, SITE_PASSWORD), 400, "LOGIN_BAD_CREDENTIALS");
	token = token_of(email, 1, "verify");
	answer = verify(token);
	ck_answer(answer, 200, NULL);
	ck_assert_str_eq(answer_value(answer, "email"), email);
	ck_assert_str_eq(answer_value(answer, "is_verified"), "true");
	ck_answer(sign_in(email, SITE_PASSWORD), 201, NULL);
	ck_answer(verify(token), 400, "VERIFY_USER_BAD_TOKEN");
	ck_answer(ask_for("/auth/request-verify-token", email), 202, NULL);
	mail_wait(site, email, 1); /* there is nothing more to confirm */
}
END_TEST

/* What a token may be like that is none: all alike but for the request id. */
START_TEST(test_bad_tokens_are_alike)
{
	const char *email = site_email(), *token, *expected;
	const char *const bad[] = { "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "x", "%", "..",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };

	enrol(email, SITE_PASSWORD);
	token = token_of(email, 1, "verify");
	expected = storm_plain(verify(bad[0]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_answer(verify(bad[i]), 400, "VERIFY_USER_BAD_TOKEN");
		ck_assert_str_eq(storm_plain(verify(bad[i])), expected);
	}
	ck_assert_str_eq(storm_plain(verify(text("%.42s", token))), expected); /* cut */
	ck_assert_str_eq(storm_plain(verify(text("%sA", token))), expected);   /* longer */
	ck_assert_str_eq(storm_plain(verify(text("%s=", token))), expected);   /* re-encoded */
	ck_answer(reset(token, SITE_OTHER_PASSWORD), 400, "RESET_PASSWORD_BAD_TOKEN"); /* foreign */
	site_sql(site, "UPDATE onetime SET expires_at = 1 WHERE email = %Q", email);
	ck_assert_str_eq(storm_plain(verify(token)), expected); /* expired */
	ck_answer(ASK(site, .path = "/auth/verify", .json = "{\"token\":\"\"}"), 422,
	    "REQUEST_BODY_INVALID");
}
END_TEST

START_TEST(test_one_of_many_uses_wins)
{
	const char *email = site_email(), *token;
	struct answer **answers;

	enrol(email, SITE_PASSWORD);
	token = token_of(email, 1, "verify");
	answers =
	    STORM(site, RACERS, .path = "/auth/verify", .json = text("{\"token\":\"%s\"}", token));
	ck_assert_msg(storm_count(answers, RACERS, 200) == 1 &&
			  storm_count(answers, RACERS, 400) == RACERS - 1,
	    "%s", storm_tally(answers, RACERS));
}
END_TEST

START_TEST(test_looking_at_a_link_uses_nothing_up)
{
	const char *email = site_email(), *token;
	struct answer *page;

	enrol(email, SITE_PASSWORD);
	token = token_of(email, 1, "verify");
	for (int i = 0; i < 3; i++) {
		page = ASK(site, .path = text("/auth/verify?token=%s", token), .browser = true,
		    .method = i == 0 ? "HEAD" : "GET");
		ck_answer(page, 200, NULL);
	}
	ck_assert_str_eq(answer_input(page, "token", "value"), token);
	ck_assert_str_eq(answer_header(page, "Referrer-Policy"), "same-origin");
	ck_answer(verify(token), 200, NULL);
}
END_TEST

/* As a browser does it: the page, its button, a page that says it is done. */
START_TEST(test_page_confirms_by_its_button)
{
	const char *email = site_email(), *token;
	struct jar *jar = jar_new();
	struct answer *page;

	enrol(email, SITE_PASSWORD);
	token = token_of(email, 1, "verify");
	page = ASK(site, .path = text("/auth/verify?token=%s", token), .browser = true, .jar = jar);
	ck_answer(ASK(site, .path = "/auth/verify", .browser = true, .jar = jar,
		      .form = form("token", token, NULL)),
	    403, NULL);
	page = ASK(site, .path = "/auth/verify", .browser = true, .jar = jar,
	    .form = form("token", answer_input(page, "token", "value"), "csrf_token",
		answer_input(page, "csrf_token", "value"), NULL));
	ck_answer(page, 200, NULL);
	ck_assert(answer_has(page, "/auth/web/login"));
	ck_answer(sign_in(email, SITE_PASSWORD), 201, NULL);
	page = ASK(site, .path = "/auth/verify", .browser = true, .jar = jar,
	    .form = form("token", token, "csrf_token", jar_csrf(jar), NULL));
	ck_answer(page, 400, NULL);
	ck_assert(answer_has(page, "/auth/request-verify-token"));
}
END_TEST

START_TEST(test_link_is_sent_again_on_request)
{
	const char *email = site_email(), *first, *second;

	enrol(email, SITE_PASSWORD);
	first = token_of(email, 1, "verify");
	ck_answer(ask_for("/auth/request-verify-token", email), 202, NULL);
	second = token_of(email, 2, "verify");
	ck_assert_str_ne(first, second);
	ck_answer(verify(first), 200, NULL);
	ck_answer(verify(second), 400, "VERIFY_USER_BAD_TOKEN");
}
END_TEST

START_TEST(test_deactivated_account_is_not_confirmed)
{
	const char *email = site_email(), *token;

	enrol(email, SITE_PASSWORD);
	token = token_of(email, 1, "verify");
	CTL(site, "user", "deactivate", email);
	ck_answer(verify(token), 400, "VERIFY_USER_BAD_TOKEN");
	ck_answer(ask_for("/auth/request-verify-token", email), 202, NULL);
	ck_answer(ask_for("/auth/forgot-password", email), 202, NULL);
	mail_wait(site, email, 1);
}
END_TEST

/* ------------------------------------------------------------------ taken addresses */

START_TEST(test_owner_is_told_of_a_second_registration)
{
	const char *email = site_member(site);
	struct mail mail;

	ck_answer(enrol(email, SITE_OTHER_PASSWORD), 201, NULL);
	mail = mail_wait(site, email, 1);
	ck_assert_ptr_null(strstr(mail.text, "token="));
	ck_answer(sign_in(email, SITE_PASSWORD), 201, NULL);
}
END_TEST

/* Somebody opens an account under another's address and waits in it: the owner's own registration
 * must not leave them there. */
START_TEST(test_nobody_waits_in_an_account_of_another_address)
{
	const char *email = site_email(), *early, *late;

	enrol(email, SITE_OTHER_PASSWORD); /* not the owner */
	early = token_of(email, 1, "verify");
	enrol(email, SITE_PASSWORD); /* the owner */
	late = token_of(email, 2, "reset-password");
	ck_answer(verify(early), 400, "VERIFY_USER_BAD_TOKEN");
	ck_answer(ask_for("/auth/request-verify-token", email), 202, NULL);
	token_of(email, 3, "reset-password"); /* the link is of that kind from now on */
	ck_answer(sign_in(email, SITE_OTHER_PASSWORD), 400, "LOGIN_BAD_CREDENTIALS");
	ck_answer(reset(late, SITE_PASSWORD), 200, NULL);
	ck_answer(sign_in(email, SITE_OTHER_PASSWORD), 400, "LOGIN_BAD_CREDENTIALS");
	ck_answer(sign_in(email, SITE_PASSWORD), 201, NULL);
}
END_TEST

/* The operator says that an address is good, not whose account it is. */
START_TEST(test_operator_opens_no_contested_account_to_the_first)
{
	const char *email = site_email();

	enrol(email, SITE_OTHER_PASSWORD); /* not the owner */
	enrol(email, SITE_PASSWORD);       /* the owner */
	ck_assert_str_eq(site_sql(site,
			     "SELECT count(*) FROM audit a JOIN users u ON u.public_id = a.user_id "
			     "WHERE a.event = 'user.contested' AND u.email = %Q",
			     email),
	    "1");
	CTL(site, "user", "verify", email);
	ck_answer(sign_in(email, SITE_OTHER_PASSWORD), 400, "LOGIN_BAD_CREDENTIALS");
	ck_answer(sign_in(email, SITE_PASSWORD), 400, "LOGIN_BAD_CREDENTIALS");
	mail_wait(site, email, 2); /* or the next would not be the newest for sure */
	ask_for("/auth/forgot-password", email);
	ck_answer(reset(token_of(email, 3, "reset-password"), SITE_PASSWORD), 200, NULL);
	ck_answer(sign_in(email, SITE_PASSWORD), 201, NULL);
}
END_TEST

/* ------------------------------------------------------------------ how many */

#define SHARE 6 /* limit.recipient */

static size_t
rows_for(const char *email)
{
	struct mail mails[MAIL_MAX];
	double until = storm_seconds() + MAIL_PATIENCE;

	while (mail_waiting(limited, email) > 0 && storm_seconds() < until)
		storm_rest(20);
	return mail_waiting(limited, email) + mail_to(limited, email, mails);
}

static void
ask_limited(const char *path, const char *json, int status)
{
	struct answer *answer = ASK(limited, .path = path, .json = json);

	ck_answer(answer, status, NULL);
}

/* The links that an owner asks for are not used up by mails that others cause. */
START_TEST(test_others_leave_the_owner_a_share)
{
	const char *email = site_member(limited);
	const char *body = text("{\"email\":\"%s\"}", email);
	struct login login = site_login_bearer(limited, site_member(limited), SITE_PASSWORD);

	for (int i = 0; i < 5; i++)
		ck_answer(
		    ASK(limited, .path = "/users/me", .method = "PATCH", .bearer = login.access,
			.json = text("{\"email\":\"%s\",\"current_password\":\"%s\"}", email,
			    SITE_PASSWORD)),
		    200, NULL);
	ck_assert_uint_eq(rows_for(email), SHARE / 3);
	for (int i = 0; i < 10; i++)
		ask_limited("/auth/forgot-password", body, 202);
	ck_assert_uint_eq(rows_for(email), SHARE);
}
END_TEST

/* An address that nobody has confirmed has no claim to endless notices either. */
START_TEST(test_unconfirmed_address_is_not_flooded)
{
	const char *email = site_email(), *next = SITE_OTHER_PASSWORD, *last = SITE_PASSWORD;

	ask_limited("/auth/register",
	    text("{\"email\":\"%s\",\"password\":\"%s\"}", email, SITE_PASSWORD), 201);
	for (int i = 0; i < 2 * SHARE; i++) {
		struct login login = site_login_bearer(limited, email, last);
		const char *was = last;

		ck_answer(ASK(limited, .path = "/users/me/change-password", .bearer = login.access,
			      .json = text("{\"current_password\":\"%s\",\"new_password\":\"%s\"}",
				  last, next)),
		    204, NULL);
		last = next;
		next = was;
	}
	ck_assert_uint_eq(rows_for(email), SHARE);
}
END_TEST

/* Who knows its password cannot hide what they do behind mails that anybody can ask for. */
START_TEST(test_mails_of_others_leave_room_for_notices)
{
	const char *email = site_email();
	struct login login;

	ask_limited("/auth/register",
	    text("{\"email\":\"%s\",\"password\":\"%s\"}", email, SITE_PASSWORD), 201);
	for (int i = 0; i < 2 * SHARE; i++)
		ask_limited("/auth/forgot-password", text("{\"email\":\"%s\"}", email), 202);
	ck_assert_uint_eq(rows_for(email), SHARE);
	login = site_login_bearer(limited, email, SITE_PASSWORD);
	ck_answer(ASK(limited, .path = "/users/me/change-password", .bearer = login.access,
		      .json = text("{\"current_password\":\"%s\",\"new_password\":\"%s\"}",
			  SITE_PASSWORD, SITE_OTHER_PASSWORD)),
	    204, NULL);
	ck_assert_uint_eq(rows_for(email), SHARE + 1);
}
END_TEST

START_TEST(test_one_account_names_only_so_many_addresses)
{
	struct login login = site_login_bearer(limited, site_member(limited), SITE_PASSWORD);

	for (int i = 0; i <= SHARE; i++)
		ck_answer(
		    ASK(limited, .path = "/users/me", .method = "PATCH", .bearer = login.access,
			.json = text("{\"email\":\"%s\",\"current_password\":\"%s\"}", site_email(),
			    SITE_PASSWORD)),
		    i < SHARE ? 200 : 429, NULL);
}
END_TEST

/* ------------------------------------------------------------------ forgot and reset */

START_TEST(test_reset_ends_sessions_and_the_old_password)
{
	const char *email = site_member(site), *token;
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	struct answer *answer;
	struct mail mail;

	ck_answer(ask_for("/auth/forgot-password", email), 202, NULL);
	token = token_of(email, 1, "reset-password");
	ck_assert_int_eq(storm_me(site, login.access), 200); /* asking ends nothing */
	answer = reset(token, SITE_OTHER_PASSWORD);
	ck_answer(answer, 200, NULL);
	ck_assert_str_eq(answer_value(answer, "email"), email);
	ck_assert_int_eq(storm_me(site, login.access), 401);
	ck_answer(ASK(site, .path = "/auth/refresh", .json = storm_refresh_body(login.refresh)),
	    400, "REFRESH_TOKEN_INVALID");
	ck_answer(sign_in(email, SITE_PASSWORD), 400, "LOGIN_BAD_CREDENTIALS");
	ck_answer(sign_in(email, SITE_OTHER_PASSWORD), 201, NULL);
	ck_answer(reset(token, SITE_PASSWORD), 400, "RESET_PASSWORD_BAD_TOKEN");
	mail = mail_wait(site, email, 2); /* the notice */
	ck_assert_ptr_null(strstr(mail.text, "token="));
}
END_TEST

START_TEST(test_refused_password_leaves_the_link)
{
	static const struct {
		const char *password;
		int status;
		const char *code;
	} rows[] = {
		{ "short", 400, "RESET_PASSWORD_INVALID_PASSWORD" },
		{ "password1234", 400, "RESET_PASSWORD_INVALID_PASSWORD" },
		{ "", 422, "REQUEST_BODY_INVALID" },
		{ "with\\u0007control characters", 422, "REQUEST_BODY_INVALID" },
	};
	const char *email = site_member(site), *token;

	ask_for("/auth/forgot-password", email);
	token = token_of(email, 1, "reset-password");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_answer(reset(token, rows[i].password), rows[i].status, rows[i].code);
	ck_assert_str_eq(answer_value(reset(token, "short"), "reasons.0"), "too_short");
	ck_answer(reset(token, SITE_OTHER_PASSWORD), 200, NULL);
}
END_TEST

START_TEST(test_reset_ends_other_links_of_the_account)
{
	const char *email = site_member(site), *first, *second;

	ask_for("/auth/forgot-password", email);
	first = token_of(email, 1, "reset-password");
	ask_for("/auth/forgot-password", email);
	second = token_of(email, 2, "reset-password");
	ck_answer(reset(first, SITE_OTHER_PASSWORD), 200, NULL);
	ck_answer(reset(second, SITE_PASSWORD), 400, "RESET_PASSWORD_BAD_TOKEN");
}
END_TEST

START_TEST(test_password_change_ends_reset_links)
{
	const char *email = site_member(site), *token;
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);

	ask_for("/auth/forgot-password", email);
	token = token_of(email, 1, "reset-password");
	ck_answer(ASK(site, .path = "/users/me/change-password", .bearer = login.access,
		      .json = text("{\"current_password\":\"%s\",\"new_password\":\"%s\"}",
			  SITE_PASSWORD, SITE_OTHER_PASSWORD)),
	    204, NULL);
	ck_answer(reset(token, SITE_PASSWORD), 400, "RESET_PASSWORD_BAD_TOKEN");
	mail_wait(site, email, 2); /* the notice of the change */
}
END_TEST

/* The link that confirms the address goes too, and is to be asked for once more. */
START_TEST(test_password_change_ends_verify_links)
{
	static const char *const again = "/auth/request-verify-token";
	const char *email = site_email(), *body = text("{\"email\":\"%s\"}", email), *token;
	struct login login;
	struct mail mail;

	ask_limited("/auth/register",
	    text("{\"email\":\"%s\",\"password\":\"%s\"}", email, SITE_PASSWORD), 201);
	ask_limited(again, body, 202);
	mail = mail_wait(limited, email, 1);
	token = mail_token(limited, &mail, "verify");
	login = site_login_bearer(limited, email, SITE_PASSWORD);
	ck_answer(ASK(limited, .path = "/users/me/change-password", .bearer = login.access,
		      .json = text("{\"current_password\":\"%s\",\"new_password\":\"%s\"}",
			  SITE_PASSWORD, SITE_OTHER_PASSWORD)),
	    204, NULL);
	ask_limited("/auth/verify", text("{\"token\":\"%s\"}", token), 400);
	mail_wait(limited, email, 2); /* the notice of the change */
	ask_limited(again, body, 202);
	mail = mail_wait(limited, email, 3);
	token = mail_token(limited, &mail, "verify");
	ask_limited("/auth/verify", text("{\"token\":\"%s\"}", token), 200);
}
END_TEST

START_TEST(test_one_of_many_resets_wins)
{
	const char *email = site_member(site), *token;
	struct answer **answers;

	ask_for("/auth/forgot-password", email);
	token = token_of(email, 1, "reset-password");
	answers = STORM(site, RACERS, .path = "/auth/reset-password",
	    .json = text("{\"token\":\"%s\",\"password\":\"%s\"}", token, SITE_OTHER_PASSWORD));
	ck_assert_msg(storm_count(answers, RACERS, 200) == 1 &&
			  storm_count(answers, RACERS, 400) == RACERS - 1,
	    "%s", storm_tally(answers, RACERS));
	mail_wait(site, email, 2);
}
END_TEST

START_TEST(test_reset_makes_the_address_verified)
{
	const char *email = site_email(), *token;

	enrol(email, SITE_PASSWORD);
	mail_wait(site, email, 1);
	ask_for("/auth/forgot-password", email);
	token = token_of(email, 2, "reset-password");
	ck_assert_str_eq(answer_value(reset(token, SITE_OTHER_PASSWORD), "is_verified"), "true");
	ck_answer(sign_in(email, SITE_OTHER_PASSWORD), 201, NULL);
}
END_TEST

START_TEST(test_reset_page_keeps_its_link)
{
	const char *email = site_member(site), *token;
	struct jar *jar = jar_new();
	struct answer *page;

	ask_for("/auth/forgot-password", email);
	token = token_of(email, 1, "reset-password");
	page = ASK(site, .path = text("/auth/reset-password?token=%s", token), .browser = true,
	    .jar = jar);
	ck_answer(page, 200, NULL);
	page = ASK(site, .path = "/auth/reset-password", .browser = true, .jar = jar,
	    .form = form("token", token, "password", "short", "csrf_token", jar_csrf(jar), NULL));
	ck_answer(page, 400, NULL);
	ck_assert_str_eq(answer_input(page, "token", "value"), token);
	ck_assert(!answer_has(page, "value=\"short\""));
	page = ASK(site, .path = "/auth/reset-password", .browser = true, .jar = jar,
	    .form = form("token", answer_input(page, "token", "value"), "password",
		SITE_OTHER_PASSWORD, "csrf_token", jar_csrf(jar), NULL));
	ck_answer(page, 200, NULL);
	ck_answer(sign_in(email, SITE_OTHER_PASSWORD), 201, NULL);
}
END_TEST

/* ------------------------------------------------------------------ change of address */

START_TEST(test_new_address_is_pending_until_its_link_is_followed)
{
	const char *email = site_member(site), *new = site_email(), *token;
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	struct login other = site_login_bearer(site, email, SITE_PASSWORD);
	struct answer *answer = patch(login.access, new);

	ck_answer(answer, 200, NULL);
	ck_assert_str_eq(answer_value(answer, "email"), email);
	ck_assert_str_eq(answer_value(answer, "pending_email"), new);
	ck_assert_str_eq(
	    answer_value(ASK(site, .path = "/users/me", .bearer = other.access), "pending_email"),
	    new);
	mail_wait(site, email, 1); /* the old address is told */
	token = token_of(new, 1, "verify");
	answer = verify(token);
	ck_answer(answer, 200, NULL);
	ck_assert_str_eq(answer_value(answer, "email"), new);
	ck_assert_str_eq(answer_value(answer, "is_verified"), "true");
	ck_assert_ptr_null(answer_value(answer, "pending_email"));
	mail_wait(site, email, 2); /* and once more */
	/* The session that asked goes on, though not its JWT; the others end. */
	ck_assert_int_eq(storm_me(site, login.access), 401);
	ck_answer(ASK(site, .path = "/auth/refresh", .json = storm_refresh_body(login.refresh)),
	    201, NULL);
	ck_answer(ASK(site, .path = "/auth/refresh", .json = storm_refresh_body(other.refresh)),
	    400, "REFRESH_TOKEN_INVALID");
	ck_answer(sign_in(email, SITE_PASSWORD), 400, "LOGIN_BAD_CREDENTIALS");
	ck_answer(sign_in(new, SITE_PASSWORD), 201, NULL);
	ck_answer(verify(token), 400, "VERIFY_USER_BAD_TOKEN");
}
END_TEST

START_TEST(test_taken_address_looks_pending_too)
{
	const char *email = site_member(site), *taken = site_member(site), *free = site_email();
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);
	struct answer *expected = patch(login.access, free), *answer = patch(login.access, taken);
	struct mail mail;

	ck_answer(answer, 200, NULL);
	ck_assert_str_eq(answer_value(answer, "pending_email"), taken);
	ck_assert_uint_eq(answer_count(answer, ""), answer_count(expected, ""));
	mail = mail_wait(site, taken, 1);
	ck_assert_ptr_null(strstr(mail.text, "token="));
}
END_TEST

/* Each row makes a link that was mailed for a change of address worthless. */
static const char *const enders[] = { "another", "password", "reset", "taken", "own" };

START_TEST(test_pending_change_ends_with)
{
	const char *email = site_member(site), *new = site_email(), *token;
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);

	patch(login.access, new);
	token = token_of(new, 1, "verify");
	if (strcmp(enders[_i], "another") == 0) {
		ck_answer(patch(login.access, site_email()), 200, NULL);
	} else if (strcmp(enders[_i], "password") == 0) {
		ck_answer(ASK(site, .path = "/users/me/change-password", .bearer = login.access,
			      .json = text("{\"current_password\":\"%s\",\"new_password\":\"%s\"}",
				  SITE_PASSWORD, SITE_OTHER_PASSWORD)),
		    204, NULL);
	} else if (strcmp(enders[_i], "reset") == 0) {
		mail_wait(site, email, 1);
		ask_for("/auth/forgot-password", email);
		ck_answer(
		    reset(token_of(email, 2, "reset-password"), SITE_OTHER_PASSWORD), 200, NULL);
	} else if (strcmp(enders[_i], "taken") == 0) {
		site_user(site, new, SITE_PASSWORD, true);
	} else {
		ck_answer(patch(login.access, email), 200, NULL);
	}
	ck_answer(verify(token), 400, "VERIFY_USER_BAD_TOKEN");
	ck_assert_str_eq(site_sql(site, "SELECT count(*) FROM users WHERE email = %Q", email), "1");
}
END_TEST

START_TEST(test_confirmed_address_ends_reset_links_of_the_old_one)
{
	const char *email = site_member(site), *new = site_email(), *token;
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);

	ask_for("/auth/forgot-password", email);
	token = token_of(email, 1, "reset-password");
	patch(login.access, new);
	ck_answer(verify(token_of(new, 1, "verify")), 200, NULL);
	ck_answer(reset(token, SITE_OTHER_PASSWORD), 400, "RESET_PASSWORD_BAD_TOKEN");
}
END_TEST

/* ------------------------------------------------------------------ others */

START_TEST(test_invited_user_sets_a_password)
{
	const char *email = site_email(), *token;

	CTL(site, "user", "add", email);
	ck_answer(sign_in(email, SITE_PASSWORD), 400, "LOGIN_BAD_CREDENTIALS");
	token = token_of(email, 1, "reset-password");
	ck_answer(reset(token, SITE_PASSWORD), 200, NULL);
	ck_answer(sign_in(email, SITE_PASSWORD), 201, NULL);
}
END_TEST

/* Waits for the one process of the program that is not the one of before. */
static void
wait_for_another(const char *program, pid_t before)
{
	pid_t pid = before;
	double until = storm_seconds() + MAIL_PATIENCE;

	while ((site_processes(site, program, &pid, 1) != 1 || pid == before) &&
	       storm_seconds() < until)
		storm_rest(20);
	ck_assert_int_ne(pid, before);
}

/* The child that starts deliver may be ended by anything: its program then ends too, and the web
 * server starts it anew. */
START_TEST(test_sender_is_started_again)
{
	pid_t pids[STORM_PROCESSES], starter;
	const char *email = site_member(site);
	size_t size, count = site_processes(site, "password", pids, STORM_PROCESSES);

	ck_assert_uint_eq(count, 1);
	starter = (pid_t)atoi(
	    storm_file(text("/proc/%d/task/%d/children", (int)pids[0], (int)pids[0]), &size));
	ck_assert_int_gt(starter, 0);
	ck_assert_int_eq(kill(starter, SIGKILL), 0);
	for (int i = 0; i < 500 && kill(starter, 0) == 0; i++)
		storm_rest(20); /* until its end of the pipe is closed */
	ask_for("/auth/forgot-password", email);
	wait_for_another("password", pids[0]);
	ask_for("/auth/forgot-password", email);
	mail_wait(site, email, 2);
}
END_TEST

START_TEST(test_owner_is_told_of_a_refresh_token_that_came_twice)
{
	const char *email = site_member(site);
	struct login login = site_login_bearer(site, email, SITE_PASSWORD);

	ck_answer(ASK(site, .path = "/auth/refresh", .json = storm_refresh_body(login.refresh)),
	    201, NULL);
	site_sql(site, "UPDATE consumed_refresh SET consumed_at = 1");
	ck_answer(ASK(site, .path = "/auth/refresh", .json = storm_refresh_body(login.refresh)),
	    400, "REFRESH_TOKEN_INVALID");
	mail_wait(site, email, 1);
}
END_TEST

START_TEST(test_answers_tell_nothing_of_accounts)
{
	static const char *const paths[] = { "/auth/request-verify-token",
		"/auth/forgot-password" };
	const char *member = site_member(site), *unverified = site_email(), *gone = site_email();
	const char *expected = storm_plain(ask_for(paths[_i], site_email()));

	enrol(unverified, SITE_PASSWORD);
	site_user(site, gone, SITE_PASSWORD, true);
	CTL(site, "user", "deactivate", gone);
	ck_answer(ask_for(paths[_i], member), 202, NULL);
	ck_assert_str_eq(storm_plain(ask_for(paths[_i], member)), expected);
	ck_assert_str_eq(storm_plain(ask_for(paths[_i], unverified)), expected);
	ck_assert_str_eq(storm_plain(ask_for(paths[_i], gone)), expected);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("mail");

	site = site_start(&(struct site_options){ .settings = { NULL } });
	tcase_add_test(tests, test_registration_is_confirmed_by_its_link);
	tcase_add_test(tests, test_bad_tokens_are_alike);
	tcase_add_test(tests, test_one_of_many_uses_wins);
	tcase_add_test(tests, test_looking_at_a_link_uses_nothing_up);
	tcase_add_test(tests, test_page_confirms_by_its_button);
	tcase_add_test(tests, test_link_is_sent_again_on_request);
	tcase_add_test(tests, test_deactivated_account_is_not_confirmed);
	limited = site_start(&(struct site_options){
	    .settings = { "limit.recipient", "6/1h", "account.requires_verification", "off" } });
	tcase_add_test(tests, test_operator_opens_no_contested_account_to_the_first);
	tcase_add_test(tests, test_others_leave_the_owner_a_share);
	tcase_add_test(tests, test_unconfirmed_address_is_not_flooded);
	tcase_add_test(tests, test_mails_of_others_leave_room_for_notices);
	tcase_add_test(tests, test_one_account_names_only_so_many_addresses);
	tcase_add_test(tests, test_sender_is_started_again);
	tcase_add_test(tests, test_owner_is_told_of_a_second_registration);
	tcase_add_test(tests, test_nobody_waits_in_an_account_of_another_address);
	tcase_add_test(tests, test_reset_ends_sessions_and_the_old_password);
	tcase_add_test(tests, test_refused_password_leaves_the_link);
	tcase_add_test(tests, test_reset_ends_other_links_of_the_account);
	tcase_add_test(tests, test_password_change_ends_reset_links);
	tcase_add_test(tests, test_password_change_ends_verify_links);
	tcase_add_test(tests, test_one_of_many_resets_wins);
	tcase_add_test(tests, test_reset_makes_the_address_verified);
	tcase_add_test(tests, test_reset_page_keeps_its_link);
	tcase_add_test(tests, test_new_address_is_pending_until_its_link_is_followed);
	tcase_add_test(tests, test_taken_address_looks_pending_too);
	tcase_add_loop_test(
	    tests, test_pending_change_ends_with, 0, (int)(sizeof(enders) / sizeof(enders[0])));
	tcase_add_test(tests, test_confirmed_address_ends_reset_links_of_the_old_one);
	tcase_add_test(tests, test_invited_user_sets_a_password);
	tcase_add_test(tests, test_owner_is_told_of_a_refresh_token_that_came_twice);
	tcase_add_loop_test(tests, test_answers_tell_nothing_of_accounts, 0, 2);
	return site_run(tests);
}
