#include "base/json.h"

#include <math.h>
#include <sodium.h>

#include "unit/fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define NEEDLE "correct horse battery"

static int wiped; /* how often a block that held the needle was wiped */

/* Stands in for libsodium's, so that a test sees what is wiped. */
void
sodium_memzero(void *const bytes, const size_t len)
{
	volatile unsigned char *at = bytes;

	if (len > 0 && memmem(bytes, len, NEEDLE, strlen(NEEDLE)) != NULL)
		wiped++;
	for (size_t i = 0; i < len; i++)
		at[i] = 0;
}

static const struct {
	struct span given;
	enum rc rc;
} read_rows[] = {
	{ SPAN_INIT("null"), RC_OK },
	{ SPAN_INIT(" \t\r\n{ \"a\" : [ 1 , true , null ] }\n"), RC_OK },
	{ SPAN_INIT("\"\""), RC_OK },
	{ SPAN_INIT("[]"), RC_OK },
	{ SPAN_INIT("{}"), RC_OK },
	{ SPAN_INIT("[[[[[[[[]]]]]]]]"), RC_OK },
	{ SPAN_INIT("[[[[[[[[[]]]]]]]]]"), RC_NO },
	{ SPAN_INIT("[[[[[[[[]]]]]]],[[[[[[[]]]]]]]]"), RC_OK },
	{ SPAN_INIT("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}"), RC_OK },
	{ SPAN_INIT("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}"), RC_NO },
	{ { NULL, 0 }, RC_NO },
	{ SPAN_INIT(""), RC_NO },
	{ SPAN_INIT("   "), RC_NO },
	{ SPAN_INIT("{}x"), RC_NO },
	{ SPAN_INIT("{}{}"), RC_NO },
	{ SPAN_INIT("{}\0"), RC_NO },
	{ SPAN_INIT("\0{}"), RC_NO },
	{ SPAN_INIT("{\"a\":1\0}"), RC_NO },
	{ SPAN_INIT("{\"a\":1}\f"), RC_NO },
	{ SPAN_INIT("\xef\xbb\xbf{}"), RC_NO },
	{ SPAN_INIT("\xc2\xa0{}"), RC_NO },
	{ SPAN_INIT("{"), RC_NO },
	{ SPAN_INIT("{\"a\":1"), RC_NO },
	{ SPAN_INIT("{\"a\":1,}"), RC_NO },
	{ SPAN_INIT("{,\"a\":1}"), RC_NO },
	{ SPAN_INIT("{\"a\" 1}"), RC_NO },
	{ SPAN_INIT("{\"a\":}"), RC_NO },
	{ SPAN_INIT("{\"a\"}"), RC_NO },
	{ SPAN_INIT("{a:1}"), RC_NO },
	{ SPAN_INIT("{'a':1}"), RC_NO },
	{ SPAN_INIT("{\"a\":1]"), RC_NO },
	{ SPAN_INIT("[1,]"), RC_NO },
	{ SPAN_INIT("[,1]"), RC_NO },
	{ SPAN_INIT("[1 2]"), RC_NO },
	{ SPAN_INIT("[1//x\n]"), RC_NO },
	{ SPAN_INIT("[1/**/]"), RC_NO },
	/* names */
	{ SPAN_INIT("{\"a\":1,\"b\":2,\"a\":3}"), RC_NO },
	{ SPAN_INIT("{\"a\":1,\"\\u0061\":2}"), RC_NO },
	{ SPAN_INIT("{\"\":1,\"\":2}"), RC_NO },
	{ SPAN_INIT("[{\"x\":{\"a\":1,\"a\":1}}]"), RC_NO },
	{ SPAN_INIT("{\"a\":1,\"A\":2}"), RC_OK },
	{ SPAN_INIT("[{\"a\":1},{\"a\":1}]"), RC_OK },
	{ SPAN_INIT("{\"a\":{\"a\":1}}"), RC_OK },
	{ SPAN_INIT("{\"\\u00e4\":1,\"\xc3\xa4\":2}"), RC_NO },
	/* strings */
	{ SPAN_INIT("\"\\u0000\""), RC_NO },
	{ SPAN_INIT("{\"\\u0000\":1}"), RC_NO },
	{ SPAN_INIT("\"\\\\u0000\""), RC_OK },
	{ SPAN_INIT("\"\\\\\\u0000\""), RC_NO },
	{ SPAN_INIT("\"a\0b\""), RC_NO },
	{ SPAN_INIT("\"a\nb\""), RC_NO },
	{ SPAN_INIT("\"a\x1f\""), RC_NO },
	{ SPAN_INIT("\"a\x7f\""), RC_OK },
	{ SPAN_INIT("\"\\x41\""), RC_NO },
	{ SPAN_INIT("\"\\'\""), RC_NO },
	{ SPAN_INIT("\"\\"), RC_NO },
	{ SPAN_INIT("\"\\\""), RC_NO },
	{ SPAN_INIT("\"\\u12\""), RC_NO },
	{ SPAN_INIT("\"\\u 123\""), RC_NO },
	{ SPAN_INIT("\"\\u+123\""), RC_NO },
	{ SPAN_INIT("\"\\U0041\""), RC_NO },
	{ SPAN_INIT("\"\\ud83d\\ude00\""), RC_OK },
	{ SPAN_INIT("\"\\uD83D\\uDE00\""), RC_OK },
	{ SPAN_INIT("\"\\ud83d\""), RC_NO },
	{ SPAN_INIT("\"\\ude00\""), RC_NO },
	{ SPAN_INIT("\"\\ude00\\ud83d\""), RC_NO },
	{ SPAN_INIT("\"\\ude00\\ude00\""), RC_NO },
	{ SPAN_INIT("\"\\ud83dx\\ude00\""), RC_NO },
	{ SPAN_INIT("\"\\ud83d\\u0041\""), RC_NO },
	{ SPAN_INIT("\"\\ud83d\\ud83d\""), RC_NO },
	{ SPAN_INIT("\"\\uffff\""), RC_OK },
	{ SPAN_INIT("\"\xff\""), RC_NO },
	{ SPAN_INIT("\"\xc0\x80\""), RC_NO },
	{ SPAN_INIT("\"\xed\xa0\x80\""), RC_NO },
	{ SPAN_INIT("\"\xc3\""), RC_NO },
	{ SPAN_INIT("\"abc"), RC_NO },
	/* numbers and words */
	{ SPAN_INIT("0"), RC_OK },
	{ SPAN_INIT("-0"), RC_OK },
	{ SPAN_INIT("10"), RC_OK },
	{ SPAN_INIT("1.50"), RC_OK },
	{ SPAN_INIT("1e5"), RC_OK },
	{ SPAN_INIT("1E+05"), RC_OK },
	{ SPAN_INIT("1.7976931348623157e308"), RC_OK },
	{ SPAN_INIT("1e309"), RC_NO },
	{ SPAN_INIT("-1e309"), RC_NO },
	{ SPAN_INIT("1e-400"), RC_OK },
	{ SPAN_INIT("01"), RC_NO },
	{ SPAN_INIT("-01"), RC_NO },
	{ SPAN_INIT("+1"), RC_NO },
	{ SPAN_INIT("-"), RC_NO },
	{ SPAN_INIT("--1"), RC_NO },
	{ SPAN_INIT(".5"), RC_NO },
	{ SPAN_INIT("1."), RC_NO },
	{ SPAN_INIT("1.e5"), RC_NO },
	{ SPAN_INIT("1e"), RC_NO },
	{ SPAN_INIT("1e+"), RC_NO },
	{ SPAN_INIT("1e+-1"), RC_NO },
	{ SPAN_INIT("0x10"), RC_NO },
	{ SPAN_INIT("1,5"), RC_NO },
	{ SPAN_INIT("1_0"), RC_NO },
	{ SPAN_INIT("NaN"), RC_NO },
	{ SPAN_INIT("nan"), RC_NO },
	{ SPAN_INIT("Infinity"), RC_NO },
	{ SPAN_INIT("-inf"), RC_NO },
	{ SPAN_INIT("True"), RC_NO },
	{ SPAN_INIT("truex"), RC_NO },
	{ SPAN_INIT("tru"), RC_NO },
	{ SPAN_INIT("nul"), RC_NO },
	{ SPAN_INIT("undefined"), RC_NO },
};

START_TEST(only_json_is_read)
{
	struct json *json = NULL;

	ck_assert_int_eq(json_read(read_rows[_i].given, &json), read_rows[_i].rc);
	ck_assert_int_eq(json != NULL, read_rows[_i].rc == RC_OK);
	json_free(json);
}
END_TEST

START_TEST(what_was_read_can_be_walked)
{
	struct json *json;
	const struct json *child;
	double number;
	bool yes;

	ck_assert_int_eq(json_read(SPAN("{\"s\":\"x\\u00e4\\ud83d\\ude00\\\"\\n\",\"n\":-1.5,"
					"\"t\":true,\"f\":false,\"z\":null,\"a\":[1,2],\"o\":{}}"),
			     &json),
	    RC_OK);
	ck_assert_int_eq(json_kind(json), JSON_OBJECT);
	ck_assert_str_eq(json_string(json_member(json, "s")).data, "x\xc3\xa4\xf0\x9f\x98\x80\"\n");
	ck_assert(json_number(json_member(json, "n"), &number) && number <= -1.5 && number >= -1.5);
	ck_assert(json_bool(json_member(json, "t"), &yes) && yes);
	ck_assert(json_bool(json_member(json, "f"), &yes) && !yes);
	ck_assert_int_eq(json_kind(json_member(json, "z")), JSON_NULL);
	ck_assert_ptr_nonnull(json_member(json, "z"));
	ck_assert_ptr_null(json_member(json, "S"));
	ck_assert_ptr_null(json_member(json_member(json, "a"), "s"));
	ck_assert_int_eq(json_kind(json_member(json, "a")), JSON_ARRAY);
	ck_assert_int_eq(json_kind(json_member(json, "o")), JSON_OBJECT);
	ck_assert_ptr_null(json_first(json_member(json, "o")));

	child = json_first(json_member(json, "a"));
	ck_assert_ptr_null(json_name(child).data);
	ck_assert(json_number(child, &number) && number >= 1 && number <= 1);
	child = json_next(child);
	ck_assert(json_number(child, &number) && number >= 2 && number <= 2);
	ck_assert_ptr_null(json_next(child));
	ck_assert_str_eq(json_name(json_first(json)).data, "s");
	ck_assert_str_eq(json_name(json_next(json_first(json))).data, "n");
	json_free(json);
}
END_TEST

START_TEST(values_of_another_kind_are_not_given)
{
	struct json *json;
	double number = 1;
	bool yes = true;

	ck_assert_int_eq(json_read(SPAN("[\"1\"]"), &json), RC_OK);
	ck_assert(!json_number(json_first(json), &number));
	ck_assert(!json_bool(json_first(json), &yes));
	ck_assert(!yes);
	ck_assert_ptr_null(json_string(json).data);
	ck_assert_ptr_null(json_string(NULL).data);
	ck_assert_ptr_null(json_name(NULL).data);
	ck_assert_ptr_null(json_member(NULL, "a"));
	ck_assert_ptr_null(json_first(NULL));
	ck_assert_ptr_null(json_next(NULL));
	ck_assert(!json_number(NULL, &number));
	ck_assert(!json_bool(NULL, &yes));
	ck_assert_int_eq(json_kind(NULL), JSON_NULL);
	json_free(json);
	json_free(NULL);
}
END_TEST

/* A cJSON without the fix of CVE-2023-26819 refuses numbers of more than 63 characters. */
START_TEST(long_numbers_keep_their_value)
{
	char text[202] = "[";
	struct json *json;
	double number;

	for (size_t digits = 1; digits < 200; digits++) {
		memset(text + 1, '7', digits);
		text[digits + 1] = ']';
		ck_assert_int_eq(json_read((struct span){ text, digits + 2 }, &json), RC_OK);
		ck_assert(json_number(json_first(json), &number));
		ck_assert(fabs(number / strtod(text + 1, NULL) - 1) < 1e-15);
		ck_assert_ptr_null(json_next(json_first(json)));
		json_free(json);
	}
}
END_TEST

/* As many members as a body holds; comparing each with each would take seconds. */
START_TEST(many_names_are_compared)
{
	struct buf buf = BUF_INIT(1 << 22);
	char name[16];
	struct json *json;

	buf_char(&buf, '{');
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		json_put_number(&buf, name, i);
	}
	buf_char(&buf, '}');
	ck_assert_int_eq(json_read(buf_span(&buf), &json), RC_OK);
	json_free(json);
	buf.len--;
	json_put_number(&buf, "50000", 0);
	buf_char(&buf, '}');
	ck_assert_int_eq(json_read(buf_span(&buf), &json), RC_NO);
	buf_free(&buf);
}
END_TEST

START_TEST(strings_are_wiped)
{
	struct json *json;

	ck_assert_int_eq(json_read(SPAN("{\"password\":\"" NEEDLE "\"}"), &json), RC_OK);
	ck_assert_int_eq(wiped, 1); /* the copy that was parsed */
	json_free(json);
	ck_assert_int_eq(wiped, 2); /* the value */
	ck_assert_int_eq(json_read(SPAN("{\"" NEEDLE "\":1}"), &json), RC_OK);
	json_free(json);
	ck_assert_int_eq(wiped, 4); /* a name */
}
END_TEST

START_TEST(refused_strings_are_wiped)
{
	struct json *json;

	ck_assert_int_eq(json_read(SPAN("[\"" NEEDLE "\","), &json), RC_NO);
	ck_assert_int_eq(wiped, 1);
	ck_assert_int_eq(json_read(SPAN("{\"a\":\"" NEEDLE "\",\"a\":1}"), &json), RC_NO);
	ck_assert_int_eq(wiped, 3);
}
END_TEST

static const struct {
	struct span given;
	const char *expected;
} put_rows[] = {
	{ SPAN_INIT(""), "\"\"" },
	{ { NULL, 0 }, "\"\"" },
	{ SPAN_INIT("plain"), "\"plain\"" },
	{ SPAN_INIT("\"\\/"), "\"\\\"\\\\/\"" },
	{ SPAN_INIT("\b\f\n\r\t\x01\x1f\x7f"),
	    "\"\\u0008\\u000c\\u000a\\u000d\\u0009\\u0001\\u001f\\u007f\"" },
	{ SPAN_INIT("</script>&"), "\"\\u003c/script\\u003e\\u0026\"" },
	{ SPAN_INIT("a\0b"), "\"a\\u0000b\"" },
	{ SPAN_INIT("\xc3\xa4\xf0\x9f\x98\x80"), "\"\xc3\xa4\xf0\x9f\x98\x80\"" },
	{ SPAN_INIT("a\xff\xc3"), "\"a\\ufffd\\ufffd\"" },
};

START_TEST(strings_are_escaped)
{
	struct buf buf = BUF_INIT(256);

	json_put_string(&buf, put_rows[_i].given);
	ck_assert_str_eq(buf_span(&buf).data, put_rows[_i].expected);
	buf_free(&buf);
}
END_TEST

START_TEST(members_are_separated)
{
	struct buf buf = BUF_INIT(256);

	buf_char(&buf, '{');
	json_put_text(&buf, "a\"", SPAN("x"));
	json_put_text(&buf, "b", SPAN_NONE);
	json_put_name(&buf, "c");
	buf_text(&buf, "[{");
	json_put_bool(&buf, "t", true);
	json_put_bool(&buf, "f", false);
	buf_text(&buf, "}]");
	json_put_number(&buf, "n", INT64_MIN);
	json_put_time(&buf, "at", 86400000);
	buf_char(&buf, '}');
	ck_assert_str_eq(buf_span(&buf).data,
	    "{\"a\\\"\":\"x\",\"b\":null,\"c\":[{\"t\":true,\"f\":false}],"
	    "\"n\":-9223372036854775808,\"at\":\"1970-01-02T00:00:00Z\"}");
	buf_free(&buf);
}
END_TEST

START_TEST(an_overfull_buffer_stays_failed)
{
	struct buf buf = BUF_INIT(4);

	json_put_text(&buf, "name", SPAN("value"));
	ck_assert_int_eq(buf_check(&buf), RC_UNAVAILABLE);
	buf_free(&buf);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("json");
	TCase *tests = tcase_create("json");

	tcase_set_timeout(tests, 30);
	tcase_add_loop_test(tests, only_json_is_read, 0, COUNT(read_rows));
	tcase_add_test(tests, what_was_read_can_be_walked);
	tcase_add_test(tests, values_of_another_kind_are_not_given);
	tcase_add_test(tests, long_numbers_keep_their_value);
	tcase_add_test(tests, many_names_are_compared);
	tcase_add_test(tests, strings_are_wiped);
	tcase_add_test(tests, refused_strings_are_wiped);
	tcase_add_loop_test(tests, strings_are_escaped, 0, COUNT(put_rows));
	tcase_add_test(tests, members_are_separated);
	tcase_add_test(tests, an_overfull_buffer_stays_failed);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
