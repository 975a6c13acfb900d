#include "store/attempt.h"
#include "unit/store.h"

static struct store s;
static const struct rate three = { 3, MINUTE };

static struct attempt
count_one(unsigned char bucket, int64_t at)
{
	struct attempt attempt;

	memset(attempt.bucket, bucket, sizeof(attempt.bucket));
	s.ctx.now = at;
	ck_assert_int_eq(attempt_insert(&s.ctx, &attempt, three), RC_OK);
	ck_assert_int_eq(attempt.at, at);
	return attempt;
}

static enum rc
check(unsigned char bucket, int64_t now, struct rate rate, int64_t *free_at)
{
	unsigned char bytes[BUCKET_SIZE];

	memset(bytes, bucket, sizeof(bytes));
	s.ctx.now = now;
	return attempt_check(&s.ctx, bytes, rate, free_at);
}

/* Attempts in bucket 1 at 0, 10, 20 and 30 s; two in bucket 2 at 0 s. */
static const struct {
	unsigned char bucket;
	int64_t after;
	int64_t count;
	enum rc expected;
	int64_t free_after;
} checks[] = {
	{ 1, 30 * SECOND, 5, RC_OK, 0 }, { 1, 30 * SECOND, 4, RC_NO, 60 * SECOND },
	{ 1, 30 * SECOND, 3, RC_NO, 70 * SECOND }, { 1, 30 * SECOND, 1, RC_NO, 90 * SECOND },
	{ 1, 60 * SECOND - 1, 4, RC_NO, 60 * SECOND },
	{ 1, 60 * SECOND, 4, RC_OK, 0 }, /* the first leaves the window at this instant */
	{ 1, 70 * SECOND - 1, 3, RC_NO, 70 * SECOND }, { 1, 70 * SECOND, 3, RC_OK, 0 },
	{ 1, 90 * SECOND, 1, RC_OK, 0 }, { 2, 30 * SECOND, 2, RC_NO, 60 * SECOND },
	{ 2, 30 * SECOND, 3, RC_OK, 0 }, { 3, 30 * SECOND, 1, RC_OK, 0 },
	{ 1, 30 * SECOND, 0, RC_OK, 0 }, /* not limited */
};

START_TEST(bucket_is_full_within_the_window)
{
	struct rate rate = { checks[_i].count, MINUTE };
	int64_t free_at;

	store_begin(&s, STORE_ALL);
	for (int i = 0; i < 4; i++)
		count_one(1, STORE_NOW + i * 10 * SECOND);
	count_one(2, STORE_NOW);
	count_one(2, STORE_NOW); /* of the same millisecond: told apart by the id */
	ck_assert_int_eq(check(checks[_i].bucket, STORE_NOW + checks[_i].after, rate, &free_at),
	    checks[_i].expected);
	if (checks[_i].expected == RC_NO)
		ck_assert_int_eq(free_at, STORE_NOW + checks[_i].free_after);
	store_end(&s);
}
END_TEST

START_TEST(attempt_given_back_does_not_count)
{
	struct attempt second;
	int64_t free_at;

	store_begin(&s, STORE_ALL);
	count_one(1, STORE_NOW);
	second = count_one(1, STORE_NOW);
	count_one(1, STORE_NOW);
	ck_assert_int_eq(check(1, STORE_NOW, three, &free_at), RC_NO);
	ck_assert_int_eq(attempt_give_back(&s.ctx, &second), RC_OK);
	ck_assert_int_eq(check(1, STORE_NOW, three, &free_at), RC_OK);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM attempt"), 2);
	ck_assert_int_eq(attempt_give_back(&s.ctx, &second), RC_OK); /* twice takes one alone */
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM attempt"), 2);
	store_end(&s);
}
END_TEST

START_TEST(row_expires_with_its_window)
{
	store_begin(&s, STORE_ALL);
	count_one(1, STORE_NOW);
	ck_assert_int_eq(store_int(&s, "SELECT expires_at FROM attempt"), STORE_NOW + MINUTE);
	store_end(&s);
}
END_TEST

START_TEST(unlimited_is_not_counted)
{
	struct attempt attempt = { { 0 }, { 0 }, 0 };

	store_begin(&s, STORE_ALL);
	ck_assert_int_eq(attempt_insert(&s.ctx, &attempt, (struct rate){ 0, 0 }), RC_OK);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM attempt"), 0);
	ck_assert_int_eq(attempt_give_back(&s.ctx, &attempt), RC_OK);
	store_end(&s);
}
END_TEST

START_TEST(no_randomness_is_unavailable)
{
	struct attempt attempt = { { 0 }, { 0 }, 0 };

	store_begin(&s, STORE_ALL);
	s.ctx.random = fixture_random_broken();
	ck_assert_int_eq(attempt_insert(&s.ctx, &attempt, three), RC_UNAVAILABLE);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM attempt"), 0);
	store_end(&s);
}
END_TEST

/* A limiter whose store fails must not look like one with room. */
START_TEST(store_that_fails_is_not_below_the_rate)
{
	int64_t free_at;

	store_begin(&s, STORE_ALL);
	s.ctx.db->moved = true;
	ck_assert_int_eq(check(1, STORE_NOW, three, &free_at), RC_UNAVAILABLE);
	store_end(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("attempt");
	TCase *c = tcase_create("attempt");

	tcase_add_loop_test(
	    c, bucket_is_full_within_the_window, 0, (int)(sizeof(checks) / sizeof(checks[0])));
	tcase_add_test(c, attempt_given_back_does_not_count);
	tcase_add_test(c, row_expires_with_its_window);
	tcase_add_test(c, unlimited_is_not_counted);
	tcase_add_test(c, no_randomness_is_unavailable);
	tcase_add_test(c, store_that_fails_is_not_below_the_rate);
	suite_add_tcase(suite, c);
	return fixture_run(suite);
}
