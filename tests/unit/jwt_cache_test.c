/* The memory of accepted JWTs never outlives a token's times and never answers for another one. */
#include "crypto/jwt_cache.h"

#include <sodium.h>

#include "unit/fixture.h"

#define START INT64_C(1700000000000)

static const struct jwt_rules rules = { .leeway = 1000 };

static struct jwt_claims
claims_of(const char *jti)
{
	struct jwt_claims claims = {
		.issued_at = START, .not_before = START, .expires_at = START + 5000
	};

	span_copy(claims.jti, sizeof(claims.jti), span_of(jti));
	return claims;
}

static const struct {
	const char *token;
	size_t backend;
	int64_t now;
	enum rc expected;
} rows[] = {
	{ "a.b.c", 0, START, RC_OK },
	{ "a.b.c", 0, START + 5999, RC_OK },
	{ "a.b.c", 0, START + 6000, RC_NO }, /* the boundary instant is expired */
	{ "a.b.c", 0, START - 1000, RC_OK },
	{ "a.b.c", 0, START - 1001, RC_NO }, /* a clock that was set back */
	{ "a.b.c", 1, START, RC_NO },        /* another backend has other rules */
	{ "a.b.d", 0, START, RC_NO },
	{ "a.b.", 0, START, RC_NO },
	{ "a.b.cc", 0, START, RC_NO },
	{ "", 0, START, RC_NO },
};

START_TEST(kept_token_is_found_within_its_times)
{
	struct jwt_claims kept = claims_of("first");
	struct jwt_claims found;

	jwt_cache_clear();
	jwt_cache_keep(0, SPAN("a.b.c"), &kept);
	ck_assert_int_eq(
	    jwt_cache_find(rows[_i].backend, &rules, span_of(rows[_i].token), rows[_i].now, &found),
	    rows[_i].expected);
	if (rows[_i].expected == RC_OK)
		ck_assert_str_eq(found.jti, "first");
}
END_TEST

START_TEST(empty_memory_knows_nothing)
{
	struct jwt_claims found;

	jwt_cache_clear();
	ck_assert_int_eq(jwt_cache_find(0, &rules, SPAN("a.b.c"), START, &found), RC_NO);
	ck_assert_int_eq(jwt_cache_find(0, &rules, SPAN("a.b.c"), 0, &found), RC_NO);
}
END_TEST

START_TEST(cleared_memory_knows_nothing)
{
	struct jwt_claims kept = claims_of("first");

	jwt_cache_keep(0, SPAN("a.b.c"), &kept);
	jwt_cache_clear();
	ck_assert_int_eq(jwt_cache_find(0, &rules, SPAN("a.b.c"), START, &kept), RC_NO);
}
END_TEST

START_TEST(many_tokens_never_answer_for_each_other)
{
	for (int i = 0; i < 4 * JWT_CACHE_SIZE; i++) {
		char token[32];
		struct jwt_claims kept, found;
		snprintf(token, sizeof(token), "token.%d.x", i);
		kept = claims_of(token);
		jwt_cache_keep(0, span_of(token), &kept);
		ck_assert_int_eq(jwt_cache_find(0, &rules, span_of(token), START, &found), RC_OK);
		ck_assert_str_eq(found.jti, token);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("jwt_cache");
	TCase *tests = tcase_create("cache");

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	tcase_add_loop_test(
	    tests, kept_token_is_found_within_its_times, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tests, empty_memory_knows_nothing);
	tcase_add_test(tests, cleared_memory_knows_nothing);
	tcase_add_test(tests, many_tokens_never_answer_for_each_other);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
