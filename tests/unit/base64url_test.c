#include <sodium.h>

#include "crypto/base64url.h"
#include "unit/fixture.h"

/* RFC 4648 section 10, without padding; then the two characters of this alphabet. */
static const struct {
	const char *bytes, *text;
} rows[] = {
	{ "", "" },
	{ "f", "Zg" },
	{ "fo", "Zm8" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg" },
	{ "fooba", "Zm9vYmE" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xfb\xff\xbf", "-_-_" },
};

START_TEST(text_goes_both_ways)
{
	char text[16], bytes[16];
	size_t count;

	base64url_encode(text, sizeof(text), rows[_i].bytes, strlen(rows[_i].bytes));
	ck_assert_str_eq(text, rows[_i].text);
	ck_assert_int_eq(
	    base64url_decode(span_of(rows[_i].text), bytes, sizeof(bytes), &count), RC_OK);
	ck_assert_uint_eq(count, strlen(rows[_i].bytes));
	ck_assert_mem_eq(bytes, rows[_i].bytes, count);
	ck_assert_uint_eq(strlen(text), BASE64URL_LEN(strlen(rows[_i].bytes)));
}
END_TEST

static const struct {
	const char *why;
	struct span text;
} refused[] = {
	{ "padding", SPAN_ROW("Zg==") },
	{ "one padding", SPAN_ROW("Zm8=") },
	{ "one character", SPAN_ROW("Z") },
	{ "a character over", SPAN_ROW("Zm9vY") },
	{ "stray bits of two characters", SPAN_ROW("Zh") },
	{ "stray bits of three characters", SPAN_ROW("Zm9") },
	{ "the other alphabet +", SPAN_ROW("+_-_") },
	{ "the other alphabet /", SPAN_ROW("-/-_") },
	{ "a space inside", SPAN_ROW("Zm 9v") },
	{ "a space before", SPAN_ROW(" Zm9v") },
	{ "a newline after", SPAN_ROW("Zm9v\n") },
	{ "a NUL", SPAN_ROW("Zm9v\0") },
	{ "a NUL inside", SPAN_ROW("Zm\0v") },
	{ "a high byte", SPAN_ROW("Zm\xc3v") },
	{ "another high byte", SPAN_ROW("\xff\x80\xdf\xe1") },
	{ "too much for the place", SPAN_ROW("Zm9vYmFyZg") },
};

START_TEST(anything_else_is_refused)
{
	char bytes[6];
	size_t count = 1;

	ck_assert_msg(base64url_decode(refused[_i].text, bytes, sizeof(bytes), &count) == RC_NO,
	    "%s", refused[_i].why);
	ck_assert_uint_eq(count, 0);
}
END_TEST

/* Every byte, whatever libsodium thinks of it. */
START_TEST(the_alphabet_is_the_rfcs)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789-_";
	char text[4] = "AAA", bytes[3];
	size_t count;

	for (int c = 0; c < 256; c++) {
		bool known = c != 0 && strchr(alphabet, c) != NULL;

		for (size_t i = 0; i < 4; i++) {
			memset(text, 'A', sizeof(text));
			text[i] = (char)c;
			ck_assert_int_eq(base64url_decode((struct span){ text, 4 }, bytes,
					     sizeof(bytes), &count),
			    known ? RC_OK : RC_NO);
		}
	}
}
END_TEST

START_TEST(put_is_encode_for_every_length)
{
	unsigned char bytes[200];
	char text[BASE64URL_LEN(sizeof(bytes)) + 1];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 37);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		struct buf buf = BUF_INIT(sizeof(text));

		buf_char(&buf, '.');
		base64url_put(&buf, bytes, len);
		base64url_encode(text, sizeof(text), bytes, len);
		ck_assert_str_eq(buf.data + 1, text);
		buf_free(&buf);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base64url");
	TCase *tests = tcase_create("base64url");

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	tcase_add_loop_test(tests, text_goes_both_ways, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_loop_test(
	    tests, anything_else_is_refused, 0, sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(tests, the_alphabet_is_the_rfcs);
	tcase_add_test(tests, put_is_encode_for_every_length);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
