#include "crypto/seal.h"
#include "unit/fixture.h"

#define SINCE_2000 INT64_C(946684800000)
#define SINCE_2001 INT64_C(978307200000)

/* As seal.h has it: a byte, then the id of the key. */
#define NAMES_KEY(at) ((at) >= 1 && (at) <= SEALING_ID_SIZE)

static const struct key first = { "0123456789abcdef0123456789abcde" };
static const struct key second = { "another 89abcdef0123456789abcde" };
static struct sealing_keys key, other, both; /* the first, the second */
static unsigned char source = 7;

static void
make_keys(void)
{
	memset(&key, 0, sizeof(key));
	memset(&other, 0, sizeof(other));
	memset(&both, 0, sizeof(both));
	ck_assert(sealing_add(&key, &first, "20000101T000000Z-a"));
	ck_assert(sealing_add(&other, &second, "20010101T000000Z-b"));
	ck_assert(sealing_add(&both, &first, "20000101T000000Z-a"));
	ck_assert(sealing_add(&both, &second, "20010101T000000Z-b"));
}

static struct buf
sealed_by(const struct sealing_keys *by, int64_t now, struct span plain, struct span belongs_to)
{
	struct random_source random = fixture_random(&source);
	struct buf buf = BUF_INIT(SEAL_OVERHEAD + SEAL_PLAIN_MAX);

	ck_assert_int_eq(seal_put(&buf, by, now, &random, plain, belongs_to), RC_OK);
	return buf;
}

static struct buf
sealed(struct span plain, struct span belongs_to)
{
	return sealed_by(&key, SINCE_2001, plain, belongs_to);
}

static enum rc
opened(
    const struct sealing_keys *by, struct span text, struct span belongs_to, struct span expected)
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

START_TEST(another_place_opens_nothing)
{
	struct buf buf = sealed(SPAN("a token"), SPAN("a message"));

	ck_assert_int_eq(opened(&key, buf_span(&buf), SPAN("another"), SPAN("")), RC_NO);
	ck_assert_int_eq(opened(&key, buf_span(&buf), SPAN(""), SPAN("")), RC_NO);
	buf_free(&buf);
}
END_TEST

/* A key that is not here may come back: that is no "no". */
START_TEST(missing_key_could_not_tell)
{
	struct buf buf = sealed(SPAN("a token"), SPAN("a message"));
	const struct sealing_keys none = { .count = 0 };

	ck_assert_int_eq(
	    opened(&other, buf_span(&buf), SPAN("a message"), SPAN("")), RC_UNAVAILABLE);
	ck_assert_int_eq(
	    opened(&none, buf_span(&buf), SPAN("a message"), SPAN("")), RC_UNAVAILABLE);
	ck_assert_int_eq(opened(&both, buf_span(&buf), SPAN("a message"), SPAN("a token")), RC_OK);
	buf_free(&buf);
}
END_TEST

/* Each key opens what it sealed, whichever seals now. */
START_TEST(key_seals_when_its_time_has_come)
{
	static const struct {
		int64_t now;
		bool second;
	} rows[] = { { 0, false }, { SINCE_2000, false }, { SINCE_2001 - 1, false },
		{ SINCE_2001, true }, { INT64_MAX, true } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf buf = sealed_by(&both, rows[i].now, SPAN("t"), SPAN("m"));

		ck_assert_int_eq(opened(&both, buf_span(&buf), SPAN("m"), SPAN("t")), RC_OK);
		ck_assert_int_eq(
		    opened(rows[i].second ? &other : &key, buf_span(&buf), SPAN("m"), SPAN("t")),
		    RC_OK);
		ck_assert_int_eq(
		    opened(rows[i].second ? &key : &other, buf_span(&buf), SPAN("m"), SPAN("")),
		    RC_UNAVAILABLE);
		buf_free(&buf);
	}
}
END_TEST

/* Rows that were sealed before there was more than one key; this one by another program after the
 * format in seal.h. */
START_TEST(what_an_earlier_version_sealed_is_opened)
{
	static const unsigned char text[] = { 0x01, 0x63, 0xea, 0x52, 0xc1, 0x47, 0x94, 0x0e, 0xce,
		0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0xdf, 0xfe,
		0x7d, 0xd8, 0x1d, 0x7e, 0xd1, 0x2e, 0x1d, 0xa0, 0x4c, 0x5f, 0xd9, 0x1a, 0x4d, 0xb7,
		0x49, 0x78, 0xd1, 0xc7, 0x6c, 0xf1, 0x72 };

	ck_assert_int_eq(opened(&both, (struct span){ (const char *)text, sizeof(text) },
			     SPAN("a message"), SPAN("a token")),
	    RC_OK);
}
END_TEST

/* One bit of the key's id names another key; any other makes it somebody else's. */
START_TEST(any_changed_bit_is_noticed)
{
	struct buf buf = sealed(SPAN("a token"), SPAN("a message"));

	for (size_t i = 0; i < buf.len * 8; i++) {
		buf.data[i / 8] = (char)(buf.data[i / 8] ^ (1 << (i % 8)));
		ck_assert_int_eq(opened(&key, buf_span(&buf), SPAN("a message"), SPAN("")),
		    NAMES_KEY(i / 8) ? RC_UNAVAILABLE : RC_NO);
		ck_assert(seal_lacks_key(&key, buf_span(&buf)) == NAMES_KEY(i / 8));
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
	/* What is too short to be a sealed text lacks no key. */
	ck_assert(!seal_lacks_key(&other, (struct span){ buf.data, SEAL_OVERHEAD - 1 }));
	ck_assert(seal_lacks_key(&other, (struct span){ buf.data, SEAL_OVERHEAD }));
	ck_assert(!seal_lacks_key(&other, (struct span){ 0 }));
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

	ck_assert_int_eq(seal_put(&buf, &key, SINCE_2001, &random,
			     (struct span){ large, sizeof(large) }, SPAN("a message")),
	    RC_INTERNAL);
	ck_assert_int_eq(seal_put(&buf, &key, SINCE_2001, &random, SPAN("a token"),
			     (struct span){ large, sizeof(large) }),
	    RC_INTERNAL);
	ck_assert_uint_eq(buf.len, 0);
}
END_TEST

/* Nothing as long as that was sealed for anything. */
START_TEST(too_long_a_place_opens_nothing)
{
	static char large[SEAL_PLAIN_MAX + 1];
	struct buf buf = sealed(SPAN("a token"), (struct span){ large, SEAL_PLAIN_MAX });

	ck_assert_int_eq(
	    opened(&key, buf_span(&buf), (struct span){ large, SEAL_PLAIN_MAX }, SPAN("a token")),
	    RC_OK);
	ck_assert_int_eq(
	    opened(&key, buf_span(&buf), (struct span){ large, sizeof(large) }, SPAN("")), RC_NO);
	buf_free(&buf);
}
END_TEST

START_TEST(buffer_without_room_is_told)
{
	struct random_source random = fixture_random(&source);
	struct buf small = BUF_INIT(SEAL_OVERHEAD + 6), plain = BUF_INIT(6);
	struct buf buf = sealed(SPAN("a token"), SPAN("a message"));

	ck_assert_int_eq(
	    seal_put(&small, &key, SINCE_2001, &random, SPAN("a token"), SPAN("a message")),
	    RC_UNAVAILABLE);
	ck_assert_int_eq(
	    seal_open(&plain, &key, buf_span(&buf), SPAN("a message")), RC_UNAVAILABLE);
	buf_free(&small);
	buf_free(&plain);
	buf_free(&buf);
}
END_TEST

static const struct {
	const char *kid;
	int64_t since;
} kids[] = {
	{ "19700101T000000Z-00000000", 0 },
	{ "20000229T235960Z-00000000", INT64_C(951868800000) },
	{ "20261128T162855Z-9f3c0a11", INT64_C(1795883335000) },
	{ "20261128T162855Z", INT64_C(1795883335000) },
	{ "99991231T235959Z", INT64_C(253402300799000) },
	{ "00010101T000000Z", INT64_C(-62135596800000) },
	{ "20261128T162855", INT64_MIN },
	{ "20261328T162855Z", INT64_MIN },
	{ "20261100T162855Z", INT64_MIN },
	{ "20261128T242855Z", INT64_MIN },
	{ "20261128 162855Z", INT64_MIN },
	{ "2026112xT162855Z", INT64_MIN },
	{ "0", INT64_MIN },
	{ "", INT64_MIN },
	{ "zzz", INT64_MIN },
};

START_TEST(name_tells_since_when)
{
	ck_assert_int_eq(sealing_since(kids[_i].kid), kids[_i].since);
}
END_TEST

/* What seals at 100; times of keys in the order of their names. */
static const struct {
	int64_t since[4];
	size_t count, chosen;
} choices[] = {
	{ { 50 }, 1, 0 },
	{ { 150 }, 1, 0 },
	{ { INT64_MIN }, 1, 0 },
	{ { 50, 60, 70 }, 3, 2 },
	{ { 50, 60, 101 }, 3, 1 },
	{ { 50, 100, 101 }, 3, 1 },
	{ { 70, 60, 50 }, 3, 0 },
	{ { 50, 50, 50 }, 3, 2 },
	{ { 110, 120, 130 }, 3, 0 },
	{ { 130, 120, 110 }, 3, 2 },
	{ { 50, INT64_MIN }, 2, 0 },
	{ { INT64_MIN, 150 }, 2, 0 },
	{ { 150, INT64_MIN }, 2, 1 },
	{ { INT64_MIN, INT64_MIN }, 2, 1 },
};

START_TEST(newest_whose_time_has_come_seals)
{
	ck_assert_uint_eq(
	    sealing_choose(choices[_i].since, choices[_i].count, 100), choices[_i].chosen);
}
END_TEST

START_TEST(there_is_room_for_some_keys)
{
	struct sealing_keys keys = { .count = 0 };

	for (int i = 0; i < SEALING_KEYS_MAX; i++)
		ck_assert(sealing_add(&keys, &first, "20000101T000000Z"));
	ck_assert(!sealing_add(&keys, &first, "20000101T000000Z"));
	ck_assert_uint_eq(keys.count, SEALING_KEYS_MAX);
}
END_TEST

START_TEST(key_is_found_by_its_name)
{
	ck_assert_ptr_eq(sealing_named(&both, "20010101T000000Z-b"), &both.rows[1]);
	ck_assert_ptr_null(sealing_named(&both, "20010101T000000Z"));
	ck_assert_ptr_null(sealing_named(&both, ""));
}
END_TEST

#define COUNT(rows) (int)(sizeof(rows) / sizeof((rows)[0]))

int
main(void)
{
	Suite *suite = suite_create("seal");
	TCase *tests = tcase_create("seal");

	tcase_add_checked_fixture(tests, make_keys, NULL);
	tcase_add_loop_test(tests, what_was_sealed_is_opened, 0, 3);
	tcase_add_test(tests, another_place_opens_nothing);
	tcase_add_test(tests, missing_key_could_not_tell);
	tcase_add_test(tests, key_seals_when_its_time_has_come);
	tcase_add_test(tests, what_an_earlier_version_sealed_is_opened);
	tcase_add_test(tests, any_changed_bit_is_noticed);
	tcase_add_test(tests, any_other_length_is_noticed);
	tcase_add_test(tests, same_text_is_sealed_differently_each_time);
	tcase_add_test(tests, too_long_a_text_is_a_defect);
	tcase_add_test(tests, too_long_a_place_opens_nothing);
	tcase_add_test(tests, buffer_without_room_is_told);
	tcase_add_loop_test(tests, name_tells_since_when, 0, COUNT(kids));
	tcase_add_loop_test(tests, newest_whose_time_has_come_seals, 0, COUNT(choices));
	tcase_add_test(tests, there_is_room_for_some_keys);
	tcase_add_test(tests, key_is_found_by_its_name);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
