#include "base/text.h"

#include <utf8proc.h>

/* Composition turns at most four code points into one (U+1F82), so what needs more than this when
 * taken apart is longer than the longest text that is stored. */
#define TEXT_POINTS_MAX (4 * 320)

#define POINT_IDEOGRAPHIC_STOP 0x3002

struct text_form {
	utf8proc_int32_t
	    points[TEXT_POINTS_MAX + 1]; /* code points, then UTF-8 in the same place */
	size_t len;                      /* bytes of UTF-8 */
};

int32_t
text_next(struct span *text)
{
	unsigned char first = (unsigned char)text->data[0];
	utf8proc_int32_t point;
	utf8proc_ssize_t taken;

	if (first < 0x80) { /* nearly all there is */
		*text = span_after(*text, 1);
		return first;
	}
	taken = utf8proc_iterate(
	    (const utf8proc_uint8_t *)text->data, (utf8proc_ssize_t)text->len, &point);
	*text = span_after(*text, taken > 0 ? (size_t)taken : 1);
	return taken > 0 ? point : -1;
}

/* Passes over the ASCII characters that the text begins with, but not over control characters. */
static void
text_skip_plain(struct span *text)
{
	size_t run = 0;

	while (run < text->len && (unsigned char)text->data[run] >= 0x20 &&
	       (unsigned char)text->data[run] < 0x7f)
		run++;
	*text = span_after(*text, run);
}

bool
text_is_utf8(struct span text)
{
	for (text_skip_plain(&text); text.len > 0; text_skip_plain(&text)) {
		if (text_next(&text) < 0)
			return false;
	}
	return true;
}

size_t
text_length(struct span text)
{
	size_t count = 0;

	for (; text.len > 0; count++)
		(void)text_next(&text);
	return count;
}

static bool
text_point_is_control(int32_t point)
{
	return (point >= 0 && point < 0x20) || (point >= 0x7f && point < 0xa0);
}

/* Unicode's White_Space: the separators and six of the control characters. */
static bool
text_point_is_white(int32_t point)
{
	utf8proc_category_t category = utf8proc_category(point);

	return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
	       category == UTF8PROC_CATEGORY_ZP || (point >= '\t' && point <= '\r') ||
	       point == 0x85;
}

bool
text_has_control(struct span text)
{
	for (text_skip_plain(&text); text.len > 0; text_skip_plain(&text)) {
		if (text_point_is_control(text_next(&text)))
			return true;
	}
	return false;
}

bool
text_has_space(struct span text)
{
	while (text.len > 0) {
		int32_t point = text_next(&text);
		if (text_point_is_white(point) || text_point_is_control(point))
			return true;
	}
	return false;
}

/* Where the last code point of the text begins. */
static struct span
text_last(struct span text)
{
	size_t start = text.len - 1;

	while (start > 0 && ((unsigned char)text.data[start] & 0xc0) == 0x80)
		start--;
	return span_after(text, start);
}

static struct span
text_trim(struct span text)
{
	struct span rest;

	while (text.len > 0) {
		rest = text;
		if (!text_point_is_white(text_next(&rest)))
			break;
		text = rest;
	}
	while (text.len > 0) {
		struct span last = text_last(text);
		rest = last;
		if (!text_point_is_white(text_next(&rest)))
			break;
		text.len -= last.len;
	}
	return text;
}

/* One pass: taken apart (NFKD), lower case, put together again (NFKC). */
static bool
text_form_pass(struct text_form *form, struct span text)
{
	const utf8proc_option_t nfkc = UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE;
	utf8proc_ssize_t count = utf8proc_decompose((const utf8proc_uint8_t *)text.data,
	    (utf8proc_ssize_t)text.len, form->points, TEXT_POINTS_MAX, nfkc);

	if (count < 0 || count > TEXT_POINTS_MAX)
		return false;
	for (utf8proc_ssize_t i = 0; i < count; i++)
		form->points[i] = utf8proc_tolower(form->points[i]);
	count = utf8proc_reencode(form->points, count, nfkc);
	form->len = count < 0 ? 0 : (size_t)count;
	return count >= 0;
}

static struct span
text_form_span(const struct text_form *form)
{
	return (struct span){ (const char *)form->points, form->len };
}

/* Refuses what another pass would change, because what is stored is compared with what is given
 * later, and both must meet in one form. No known text is like that; Unicode grows. */
static bool
text_normalise(struct text_form *form, struct span text)
{
	struct text_form again;

	return text_form_pass(form, text) && text_form_pass(&again, text_form_span(form)) &&
	       span_equal(text_form_span(form), text_form_span(&again));
}

/* What the three kinds share: trim, normalise, then judge what came out; a copy in the arena. */
static enum rc
text_store(struct arena *arena, struct span given, size_t min, size_t max,
    bool (*is_valid)(struct span), struct span *stored)
{
	struct text_form form;
	struct span text;
	size_t length;
	char *copy;

	*stored = SPAN_NONE;
	if (!text_is_utf8(given) || !text_normalise(&form, text_trim(given)))
		return RC_NO;
	text = text_form_span(&form);
	length = text_length(text);
	if (length < min || length > max || text_has_space(text) || !is_valid(text))
		return RC_NO;
	copy = arena_text(arena, text);
	if (copy == NULL)
		return RC_UNAVAILABLE;
	*stored = (struct span){ copy, text.len };
	return RC_OK;
}

/* Code points that nobody sees, or that domain names take for a dot: mail programs drop or change
 * them, so that one mailbox would have many addresses here. */
static bool
text_is_deceptive(struct span text)
{
	while (text.len > 0) {
		int32_t point = text_next(&text);
		if (point == POINT_IDEOGRAPHIC_STOP ||
		    utf8proc_category(point) == UTF8PROC_CATEGORY_CF ||
		    utf8proc_get_property(point)->ignorable)
			return true;
	}
	return false;
}

static bool
text_is_email(struct span text)
{
	struct span domain = text;
	struct span local = span_cut(&domain, '@');
	size_t labels = 0;

	if (text_is_deceptive(text))
		return false;
	if (local.len == 0 || domain.len == 0 || memchr(domain.data, '@', domain.len) != NULL)
		return false;
	for (; domain.data != NULL; labels++) {
		if (span_cut(&domain, '.').len == 0)
			return false;
	}
	return labels >= 2;
}

static bool
text_is_username(struct span text)
{
	return text.len > 0;
}

static bool
text_is_role(struct span text)
{
	return memchr(text.data, ',', text.len) == NULL;
}

enum rc
text_email(struct arena *arena, struct span given, struct span *stored)
{
	return text_store(arena, given, 3, EMAIL_MAX / 4, text_is_email, stored);
}

enum rc
text_username(struct arena *arena, struct span given, struct span *stored)
{
	return text_store(arena, given, 1, USERNAME_MAX / 4, text_is_username, stored);
}

enum rc
text_role(struct arena *arena, struct span given, struct span *stored)
{
	return text_store(arena, given, 1, ROLE_NAME_MAX / 4, text_is_role, stored);
}

bool
text_is_uuid(struct span text)
{
	if (text.len != 36)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return true;
}
