#include "mail/encoded.h"

#include <sodium.h>
#include <stdio.h>

#include "base/text.h"

#define WORD_MAX 75
#define WORD_AROUND 12 /* "=?UTF-8?Q?" and "?=" */
#define WORD_BYTES_MAX (WORD_MAX - WORD_AROUND)

/* The two encodings of words: what a run of bytes takes, and how it is written. */
struct word_form {
	char letter;
	size_t (*cost)(struct span);
	void (*put)(struct buf *, struct span);
};

/* What may stand for itself in a word anywhere, in a phrase too (RFC 2047 section 5). */
static bool
word_is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!*+-/", c) != NULL);
}

static void
encoded_byte(struct buf *out, char c)
{
	char text[4];

	snprintf(text, sizeof(text), "=%02X", (unsigned)(unsigned char)c);
	buf_text(out, text);
}

static size_t
word_cost_q(struct span text)
{
	size_t cost = 0;

	for (size_t i = 0; i < text.len; i++)
		cost += word_is_plain(text.data[i]) || text.data[i] == ' ' ? 1 : 3;
	return cost;
}

static void
word_put_q(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == ' ')
			buf_char(out, '_');
		else if (word_is_plain(text.data[i]))
			buf_char(out, text.data[i]);
		else
			encoded_byte(out, text.data[i]);
	}
}

static size_t
word_cost_b(struct span text)
{
	return (text.len + 2) / 3 * 4;
}

static void
word_put_b(struct buf *out, struct span text)
{
	char base64[WORD_BYTES_MAX + 1];

	sodium_bin2base64(base64, sizeof(base64), (const unsigned char *)text.data, text.len,
	    sodium_base64_VARIANT_ORIGINAL);
	buf_text(out, base64);
}

static const struct word_form word_q = { 'Q', word_cost_q, word_put_q };
static const struct word_form word_b = { 'B', word_cost_b, word_put_b };

/* Takes as many code points off the text as fit into "room" when they are encoded. */
static struct span
word_take(struct span *text, const struct word_form *form, size_t room)
{
	struct span word = { text->data, 0 };

	while (text->len > 0) {
		struct span rest = *text;
		struct span longer = word;

		(void)text_next(&rest);
		longer.len += text->len - rest.len;
		if (form->cost(longer) > room)
			break;
		word = longer;
		*text = rest;
	}
	return word;
}

void
encoded_words(struct buf *out, struct span text, size_t column)
{
	/* Q can be read without a decoder; for what is mostly not Latin, B is shorter. */
	const struct word_form *form = word_cost_q(text) <= 2 * text.len ? &word_q : &word_b;

	while (text.len > 0) {
		size_t room =
		    ENCODED_LINE_MAX - column < WORD_MAX ? ENCODED_LINE_MAX - column : WORD_MAX;

		buf_text(out, "=?UTF-8?");
		buf_char(out, form->letter);
		buf_char(out, '?');
		form->put(out, word_take(&text, form, room - WORD_AROUND));
		buf_text(out, text.len > 0 ? "?=\r\n " : "?=");
		column = 1;
	}
}

/* Whether the first byte may stand for itself at this column of an encoded line. */
static bool
printable_is_plain(struct span line, size_t column)
{
	char c = line.data[0];

	if (c == ' ' || c == '\t')
		return line.len > 1;
	/* Lines that some servers and mailboxes take for something else. */
	if (column == 0 && (c == '.' || span_starts(line, SPAN("From "))))
		return false;
	return c > ' ' && c < 0x7f && c != '=';
}

static void
printable_line(struct buf *out, struct span line)
{
	size_t column = 0;

	for (; line.len > 0; line = span_after(line, 1)) {
		size_t width = printable_is_plain(line, column) ? 1 : 3;

		if (column + width > ENCODED_LINE_MAX - 1) {
			buf_text(out, "=\r\n");
			column = 0;
			width = printable_is_plain(line, column) ? 1 : 3;
		}
		if (width == 1)
			buf_char(out, line.data[0]);
		else
			encoded_byte(out, line.data[0]);
		column += width;
	}
}

void
encoded_printable(struct buf *out, struct span text)
{
	while (text.len > 0) {
		struct span line = span_cut(&text, '\n');
		bool ended = text.data != NULL;

		if (ended && line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		printable_line(out, line);
		if (ended)
			buf_text(out, "\r\n");
	}
}
