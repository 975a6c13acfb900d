#include "mail/message.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "mail/encoded.h"
#include "mail/mailbox.h"

#define MESSAGE_WORD_MAX 60   /* a longer one in a subject is encoded, so that it can be folded */
#define MESSAGE_NAME_MAX 60   /* a longer one is encoded for the same reason */
#define MESSAGE_BARE_LINE 200 /* the most of a line that is not encoded; a link fits */
#define MESSAGE_REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

enum { POINT_LINE_SEPARATOR = 0x2028, POINT_PARAGRAPH_SEPARATOR = 0x2029 };

/* Takes "Name <address>" apart; a name may hold a '<', the address of a sender does not. */
static struct span
message_split(struct span mailbox, struct span *name)
{
	size_t start = mailbox.len;

	*name = SPAN_NONE;
	if (mailbox.len == 0 || mailbox.data[mailbox.len - 1] != '>')
		return span_trim(mailbox);
	while (start > 0 && mailbox.data[start - 1] != '<')
		start--;
	if (start == 0)
		return mailbox;
	*name = (struct span){ mailbox.data, start - 1 };
	mailbox.len--;
	return span_after(mailbox, start);
}

struct span
message_address(struct span mailbox)
{
	struct span name;

	return message_split(mailbox, &name);
}

bool
message_is_international(struct span to)
{
	return !mailbox_is_ascii(to);
}

/* Text for a header: on one line, valid, without spaces around it. */
static struct span
message_clean(struct buf *clean, struct span text)
{
	while (text.len > 0) {
		struct span point = text;
		int32_t value = text_next(&text);

		point.len -= text.len;
		if (value < 0)
			buf_text(clean, MESSAGE_REPLACEMENT);
		else if (text_has_control(point) || value == POINT_LINE_SEPARATOR ||
			 value == POINT_PARAGRAPH_SEPARATOR)
			buf_char(clean, ' ');
		else
			buf_add(clean, point);
	}
	return span_trim(buf_span(clean));
}

/* ASCII, and nothing in it that a reader could take for an encoded word. */
static bool
message_is_plain(struct span text)
{
	return mailbox_is_ascii(text) &&
	       (text.len < 2 || memmem(text.data, text.len, "=?", 2) == NULL);
}

static bool
message_is_phrase(struct span name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (!mailbox_is_atext(name.data[i]) &&
		    (name.data[i] != ' ' || name.data[i + 1] == ' '))
			return false;
	}
	return true;
}

/* A space, and a fold before it where what follows would take the line that began at "start" too
 * far. */
static void
message_put_space(struct buf *out, size_t start, size_t following)
{
	if (out->len - start + 1 + following > ENCODED_LINE_MAX)
		buf_text(out, "\r\n");
	buf_char(out, ' ');
}

/* The display name as a phrase (RFC 5322 3.2.5). */
static void
message_put_name(struct buf *out, struct span name)
{
	buf_char(out, ' ');
	if (!message_is_plain(name) || name.len > MESSAGE_NAME_MAX)
		encoded_words(out, name, sizeof("From: ") - 1);
	else if (message_is_phrase(name))
		buf_add(out, name);
	else
		mailbox_put_quoted(out, name);
}

static enum rc
message_put_from(struct buf *out, struct span from)
{
	struct span given, address = message_split(from, &given);
	struct buf clean = BUF_INIT(3 * given.len);
	struct span name = message_clean(&clean, given);
	size_t start = out->len;
	enum rc rc = buf_check(&clean);

	if (rc != RC_OK)
		goto out;
	buf_text(out, "From:");
	if (name.len > 0)
		message_put_name(out, name);
	message_put_space(out, start, address.len + 2);
	buf_text(out, name.len > 0 ? "<" : "");
	rc = mailbox_is_ascii(address) ? mailbox_put(out, address) : RC_NO;
	buf_text(out, name.len > 0 ? ">\r\n" : "\r\n");
out:
	buf_free(&clean);
	/* It is the operator's, not the recipient's: trying again helps once that is mended. */
	return rc == RC_NO ? RC_INTERNAL : rc;
}

static enum rc
message_put_to(struct buf *out, struct span to)
{
	size_t start = out->len;
	enum rc rc;

	buf_text(out, "To:");
	message_put_space(out, start, to.len);
	rc = mailbox_put(out, to);
	buf_text(out, "\r\n");
	return rc;
}

/* Whether it can be folded as it is, before spaces. */
static bool
message_has_short_words(struct span text)
{
	while (text.len > 0) {
		if (span_cut(&text, ' ').len > MESSAGE_WORD_MAX)
			return false;
	}
	return true;
}

/* Words as they are; a line ends before the spaces that would take the next word too far. */
static void
message_put_folded(struct buf *out, struct span text, size_t column)
{
	while (text.len > 0) {
		struct span word = text;

		word.len = 0;
		while (word.len < text.len && text.data[word.len] == ' ')
			word.len++;
		while (word.len < text.len && text.data[word.len] != ' ')
			word.len++;
		if (column + word.len > ENCODED_LINE_MAX && text.data[0] == ' ') {
			buf_text(out, "\r\n");
			column = 0;
		}
		buf_add(out, word);
		column += word.len;
		text = span_after(text, word.len);
	}
}

static enum rc
message_put_subject(struct buf *out, struct span given)
{
	struct buf clean = BUF_INIT(3 * given.len);
	struct span subject = message_clean(&clean, given);
	enum rc rc = buf_check(&clean);

	buf_text(out, "Subject: ");
	if (message_is_plain(subject) && message_has_short_words(subject))
		message_put_folded(out, subject, sizeof("Subject: ") - 1);
	else
		encoded_words(out, subject, sizeof("Subject: ") - 1);
	buf_text(out, "\r\n");
	buf_free(&clean);
	return rc;
}

/* RFC 5322 section 3.3; in the words of no locale. */
static enum rc
message_put_date(struct buf *out, int64_t wall)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)(wall / SECOND);
	struct tm utc;
	char text[64];

	if (wall < 0 || gmtime_r(&seconds, &utc) == NULL || utc.tm_year > 9999 - 1900)
		return RC_INTERNAL;
	snprintf(text, sizeof(text), "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n",
	    days[utc.tm_wday], utc.tm_mday, months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour,
	    utc.tm_min, utc.tm_sec);
	buf_text(out, text);
	return RC_OK;
}

bool
message_id_is_valid(struct span id)
{
	for (size_t i = 0; i < id.len; i++) {
		char c = id.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			c == '-'))
			return false;
	}
	return id.len > 0 && id.len <= MESSAGE_ID_MAX;
}

static void
message_put_id(struct buf *out, const struct message *message)
{
	struct span host = message_address(message->from);
	size_t start = out->len;

	(void)span_cut(&host, '@');
	buf_text(out, "Message-ID:");
	message_put_space(out, start, message->id.len + host.len + sizeof("<@>") - 1);
	buf_char(out, '<');
	buf_add(out, message->id);
	buf_char(out, '@');
	buf_add(out, host);
	buf_text(out, ">\r\n");
}

/* "=_" is in no quoted-printable body, so no body can end its part. */
static void
message_put_boundary(struct buf *out, const struct message *message)
{
	buf_text(out, "=_");
	buf_add(out, message->id);
}

/* Whether a line may stand as it is: nothing on its way changes it or takes it for something else.
 */
static bool
message_line_is_bare(struct span line)
{
	for (size_t i = 0; i < line.len; i++) {
		if (line.data[i] < 0x20 || line.data[i] > 0x7e)
			return false;
	}
	return line.len <= MESSAGE_BARE_LINE && !span_starts(line, SPAN(".")) &&
	       !span_starts(line, SPAN("From ")) && !span_starts(line, SPAN("--="));
}

/* Whether the whole text may: then it can be read, and its links copied, in the file itself. */
static bool
message_is_bare(struct span text)
{
	while (text.len > 0) {
		if (!message_line_is_bare(span_cut(&text, '\n')))
			return false;
	}
	return true;
}

static void
message_put_bare(struct buf *out, struct span text)
{
	while (text.len > 0) {
		buf_add(out, span_cut(&text, '\n'));
		buf_text(out, text.data == NULL ? "" : "\r\n");
	}
}

static void
message_put_part(struct buf *out, const struct message *message, const char *type, struct span body)
{
	bool bare = message_is_bare(body);

	buf_text(out, "--");
	message_put_boundary(out, message);
	buf_text(out, "\r\nContent-Type: ");
	buf_text(out, type);
	buf_text(out, "; charset=UTF-8\r\nContent-Transfer-Encoding: ");
	buf_text(out, bare ? "7bit\r\n\r\n" : "quoted-printable\r\n\r\n");
	if (bare)
		message_put_bare(out, body);
	else
		encoded_printable(out, body);
	buf_text(out, "\r\n");
}

static enum rc
message_put_head(struct buf *out, const struct message *message)
{
	enum rc rc = message_put_from(out, message->from);

	if (rc == RC_OK)
		rc = message_put_to(out, message->to);
	if (rc == RC_OK)
		rc = message_put_subject(out, message->subject);
	if (rc == RC_OK)
		rc = message_put_date(out, message->written_at);
	if (rc != RC_OK)
		return rc;
	message_put_id(out, message);
	buf_text(out, "MIME-Version: 1.0\r\n"
		      "Auto-Submitted: auto-generated\r\n"
		      "X-Auto-Response-Suppress: All\r\n"
		      "Content-Type: multipart/alternative;\r\n boundary=\"");
	message_put_boundary(out, message);
	buf_text(out, "\"\r\n\r\n");
	return buf_check(out);
}

enum rc
message_put(struct buf *out, const struct message *message)
{
	enum rc rc;

	if (!message_id_is_valid(message->id))
		return RC_INTERNAL;
	rc = message_put_head(out, message);
	if (rc != RC_OK)
		return rc;
	/* Readers show the last one that they can show. */
	message_put_part(out, message, "text/plain", message->text);
	message_put_part(out, message, "text/html", message->html);
	buf_text(out, "--");
	message_put_boundary(out, message);
	buf_text(out, "--\r\n");
	return buf_check(out);
}
