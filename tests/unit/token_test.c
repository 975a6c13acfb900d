#include <sodium.h>

#include "crypto/token.h"
#include "unit/fixture.h"

static const struct key key_a = { { 1 } };
static const struct key key_b = { { 2 } };

START_TEST(new_tokens_are_the_random_bytes)
{
	unsigned char next = 0;
	const struct random_source random = fixture_random(&next);
	struct token first, second;

	ck_assert_int_eq(token_new(&random, &first), RC_OK);
	ck_assert_int_eq(token_new(&random, &second), RC_OK);
	ck_assert_str_eq(first.text, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
	ck_assert_str_ne(first.text, second.text);
	ck_assert_uint_eq(token_span(&first).len, TOKEN_LEN);
}
END_TEST

START_TEST(without_randomness_there_is_no_token)
{
	const struct random_source random = fixture_random_broken();
	struct token token = { "left over" };

	ck_assert_int_eq(token_new(&random, &token), RC_UNAVAILABLE);
	ck_assert_uint_eq(token_span(&token).len, 0);
	ck_assert_ptr_null(token_span(&token).data);
}
END_TEST

START_TEST(digests_depend_on_key_and_token)
{
	struct span one = SPAN("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
	struct span other = SPAN("BAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
	struct digest a, again, b, c;

	ck_assert_int_eq(token_digest(&key_a, one, &a), RC_OK);
	ck_assert_int_eq(token_digest(&key_a, one, &again), RC_OK);
	ck_assert_int_eq(token_digest(&key_b, one, &b), RC_OK);
	ck_assert_int_eq(token_digest(&key_a, other, &c), RC_OK);
	ck_assert_mem_eq(&a, &again, sizeof(a));
	ck_assert_mem_ne(&a, &b, sizeof(a));
	ck_assert_mem_ne(&a, &c, sizeof(a));
}
END_TEST

static const struct {
	const char *why;
	struct span text;
} refused[] = {
	{ "nothing", { NULL, 0 } },
	{ "empty", SPAN_ROW("") },
	{ "one short", SPAN_ROW("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh") },
	{ "one long", SPAN_ROW("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8A") },
	{ "padded", SPAN_ROW("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=") },
	{ "stray bits", SPAN_ROW("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9") },
	{ "a space", SPAN_ROW("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh ") },
	{ "a NUL", SPAN_ROW("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh\0") },
};

START_TEST(other_forms_are_no_tokens)
{
	struct digest digest;
	struct token token;

	ck_assert_msg(
	    token_digest(&key_a, refused[_i].text, &digest) == RC_NO, "%s", refused[_i].why);
	ck_assert_int_eq(token_successor(&key_a, refused[_i].text, &token), RC_NO);
	ck_assert_uint_eq(token_span(&token).len, 0);
}
END_TEST

START_TEST(a_successor_is_the_same_each_time)
{
	struct span old = SPAN("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
	struct token first, again, other, next;

	ck_assert_int_eq(token_successor(&key_a, old, &first), RC_OK);
	ck_assert_int_eq(token_successor(&key_a, old, &again), RC_OK);
	ck_assert_int_eq(token_successor(&key_b, old, &other), RC_OK);
	ck_assert_int_eq(token_successor(&key_a, token_span(&first), &next), RC_OK);
	ck_assert_str_eq(first.text, again.text);
	ck_assert_str_ne(first.text, other.text);
	ck_assert_str_ne(first.text, next.text);
}
END_TEST

START_TEST(wiping_leaves_nothing)
{
	static const struct token nothing;
	struct token token;

	memset(&token, 'x', sizeof(token));
	token_wipe(&token);
	ck_assert_mem_eq(&token, &nothing, sizeof(token));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("token");
	TCase *tests = tcase_create("token");

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	tcase_add_test(tests, new_tokens_are_the_random_bytes);
	tcase_add_test(tests, without_randomness_there_is_no_token);
	tcase_add_test(tests, digests_depend_on_key_and_token);
	tcase_add_loop_test(
	    tests, other_forms_are_no_tokens, 0, sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(tests, a_successor_is_the_same_each_time);
	tcase_add_test(tests, wiping_leaves_nothing);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
