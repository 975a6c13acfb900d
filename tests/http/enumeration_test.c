/* No answer tells whether there is an account: same status, same bytes, not before the floor. */
#include "http/storm.h"

#include <stdio.h>
#include <strings.h>

#define FLOOR 0.3
#define PARALLEL 20
#define WRONG 3 /* lockout_failures */

static struct site *site;  /* with a floor */
static struct site *locks; /* with lock-out */

static struct answer *
login_as(const struct site *where, const char *email, const char *password)
{
	return ASK(where, .path = "/auth/login", .json = site_credentials(email, password));
}

/* Every reason for which one cannot sign in. */
static size_t
refused_logins(const struct site *where, struct answer *answers[8])
{
	const char *wrong = site_member(where), *inactive = site_member(where);
	const char *unverified = site_email(), *unusable = site_member(where);
	const char *broken = site_member(where);
	size_t count = 0;

	CTL(where, "user", "deactivate", inactive);
	site_user(where, unverified, SITE_PASSWORD, false);
	site_sql(where, "UPDATE users SET password_hash = '' WHERE email = %Q", unusable);
	site_sql(where, "UPDATE users SET password_hash = '$argon2id$v=19$m=1' WHERE email = %Q",
	    broken);
	answers[count++] = login_as(where, site_email(), SITE_PASSWORD);
	answers[count++] = login_as(where, wrong, SITE_OTHER_PASSWORD);
	answers[count++] = login_as(where, inactive, SITE_PASSWORD);
	answers[count++] = login_as(where, unverified, SITE_PASSWORD);
	answers[count++] = login_as(where, unusable, SITE_PASSWORD);
	answers[count++] = login_as(where, broken, SITE_PASSWORD);
	return count;
}

static void
all_alike(struct answer **answers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		ck_answer(answers[i], 400, "LOGIN_BAD_CREDENTIALS");
		ck_assert_str_eq(storm_plain(answers[i]), storm_plain(answers[0]));
		ck_assert_ptr_nonnull(answer_value(answers[i], "request_id"));
	}
}

START_TEST(test_refused_sign_ins_are_alike)
{
	struct answer *answers[8];
	size_t count = refused_logins(site, answers);

	all_alike(answers, count);
	for (size_t i = 0; i < count; i++)
		ck_assert_msg(answers[i]->seconds >= FLOOR, "%zu: %f", i, answers[i]->seconds);
}
END_TEST

START_TEST(test_refused_sign_ins_are_alike_for_browsers)
{
	const char *unknown = "user-nobody-at-all@example.org",
		   *known = "user-someone-else@example.org";
	const char *emails[] = { unknown, known }, *pages[2];

	site_user(site, known, SITE_PASSWORD, true);
	for (int i = 0; i < 2; i++) {
		struct jar *jar = jar_new();
		struct answer *answer =
		    ASK(site, .path = "/auth/web/login", .jar = jar, .browser = true);
		const char *at, *token = jar_csrf(jar), *page;

		ck_answer(answer, 200, NULL);
		answer = ASK(site, .path = "/auth/web/login", .jar = jar, .browser = true,
		    .form = form("identifier", emails[i], "password", SITE_OTHER_PASSWORD,
			"csrf_token", token, NULL));
		ck_answer(answer, 400, NULL);
		ck_assert(!answer_has(answer, SITE_OTHER_PASSWORD));
		/* take out what differs for its own reasons: the address as typed, the tokens */
		page = answer->body;
		while ((at = strstr(page, emails[i])) != NULL)
			page = text("%.*s@@%s", (int)(at - page), page, at + strlen(emails[i]));
		while ((at = strstr(page, jar_csrf(jar))) != NULL)
			page = text("%.*s##%s", (int)(at - page), page, at + strlen(jar_csrf(jar)));
		pages[i] = page;
	}
	ck_assert_str_eq(pages[0], pages[1]);
}
END_TEST

START_TEST(test_locked_account_is_refused_like_any_other)
{
	const char *email = site_member(locks), *other = site_member(locks);
	struct answer *answers[2] = { NULL, login_as(locks, other, SITE_OTHER_PASSWORD) };

	site_login_bearer(locks, email, SITE_PASSWORD);
	for (int i = 0; i < WRONG; i++)
		ck_answer(ASK(locks, .path = "/auth/login", .address = text("127.0.0.%d", 10 + i),
			      .json = site_credentials(email, SITE_OTHER_PASSWORD)),
		    400, "LOGIN_BAD_CREDENTIALS");
	answers[0] = login_as(locks, email, SITE_PASSWORD); /* the right one, refused */
	all_alike(answers, 2);
	site_login_bearer(locks, other, SITE_PASSWORD);
}
END_TEST

/* Addresses that have no account lock in the same way; nothing else could be seen from outside. */
START_TEST(test_unknown_address_locks_alike)
{
	const char *email = site_member(locks), *nobody = site_email();

	for (int i = 0; i <= WRONG; i++) {
		struct answer *answers[2] = { login_as(locks, email, SITE_OTHER_PASSWORD),
			login_as(locks, nobody, SITE_OTHER_PASSWORD) };

		all_alike(answers, 2);
	}
}
END_TEST

static struct answer *
register_as(const char *email, const char *password)
{
	return ASK(site, .path = "/auth/register",
	    .json = text("{\"email\":\"%s\",\"password\":\"%s\"}", email, password));
}

START_TEST(test_registration_of_a_taken_address_looks_like_a_new_one)
{
	const char *fresh = "registered-anew@example.org", *taken = "registered-long@example.org";
	const char *unverified = "registered-once@example.org", *plain[3];
	struct answer *answers[3];

	site_user(site, taken, SITE_PASSWORD, true);
	site_user(site, unverified, SITE_PASSWORD, false);
	answers[0] = register_as(fresh, SITE_OTHER_PASSWORD);
	answers[1] = register_as(taken, SITE_OTHER_PASSWORD);
	answers[2] = register_as(unverified, SITE_OTHER_PASSWORD);
	for (int i = 0; i < 3; i++) {
		ck_answer(answers[i], 201, NULL);
		ck_assert_msg(answers[i]->seconds >= FLOOR, "%d: %f", i, answers[i]->seconds);
		ck_assert_ptr_null(
		    site_sql(site, "SELECT 1 FROM users WHERE public_id = %Q AND email <> %Q",
			answer_value(answers[i], "id"), fresh));
		plain[i] = storm_plain(answers[i]);
		plain[i] = storm_without(storm_without(plain[i], "id"), "email");
	}
	ck_assert_str_eq(plain[0], plain[1]);
	ck_assert_str_eq(plain[0], plain[2]);
	/* and the account that was there is as it was */
	ck_assert_int_eq(login_as(site, taken, SITE_PASSWORD)->status, 201);
	ck_assert_int_eq(login_as(site, taken, SITE_OTHER_PASSWORD)->status, 400);
}
END_TEST

START_TEST(test_refused_passwords_at_registration_are_alike)
{
	const char *taken = site_member(site);
	struct answer *answers[2] = { register_as(site_email(), "password123456"),
		register_as(taken, "password123456") };

	for (int i = 0; i < 2; i++) {
		ck_answer(answers[i], 400, "REGISTER_INVALID_PASSWORD");
		ck_assert_msg(answers[i]->seconds >= FLOOR, "%d: %f", i, answers[i]->seconds);
		ck_assert_str_eq(storm_plain(answers[i]), storm_plain(answers[0]));
	}
}
END_TEST

/* The floor holds for what never reaches the database, too. */
START_TEST(test_every_answer_of_login_waits_for_the_floor)
{
	const char *email = site_member(site);
	const struct ask asks[] = {
		{ .path = "/auth/login", .json = "{}" },
		{ .path = "/auth/login", .json = "{\"identifier\":" },
		{ .path = "/auth/login", .body = "x", .type = "text/plain" },
		{ .path = "/auth/login", .json = site_credentials(email, SITE_PASSWORD) },
	};

	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		struct answer *answer = ask(site, &asks[i]);

		ck_assert_msg(answer->seconds >= FLOOR, "%zu: %ld after %f", i, answer->status,
		    answer->seconds);
	}
}
END_TEST

START_TEST(test_waiting_answers_hold_no_process)
{
	const char *email = site_member(site);
	double began = storm_seconds(), took;
	struct answer **answers = STORM(
	    site, PARALLEL, .path = "/auth/login", .json = site_credentials(email, SITE_PASSWORD));

	took = storm_seconds() - began;
	ck_assert_uint_eq(storm_count(answers, PARALLEL, 201), PARALLEL);
	for (size_t i = 0; i < PARALLEL; i++)
		ck_assert_msg(answers[i]->seconds >= FLOOR, "%f", answers[i]->seconds);
	/* two processes, one after the other, would take PARALLEL / 2 * FLOOR */
	ck_assert_msg(took < PARALLEL / 2 * FLOOR * 0.7, "%f s", took);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("enumeration");

	site =
	    site_start(&(struct site_options){ .settings = { "account.response_floor", "300ms" } });
	locks =
	    site_start(&(struct site_options){ .settings = { "account.lockout_failures", "3" } });
	tcase_add_test(tests, test_refused_sign_ins_are_alike);
	tcase_add_test(tests, test_refused_sign_ins_are_alike_for_browsers);
	tcase_add_test(tests, test_locked_account_is_refused_like_any_other);
	tcase_add_test(tests, test_unknown_address_locks_alike);
	tcase_add_test(tests, test_registration_of_a_taken_address_looks_like_a_new_one);
	tcase_add_test(tests, test_refused_passwords_at_registration_are_alike);
	tcase_add_test(tests, test_every_answer_of_login_waits_for_the_floor);
	tcase_add_test(tests, test_waiting_answers_hold_no_process);
	return site_run(tests);
}
