#include "store/clean.h"
#include "unit/store.h"

static struct store s;

/* Since 1970. */
#define UNVERIFIED "INSERT INTO users VALUES (9, 'p', 'e', NULL, '', 1, 0, 1, 1, 0, 0, 0);"

/* One row of a kind that ended "ago" ms before now; whether it is deleted. */
static const struct {
	const char *into, *values;
	int64_t ago;
	bool deleted;
} rows[] = {
	{ "totp_enrolment", "1, x'01', x'02', 'sha1', 6, 30, 1, 0, at", 0, true },
	{ "totp_enrolment", "1, x'01', x'02', 'sha1', 6, 30, 1, 0, at", -1, false },
	{ "pending_login", "x'01', 1, 'b', x'02', 1, 0, at", 0, true },
	{ "pending_login", "x'01', 1, 'b', x'02', 1, 0, at", -1, false },
	{ "access_token", "x'01', 1, at", 0, true },
	{ "access_token", "x'01', 1, at", -1, false },
	{ "session", "9, 'p', 1, 'b', 'u', NULL, 0, 0, at, 0", 0, true },
	{ "session", "9, 'p', 1, 'b', 'u', NULL, 0, 0, at, 0", -1, false },
	{ "attempt", "x'01', 0, x'02', at", 0, true },
	{ "attempt", "x'01', 0, x'02', at", -1, false },
	{ "denied_jwt", "'j', at", 0, true },
	{ "denied_jwt", "'j', at", -1, false },
	{ "reserved_username", "'n', at", 0, true },
	{ "reserved_username", "'n', at", -1, false },
	{ "audit (at, event, actor)", "at, 'e', 'operator'", 365 * DAY, true },
	{ "audit (at, event, actor)", "at, 'e', 'operator'", 365 * DAY - 1, false },
	/* not verified, self-registered */
	{ "users", "9, 'p', 'e', NULL, '', 1, 0, 1, 1, at, 0, 0", 7 * DAY, true },
	{ "users", "9, 'p', 'e', NULL, '', 1, 0, 1, 1, at, 0, 0", 7 * DAY - 1, false },
	{ "users", "9, 'p', 'e', NULL, '', 1, 1, 1, 1, at, 0, 0", 8 * DAY, false },
	{ "users", "9, 'p', 'e', NULL, '', 1, 0, 0, 1, at, 0, 0", 8 * DAY, false },
};

static void
begin(void)
{
	store_begin(&s, STORE_ALL);
	store_user(&s, STORE_ID_A, "a@example.org", NULL, "h");
	store_sql(&s, "INSERT INTO session VALUES"
		      " (1, 'live', 1, 'b', 'u', NULL, 0, 0, 9000000000000, 0)");
}

static int64_t
clean(int64_t batch)
{
	int64_t deleted = -1;

	ck_assert_int_eq(clean_run(&s.ctx, batch, &deleted), RC_OK);
	return deleted;
}

START_TEST(what_has_ended_is_deleted)
{
	char sql[256];

	begin();
	snprintf(sql, sizeof(sql), "INSERT INTO %s SELECT %s FROM (SELECT %lld AS at)",
	    rows[_i].into, rows[_i].values, (long long)(STORE_NOW - rows[_i].ago));
	store_sql(&s, sql);
	ck_assert_int_eq(clean(CLEAN_BATCH), rows[_i].deleted ? 1 : 0);
	ck_assert_int_eq(clean(CLEAN_BATCH), 0);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM session WHERE public_id = 'live'"), 1);
	store_end(&s);
}
END_TEST

START_TEST(batch_is_bounded)
{
	begin();
	store_sql(&s, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25)"
		      " INSERT INTO denied_jwt SELECT i, i FROM n");
	ck_assert_int_eq(clean(10), 10);
	ck_assert_int_eq(store_int(&s, "SELECT MIN(expires_at) FROM denied_jwt"), 11);
	ck_assert_int_eq(clean(10), 10);
	ck_assert_int_eq(clean(10), 5);
	store_end(&s);
}
END_TEST

START_TEST(tokens_go_with_an_expired_session)
{
	begin();
	store_sql(&s, "UPDATE session SET expires_at = 1;"
		      "INSERT INTO access_token VALUES (x'01', 1, 9000000000000);"
		      "INSERT INTO consumed_refresh VALUES (x'01', 1, 0)");
	ck_assert_int_eq(clean(CLEAN_BATCH), 1);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM access_token"), 0);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM consumed_refresh"), 0);
	store_end(&s);
}
END_TEST

/* {verification is required, unverified_lifetime, audit_lifetime, rows deleted} */
static const struct {
	bool required;
	int64_t unverified, audit, deleted;
} lifetimes[] = {
	{ true, DAY, DAY, 2 }, { true, 0, DAY, 1 }, { true, DAY, 0, 1 }, { true, 0, 0, 0 },
	{ false, DAY, DAY, 1 }, /* an account need not be verified, and is in use */
};

START_TEST(lifetime_that_is_off_keeps)
{
	begin();
	store_sql(
	    &s, UNVERIFIED "INSERT INTO audit (at, event, actor) VALUES (0, 'e', 'operator')");
	s.config.account.requires_verification = lifetimes[_i].required;
	s.config.account.unverified_lifetime = lifetimes[_i].unverified;
	s.config.log.audit_lifetime = lifetimes[_i].audit;
	ck_assert_int_eq(clean(CLEAN_BATCH), lifetimes[_i].deleted);
	store_end(&s);
}
END_TEST

/* What was registered while nobody had to verify an address. */
START_TEST(account_of_before_outlives_the_requirement)
{
	begin();
	store_sql(&s, UNVERIFIED);
	s.config.account.requires_verification = false;
	s.config.account.unverified_lifetime = DAY;
	ck_assert_int_eq(clean(CLEAN_BATCH), 0);
	s.config.account.requires_verification = true;
	ck_assert_int_eq(clean(CLEAN_BATCH), 0);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM users WHERE id = 9"), 1);
	store_end(&s);
}
END_TEST

START_TEST(account_with_a_role_is_kept)
{
	begin();
	store_sql(&s, UNVERIFIED "INSERT INTO user_role VALUES (9, 'superuser')");
	s.config.account.requires_verification = true;
	s.config.account.unverified_lifetime = DAY;
	ck_assert_int_eq(clean(CLEAN_BATCH), 0);
	store_sql(&s, "DELETE FROM user_role");
	ck_assert_int_eq(clean(CLEAN_BATCH), 1);
	store_end(&s);
}
END_TEST

START_TEST(fault_is_told)
{
	int64_t deleted;

	begin();
	s.ctx.db->moved = true;
	ck_assert_int_eq(clean_run(&s.ctx, CLEAN_BATCH, &deleted), RC_UNAVAILABLE);
	ck_assert_int_eq(deleted, 0);
	store_end(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("clean");
	TCase *c = tcase_create("clean");

	tcase_add_loop_test(c, what_has_ended_is_deleted, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(c, batch_is_bounded);
	tcase_add_test(c, tokens_go_with_an_expired_session);
	tcase_add_loop_test(
	    c, lifetime_that_is_off_keeps, 0, (int)(sizeof(lifetimes) / sizeof(lifetimes[0])));
	tcase_add_test(c, account_of_before_outlives_the_requirement);
	tcase_add_test(c, account_with_a_role_is_kept);
	tcase_add_test(c, fault_is_told);
	suite_add_tcase(suite, c);
	return fixture_run(suite);
}
