#include "base/buf.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUF_START = 256 };

/* Grows by hand instead of realloc(), which would leave an unwiped copy behind. */
static bool
buf_grow(struct buf *buf, size_t need)
{
	size_t size = buf->size == 0 ? BUF_START : buf->size;
	char *data;

	while (size < need)
		size *= 2;
	data = malloc(size);
	if (data == NULL)
		return false;
	if (buf->data != NULL) {
		memcpy(data, buf->data, buf->len);
		sodium_memzero(buf->data, buf->len);
		free(buf->data);
	}
	buf->data = data;
	buf->size = size;
	return true;
}

void
buf_add(struct buf *buf, struct span text)
{
	if (buf->failed)
		return;
	if (text.len > buf->max - buf->len ||
	    (buf->len + text.len + 1 > buf->size && !buf_grow(buf, buf->len + text.len + 1))) {
		buf->failed = true;
		return;
	}
	if (text.len > 0)
		memcpy(buf->data + buf->len, text.data, text.len);
	buf->len += text.len;
	buf->data[buf->len] = '\0';
}

void
buf_text(struct buf *buf, const char *text)
{
	buf_add(buf, span_of(text));
}

void
buf_char(struct buf *buf, char c)
{
	buf_add(buf, (struct span){ &c, 1 });
}

void
buf_number(struct buf *buf, int64_t number)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, number);
	buf_text(buf, digits);
}

struct span
buf_span(const struct buf *buf)
{
	return buf->failed ? SPAN_NONE : (struct span){ buf->data, buf->len };
}

enum rc
buf_check(const struct buf *buf)
{
	return buf->failed ? RC_UNAVAILABLE : RC_OK;
}

void
buf_clear(struct buf *buf)
{
	if (buf->data != NULL) {
		sodium_memzero(buf->data, buf->len);
		buf->data[0] = '\0';
	}
	buf->len = 0;
	buf->failed = false;
}

void
buf_free(struct buf *buf)
{
	buf_clear(buf);
	free(buf->data);
	buf->data = NULL;
	buf->size = 0;
}
