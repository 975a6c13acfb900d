#include "store/operate.h"
#include "store/session.h"
#include "unit/store.h"

static struct store s;
static struct user ada, bob;

static void
begin(void)
{
	store_begin(&s, STORE_ALL);
	store_user(&s, STORE_ID_A, "a@example.org", NULL, "h");
	store_user(&s, STORE_ID_B, "b@example.org", NULL, "h");
	ck_assert_int_eq(user_by_id(&s.ctx, SPAN(STORE_ID_A), &ada), RC_OK);
	ck_assert_int_eq(user_by_id(&s.ctx, SPAN(STORE_ID_B), &bob), RC_OK);
}

static struct user
find(const char *email)
{
	struct user user;

	ck_assert_int_eq(operate_user_find(&s.ctx, span_of(email), &user), RC_OK);
	return user;
}

START_TEST(user_is_found_by_address)
{
	struct user user;

	begin();
	ck_assert_int_eq(find("b@example.org").row, bob.row);
	ck_assert_int_eq(operate_user_find(&s.ctx, SPAN("c@example.org"), &user), RC_NO);
	store_end(&s);
}
END_TEST

START_TEST(page_has_users_by_address_with_their_roles)
{
	struct user *users;
	size_t count;
	char id[UUID_SIZE], email[32];

	begin();
	for (int i = 0; i < 20; i++) {
		snprintf(id, sizeof(id), "%036d", i);
		snprintf(email, sizeof(email), "n%02d@example.org", i);
		store_user(&s, id, email, NULL, "h");
	}
	ck_assert_int_eq(operate_role_insert(&s.ctx, SPAN("editor"), SPAN("Edits.")), RC_OK);
	ck_assert_int_eq(operate_role_assign(&s.ctx, &bob, SPAN("superuser")), RC_OK);
	ck_assert_int_eq(operate_role_assign(&s.ctx, &bob, SPAN("editor")), RC_OK);
	ck_assert_int_eq(operate_user_page(&s.ctx, SPAN(""), 10, &users, &count), RC_OK);
	ck_assert_uint_eq(count, 10); /* rows of one user count as one */
	ck_assert_str_eq(users[0].id, STORE_ID_A);
	ck_assert_uint_eq(users[0].role_count, 0);
	ck_assert_str_eq(users[1].id, STORE_ID_B);
	ck_assert_uint_eq(users[1].role_count, 2);
	ck_assert(users[1].is_superuser && !users[2].is_superuser);
	ck_assert(span_equal(users[1].roles[0], SPAN("editor")));
	ck_assert_int_eq(operate_user_page(&s.ctx, users[9].email, 100, &users, &count), RC_OK);
	ck_assert_uint_eq(count, 12);
	ck_assert(span_equal(users[11].email, SPAN("n19@example.org")));
	ck_assert_int_eq(operate_user_page(&s.ctx, users[11].email, 100, &users, &count), RC_OK);
	ck_assert_uint_eq(count, 0);
	store_end(&s);
}
END_TEST

START_TEST(account_is_changed)
{
	struct credential found;
	struct user gone;

	begin();
	gone = ada;
	gone.row = 4711;
	ck_assert_int_eq(operate_user_password(&s.ctx, &ada, "new"), RC_OK);
	ck_assert_int_eq(credential_by_id(&s.ctx, SPAN(STORE_ID_A), &found), RC_OK);
	ck_assert_str_eq(found.hash, "new");
	ck_assert_int_eq(found.user.security_version, 2);
	ck_assert_int_eq(operate_user_active(&s.ctx, &ada, false), RC_OK);
	ck_assert(!find("a@example.org").is_active);
	ck_assert_int_eq(find("a@example.org").security_version, 3);
	ck_assert_int_eq(operate_user_active(&s.ctx, &ada, true), RC_OK);
	ck_assert(find("a@example.org").is_active && find("b@example.org").is_active);
	ck_assert_int_eq(user_set_email(&s.ctx, &ada, SPAN("n@example.org")), RC_OK);
	ck_assert(!find("n@example.org").is_verified);
	ck_assert_int_eq(operate_user_verified(&s.ctx, &ada), RC_OK);
	ck_assert(find("n@example.org").is_verified);
	ck_assert_int_eq(operate_user_password(&s.ctx, &gone, "new"), RC_NO);
	ck_assert_int_eq(operate_user_active(&s.ctx, &gone, true), RC_NO);
	ck_assert_int_eq(operate_user_verified(&s.ctx, &gone), RC_NO);
	ck_assert_int_eq(operate_user_delete(&s.ctx, &gone), RC_NO);
	store_end(&s);
}
END_TEST

START_TEST(deletion_takes_all_that_hangs_on_the_account)
{
	struct session_new new = { STORE_ID_C, 0, SPAN("web"), SPAN("agent"), SPAN("refresh"),
		STORE_NOW + DAY };
	int64_t row;

	begin();
	new.user_row = ada.row;
	ck_assert_int_eq(session_insert(&s.ctx, &new, &row), RC_OK);
	ck_assert_int_eq(access_token_insert(&s.ctx, row, SPAN("access"), STORE_NOW + 1), RC_OK);
	ck_assert_int_eq(operate_role_assign(&s.ctx, &ada, SPAN("superuser")), RC_OK);
	ck_assert_int_eq(operate_user_delete(&s.ctx, &ada), RC_OK);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM users"), 1);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM session"), 0);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM access_token"), 0);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM user_role"), 0);
	store_end(&s);
}
END_TEST

START_TEST(superusers_beside_are_the_active_ones)
{
	int64_t count = -1;

	begin();
	ck_assert_int_eq(operate_superusers_beside(&s.ctx, &ada, &count), RC_OK);
	ck_assert_int_eq(count, 0);
	ck_assert_int_eq(operate_role_assign(&s.ctx, &ada, SPAN("superuser")), RC_OK);
	ck_assert_int_eq(operate_superusers_beside(&s.ctx, &ada, &count), RC_OK);
	ck_assert_int_eq(count, 0); /* not oneself */
	ck_assert_int_eq(operate_role_assign(&s.ctx, &bob, SPAN("superuser")), RC_OK);
	ck_assert_int_eq(operate_superusers_beside(&s.ctx, &ada, &count), RC_OK);
	ck_assert_int_eq(count, 1);
	ck_assert_int_eq(operate_user_active(&s.ctx, &bob, false), RC_OK);
	ck_assert_int_eq(operate_superusers_beside(&s.ctx, &ada, &count), RC_OK);
	ck_assert_int_eq(count, 0);
	store_end(&s);
}
END_TEST

START_TEST(role_lives)
{
	struct role *roles;
	size_t count;

	begin();
	ck_assert_int_eq(operate_role_exists(&s.ctx, SPAN("editor")), RC_NO);
	ck_assert_int_eq(operate_role_insert(&s.ctx, SPAN("editor"), SPAN("Edits.")), RC_OK);
	ck_assert_int_eq(operate_role_insert(&s.ctx, SPAN("editor"), SPAN("Again.")), RC_NO);
	ck_assert_int_eq(operate_role_exists(&s.ctx, SPAN("editor")), RC_OK);
	ck_assert_int_eq(operate_role_assign(&s.ctx, &ada, SPAN("editor")), RC_OK);
	ck_assert_int_eq(operate_role_assign(&s.ctx, &ada, SPAN("editor")), RC_OK);
	ck_assert_int_eq(operate_role_list(&s.ctx, &roles, &count), RC_OK);
	ck_assert_uint_eq(count, 2);
	ck_assert(span_equal(roles[0].name, SPAN("editor")));
	ck_assert(span_equal(roles[0].description, SPAN("Edits.")));
	ck_assert_int_eq(roles[0].members, 1);
	ck_assert_int_eq(roles[1].members, 0);
	ck_assert_int_eq(operate_role_delete(&s.ctx, SPAN("editor")), RC_NO); /* assigned */
	ck_assert_int_eq(operate_role_unassign(&s.ctx, &ada, SPAN("editor")), RC_OK);
	ck_assert_int_eq(operate_role_unassign(&s.ctx, &ada, SPAN("editor")), RC_NO);
	ck_assert_int_eq(operate_role_delete(&s.ctx, SPAN("editor")), RC_OK);
	ck_assert_int_eq(operate_role_delete(&s.ctx, SPAN("editor")), RC_NO);
	store_end(&s);
}
END_TEST

/* Callers ask operate_role_exists first. */
START_TEST(role_that_is_missing_cannot_be_given)
{
	begin();
	ck_assert_int_eq(operate_role_assign(&s.ctx, &ada, SPAN("nobody")), RC_INTERNAL);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM user_role"), 0);
	store_end(&s);
}
END_TEST

START_TEST(session_has_an_owner)
{
	struct session_new new = { STORE_ID_C, 0, SPAN("web"), SPAN("agent"), { NULL, 0 },
		STORE_NOW + DAY };
	char id[UUID_SIZE];
	int64_t row, found;

	begin();
	new.user_row = bob.row;
	ck_assert_int_eq(session_insert(&s.ctx, &new, &row), RC_OK);
	ck_assert_int_eq(operate_session_owner(&s.ctx, SPAN(STORE_ID_C), &found, id), RC_OK);
	ck_assert_int_eq(found, row);
	ck_assert_str_eq(id, STORE_ID_B);
	ck_assert_int_eq(operate_session_owner(&s.ctx, SPAN(STORE_ID_A), &found, id), RC_NO);
	store_end(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("operate");
	TCase *c = tcase_create("operate");

	tcase_add_test(c, user_is_found_by_address);
	tcase_add_test(c, page_has_users_by_address_with_their_roles);
	tcase_add_test(c, account_is_changed);
	tcase_add_test(c, deletion_takes_all_that_hangs_on_the_account);
	tcase_add_test(c, superusers_beside_are_the_active_ones);
	tcase_add_test(c, role_lives);
	tcase_add_test(c, role_that_is_missing_cannot_be_given);
	tcase_add_test(c, session_has_an_owner);
	suite_add_tcase(suite, c);
	return fixture_run(suite);
}
