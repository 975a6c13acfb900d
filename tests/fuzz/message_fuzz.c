/* Lines of the input: sender, recipient, subject, id; then text, a line "." and HTML. Whatever they
 * are, a message has the headers and parts that it should have and no others. */
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "mail/encoded.h"
#include "mail/mailbox.h"
#include "mail/message.h"

#define MUST(condition) ((condition) ? (void)0 : abort())

enum { FUZZ_LINE_MAX = 998 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes a line with its CRLF off; there is no CR and no LF elsewhere. */
static struct span
fuzz_line(struct span *rest)
{
	struct span line = span_cut(rest, '\n');

	MUST(rest->data != NULL && line.len > 0 && line.data[line.len - 1] == '\r');
	line.len--;
	MUST(line.len <= FUZZ_LINE_MAX);
	MUST(line.len == 0 || (memchr(line.data, '\r', line.len) == NULL &&
				  memchr(line.data, '\0', line.len) == NULL));
	return line;
}

/* Takes headers with their empty line off: these, in this order. */
static void
fuzz_headers(struct span *rest, const char *const names[], bool international)
{
	for (; *names != NULL; names++) {
		struct span line = fuzz_line(rest);

		MUST(span_starts(line, span_of(*names)) && line.data[strlen(*names)] == ':');
		while (rest->len > 0 && rest->data[0] == ' ') {
			MUST(mailbox_is_ascii(line) || (international && **names == 'T'));
			line = fuzz_line(rest);
			MUST(span_trim(line).len > 0);
		}
		MUST(mailbox_is_ascii(line) || (international && **names == 'T'));
		/* Encoded words hold no '@'; addresses hold whatever looks like one. */
		MUST(line.len <= ENCODED_LINE_MAX || memchr(line.data, '@', line.len) != NULL ||
		     memmem(line.data, line.len, "=?UTF-8?", 8) == NULL);
	}
	MUST(fuzz_line(rest).len == 0);
}

static int
fuzz_hex(char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	MUST(at != NULL);
	return (int)(at - digits);
}

/* Decodes a line of quoted-printable; true when its end is none of the text. */
static bool
fuzz_decode(struct buf *text, struct span line)
{
	MUST(line.len <= ENCODED_LINE_MAX && mailbox_is_ascii(line));
	MUST(!span_starts(line, SPAN(".")) && !span_starts(line, SPAN("From ")));
	MUST(span_trim(span_after(line, line.len == 0 ? 0 : line.len - 1)).len == (line.len > 0));
	while (line.len > 0) {
		char c = line.data[0];

		if (c == '=' && line.len == 1)
			return true;
		if (c == '=') {
			MUST(line.len >= 3);
			c = (char)(16 * fuzz_hex(line.data[1]) + fuzz_hex(line.data[2]));
			line = span_after(line, 2);
		}
		buf_char(text, c);
		line = span_after(line, 1);
	}
	return false;
}

/* What the reader will have: LF line ends. */
static void
fuzz_expect(struct buf *expected, struct span given)
{
	while (given.data != NULL) {
		struct span line = span_cut(&given, '\n');

		if (given.data != NULL && line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		buf_add(expected, line);
		if (given.data != NULL)
			buf_char(expected, '\n');
	}
}

/* Whether the part that begins here says that its text stands as it is. */
static bool
fuzz_is_bare(struct span rest)
{
	struct span line;

	while ((line = fuzz_line(&rest)).len > 0) {
		if (span_equal(line, SPAN("Content-Transfer-Encoding: 7bit")))
			return true;
	}
	return false;
}

/* A line that is not encoded: false, since each ends where the text has its line end. */
static bool
fuzz_copy(struct buf *text, struct span line)
{
	MUST(line.len <= 998 && mailbox_is_ascii(line));
	MUST(!span_starts(line, SPAN(".")) && !span_starts(line, SPAN("From ")));
	buf_add(text, line);
	return false;
}

/* Takes a part off, up to the line that begins the next or ends the last. */
static void
fuzz_part(struct span *rest, const struct message *message, struct span body, bool last)
{
	static const char *const names[] = { "Content-Type", "Content-Transfer-Encoding", NULL };
	struct buf text = BUF_INIT(MESSAGE_MAX), expected = BUF_INIT(MESSAGE_MAX);
	struct span line;
	bool soft = true, bare = fuzz_is_bare(*rest);

	fuzz_headers(rest, names, false);
	fuzz_expect(&expected, body);
	for (;;) {
		line = fuzz_line(rest);
		if (span_starts(line, SPAN("--=_")))
			break;
		if (!soft)
			buf_char(&text, '\n');
		soft = bare ? fuzz_copy(&text, line) : fuzz_decode(&text, line);
	}
	MUST(!soft || text.len == 0);
	MUST(span_equal(buf_span(&text), buf_span(&expected)) ||
	     (text.len == 0 && expected.len == 0));
	MUST(line.len == 4 + message->id.len + (last ? 2 : 0));
	MUST(memcmp(line.data + 4, message->id.data, message->id.len) == 0);
	buf_free(&text);
	buf_free(&expected);
}

static void
fuzz_message(struct span all, const struct message *message)
{
	static const char *const names[] = { "From", "To", "Subject", "Date", "Message-ID",
		"MIME-Version", "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Type",
		NULL };

	fuzz_headers(&all, names, message_is_international(message->to));
	MUST(span_starts(fuzz_line(&all), SPAN("--=_")));
	fuzz_part(&all, message, message->text, false);
	fuzz_part(&all, message, message->html, true);
	MUST(all.len == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data, size };
	struct message message = { .written_at = (int64_t)size * INT64_C(100000000) };
	struct buf out = BUF_INIT(MESSAGE_MAX), address = BUF_INIT(MAILBOX_MAX);
	const char *dot;
	enum rc rc;

	message.from = span_cut(&rest, '\n');
	message.to = span_cut(&rest, '\n');
	message.subject = span_cut(&rest, '\n');
	message.id = span_cut(&rest, '\n');
	message.text = rest;
	dot = rest.len == 0 ? NULL : memmem(rest.data, rest.len, "\n.\n", 3);
	if (dot != NULL) {
		message.text.len = (size_t)(dot - rest.data);
		message.html = span_after(rest, message.text.len + 3);
	}
	rc = message_put(&out, &message);
	if (rc == RC_OK)
		fuzz_message(buf_span(&out), &message);
	else if (rc == RC_NO)
		MUST(mailbox_put(&address, message.to) == RC_NO && address.len == 0);
	else
		MUST(rc == RC_INTERNAL || size > 1000);
	buf_free(&out);
	buf_free(&address);
	return 0;
}
