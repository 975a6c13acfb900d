/* Whatever is read can be written and read again as the same; whatever is written can be read. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"

#define MUST(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_write(struct buf *, const struct json *);

static void
fuzz_write_children(struct buf *buf, const struct json *json)
{
	bool object = json_kind(json) == JSON_OBJECT;
	const struct json *child;

	buf_char(buf, object ? '{' : '[');
	for (child = json_first(json); child != NULL; child = json_next(child)) {
		if (object) {
			MUST(json_member(json, json_name(child).data) == child);
			json_put_name(buf, json_name(child).data);
		} else if (child != json_first(json)) {
			buf_char(buf, ',');
		}
		fuzz_write(buf, child);
	}
	buf_char(buf, object ? '}' : ']');
}

static void
fuzz_write(struct buf *buf, const struct json *json)
{
	char digits[32];
	double number;
	bool yes;

	switch (json_kind(json)) {
	case JSON_NULL:
		buf_text(buf, "null");
		break;
	case JSON_BOOL:
		MUST(json_bool(json, &yes));
		buf_text(buf, yes ? "true" : "false");
		break;
	case JSON_NUMBER:
		MUST(json_number(json, &number));
		snprintf(digits, sizeof(digits), "%.17g", number);
		buf_text(buf, digits);
		break;
	case JSON_STRING:
		MUST(text_is_utf8(json_string(json)));
		json_put_string(buf, json_string(json));
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		fuzz_write_children(buf, json);
		break;
	}
}

static void
fuzz_read(struct span text)
{
	struct buf first = BUF_INIT(8 * text.len + 64);
	struct buf second = BUF_INIT(8 * text.len + 64);
	struct json *json;
	struct json *again;

	if (json_read(text, &json) != RC_OK) {
		MUST(json == NULL);
		return;
	}
	MUST(text_is_utf8(text) && memchr(text.data, 0, text.len) == NULL);
	fuzz_write(&first, json);
	MUST(json_read(buf_span(&first), &again) == RC_OK);
	fuzz_write(&second, again);
	MUST(span_equal(buf_span(&first), buf_span(&second)));
	json_free(json);
	json_free(again);
	buf_free(&first);
	buf_free(&second);
}

static void
fuzz_string(struct span text)
{
	struct buf buf = BUF_INIT(6 * text.len + 2);
	bool nul = text.len > 0 && memchr(text.data, 0, text.len) != NULL;
	struct json *json;

	json_put_string(&buf, text);
	MUST(buf_check(&buf) == RC_OK);
	MUST(strpbrk(buf.data, "<>&") == NULL);
	MUST(json_read(buf_span(&buf), &json) == (nul ? RC_NO : RC_OK));
	MUST(nul || !text_is_utf8(text) || span_equal(json_string(json), text));
	json_free(json);
	buf_free(&buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { (const char *)data, size };

	fuzz_read(text);
	fuzz_string(text);
	return 0;
}
