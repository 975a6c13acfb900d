/* What Python's email package makes of two hundred messages out of hostile parts. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "mail/message.h"
#include "unit/fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define TEN "abcdefghij"
#define LONG TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

enum { MESSAGES = 200, GENERATED_MAX = 120 };

/* Display names and sites' names. */
static const char *const names[] = {
	"",
	"Example",
	"Example Ltd. (Europe)",
	"Smith, John; Doe: <eve@example.com>",
	"a \"quoted\" name with \\ and \\\"",
	"=?UTF-8?B?ZXZl?=",
	"=?UTF-8?Q?eve?= <eve@example.com>,",
	"Bcc: eve@example.com",
	"Site\r\nBcc: eve@example.com",
	"Site\r\n\r\n<p>body</p>",
	"Site\n\tfolded",
	"J\xc3\xb6rg \xe2\x80\x94 M\xc3\xbcller & S\xc3\xb6hne GmbH",
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81\xae\xe3\x82\xb5\xe3\x82\xa4\xe3\x83\x88"
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81\xae\xe3\x82\xb5\xe3\x82\xa4\xe3\x83\x88"
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81\xae\xe3\x82\xb5\xe3\x82\xa4\xe3\x83\x88",
	"\xf0\x9f\x98\x80\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb\xf0\x9f\x98\x80"
	"\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
	"\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80",
	"e\xcc\x81\xcc\x82 \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe2\x80\xae evil",
	"\xc2\x85 a \xe2\x80\xa8 b \xe2\x80\xa9 c \x7f",
	"bad \xff bytes \xc3",
	"two  spaces   and more",
	"undelimited \" quote",
	"@",
	".",
	",",
	LONG,
	LONG " " LONG " " LONG,
	"\x01\x02\x1b[31mred\x1b[0m",
};

static const char *const addresses[] = {
	"alice@example.org",
	"alice.b+tag@mail.example.org",
	"a\"b@example.org",
	"\"a\"@example.org",
	"\"@example.org",
	"a\\b@example.org",
	"a\\@example.org",
	"a,b@example.org",
	"a,eve@example.org",
	"a<b>c@example.org",
	">,<eve@example.org",
	"(comment)a@example.org",
	"a(b@example.org",
	"group:a;@example.org",
	"a[b]c@example.org",
	"..a..b..@example.org",
	"-odQ@example.org",
	"$(id)`id`|id@example.org",
	"j\xc3\xb6rg@example.org",
	"\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b\xe5\xad\x90.example",
	"\xe7\x94\xa8,\xe6\x88\xb7@example.org",
	"a@b\xc3\xbc"
	"cher.example",
	LONG "@example.org",
};

static const char *const subjects[] = {
	"Confirm your address",
	"",
	" ",
	"\r\n",
	"=?UTF-8?B?ZXZl?=",
	"a=?b",
	"[%s] \xe2\x82\xac 5 \xe2\x80\x93 \xe2\x80\x9cgift\xe2\x80\x9d",
	"line\r\nBcc: eve@example.com\r\n\r\nbody",
	LONG LONG,
	TEN " " TEN "  " TEN "   " TEN "    " TEN " " TEN " " TEN " " TEN " " TEN " " TEN,
	"\xd0\x9f\xd0\xbe\xd0\xb4\xd1\x82\xd0\xb2\xd0\xb5\xd1\x80\xd0\xb4\xd0\xb8\xd1\x82\xd0\xb5 "
	"\xd0\xb0\xd0\xb4\xd1\x80\xd0\xb5\xd1\x81 \xd1\x8d\xd0\xbb\xd0\xb5\xd0\xba\xd1\x82\xd1\x80"
	"\xd0\xbe\xd0\xbd\xd0\xbd\xd0\xbe\xd0\xb9 \xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd1\x8b",
	"nul: \xff\xfe",
	"tab\tand\vmore\f",
};

static const char *const bodies[] = {
	"",
	"\n",
	"\n\n\n",
	".\n",
	"..\n.\nFrom eve\n>From eve\n",
	"no line end",
	"white space at the end \t \n \n",
	"--=_0\n\n--=_0--\n",
	"=3D = == =\n=\n",
	"http://localhost/auth/verify?token=" LONG "&x=" LONG LONG "\n",
	"J\xc3\xb6rg \xf0\x9f\x98\x80\n\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\n",
	"Content-Type: text/html\n\n<script>alert(1)</script>\n",
	"\x01\x7f\x1b[0m control\n",
	LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG,
};

static const char *directory;

/* The same numbers in every run. */
static uint32_t
reader_random(void)
{
	static uint32_t state = 2463534242;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

/* Pieces that mean something to a reader, in any order. */
static const char *
reader_generate(char text[GENERATED_MAX], bool address)
{
	static const char *const pieces[] = { "a", "Bc", "\"", "\\", "=?", "?=", "_", "=", "(", ")",
		"<", ">", ",", ";", ":", ".", "\xc3\xa4", "\xf0\x9f\x98\x80", "-", "@", " ", "\r",
		"\n", "\t", "\xff", "UTF-8?Q?" };
	size_t kinds = address ? COUNT(pieces) - 7 : COUNT(pieces);
	size_t len = 0;

	text[0] = '\0';
	for (uint32_t count = 1 + reader_random() % 30; count > 0 && len < GENERATED_MAX - 40;
	     count--)
		len += (size_t)snprintf(
		    text + len, GENERATED_MAX - len, "%s", pieces[reader_random() % kinds]);
	if (address)
		snprintf(text + len, GENERATED_MAX - len, "@example.org");
	return text;
}

/* What the header says of control characters and bytes that are none, done once more. */
static struct span
reader_clean(struct buf *clean, const char *given)
{
	struct span rest = span_of(given);

	while (rest.len > 0) {
		struct span point = rest;
		int32_t value = text_next(&rest);

		point.len -= rest.len;
		if (value < 0)
			buf_text(clean, "\xef\xbf\xbd");
		else if (value < 0x20 || (value >= 0x7f && value < 0xa0) || value == 0x2028 ||
			 value == 0x2029)
			buf_char(clean, ' ');
		else
			buf_add(clean, point);
	}
	return span_trim(buf_span(clean));
}

static void
reader_put_clean(struct buf *json, const char *name, const char *given)
{
	struct buf clean = BUF_INIT(4096);
	struct span text = reader_clean(&clean, given);

	json_put_text(json, name, text.data == NULL ? SPAN("") : text);
	buf_free(&clean);
}

static void
reader_write(int number, const char *suffix, const struct buf *content)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%03d.%s", directory, number, suffix);
	file = fopen(path, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert(!content->failed);
	ck_assert_uint_eq(fwrite(content->data, 1, content->len, file), content->len);
	ck_assert_int_eq(fclose(file), 0);
}

struct sample {
	const char *name, *to, *subject, *body;
};

static void
reader_sample(int number, const struct sample *sample)
{
	struct buf out = BUF_INIT(MESSAGE_MAX), json = BUF_INIT(MESSAGE_MAX);
	struct buf from = BUF_INIT(4096), html = BUF_INIT(MESSAGE_MAX), id = BUF_INIT(128);
	struct message message = { .to = span_of(sample->to),
		.subject = span_of(sample->subject),
		.text = span_of(sample->body),
		.written_at = INT64_C(1700000000) * 1000 };

	buf_text(&from, sample->name);
	buf_text(&from, " <no-reply@example.org>");
	buf_text(&html, "<!DOCTYPE html>\n<title>\xe2\x82\xac</title>\n<p>");
	buf_text(&html, sample->body);
	buf_number(&id, number);
	message.from = buf_span(&from);
	message.html = buf_span(&html);
	message.id = buf_span(&id);
	ck_assert_msg(message_put(&out, &message) == RC_OK, "%d: %s", number, sample->to);

	buf_char(&json, '{');
	reader_put_clean(&json, "name", sample->name);
	json_put_text(&json, "from", SPAN("no-reply@example.org"));
	json_put_text(&json, "to", message.to);
	reader_put_clean(&json, "subject", sample->subject);
	json_put_text(&json, "text", message.text);
	json_put_text(&json, "html", message.html);
	json_put_number(&json, "written_at", message.written_at / 1000);
	json_put_text(&json, "id", message.id);
	buf_char(&json, '}');
	reader_write(number, "eml", &out);
	reader_write(number, "json", &json);
	buf_free(&out);
	buf_free(&json);
	buf_free(&from);
	buf_free(&html);
	buf_free(&id);
}

static void
reader_samples(void)
{
	char name[GENERATED_MAX], to[GENERATED_MAX], subject[GENERATED_MAX];

	for (int i = 0; i < MESSAGES; i++) {
		/* The lengths of the tables have no common factor, so rows meet ever new ones. */
		size_t row = (size_t)i;
		struct sample sample = { names[row % COUNT(names)],
			addresses[row % COUNT(addresses)], subjects[row % COUNT(subjects)],
			bodies[row % COUNT(bodies)] };

		if (i >= MESSAGES / 2) {
			sample.name = reader_generate(name, false);
			sample.to = reader_generate(to, true);
			sample.subject = reader_generate(subject, false);
		}
		reader_sample(i, &sample);
	}
}

START_TEST(python_reads_what_was_written)
{
	char command[512], line[1024], last[1024] = "";
	int status;
	FILE *reader;

	reader_samples();
	snprintf(command, sizeof(command), "/usr/bin/python3 tests/mail/read_messages.py %s 2>&1",
	    directory);
	reader = popen(command, "r");
	ck_assert_ptr_nonnull(reader);
	while (fgets(line, sizeof(line), reader) != NULL) {
		snprintf(last, sizeof(last), "%s", line);
		fputs(line, stdout);
	}
	status = pclose(reader);
	ck_assert_msg(status == 0, "exit status %d: %s", WEXITSTATUS(status), last);
	ck_assert_str_eq(last, "200 messages\n");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("message_reader");
	TCase *tests = tcase_create("message_reader");

	directory = fixture_directory();
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, python_reads_what_was_written);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
