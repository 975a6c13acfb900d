#include "store/factor.h"

#include "store/pending.h"
#include "unit/store.h"

static struct store s;
static struct user ada;

static const struct factor sealed = {
	.sealed = SPAN_ROW("a\0b"),
	.algorithm = SPAN_ROW("sha256"),
	.digits = 6,
	.period = 30,
	.last_step = 41,
};

static void
look(void)
{
	ck_assert_int_eq(user_by_id(&s.ctx, SPAN(STORE_ID_A), &ada), RC_OK);
}

static void
begin(void)
{
	store_begin(&s, STORE_ALL);
	store_user(&s, STORE_ID_A, "ada@example.org", NULL, "hash");
	look();
}

START_TEST(factor_comes_out_as_it_went_in)
{
	struct factor found;
	int64_t version;

	begin();
	version = ada.security_version;
	ck_assert(!ada.second_factor);
	ck_assert_int_eq(factor_find(&s.ctx, &ada, &found), RC_NO);
	ck_assert_int_eq(factor_delete(&s.ctx, &ada), RC_NO);
	ck_assert_int_eq(factor_insert(&s.ctx, &ada, &sealed), RC_OK);
	look();
	ck_assert(ada.second_factor);
	ck_assert_int_eq(ada.security_version, version + 1);
	ck_assert_int_eq(factor_find(&s.ctx, &ada, &found), RC_OK);
	ck_assert(span_equal(found.sealed, sealed.sealed));
	ck_assert(span_equal(found.algorithm, sealed.algorithm));
	ck_assert_int_eq(found.digits, 6);
	ck_assert_int_eq(found.period, 30);
	ck_assert_int_eq(found.last_step, 41);
	ck_assert_int_eq(factor_insert(&s.ctx, &ada, &sealed), RC_NO);
	ck_assert_int_eq(recovery_insert(&s.ctx, &ada, SPAN("one")), RC_OK);
	ck_assert_int_eq(factor_delete(&s.ctx, &ada), RC_OK);
	look();
	ck_assert(!ada.second_factor);
	ck_assert_int_eq(ada.security_version, version + 2);
	ck_assert_int_eq(store_int(&s, "SELECT (SELECT count(*) FROM totp) + "
				       "(SELECT count(*) FROM recovery_code)"),
	    0);
	store_end(&s);
}
END_TEST

START_TEST(step_is_accepted_once_and_none_before_it)
{
	begin();
	ck_assert_int_eq(factor_insert(&s.ctx, &ada, &sealed), RC_OK);
	ck_assert_int_eq(factor_spend(&s.ctx, &ada, 41), RC_NO);
	ck_assert_int_eq(factor_spend(&s.ctx, &ada, 43), RC_OK);
	ck_assert_int_eq(factor_spend(&s.ctx, &ada, 43), RC_NO);
	ck_assert_int_eq(factor_spend(&s.ctx, &ada, 42), RC_NO);
	ck_assert_int_eq(factor_spend(&s.ctx, &ada, 44), RC_OK);
	store_end(&s);
}
END_TEST

START_TEST(session_is_marked_for_a_while)
{
	begin();
	store_sql(&s, "INSERT INTO session VALUES"
		      " (1, '" STORE_ID_B "', 1, 'b', 'u', NULL, 0, 0, 9000000000000, 0)");
	ck_assert_int_eq(factor_session_is_marked(&s.ctx, &ada, SPAN(STORE_ID_B)), RC_NO);
	ck_assert_int_eq(
	    factor_mark_session(&s.ctx, &ada, SPAN(STORE_ID_B), STORE_NOW + MINUTE), RC_OK);
	ck_assert_int_eq(
	    factor_mark_session(&s.ctx, &ada, SPAN(STORE_ID_C), STORE_NOW + MINUTE), RC_NO);
	ck_assert_int_eq(factor_session_is_marked(&s.ctx, &ada, SPAN(STORE_ID_B)), RC_OK);
	/* the clock was ahead, and is set back */
	s.ctx.now -= HOUR;
	ck_assert_int_eq(factor_session_is_marked(&s.ctx, &ada, SPAN(STORE_ID_B)), RC_NO);
	s.ctx.now += HOUR + MINUTE;
	ck_assert_int_eq(factor_session_is_marked(&s.ctx, &ada, SPAN(STORE_ID_B)), RC_NO);
	store_end(&s);
}
END_TEST

static void
enrol(const char *digest)
{
	ck_assert_int_eq(
	    enrolment_replace(&s.ctx, &ada, span_of(digest), &sealed, STORE_NOW + MINUTE), RC_OK);
}

START_TEST(enrolment_is_one_and_ends)
{
	struct factor found;

	begin();
	enrol("first");
	enrol("second");
	ck_assert_int_eq(enrolment_find(&s.ctx, &ada, SPAN("first"), &found), RC_NO);
	ck_assert_int_eq(enrolment_find(&s.ctx, &ada, SPAN("second"), &found), RC_OK);
	ck_assert(span_equal(found.sealed, sealed.sealed));
	s.ctx.now += MINUTE;
	ck_assert_int_eq(enrolment_find(&s.ctx, &ada, SPAN("second"), &found), RC_NO);
	s.ctx.now -= MINUTE;
	store_sql(&s, "UPDATE users SET security_version = security_version + 1");
	look();
	ck_assert_int_eq(enrolment_find(&s.ctx, &ada, SPAN("second"), &found), RC_NO);
	enrol("third");
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(enrolment_fail(&s.ctx, &ada, SPAN("third"), 3), RC_OK);
	ck_assert_int_eq(enrolment_find(&s.ctx, &ada, SPAN("third"), &found), RC_OK);
	ck_assert_int_eq(enrolment_fail(&s.ctx, &ada, SPAN("third"), 3), RC_OK);
	ck_assert_int_eq(enrolment_find(&s.ctx, &ada, SPAN("third"), &found), RC_NO);
	enrol("fourth"); /* and with no failure of those before */
	ck_assert_int_eq(enrolment_fail(&s.ctx, &ada, SPAN("fourth"), 3), RC_OK);
	ck_assert_int_eq(enrolment_take(&s.ctx, &ada, SPAN("fourth")), RC_OK);
	ck_assert_int_eq(enrolment_take(&s.ctx, &ada, SPAN("fourth")), RC_NO);
	store_end(&s);
}
END_TEST

START_TEST(recovery_codes_are_their_owners)
{
	struct user bob;
	int64_t count;

	begin();
	store_user(&s, STORE_ID_B, "bob@example.org", NULL, "hash");
	ck_assert_int_eq(user_by_id(&s.ctx, SPAN(STORE_ID_B), &bob), RC_OK);
	ck_assert_int_eq(recovery_insert(&s.ctx, &ada, SPAN("one")), RC_OK);
	ck_assert_int_eq(recovery_insert(&s.ctx, &ada, SPAN("two")), RC_OK);
	ck_assert_int_eq(recovery_spend(&s.ctx, &bob, SPAN("one")), RC_NO);
	ck_assert_int_eq(recovery_spend(&s.ctx, &ada, SPAN("one")), RC_OK);
	ck_assert_int_eq(recovery_spend(&s.ctx, &ada, SPAN("one")), RC_NO);
	ck_assert_int_eq(recovery_count(&s.ctx, &ada, &count), RC_OK);
	ck_assert_int_eq(count, 1);
	ck_assert_int_eq(recovery_delete(&s.ctx, &ada), RC_OK);
	ck_assert_int_eq(recovery_count(&s.ctx, &ada, &count), RC_OK);
	ck_assert_int_eq(count, 0);
	store_end(&s);
}
END_TEST

/* --- sign-ins that wait ------------------------------------------------------------------------
 */

static const struct pending waits = { SPAN_ROW("digest"), SPAN_ROW("api"), SPAN_ROW("agent") };

/* What is asked for in place of that, or what happens before. */
static const struct {
	struct pending asked;
	const char *before;
	int64_t after;
	enum rc expected;
} finds[] = {
	{ { SPAN_ROW("digest"), SPAN_ROW("api"), SPAN_ROW("agent") }, NULL, 0, RC_OK },
	{ { SPAN_ROW("other"), SPAN_ROW("api"), SPAN_ROW("agent") }, NULL, 0, RC_NO },
	{ { SPAN_ROW("digest"), SPAN_ROW("web"), SPAN_ROW("agent") }, NULL, 0, RC_NO },
	{ { SPAN_ROW("digest"), SPAN_ROW("api"), SPAN_ROW("curl") }, NULL, 0, RC_NO },
	{ { SPAN_ROW("digest"), SPAN_ROW("api"), SPAN_ROW("agent") }, NULL, MINUTE - 1, RC_OK },
	{ { SPAN_ROW("digest"), SPAN_ROW("api"), SPAN_ROW("agent") }, NULL, MINUTE, RC_NO },
	{ { SPAN_ROW("digest"), SPAN_ROW("api"), SPAN_ROW("agent") },
	    "UPDATE users SET security_version = security_version + 1", 0, RC_NO },
	{ { SPAN_ROW("digest"), SPAN_ROW("api"), SPAN_ROW("agent") }, "DELETE FROM users", 0,
	    RC_NO },
};

START_TEST(sign_in_that_waits_is_bound)
{
	struct user user;

	begin();
	ck_assert_int_eq(pending_insert(&s.ctx, &ada, &waits, STORE_NOW + MINUTE), RC_OK);
	if (finds[_i].before != NULL)
		store_sql(&s, finds[_i].before);
	s.ctx.now += finds[_i].after;
	ck_assert_int_eq(pending_find(&s.ctx, &finds[_i].asked, &user), finds[_i].expected);
	if (finds[_i].expected == RC_OK)
		ck_assert_str_eq(user.id, STORE_ID_A);
	store_end(&s);
}
END_TEST

START_TEST(sign_in_that_waits_ends)
{
	struct user user;

	begin();
	ck_assert_int_eq(pending_insert(&s.ctx, &ada, &waits, STORE_NOW + MINUTE), RC_OK);
	ck_assert_int_eq(pending_fail(&s.ctx, &waits, 2), RC_OK);
	ck_assert_int_eq(pending_find(&s.ctx, &waits, &user), RC_OK);
	ck_assert_int_eq(pending_fail(&s.ctx, &waits, 2), RC_OK);
	ck_assert_int_eq(pending_find(&s.ctx, &waits, &user), RC_NO);
	ck_assert_int_eq(pending_insert(&s.ctx, &ada, &waits, STORE_NOW + MINUTE), RC_OK);
	ck_assert_int_eq(pending_take(&s.ctx, &waits), RC_OK);
	ck_assert_int_eq(pending_take(&s.ctx, &waits), RC_NO);
	store_end(&s);
}
END_TEST

/* What nobody can finish any more does not pile up while one begins after the other. */
START_TEST(expired_sign_ins_go_with_the_next)
{
	const struct pending second = { SPAN_ROW("second"), SPAN_ROW("api"), SPAN_ROW("agent") };
	struct user bob;

	begin();
	store_user(&s, STORE_ID_B, "bob@example.org", NULL, "hash");
	ck_assert_int_eq(user_by_id(&s.ctx, SPAN(STORE_ID_B), &bob), RC_OK);
	ck_assert_int_eq(pending_insert(&s.ctx, &ada, &waits, STORE_NOW + MINUTE), RC_OK);
	ck_assert_int_eq(pending_insert(&s.ctx, &ada, &second, STORE_NOW + HOUR), RC_OK);
	s.ctx.now += MINUTE;
	ck_assert_int_eq(pending_expire(&s.ctx, &bob), RC_OK);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM pending_login"), 2);
	ck_assert_int_eq(pending_expire(&s.ctx, &ada), RC_OK);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM pending_login"), 1);
	ck_assert_int_eq(pending_find(&s.ctx, &second, &bob), RC_OK);
	store_end(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("factor");
	TCase *tests = tcase_create("factor");

	tcase_add_test(tests, factor_comes_out_as_it_went_in);
	tcase_add_test(tests, step_is_accepted_once_and_none_before_it);
	tcase_add_test(tests, session_is_marked_for_a_while);
	tcase_add_test(tests, enrolment_is_one_and_ends);
	tcase_add_test(tests, recovery_codes_are_their_owners);
	tcase_add_loop_test(
	    tests, sign_in_that_waits_is_bound, 0, (int)(sizeof(finds) / sizeof(finds[0])));
	tcase_add_test(tests, sign_in_that_waits_ends);
	tcase_add_test(tests, expired_sign_ins_go_with_the_next);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
