#include "page/qr.h"

#include <stdio.h>
#include <sys/wait.h>

#include "unit/fixture.h"
#include "unit/otpauth.h"

#define COUNT(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))
#define TITLE SPAN("QR code")
#define DESCRIPTION SPAN("For an authenticator app.")
#define PATH " d=\"M0 .5"

enum { QUIET = 4, SIDE_MAX = 177 + 2 * QUIET };

static const char *directory;
static struct buf out;

/* What was drawn, with its quiet zone. */
static unsigned char dark[SIDE_MAX][SIDE_MAX];
static int side;

static void
setup(void)
{
	out = BUF_INIT(64 * 1024);
}

static void
teardown(void)
{
	buf_free(&out);
}

/* The same bytes in every run, of all values. */
static struct span
text_of(size_t len, uint32_t seed)
{
	static char text[QR_TEXT_MAX + 1];
	uint32_t state = seed * 2654435761u + 1;

	for (size_t i = 0; i < len; i++) {
		state = state * 1664525 + 1013904223;
		text[i] = (char)(state >> 24);
	}
	return (struct span){ text, len };
}

static int
number(const char **at)
{
	char *end;
	long value = strtol(*at, &end, 10);

	ck_assert_ptr_ne(end, *at);
	*at = end;
	return (int)value;
}

static void
expect(const char **at, char c)
{
	ck_assert_msg(**at == c, "'%c' is not there: %.40s", c, *at);
	(*at)++;
}

/* Fills "dark" by the path; it may have nothing but runs, in order and inside the picture. */
static void
draw(void)
{
	const char *at = strstr(out.data, "viewBox=\"0 0 ");
	int x = 0, y = 0;

	ck_assert_ptr_nonnull(at);
	at += strlen("viewBox=\"0 0 ");
	side = number(&at);
	ck_assert_int_eq(number(&at), side);
	ck_assert_int_le(side, SIDE_MAX);
	memset(dark, 0, sizeof(dark));
	at = strstr(at, PATH);
	ck_assert_ptr_nonnull(at);
	for (at += strlen(PATH); *at != '"';) {
		int run, from = x, above = y;

		expect(&at, 'm');
		x += number(&at);
		expect(&at, ' ');
		y += number(&at);
		expect(&at, 'h');
		run = number(&at);
		ck_assert(y > above || x > from);
		ck_assert_int_gt(run, 0);
		ck_assert(x >= 0 && x + run <= side && y >= 0 && y < side);
		memset(&dark[y][x], 1, (size_t)run);
		x += run;
	}
	ck_assert_str_eq(at, "\"/></svg>");
}

/* --- the picture -------------------------------------------------------------------------------
 */

START_TEST(quiet_zone_surrounds_three_finders)
{
	static const char *const finder[7] = { "#######", "#     #", "# ### #", "# ### #",
		"# ### #", "#     #", "#######" };

	ck_assert_int_eq(qr_put_svg(&out, SPAN("otpauth://"), TITLE, DESCRIPTION), RC_OK);
	draw();
	ck_assert_int_eq(side, 21 + 2 * QUIET);
	for (int i = 0; i < side; i++) {
		for (int j = 0; j < QUIET; j++)
			ck_assert(!dark[i][j] && !dark[i][side - 1 - j] && !dark[j][i] &&
				  !dark[side - 1 - j][i]);
	}
	for (int y = 0; y < 7; y++) {
		for (int x = 0; x < 7; x++) {
			int module = finder[y][x] == '#', far = side - QUIET - 7;

			ck_assert_int_eq(dark[QUIET + y][QUIET + x], module);
			ck_assert_int_eq(dark[QUIET + y][far + x], module);
			ck_assert_int_eq(dark[far + y][QUIET + x], module);
		}
	}
}
END_TEST

/* Behind what was there before. */
START_TEST(whole_of_it_is_as_expected)
{
	static const char start[] =
	    "<p>"
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 29 29\" role=\"img\" "
	    "aria-labelledby=\"qr-title qr-description\" shape-rendering=\"crispEdges\">"
	    "<title id=\"qr-title\">QR code</title>"
	    "<desc id=\"qr-description\">For an authenticator app.</desc>"
	    "<rect width=\"29\" height=\"29\" fill=\"#fff\"/>"
	    "<path stroke=\"#000\" d=\"M0 .5m4 4h7m";
	const char *c;

	buf_text(&out, "<p>");
	ck_assert_int_eq(qr_put_svg(&out, SPAN("otpauth://"), TITLE, DESCRIPTION), RC_OK);
	ck_assert(span_starts(buf_span(&out), SPAN(start)));
	for (c = out.data + strlen(start); strchr("mh -0123456789", *c) != NULL; c++)
		continue;
	ck_assert_str_eq(c, "\"/></svg>");
}
END_TEST

/* Bytes, all values at once; level M, or L where the drawing is too large with M. */
static const struct {
	size_t len;
	bool is_m;
} levels[] = {
	{ 1, true },
	{ 14, true },
	{ 100, true },
	{ 666, true }, /* the most of version 20 */
	{ 712, false },
	{ QR_TEXT_MAX, false },
};

/* The two bits before those of the mask, as they are masked themselves. */
START_TEST(level_is_m_where_it_fits)
{
	ck_assert_int_eq(qr_put_svg(&out, text_of(levels[_i].len, 1), TITLE, DESCRIPTION), RC_OK);
	draw();
	ck_assert_int_eq(dark[QUIET + 8][QUIET], 1);
	ck_assert_int_eq(dark[QUIET + 8][QUIET + 1], levels[_i].is_m ? 0 : 1);
}
END_TEST

START_TEST(size_has_a_limit)
{
	static char label[251];
	size_t largest = 0;

	memset(label, 'x', sizeof(label) - 1);
	for (uint32_t seed = 0; seed < 50; seed++) {
		buf_clear(&out);
		ck_assert_int_eq(
		    qr_put_svg(&out, text_of(QR_TEXT_MAX, seed), span_of(label), span_of(label)),
		    RC_OK);
		ck_assert_uint_lt(out.len, QR_SVG_MAX);
		largest = out.len > largest ? out.len : largest;
	}
	ck_assert_uint_gt(largest, QR_SVG_MAX - QR_SVG_MAX / 16);
}
END_TEST

static char long_text[QR_SVG_MAX + 1];

static const struct {
	struct span text, title, description;
	enum rc rc;
} refusals[] = {
	{ { long_text, QR_TEXT_MAX + 1 }, SPAN_ROW("a"), SPAN_ROW("b"), RC_NO },
	{ { long_text, sizeof(long_text) }, SPAN_ROW("a"), SPAN_ROW("b"), RC_NO },
	{ SPAN_ROW("a"), { long_text, QR_SVG_MAX }, SPAN_ROW("b"), RC_NO },
	{ SPAN_ROW("a"), { long_text, QR_SVG_MAX + 1 }, SPAN_ROW("b"), RC_NO },
	{ SPAN_ROW("a"), SPAN_ROW("a"), { long_text, QR_SVG_MAX }, RC_NO },
	{ { long_text, QR_TEXT_MAX }, { long_text, 4096 }, SPAN_ROW("b"), RC_NO },
	{ SPAN_ROW(""), SPAN_ROW("a"), SPAN_ROW("b"), RC_INTERNAL },
	{ { NULL, 0 }, SPAN_ROW("a"), SPAN_ROW("b"), RC_INTERNAL },
};

START_TEST(too_much_is_refused_and_leaves_nothing)
{
	memset(long_text, 'x', sizeof(long_text));
	buf_text(&out, "<p>");
	ck_assert_int_eq(
	    qr_put_svg(&out, refusals[_i].text, refusals[_i].title, refusals[_i].description),
	    refusals[_i].rc);
	ck_assert_str_eq(out.data, "<p>");
}
END_TEST

/* The longest name that an issuer can have: the address itself is longer than a symbol holds. */
START_TEST(address_without_room_is_refused)
{
	const struct totp totp = { TOTP_SHA1, TOTP_DIGITS, TOTP_PERIOD };
	struct buf uri = BUF_INIT(TOTP_URI_MAX), issuer = BUF_INIT(TOTP_URI_MAX);

	for (int i = 0; i < 200; i++)
		buf_text(&issuer, "\xe6\x97\xa5");
	totp_put_uri(&uri, &totp, SPAN("12345678901234567890"), buf_span(&issuer), SPAN("ada"));
	ck_assert_int_eq(buf_check(&uri), RC_OK);
	ck_assert_int_eq(qr_put_svg(&out, buf_span(&uri), TITLE, DESCRIPTION), RC_NO);
	buf_free(&issuer);
	buf_free(&uri);
}
END_TEST

START_TEST(full_buffer_is_told)
{
	struct buf small = BUF_INIT(100);

	ck_assert_int_eq(qr_put_svg(&small, SPAN("a"), TITLE, DESCRIPTION), RC_UNAVAILABLE);
	buf_free(&small);
}
END_TEST

#define BAD "\xef\xbf\xbd"

static const struct {
	struct span given;
	const char *written;
} labels[] = {
	{ SPAN_ROW(""), "" },
	{ SPAN_ROW("</title><script>alert(1)</script>"),
	    "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;" },
	{ SPAN_ROW("\"'&amp;]]>"), "&quot;&#39;&amp;amp;]]&gt;" },
	{ SPAN_ROW("a\0b\x01\x1b\x1f\x7f"), "a" BAD "b" BAD BAD BAD "\x7f" },
	{ SPAN_ROW("tab\tline\nreturn\r"), "tab\tline\nreturn\r" },
	{ SPAN_ROW("\xff\xc3\xc3\xa9\xe2\x82"), BAD BAD "\xc3\xa9" BAD BAD },
	{ SPAN_ROW("\xed\xa0\x80"), BAD BAD BAD },
	{ SPAN_ROW("\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd"), BAD BAD BAD },
	{ SPAN_ROW("\xf0\x9f\x98\x80\xe2\x80\xae\xe6\x97\xa5"),
	    "\xf0\x9f\x98\x80\xe2\x80\xae\xe6\x97\xa5" },
};

START_TEST(labels_are_escaped)
{
	char title[256], description[256];

	snprintf(title, sizeof(title), "<title id=\"qr-title\">%s</title>", labels[_i].written);
	snprintf(description, sizeof(description), "<desc id=\"qr-description\">%s</desc>",
	    labels[_i].written);
	ck_assert_int_eq(qr_put_svg(&out, SPAN("a"), labels[_i].given, TITLE), RC_OK);
	ck_assert_ptr_nonnull(strstr(out.data, title));
	buf_clear(&out);
	ck_assert_int_eq(qr_put_svg(&out, SPAN("a"), TITLE, labels[_i].given), RC_OK);
	ck_assert_ptr_nonnull(strstr(out.data, description));
}
END_TEST

/* --- what others read --------------------------------------------------------------------------
 */

static void
write_svg(int n)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%03d.svg", directory, n);
	file = fopen(path, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(out.data, 1, out.len, file), out.len);
	ck_assert_int_eq(fclose(file), 0);
}

/* A program whose reader of XML is strict makes pictures of all; and one, of what is on those. */
static FILE *
start_reader(void)
{
	char command[1024];
	FILE *reader;

	snprintf(command, sizeof(command),
	    "cd %s && for svg in *.svg; do rsvg-convert -z 3 -o ${svg%%.svg}.png $svg || exit; done"
	    " && zbarimg --nodbus --raw -q --set '*.enable=0' --set qrcode.enable=1 *.png 2>&1",
	    directory);
	reader = popen(command, "r");
	ck_assert_ptr_nonnull(reader);
	return reader;
}

START_TEST(camera_reads_what_was_written)
{
	static char uris[OTPAUTH_SAMPLES][QR_TEXT_MAX + 2], line[QR_TEXT_MAX + 2];
	FILE *reader;
	int status;

	for (int n = 0; n < OTPAUTH_SAMPLES; n++) {
		struct otpauth sample = otpauth_sample((size_t)n);
		struct span label = labels[n % COUNT(labels)].given;
		struct buf uri = BUF_INIT(QR_TEXT_MAX);

		otpauth_put(&uri, &sample);
		ck_assert_int_eq(buf_check(&uri), RC_OK);
		snprintf(uris[n], sizeof(uris[n]), "%s\n", uri.data);
		buf_clear(&out);
		ck_assert_int_eq(
		    qr_put_svg(&out, buf_span(&uri), n % 2 == 0 ? label : span_of(sample.issuer),
			n % 2 == 0 ? span_of(sample.account) : label),
		    RC_OK);
		write_svg(n);
		buf_free(&uri);
	}
	reader = start_reader();
	for (int n = 0; n < OTPAUTH_SAMPLES; n++) {
		ck_assert_msg(fgets(line, sizeof(line), reader) != NULL, "no line %d", n);
		ck_assert_str_eq(line, uris[n]);
	}
	ck_assert_ptr_null(fgets(line, sizeof(line), reader));
	status = pclose(reader);
	ck_assert_msg(status == 0, "exit status %d", WEXITSTATUS(status));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("qr");
	TCase *tests = tcase_create("qr");

	directory = fixture_directory();
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, quiet_zone_surrounds_three_finders);
	tcase_add_test(tests, whole_of_it_is_as_expected);
	tcase_add_loop_test(tests, level_is_m_where_it_fits, 0, COUNT(levels));
	tcase_add_test(tests, size_has_a_limit);
	tcase_add_loop_test(tests, too_much_is_refused_and_leaves_nothing, 0, COUNT(refusals));
	tcase_add_test(tests, address_without_room_is_refused);
	tcase_add_test(tests, full_buffer_is_told);
	tcase_add_loop_test(tests, labels_are_escaped, 0, COUNT(labels));
	tcase_add_test(tests, camera_reads_what_was_written);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
