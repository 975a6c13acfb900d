#include "crypto/base32.h"
#include "unit/fixture.h"

/* RFC 4648 section 10, without padding; then every character there is. */
static const struct {
	struct span bytes;
	const char *text;
} rows[] = {
	{ SPAN_ROW(""), "" },
	{ SPAN_ROW("f"), "MY" },
	{ SPAN_ROW("fo"), "MZXQ" },
	{ SPAN_ROW("foo"), "MZXW6" },
	{ SPAN_ROW("foob"), "MZXW6YQ" },
	{ SPAN_ROW("fooba"), "MZXW6YTB" },
	{ SPAN_ROW("foobar"), "MZXW6YTBOI" },
	{ SPAN_ROW("\x00\x44\x32\x14\xc7\x42\x54\xb6\x35\xcf\x84\x65\x3a\x56\xd7\xc6\x75\xbe\x77"
		   "\xdf"),
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" },
	{ SPAN_ROW("\xff\xff\xff\xff\xff"), "77777777" },
};

START_TEST(bytes_become_text)
{
	struct buf buf = BUF_INIT(64);

	base32_put(&buf, rows[_i].bytes);
	ck_assert(span_equal(buf_span(&buf), span_of(rows[_i].text)));
	ck_assert_uint_eq(buf.len, BASE32_LEN(rows[_i].bytes.len));
	buf_free(&buf);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base32");
	TCase *tests = tcase_create("base32");

	tcase_add_loop_test(tests, bytes_become_text, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
