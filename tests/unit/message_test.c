#include "mail/message.h"

#include <stdio.h>

#include "mail/encoded.h"
#include "mail/mailbox.h"
#include "unit/fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define TEN "abcdefghij"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static struct buf out;

static void
setup(void)
{
	out = BUF_INIT(MESSAGE_MAX);
}

static void
teardown(void)
{
	buf_free(&out);
}

static struct message
message_plain(void)
{
	return (struct message){
		.from = SPAN("Example <no-reply@example.org>"),
		.to = SPAN("alice@example.net"),
		.subject = SPAN("Confirm your address"),
		.text = SPAN("Hello\n"),
		.html = SPAN("<p>Hello</p>\n"),
		.id = SPAN("018f3c1e-0000-7000-8000-000000000001"),
		.written_at = INT64_C(1700000000123),
	};
}

START_TEST(a_message_is_written_whole)
{
	const struct message message = message_plain();

	ck_assert_int_eq(message_put(&out, &message), RC_OK);
	ck_assert_str_eq(out.data,
	    "From: Example <no-reply@example.org>\r\n"
	    "To: alice@example.net\r\n"
	    "Subject: Confirm your address\r\n"
	    "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
	    "Message-ID: <018f3c1e-0000-7000-8000-000000000001@example.org>\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "X-Auto-Response-Suppress: All\r\n"
	    "Content-Type: multipart/alternative;\r\n"
	    " boundary=\"=_018f3c1e-0000-7000-8000-000000000001\"\r\n"
	    "\r\n"
	    "--=_018f3c1e-0000-7000-8000-000000000001\r\n"
	    "Content-Type: text/plain; charset=UTF-8\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "Hello\r\n\r\n"
	    "--=_018f3c1e-0000-7000-8000-000000000001\r\n"
	    "Content-Type: text/html; charset=UTF-8\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "<p>Hello</p>\r\n\r\n"
	    "--=_018f3c1e-0000-7000-8000-000000000001--\r\n");
}
END_TEST

/* What could be changed on its way, or taken for something else, is encoded. */
static const struct {
	const char *text;
	bool bare;
} encodings[] = {
	{ "Hello\n", true },
	{ "no line end", true },
	{ "", true },
	{ "two\n\nlines\n", true },
	{ "-- \nsignature", true },
	{ "http://example.org/auth/verify?token=d_5CRsru5BzziuL12n9qn1od_L_Wvm\n", true },
	{ "\xc3\xa9\n", false },
	{ "a\ttab\n", false },
	{ "a return\r\n", false },
	{ ".\n", false },
	{ "a\n..\n", false },
	{ "From here\n", false },
	{ "--=_018f3c1e-0000-7000-8000-000000000001--\n", false },
};

START_TEST(a_plain_text_stands_as_it_is)
{
	struct message message = message_plain();
	const char *header = "text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 7bit\r\n";

	message.text = span_of(encodings[_i].text);
	ck_assert_int_eq(message_put(&out, &message), RC_OK);
	ck_assert_int_eq(strstr(out.data, header) != NULL, encodings[_i].bare);
}
END_TEST

START_TEST(a_long_line_is_encoded)
{
	static char text[202];
	struct message message = message_plain();

	memset(text, 'x', 200 + (size_t)_i);
	message.text = (struct span){ text, 200 + (size_t)_i };
	ck_assert_int_eq(message_put(&out, &message), RC_OK);
	ck_assert_int_eq(strstr(out.data, "quoted-printable") != NULL, _i == 1);
}
END_TEST

static const struct {
	const char *given, *from;
} from_rows[] = {
	{ "a@example.org", "a@example.org" },
	{ "<a@example.org>", "a@example.org" },
	{ " <a@example.org>", "a@example.org" },
	{ "Two Words <a@example.org>", "Two Words <a@example.org>" },
	{ "Two  Words <a@example.org>", "\"Two  Words\" <a@example.org>" },
	{ "Dr. Who <a@example.org>", "\"Dr. Who\" <a@example.org>" },
	{ "a \"b\" \\ <a@example.org>", "\"a \\\"b\\\" \\\\\" <a@example.org>" },
	{ "eve@example.com, <a@example.org>", "\"eve@example.com,\" <a@example.org>" },
	{ "A <B> C <a@example.org>", "\"A <B> C\" <a@example.org>" },
	{ "A\r\nBcc: eve@example.com <a@example.org>",
	    "\"A  Bcc: eve@example.com\" <a@example.org>" },
	{ "\r\n \t<a@example.org>", "a@example.org" },
	{ "=?UTF-8?Q?a?= <a@example.org>",
	    "=?UTF-8?Q?=3D=3FUTF-8=3FQ=3Fa=3F=3D?= <a@example.org>" },
	{ "J\xc3\xb6rg <a@example.org>", "=?UTF-8?Q?J=C3=B6rg?= <a@example.org>" },
	{ "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e <a@example.org>",
	    "=?UTF-8?B?5pel5pys6Kqe?= <a@example.org>" },
	{ "abc\xff <a@example.org>", "=?UTF-8?Q?abc=EF=BF=BD?= <a@example.org>" },
	{ "a\xc2\x85\xe2\x80\xa8z <a@example.org>", "\"a  z\" <a@example.org>" },
	/* 76 characters, and one more. */
	{ TEN TEN TEN TEN TEN "abcd <a@example.org>", TEN TEN TEN TEN TEN "abcd <a@example.org>" },
	{ TEN TEN TEN TEN TEN "abcde <a@example.org>",
	    TEN TEN TEN TEN TEN "abcde\r\n <a@example.org>" },
	{ HUNDRED " <a@example.org>",
	    "=?UTF-8?Q?abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefgh?=\r\n"
	    " =?UTF-8?Q?ijabcdefghijabcdefghijabcdefghijabcdefghij?=\r\n <a@example.org>" },
};

/* The value of a header, with its folds. */
static struct span
message_header(const char *name)
{
	char line[64];
	const char *start, *end;

	snprintf(line, sizeof(line), "\r\n%s:", name);
	start = strncmp(out.data, line + 2, strlen(line) - 2) == 0 ? out.data - 2
								   : strstr(out.data, line);
	ck_assert_ptr_nonnull(start);
	start += strlen(line);
	start += *start == ' ';
	end = strstr(start, "\r\n");
	while (end != NULL && end[2] == ' ')
		end = strstr(end + 2, "\r\n");
	ck_assert_ptr_nonnull(end);
	return (struct span){ start, (size_t)(end - start) };
}

static void
must_be(struct span found, const char *expected)
{
	ck_assert_msg(span_equal(found, span_of(expected)), "%.*s\nin place of\n%s", (int)found.len,
	    found.data, expected);
}

START_TEST(the_senders_name_is_a_phrase)
{
	struct message message = message_plain();

	message.from = span_of(from_rows[_i].given);
	ck_assert_int_eq(message_put(&out, &message), RC_OK);
	must_be(message_header("From"), from_rows[_i].from);
	must_be(message_address(message.from), "a@example.org");
}
END_TEST

static const struct {
	const char *given, *subject;
} subject_rows[] = {
	{ "", "" },
	{ "  a  b  ", "a  b" },
	{ "a\nBcc: eve@example.com\r\n\r\nbody", "a Bcc: eve@example.com    body" },
	{ "a\x7f\tb", "a  b" },
	{ "nothing =? to decode", "=?UTF-8?Q?nothing_=3D=3F_to_decode?=" },
	{ "Gr\xc3\xbc\xc3\x9f"
	  "e",
	    "=?UTF-8?B?R3LDvMOfZQ==?=" },
	{ TEN TEN " " TEN TEN " " TEN TEN " " TEN TEN,
	    TEN TEN " " TEN TEN " " TEN TEN "\r\n " TEN TEN },
	{ TEN TEN TEN "   " TEN TEN TEN "   " TEN TEN TEN,
	    TEN TEN TEN "   " TEN TEN TEN "\r\n   " TEN TEN TEN },
	{ HUNDRED, "=?UTF-8?Q?abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcde?=\r\n"
		   " =?UTF-8?Q?fghijabcdefghijabcdefghijabcdefghijabcdefghij?=" },
	{ "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
	  "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
	  "\xf0\x9f\x98\x80",
	    "=?UTF-8?B?8J+YgPCfmIDwn5iA8J+YgPCfmIDwn5iA8J+YgPCfmIDwn5iA?=\r\n"
	    " =?UTF-8?B?8J+YgPCfmIA=?=" },
};

START_TEST(a_subject_is_one_header)
{
	struct message message = message_plain();

	message.subject = span_of(subject_rows[_i].given);
	ck_assert_int_eq(message_put(&out, &message), RC_OK);
	must_be(message_header("Subject"), subject_rows[_i].subject);
}
END_TEST

static const struct {
	struct span given;
	const char *put; /* NULL: there is no such address */
} address_rows[] = {
	{ SPAN_ROW("alice@example.org"), "alice@example.org" },
	{ SPAN_ROW("a.b+c=d/e'f@example.org"), "a.b+c=d/e'f@example.org" },
	{ SPAN_ROW("a..b@example.org"), "\"a..b\"@example.org" },
	{ SPAN_ROW(".a@example.org"), "\".a\"@example.org" },
	{ SPAN_ROW("a.@example.org"), "\"a.\"@example.org" },
	{ SPAN_ROW("a,b@example.org"), "\"a,b\"@example.org" },
	{ SPAN_ROW("a<b@example.org"), "\"a<b\"@example.org" },
	{ SPAN_ROW("a>b@example.org"), "\"a>b\"@example.org" },
	{ SPAN_ROW("(a)b@example.org"), "\"(a)b\"@example.org" },
	{ SPAN_ROW("a;b:c@example.org"), "\"a;b:c\"@example.org" },
	{ SPAN_ROW("a\"b@example.org"), "\"a\\\"b\"@example.org" },
	{ SPAN_ROW("a\\b@example.org"), "\"a\\\\b\"@example.org" },
	{ SPAN_ROW("\"a\"@example.org"), "\"\\\"a\\\"\"@example.org" },
	{ SPAN_ROW("a[b]@example.org"), "\"a[b]\"@example.org" },
	{ SPAN_ROW("-f@example.org"), "-f@example.org" },
	{ SPAN_ROW("|id@example.org"), "|id@example.org" },
	{ SPAN_ROW("j\xc3\xb6rg@example.org"), "j\xc3\xb6rg@example.org" },
	{ SPAN_ROW("j\xc3\xb6,rg@example.org"), "\"j\xc3\xb6,rg\"@example.org" },
	{ SPAN_ROW("a@ex\xc3\xa4mple.org"), "a@ex\xc3\xa4mple.org" },
	{ SPAN_ROW("a@[192.0.2.1]"), "a@[192.0.2.1]" },
	{ SPAN_ROW("a@[IPv6:2001:db8::1]"), "a@[IPv6:2001:db8::1]" },
	{ SPAN_ROW("a@localhost"), "a@localhost" },
	{ SPAN_ROW(""), NULL },
	{ SPAN_ROW("a"), NULL },
	{ SPAN_ROW("@example.org"), NULL },
	{ SPAN_ROW("a@"), NULL },
	{ SPAN_ROW("a@b@example.org"), NULL },
	{ SPAN_ROW("a@example..org"), NULL },
	{ SPAN_ROW("a@.example.org"), NULL },
	{ SPAN_ROW("a@example.org."), NULL },
	{ SPAN_ROW("a@example.org,b"), NULL },
	{ SPAN_ROW("a@example.org>"), NULL },
	{ SPAN_ROW("a@(b)example.org"), NULL },
	{ SPAN_ROW("a@example.org!b"), NULL },
	{ SPAN_ROW("a@exam\\ple.org"), NULL },
	{ SPAN_ROW("a@[]"), NULL },
	{ SPAN_ROW("a@[1.2.3.4"), NULL },
	{ SPAN_ROW("a@[1.2]3.4]"), NULL },
	{ SPAN_ROW("a@[\xc3\xa4.b]"), NULL },
	{ SPAN_ROW("a b@example.org"), NULL },
	{ SPAN_ROW("a\xc2\xa0"
		   "b@example.org"),
	    NULL },
	{ SPAN_ROW("a\r\nBcc:b@example.org"), NULL },
	{ SPAN_ROW("a@example.org\n"), NULL },
	{ SPAN_ROW("a\0@example.org"), NULL },
	{ SPAN_ROW("a@example.org\0"), NULL },
	{ SPAN_ROW("a\xff@example.org"), NULL },
};

START_TEST(an_address_is_one_address_or_none)
{
	struct message message = message_plain();
	enum rc expected = address_rows[_i].put == NULL ? RC_NO : RC_OK;

	ck_assert_int_eq(mailbox_put(&out, address_rows[_i].given), expected);
	if (expected == RC_OK)
		must_be(buf_span(&out), address_rows[_i].put);
	else
		ck_assert_uint_eq(out.len, 0);

	buf_clear(&out);
	message.to = address_rows[_i].given;
	ck_assert_int_eq(message_put(&out, &message), expected);
	if (expected == RC_OK)
		must_be(message_header("To"), address_rows[_i].put);
}
END_TEST

/* As long as there may be one, and one byte over. */
START_TEST(an_address_fits_into_a_line)
{
	char address[MAILBOX_MAX + 2];
	struct message message = message_plain();

	memset(address, 'a', sizeof(address));
	memcpy(address, "b@", 2);
	message.to = (struct span){ address, MAILBOX_MAX };
	ck_assert_int_eq(message_put(&out, &message), RC_OK);
	ck_assert_uint_eq(message_header("To").len, MAILBOX_MAX + 3);
	message.to.len++;
	ck_assert_int_eq(message_put(&out, &message), RC_NO);
}
END_TEST

START_TEST(only_ascii_needs_no_smtputf8)
{
	ck_assert(!message_is_international(SPAN("a\"b@example.org")));
	ck_assert(message_is_international(SPAN("j\xc3\xb6rg@example.org")));
	ck_assert(message_is_international(SPAN("a@ex\xc3\xa4mple.org")));
}
END_TEST

static const struct {
	const char *text, *body;
} body_rows[] = {
	{ "", "" },
	{ "\n", "\r\n" },
	{ "no line end", "no line end" },
	{ "a\nb\n", "a\r\nb\r\n" },
	{ "a\r\nb\r\n", "a\r\nb\r\n" },
	{ "a\rb\n", "a=0Db\r\n" },
	{ "a \nb\t\nc ", "a=20\r\nb=09\r\nc=20" },
	{ "  a  b", "  a  b" },
	{ "1 = 1", "1 =3D 1" },
	{ "http://localhost/?token=abc", "http://localhost/?token=3Dabc" },
	{ "Gr\xc3\xbc\xc3\x9f"
	  "e",
	    "Gr=C3=BC=C3=9Fe" },
	{ ".\n..\n.a\n", "=2E\r\n=2E.\r\n=2Ea\r\n" },
	{ "From me\n>From me\nFromage\n", "=46rom me\r\n>From me\r\nFromage\r\n" },
	{ "--=_018f3c1e-0000-7000-8000-000000000001--",
	    "--=3D_018f3c1e-0000-7000-8000-000000000001--" },
	{ "a\x01\x7f", "a=01=7F" },
	/* 75 characters and the soft line break; a dot, a space, "From " just after it. */
	{ TEN TEN TEN TEN TEN TEN TEN "abcde", TEN TEN TEN TEN TEN TEN TEN "abcde" },
	{ TEN TEN TEN TEN TEN TEN TEN "abcdef", TEN TEN TEN TEN TEN TEN TEN "abcde=\r\nf" },
	{ TEN TEN TEN TEN TEN TEN TEN "abcde.", TEN TEN TEN TEN TEN TEN TEN "abcde=\r\n=2E" },
	{ TEN TEN TEN TEN TEN TEN TEN "abcd x", TEN TEN TEN TEN TEN TEN TEN "abcd =\r\nx" },
	{ TEN TEN TEN TEN TEN TEN TEN "abcd ", TEN TEN TEN TEN TEN TEN TEN "abcd=\r\n=20" },
	{ TEN TEN TEN TEN TEN TEN TEN "abcdeFrom x",
	    TEN TEN TEN TEN TEN TEN TEN "abcde=\r\n=46rom x" },
	{ TEN TEN TEN TEN TEN TEN TEN "abc=", TEN TEN TEN TEN TEN TEN TEN "abc=\r\n=3D" },
};

START_TEST(a_body_is_quoted_printable)
{
	encoded_printable(&out, span_of(body_rows[_i].text));
	ck_assert_str_eq(out.data == NULL ? "" : out.data, body_rows[_i].body);
}
END_TEST

static const struct {
	int64_t at;
	const char *date; /* NULL: no such message */
} date_rows[] = {
	{ 0, "Thu, 01 Jan 1970 00:00:00 +0000" },
	{ INT64_C(951827696999), "Tue, 29 Feb 2000 12:34:56 +0000" },
	{ INT64_C(253402300799999), "Fri, 31 Dec 9999 23:59:59 +0000" },
	{ INT64_C(253402300800000), NULL },
	{ INT64_MAX, NULL },
	{ -1, NULL },
	{ INT64_MIN, NULL },
};

START_TEST(dates_are_in_utc)
{
	struct message message = message_plain();

	message.written_at = date_rows[_i].at;
	ck_assert_int_eq(
	    message_put(&out, &message), date_rows[_i].date == NULL ? RC_INTERNAL : RC_OK);
	if (date_rows[_i].date != NULL)
		must_be(message_header("Date"), date_rows[_i].date);
}
END_TEST

/* Faults of the site, not of the recipient. */
static const struct {
	struct span from, id;
} site_rows[] = {
	{ SPAN_ROW("no address"), SPAN_ROW("id") },
	{ SPAN_ROW("a <b@example.org"), SPAN_ROW("id") },
	{ SPAN_ROW("a b@example.org>"), SPAN_ROW("id") },
	{ SPAN_ROW("a <>"), SPAN_ROW("id") },
	{ SPAN_ROW("J <j\xc3\xb6rg@example.org>"), SPAN_ROW("id") },
	{ SPAN_ROW("a <b@example.org\r\nBcc: c@example.org>"), SPAN_ROW("id") },
	{ SPAN_ROW(""), SPAN_ROW("id") },
	{ { NULL, 0 }, SPAN_ROW("id") },
	{ SPAN_ROW("a@example.org"), SPAN_ROW("") },
	{ SPAN_ROW("a@example.org"), { NULL, 0 } },
	{ SPAN_ROW("a@example.org"), SPAN_ROW("../a") },
	{ SPAN_ROW("a@example.org"), SPAN_ROW("a.b") },
	{ SPAN_ROW("a@example.org"), SPAN_ROW("a\r\nb") },
	{ SPAN_ROW("a@example.org"), SPAN_ROW("a\0b") },
	{ SPAN_ROW("a@example.org"), SPAN_ROW(HUNDRED) },
};

START_TEST(what_the_site_says_wrongly_is_no_fault_of_the_recipient)
{
	struct message message = message_plain();

	message.from = site_rows[_i].from;
	message.id = site_rows[_i].id;
	ck_assert_int_eq(message_put(&out, &message), RC_INTERNAL);
}
END_TEST

/* A buffer of every size too small, then one that just does. */
START_TEST(a_buffer_too_small_is_told)
{
	const struct message message = message_plain();
	struct buf whole = BUF_INIT(MESSAGE_MAX);

	ck_assert_int_eq(message_put(&whole, &message), RC_OK);
	for (size_t max = 0; max < whole.len; max++) {
		struct buf small = BUF_INIT(max);

		ck_assert_int_eq(message_put(&small, &message), RC_UNAVAILABLE);
		buf_free(&small);
	}
	out = BUF_INIT(whole.len);
	ck_assert_int_eq(message_put(&out, &message), RC_OK);
	buf_free(&whole);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("message");
	TCase *tests = tcase_create("message");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_message_is_written_whole);
	tcase_add_loop_test(tests, the_senders_name_is_a_phrase, 0, COUNT(from_rows));
	tcase_add_loop_test(tests, a_subject_is_one_header, 0, COUNT(subject_rows));
	tcase_add_loop_test(tests, an_address_is_one_address_or_none, 0, COUNT(address_rows));
	tcase_add_test(tests, an_address_fits_into_a_line);
	tcase_add_test(tests, only_ascii_needs_no_smtputf8);
	tcase_add_loop_test(tests, a_plain_text_stands_as_it_is, 0, COUNT(encodings));
	tcase_add_loop_test(tests, a_long_line_is_encoded, 0, 2);
	tcase_add_loop_test(tests, a_body_is_quoted_printable, 0, COUNT(body_rows));
	tcase_add_loop_test(tests, dates_are_in_utc, 0, COUNT(date_rows));
	tcase_add_loop_test(
	    tests, what_the_site_says_wrongly_is_no_fault_of_the_recipient, 0, COUNT(site_rows));
	tcase_add_test(tests, a_buffer_too_small_is_told);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
