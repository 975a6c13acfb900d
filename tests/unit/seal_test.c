#include "crypto/seal.h"
#include "unit/fixture.h"

static const struct key key = { "0123456789abcdef0123456789abcde" };
static const struct key other = { "another 89abcdef0123456789abcde" };
static unsigned char source = 7;

static struct buf
sealed(struct span plain, struct span belongs_to)
{
	struct random_source random = fixture_random(&source);
	struct buf buf = BUF_INIT(SEAL_OVERHEAD + SEAL_PLAIN_MAX);

	ck_assert_int_eq(seal_put(&buf, &key, &random, plain, belongs_to), RC_OK);
	return buf;
}

static enum rc
opened(const struct key *by, struct span text, struct span belongs_to, struct span expected)
{
	struct buf buf = BUF_INIT(SEAL_PLAIN_MAX);
	enum rc rc = seal_open(&buf, by, text, belongs_to);

	if (rc == RC_OK)
		ck_assert(span_equal(buf_span(&buf), expected));
	else
		ck_assert_uint_eq(buf.len, 0);
	buf_free(&buf);
	return rc;
}

START_TEST(what_was_sealed_is_opened)
{
	static char large[SEAL_PLAIN_MAX];
	const struct span texts[] = { SPAN("a token"), SPAN(""), { large, sizeof(large) } };
	struct buf buf = sealed(texts[_i], SPAN("a message"));

	ck_assert_uint_eq(buf.len, SEAL_OVERHEAD + texts[_i].len);
	ck_assert_int_eq(opened(&key, buf_span(&buf), SPAN("a message"), texts[_i]), RC_OK);
	buf_free(&buf);
}
END_TEST

START_TEST(another_key_or_place_opens_nothing)
{
	struct buf buf = sealed(SPAN("a token"), SPAN("a message"));

	ck_assert_int_eq(opened(&other, buf_span(&buf), SPAN("a message"), SPAN("")), RC_NO);
	ck_assert_int_eq(opened(&key, buf_span(&buf), SPAN("another"), SPAN("")), RC_NO);
	ck_assert_int_eq(opened(&key, buf_span(&buf), SPAN(""), SPAN("")), RC_NO);
	buf_free(&buf);
}
END_TEST

START_TEST(any_changed_bit_is_noticed)
{
	struct buf buf = sealed(SPAN("a token"), SPAN("a message"));

	for (size_t i = 0; i < buf.len * 8; i++) {
		buf.data[i / 8] = (char)(buf.data[i / 8] ^ (1 << (i % 8)));
		ck_assert_int_eq(opened(&key, buf_span(&buf), SPAN("a message"), SPAN("")), RC_NO);
		buf.data[i / 8] = (char)(buf.data[i / 8] ^ (1 << (i % 8)));
	}
	buf_free(&buf);
}
END_TEST

START_TEST(any_other_length_is_noticed)
{
	struct buf buf = sealed(SPAN("a token"), SPAN("a message"));

	for (size_t len = 0; len < buf.len; len++)
		ck_assert_int_eq(
		    opened(&key, (struct span){ buf.data, len }, SPAN("a message"), SPAN("")),
		    RC_NO);
	buf_char(&buf, 'x');
	ck_assert_int_eq(opened(&key, buf_span(&buf), SPAN("a message"), SPAN("")), RC_NO);
	buf_free(&buf);
}
END_TEST

START_TEST(same_text_is_sealed_differently_each_time)
{
	struct buf a = sealed(SPAN("a token"), SPAN("a message"));
	struct buf b = sealed(SPAN("a token"), SPAN("a message"));

	ck_assert(!span_equal(buf_span(&a), buf_span(&b)));
	buf_free(&a);
	buf_free(&b);
}
END_TEST

START_TEST(too_long_a_text_is_a_defect)
{
	static char large[SEAL_PLAIN_MAX + 1];
	struct random_source random = fixture_random(&source);
	struct buf buf = BUF_INIT(16 * 1024);

	ck_assert_int_eq(
	    seal_put(&buf, &key, &random, (struct span){ large, sizeof(large) }, SPAN("a message")),
	    RC_INTERNAL);
	ck_assert_uint_eq(buf.len, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("seal");
	TCase *tests = tcase_create("seal");

	tcase_add_loop_test(tests, what_was_sealed_is_opened, 0, 3);
	tcase_add_test(tests, another_key_or_place_opens_nothing);
	tcase_add_test(tests, any_changed_bit_is_noticed);
	tcase_add_test(tests, any_other_length_is_noticed);
	tcase_add_test(tests, same_text_is_sealed_differently_each_time);
	tcase_add_test(tests, too_long_a_text_is_a_defect);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
