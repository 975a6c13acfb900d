#include "store/clean.h"
#include "store/operate.h"
#include "store/session.h"
#include "unit/store.h"

static struct store s;

static void
begin(void)
{
	store_begin(&s, STORE_ALL);
	store_user(&s, STORE_ID_A, "a@example.org", "ada", "hash-a");
	store_user(&s, STORE_ID_B, "b@example.org", NULL, "hash-b");
}

static struct user
find(const char *id)
{
	struct user user;

	ck_assert_int_eq(user_by_id(&s.ctx, span_of(id), &user), RC_OK);
	return user;
}

static bool
is(struct span text, const char *expected)
{
	return text.data != NULL && span_equal(text, span_of(expected));
}

START_TEST(user_is_found_with_all_columns)
{
	struct user user;

	begin();
	user = find(STORE_ID_A);
	ck_assert_str_eq(user.id, STORE_ID_A);
	ck_assert(is(user.email, "a@example.org"));
	ck_assert(is(user.username, "ada"));
	ck_assert(user.is_active && user.is_verified && !user.is_superuser);
	ck_assert_int_eq(user.security_version, 1);
	ck_assert_uint_eq(user.role_count, 0);
	ck_assert_ptr_null(find(STORE_ID_B).username.data);
	ck_assert_int_eq(store_int(&s, "SELECT created_at FROM users LIMIT 1"), STORE_NOW);
	ck_assert_int_eq(user_by_id(&s.ctx, SPAN(STORE_ID_C), &user), RC_NO);
	ck_assert_int_eq(user_by_id(&s.ctx, SPAN_NONE, &user), RC_NO);
	store_end(&s);
}
END_TEST

START_TEST(roles_are_sorted_and_tell_a_superuser)
{
	static const char *const names[] = { "zoo", "editor", "superuser", "admin", "mail", "web",
		"b", "c", "d" };
	size_t count = sizeof(names) / sizeof(names[0]);
	struct user user;

	begin();
	user = find(STORE_ID_A);
	for (size_t i = 0; i < count; i++) {
		if (i != 2)
			ck_assert_int_eq(
			    operate_role_insert(&s.ctx, span_of(names[i]), SPAN("")), RC_OK);
		ck_assert_int_eq(operate_role_assign(&s.ctx, &user, span_of(names[i])), RC_OK);
	}
	user = find(STORE_ID_A);
	ck_assert(user.is_superuser);
	ck_assert_uint_eq(user.role_count, count);
	ck_assert(is(user.roles[0], "admin"));
	ck_assert(is(user.roles[count - 1], "zoo"));
	for (size_t i = 1; i < count; i++)
		ck_assert_int_lt(strcmp(user.roles[i - 1].data, user.roles[i].data), 0);
	ck_assert(!find(STORE_ID_B).is_superuser);
	store_end(&s);
}
END_TEST

static const struct {
	enum rc (*by)(struct ctx *, struct span, struct credential *);
	const char *key;
	enum rc expected;
} keys[] = {
	{ credential_by_email, "a@example.org", RC_OK },
	{ credential_by_email, "ada", RC_NO },
	{ credential_by_email, "A@example.org", RC_NO },
	{ credential_by_username, "ada", RC_OK },
	{ credential_by_username, "a@example.org", RC_NO },
	{ credential_by_username, "", RC_NO },
	{ credential_by_id, STORE_ID_A, RC_OK },
	{ credential_by_id, "1", RC_NO },
};

START_TEST(credential_is_found_by_its_key_alone)
{
	struct credential found;

	begin();
	ck_assert_int_eq(keys[_i].by(&s.ctx, span_of(keys[_i].key), &found), keys[_i].expected);
	if (keys[_i].expected == RC_OK) {
		ck_assert_str_eq(found.hash, "hash-a");
		ck_assert_str_eq(found.user.id, STORE_ID_A);
	} else {
		ck_assert_str_eq(found.hash, "");
	}
	store_end(&s);
}
END_TEST

START_TEST(hash_too_long_is_a_defect)
{
	struct credential found;

	begin();
	store_sql(
	    &s, "UPDATE users SET password_hash = printf('%0128d', 1) WHERE username = 'ada'");
	ck_assert_int_eq(credential_by_username(&s.ctx, SPAN("ada"), &found), RC_INTERNAL);
	store_sql(
	    &s, "UPDATE users SET password_hash = printf('%0127d', 1) WHERE username = 'ada'");
	ck_assert_int_eq(credential_by_username(&s.ctx, SPAN("ada"), &found), RC_OK);
	ck_assert_uint_eq(strlen(found.hash), 127);
	store_end(&s);
}
END_TEST

START_TEST(text_with_quotes_is_text)
{
	struct credential found;

	begin();
	store_user(&s, STORE_ID_C, "x' OR '1'='1", "'; DROP TABLE users; --", "h");
	ck_assert_int_eq(credential_by_email(&s.ctx, SPAN("' OR '1'='1"), &found), RC_NO);
	ck_assert_int_eq(
	    credential_by_username(&s.ctx, SPAN("'; DROP TABLE users; --"), &found), RC_OK);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM users"), 3);
	store_end(&s);
}
END_TEST

static const struct {
	const char *id, *email, *username;
	enum rc expected;
} inserts[] = {
	{ STORE_ID_C, "c@example.org", "cleo", RC_OK },
	{ STORE_ID_C, "c@example.org", NULL, RC_OK }, /* B has none either */
	{ STORE_ID_C, "a@example.org", "cleo", RC_NO },
	{ STORE_ID_C, "c@example.org", "ada", RC_NO },
};

START_TEST(insert_refuses_what_is_taken)
{
	struct user_new user = { inserts[_i].id, span_of(inserts[_i].email),
		span_of(inserts[_i].username), "h", false, true };

	begin();
	ck_assert_int_eq(user_insert(&s.ctx, &user), inserts[_i].expected);
	ck_assert_int_eq(
	    store_int(&s, "SELECT COUNT(*) FROM users"), inserts[_i].expected == RC_OK ? 3 : 2);
	if (inserts[_i].expected == RC_OK) {
		ck_assert(!find(STORE_ID_C).is_verified);
		ck_assert_int_eq(
		    store_int(&s, "SELECT self_registered FROM users WHERE id = 3"), 1);
	}
	store_end(&s);
}
END_TEST

static const struct {
	const char *name;
	int64_t now;
	enum rc expected;
} names[] = {
	{ "ada", STORE_NOW, RC_OK }, { "bob", STORE_NOW, RC_NO }, { "kept", STORE_NOW + 99, RC_OK },
	{ "kept", STORE_NOW + 100, RC_NO }, /* the boundary instant is expired */
};

START_TEST(username_is_taken_or_reserved)
{
	begin();
	ck_assert_int_eq(username_reserve(&s.ctx, SPAN("kept"), STORE_NOW + 50), RC_OK);
	ck_assert_int_eq(username_reserve(&s.ctx, SPAN("kept"), STORE_NOW + 100), RC_OK);
	s.ctx.now = names[_i].now;
	ck_assert_int_eq(username_taken(&s.ctx, span_of(names[_i].name)), names[_i].expected);
	store_end(&s);
}
END_TEST

START_TEST(taken_and_reserved_at_once_is_taken)
{
	begin();
	ck_assert_int_eq(username_reserve(&s.ctx, SPAN("ada"), STORE_NOW + 50), RC_OK);
	ck_assert_int_eq(username_taken(&s.ctx, SPAN("ada")), RC_OK);
	store_end(&s);
}
END_TEST

START_TEST(new_address_is_not_verified_and_ends_jwts)
{
	struct user a, gone;

	begin();
	a = gone = find(STORE_ID_A);
	gone.row = 4711;
	ck_assert_int_eq(user_set_email(&s.ctx, &a, SPAN("b@example.org")), RC_NO);
	ck_assert_int_eq(find(STORE_ID_A).security_version, 1);
	ck_assert_int_eq(user_set_email(&s.ctx, &gone, SPAN("n@example.org")), RC_NO);
	ck_assert_int_eq(user_set_email(&s.ctx, &a, SPAN("n@example.org")), RC_OK);
	a = find(STORE_ID_A);
	ck_assert(is(a.email, "n@example.org"));
	ck_assert(!a.is_verified);
	ck_assert_int_eq(a.security_version, 2);
	store_end(&s);
}
END_TEST

/* {verified before the change, rows that house-keeping deletes} */
static const struct {
	bool verified;
	int64_t deleted;
} changed[] = {
	{ true, 0 },
	{ false, 1 },
};

START_TEST(verified_account_outlives_a_new_address)
{
	struct user_new new = { STORE_ID_C, SPAN("c@example.org"), { NULL, 0 }, "h",
		changed[_i].verified, true };
	struct user user;
	int64_t deleted;

	begin();
	ck_assert_int_eq(user_insert(&s.ctx, &new), RC_OK);
	user = find(STORE_ID_C);
	ck_assert_int_eq(user_set_email(&s.ctx, &user, SPAN("n@example.org")), RC_OK);
	s.ctx.now += 8 * DAY;
	ck_assert_int_eq(clean_run(&s.ctx, CLEAN_BATCH, &deleted), RC_OK);
	ck_assert_int_eq(deleted, changed[_i].deleted);
	store_end(&s);
}
END_TEST

START_TEST(new_username_must_be_free)
{
	struct user a, b;

	begin();
	a = find(STORE_ID_A);
	b = find(STORE_ID_B);
	ck_assert_int_eq(username_reserve(&s.ctx, SPAN("kept"), STORE_NOW + 50), RC_OK);
	ck_assert_int_eq(username_reserve(&s.ctx, SPAN("was"), STORE_NOW), RC_OK);
	ck_assert_int_eq(user_set_username(&s.ctx, &b, SPAN("ada")), RC_NO);
	ck_assert_int_eq(user_set_username(&s.ctx, &b, SPAN("kept")), RC_NO);
	ck_assert_int_eq(user_set_username(&s.ctx, &b, SPAN("was")), RC_OK);
	ck_assert_int_eq(user_set_username(&s.ctx, &a, SPAN("ada")), RC_OK); /* one's own */
	ck_assert(is(find(STORE_ID_B).username, "was"));
	store_end(&s);
}
END_TEST

START_TEST(password_is_set_against_what_was_proved)
{
	struct credential found;
	struct user a;

	begin();
	a = find(STORE_ID_A);
	ck_assert_int_eq(user_set_password(&s.ctx, &a, "new", "other"), RC_NO);
	ck_assert_int_eq(user_set_password(&s.ctx, &a, "new", "hash-a"), RC_OK);
	ck_assert_int_eq(user_set_password(&s.ctx, &a, "newer", "hash-a"), RC_NO);
	ck_assert_int_eq(credential_by_id(&s.ctx, SPAN(STORE_ID_A), &found), RC_OK);
	ck_assert_str_eq(found.hash, "new");
	ck_assert_int_eq(found.user.security_version, 2);
	ck_assert_int_eq(user_upgrade_hash(&s.ctx, &a, "strong", "hash-a"), RC_NO);
	ck_assert_int_eq(user_upgrade_hash(&s.ctx, &a, "strong", "new"), RC_OK);
	ck_assert_int_eq(credential_by_id(&s.ctx, SPAN(STORE_ID_A), &found), RC_OK);
	ck_assert_str_eq(found.hash, "strong");
	ck_assert_int_eq(found.user.security_version, 2); /* the same password */
	ck_assert_int_eq(user_bump_version(&s.ctx, &a), RC_OK);
	ck_assert_int_eq(find(STORE_ID_A).security_version, 3);
	ck_assert_int_eq(find(STORE_ID_B).security_version, 1);
	store_end(&s);
}
END_TEST

START_TEST(decoy_is_read)
{
	char hash[HASH_TEXT_SIZE];

	begin();
	ck_assert_int_eq(user_decoy(&s.ctx, hash), RC_NO);
	ck_assert_int_eq(operate_decoy_write(&s.ctx, "first"), RC_OK);
	ck_assert_int_eq(operate_decoy_write(&s.ctx, "second"), RC_OK);
	ck_assert_int_eq(user_decoy(&s.ctx, hash), RC_OK);
	ck_assert_str_eq(hash, "second");
	store_end(&s);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

int
main(void)
{
	Suite *suite = suite_create("user");
	TCase *c = tcase_create("user");

	tcase_add_test(c, user_is_found_with_all_columns);
	tcase_add_test(c, roles_are_sorted_and_tell_a_superuser);
	tcase_add_loop_test(c, credential_is_found_by_its_key_alone, 0, ROWS(keys));
	tcase_add_test(c, hash_too_long_is_a_defect);
	tcase_add_test(c, text_with_quotes_is_text);
	tcase_add_loop_test(c, insert_refuses_what_is_taken, 0, ROWS(inserts));
	tcase_add_loop_test(c, username_is_taken_or_reserved, 0, ROWS(names));
	tcase_add_test(c, taken_and_reserved_at_once_is_taken);
	tcase_add_test(c, new_address_is_not_verified_and_ends_jwts);
	tcase_add_loop_test(c, verified_account_outlives_a_new_address, 0, ROWS(changed));
	tcase_add_test(c, new_username_must_be_free);
	tcase_add_test(c, password_is_set_against_what_was_proved);
	tcase_add_test(c, decoy_is_read);
	suite_add_tcase(suite, c);
	return fixture_run(suite);
}
