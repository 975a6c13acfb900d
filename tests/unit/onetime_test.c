#include "store/onetime.h"

#include "store/clean.h"
#include "unit/store.h"

static struct store s;
static struct user ada;

static void
begin(void)
{
	store_begin(&s, STORE_ALL);
	store_user(&s, STORE_ID_A, "ada@example.org", NULL, "hash");
	store_sql(&s, "UPDATE users SET is_verified = 0");
	ck_assert_int_eq(user_by_email(&s.ctx, SPAN("ada@example.org"), &ada, NULL), RC_OK);
}

static void
give(enum onetime_kind kind, const char *digest, const char *email)
{
	struct onetime onetime = { kind, span_of(email), STORE_ID_B, STORE_NOW + HOUR };

	ck_assert_int_eq(onetime_insert(&s.ctx, &ada, span_of(digest), &onetime), RC_OK);
}

static const struct {
	enum onetime_kind kind;
	bool reset;
	int64_t after;
	enum rc expected;
} finds[] = {
	{ ONETIME_VERIFY, false, 0, RC_OK },
	{ ONETIME_CHANGE, false, 0, RC_OK },
	{ ONETIME_RESET, true, 0, RC_OK },
	{ ONETIME_VERIFY, true, 0, RC_NO }, /* one kind is never taken for another */
	{ ONETIME_CHANGE, true, 0, RC_NO },
	{ ONETIME_RESET, false, 0, RC_NO },
	{ ONETIME_VERIFY, false, HOUR - 1, RC_OK },
	{ ONETIME_VERIFY, false, HOUR, RC_NO },
	{ ONETIME_RESET, true, HOUR, RC_NO },
};

START_TEST(token_is_found_as_what_it_is_while_it_lives)
{
	struct onetime found;
	struct user user;

	begin();
	give(finds[_i].kind, "digest", "new@example.org");
	s.ctx.now += finds[_i].after;
	ck_assert_int_eq(onetime_find(&s.ctx, finds[_i].reset, SPAN("digest"), &user, &found),
	    finds[_i].expected);
	if (finds[_i].expected == RC_OK) {
		ck_assert_int_eq(found.kind, finds[_i].kind);
		ck_assert(span_equal(found.email, SPAN("new@example.org")));
		ck_assert_str_eq(found.session, STORE_ID_B);
		ck_assert_str_eq(user.id, STORE_ID_A);
	}
	store_end(&s);
}
END_TEST

START_TEST(token_works_once)
{
	begin();
	give(ONETIME_RESET, "digest", "ada@example.org");
	ck_assert_int_eq(onetime_take(&s.ctx, ONETIME_RESET, SPAN("digest")), RC_OK);
	ck_assert_int_eq(onetime_take(&s.ctx, ONETIME_RESET, SPAN("digest")), RC_NO);
	store_end(&s);
}
END_TEST

START_TEST(one_kind_ends_and_the_others_stay)
{
	struct span email;

	begin();
	give(ONETIME_VERIFY, "a", "ada@example.org");
	give(ONETIME_RESET, "b", "ada@example.org");
	give(ONETIME_CHANGE, "c", "new@example.org");
	ck_assert_int_eq(onetime_pending(&s.ctx, &ada, &email), RC_OK);
	ck_assert(span_equal(email, SPAN("new@example.org")));
	ck_assert_int_eq(onetime_end(&s.ctx, &ada, ONETIME_CHANGE), RC_OK);
	ck_assert_int_eq(onetime_pending(&s.ctx, &ada, &email), RC_NO);
	ck_assert_int_eq(onetime_take(&s.ctx, ONETIME_RESET, SPAN("b")), RC_OK);
	ck_assert_int_eq(onetime_take(&s.ctx, ONETIME_VERIFY, SPAN("a")), RC_OK);
	store_end(&s);
}
END_TEST

START_TEST(expired_tokens_are_cleaned_up)
{
	int64_t deleted;

	begin();
	give(ONETIME_VERIFY, "a", "ada@example.org");
	s.ctx.now += HOUR;
	ck_assert_int_eq(clean_run(&s.ctx, 100, &deleted), RC_OK);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM onetime"), 0);
	store_end(&s);
}
END_TEST

START_TEST(contested_account_is_verified_by_a_password_alone)
{
	bool contested = true;

	begin();
	ck_assert_int_eq(user_by_email(&s.ctx, SPAN("ada@example.org"), &ada, &contested), RC_OK);
	ck_assert(!contested);
	ck_assert_int_eq(user_contest(&s.ctx, &ada), RC_OK);
	ck_assert_int_eq(user_by_email(&s.ctx, SPAN("ada@example.org"), &ada, &contested), RC_OK);
	ck_assert(contested);
	ck_assert_int_eq(user_mark_verified(&s.ctx, &ada), RC_NO);
	ck_assert_int_eq(store_int(&s, "SELECT password_hash = '' FROM users"), 1);
	ck_assert_int_eq(user_reset_password(&s.ctx, &ada, "new hash"), RC_OK);
	ck_assert_int_eq(user_by_email(&s.ctx, SPAN("ada@example.org"), &ada, &contested), RC_OK);
	ck_assert(!contested && ada.is_verified);
	ck_assert_int_eq(user_contest(&s.ctx, &ada), RC_NO);
	store_end(&s);
}
END_TEST

/* state, and what marking verified, replacing the address, setting the password then say */
static const struct {
	const char *sql;
	enum rc verified, replaced, reset;
} states[] = {
	{ "UPDATE users SET is_active = 1", RC_OK, RC_OK, RC_OK },
	{ "UPDATE users SET is_active = 0", RC_NO, RC_NO, RC_NO },
	{ "UPDATE users SET is_verified = 1", RC_NO, RC_OK, RC_OK },
	{ "DELETE FROM users", RC_NO, RC_NO, RC_NO },
};

START_TEST(link_does_what_the_account_allows)
{
	begin();
	store_sql(&s, states[_i].sql);
	ck_assert_int_eq(user_mark_verified(&s.ctx, &ada), states[_i].verified);
	ck_assert_int_eq(
	    user_replace_email(&s.ctx, &ada, SPAN("new@example.org")), states[_i].replaced);
	ck_assert_int_eq(user_reset_password(&s.ctx, &ada, "new hash"), states[_i].reset);
	store_end(&s);
}
END_TEST

START_TEST(taken_address_replaces_none)
{
	begin();
	store_user(&s, STORE_ID_B, "bob@example.org", NULL, "hash");
	ck_assert_int_eq(user_replace_email(&s.ctx, &ada, SPAN("bob@example.org")), RC_NO);
	store_end(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("onetime");
	TCase *tests = tcase_create("onetime");

	tcase_add_loop_test(tests, token_is_found_as_what_it_is_while_it_lives, 0,
	    (int)(sizeof(finds) / sizeof(finds[0])));
	tcase_add_test(tests, token_works_once);
	tcase_add_test(tests, one_kind_ends_and_the_others_stay);
	tcase_add_test(tests, expired_tokens_are_cleaned_up);
	tcase_add_test(tests, contested_account_is_verified_by_a_password_alone);
	tcase_add_loop_test(
	    tests, link_does_what_the_account_allows, 0, (int)(sizeof(states) / sizeof(states[0])));
	tcase_add_test(tests, taken_address_replaces_none);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
