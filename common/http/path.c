#include "http/path.h"

#include "base/text.h"
#include "http/request.h"

enum { LOCAL_MAX = 2048 };

static int
path_hex(char c)
{
	int lower = c | 0x20;

	if (c >= '0' && c <= '9')
		return c - '0';
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Whether the text begins with an escape ("%2e"), and the byte that it stands for. */
static bool
path_escape(struct span text, char *byte)
{
	int high, low;

	if (text.len < 3 || text.data[0] != '%')
		return false;
	high = path_hex(text.data[1]);
	low = path_hex(text.data[2]);
	if (high < 0 || low < 0)
		return false;
	*byte = (char)(high * 16 + low);
	return true;
}

/* Decodes into *to, which has room for the text; false for a malformed escape. */
static bool
path_unescape(struct span text, bool plus_is_space, char *to, size_t *len)
{
	*len = 0;
	while (text.len > 0) {
		char c = text.data[0];
		size_t taken = 1;

		if (c == '%') {
			if (!path_escape(text, &c))
				return false;
			taken = 3;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		to[(*len)++] = c;
		text = span_after(text, taken);
	}
	return true;
}

static size_t
path_count(struct span text, char wanted)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += text.data[i] == wanted;
	return count;
}

static bool
path_is_host(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		int lower = c | 0x20;

		if (!(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') &&
		    (c == '\0' || strchr("-._:[]", c) == NULL))
			return false;
	}
	return text.len > 0;
}

/* Takes scheme and host off the absolute form; "not given" when that is no plain host. */
static struct span
path_of_absolute(struct span target)
{
	static const struct span schemes[] = { SPAN_INIT("http://"), SPAN_INIT("https://") };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		struct span rest, host, start = { target.data, schemes[i].len };

		if (target.len < start.len || !span_equal_nocase(start, schemes[i]))
			continue;
		rest = span_after(target, start.len);
		host = span_cut(&rest, '/');
		if (!path_is_host(host))
			return SPAN_NONE;
		if (rest.data == NULL)
			return SPAN("/");
		return span_after(target, start.len + host.len);
	}
	return target;
}

static struct span
path_of_target(struct span target)
{
	for (size_t i = 0; i < target.len; i++) {
		if (target.data[i] == '?' || target.data[i] == '#')
			target.len = i;
	}
	return path_of_absolute(target);
}

/* Whether what was decoded can be read in one way only. */
static bool
path_is_plain(struct span given, struct span decoded)
{
	char byte;

	if (path_count(given, '/') != path_count(decoded, '/') || path_count(decoded, '\\') > 0 ||
	    !text_is_utf8(decoded) || text_has_control(decoded))
		return false;
	for (size_t i = 0; i < decoded.len; i++) {
		if (path_escape(span_after(decoded, i), &byte))
			return false;
	}
	return true;
}

/* Drops the last segment of a path that ends with '/'; false when there is none. */
static bool
path_up(const char *path, size_t *len)
{
	if (*len <= 1)
		return false;
	do
		(*len)--;
	while (path[*len - 1] != '/');
	return true;
}

/* Resolves dot segments and runs of slashes in place; "len" shrinks. Before each segment what is
 * done ends with '/'. Whether ".." takes an empty segment away or a whole one is read in two ways,
 * where a segment of nothing but parameters is empty to some; and so is a dot segment with
 * parameters, which some servers cut off. */
static bool
path_resolve(char *path, size_t *len)
{
	struct span rest = { path + 1, *len - 1 }, segment;
	bool empty = false;
	size_t done = 1;

	do {
		segment = span_cut(&rest, '/');
		if (span_equal(segment, SPAN(".."))) {
			if (empty || !path_up(path, &done))
				return false;
		} else if (span_starts(segment, SPAN(".;")) || span_starts(segment, SPAN("..;"))) {
			return false;
		} else if (segment.len == 0) {
			empty = true;
		} else if (!span_equal(segment, SPAN("."))) {
			empty = empty || segment.data[0] == ';';
			memmove(path + done, segment.data, segment.len);
			done += segment.len;
			if (rest.data != NULL)
				path[done++] = '/';
		}
	} while (rest.data != NULL);
	*len = done;
	return true;
}

enum rc
path_canonical(struct arena *arena, struct span target, struct span *path)
{
	struct span given = path_of_target(target);
	char *copy;
	size_t len;

	*path = SPAN_NONE;
	/* No request target has a space; a server joins two header lines with one. */
	if (target.len > TARGET_MAX || !span_starts(given, SPAN("/")) ||
	    path_count(target, ' ') > 0)
		return RC_NO;
	copy = arena_alloc(arena, given.len + 1);
	if (copy == NULL)
		return RC_UNAVAILABLE;
	if (!path_unescape(given, false, copy, &len) ||
	    !path_is_plain(given, (struct span){ copy, len }) || !path_resolve(copy, &len))
		return RC_NO;
	*path = (struct span){ copy, len };
	return RC_OK;
}

enum rc
path_plain(struct arena *arena, struct span path, struct span *plain)
{
	char *copy = arena_text(arena, path);
	size_t len = 0;
	bool parameter = false;

	*plain = SPAN_NONE;
	if (copy == NULL)
		return RC_UNAVAILABLE;
	for (size_t i = 0; i < path.len; i++) {
		bool again = path.data[i] == '/' && len > 0 && copy[len - 1] == '/';
		parameter = path.data[i] == ';' || (parameter && path.data[i] != '/');
		if (!parameter && !again)
			copy[len++] = path.data[i];
	}
	*plain = (struct span){ copy, len };
	return RC_OK;
}

bool
path_under(struct span path, struct span prefix)
{
	if (!span_starts(path, SPAN("/")) || !span_starts(prefix, SPAN("/")))
		return false;
	while (prefix.len > 0 && prefix.data[prefix.len - 1] == '/')
		prefix.len--;
	return span_starts(path, prefix) &&
	       (path.len == prefix.len || path.data[prefix.len] == '/');
}

bool
path_is_local(struct span next)
{
	if (next.len == 0 || next.len > LOCAL_MAX || next.data[0] != '/' ||
	    (next.len > 1 && next.data[1] == '/'))
		return false;
	for (size_t i = 0; i < next.len; i++) {
		if (next.data[i] <= ' ' || next.data[i] > '~' || next.data[i] == '\\')
			return false;
	}
	return true;
}

enum rc
path_decode_component(struct arena *arena, struct span text, struct span *decoded)
{
	char *copy;
	size_t len;

	*decoded = text.len == 0 ? SPAN("") : text;
	if (path_count(text, '%') == 0 && path_count(text, '+') == 0)
		return RC_OK;
	*decoded = SPAN_NONE;
	copy = arena_alloc(arena, text.len + 1);
	if (copy == NULL)
		return RC_UNAVAILABLE;
	if (!path_unescape(text, true, copy, &len))
		return RC_NO;
	*decoded = (struct span){ copy, len };
	return RC_OK;
}

void
path_put_component(struct buf *buf, struct span text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];
		int lower = c | 0x20;

		if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
		    (c != '\0' && strchr("-._~", c) != NULL)) {
			buf_char(buf, (char)c);
			continue;
		}
		buf_char(buf, '%');
		buf_char(buf, digits[c >> 4]);
		buf_char(buf, digits[c & 15]);
	}
}

enum rc
path_next_pair(
    struct arena *arena, struct span *rest, struct span *name, struct span *value, bool *broken)
{
	struct span pair = { NULL, 0 };
	enum rc rc;

	*name = *value = SPAN_NONE;
	*broken = false;
	while (rest->data != NULL && pair.len == 0)
		pair = span_cut(rest, '&');
	if (pair.len == 0)
		return RC_NO;
	rc = path_decode_component(arena, span_cut(&pair, '='), name);
	if (rc == RC_OK)
		rc = path_decode_component(arena, pair, value);
	*broken = rc == RC_NO;
	return rc == RC_NO ? RC_OK : rc;
}

enum rc
path_next_requirement(struct arena *arena, struct span *rest, struct span *words)
{
	static const struct span start = SPAN_INIT("all-roles ");
	struct span name, value;
	bool broken;
	char *copy;
	enum rc rc = path_next_pair(arena, rest, &name, &value, &broken);

	*words = SPAN_NONE;
	if (rc != RC_OK || broken)
		return rc;
	if (span_equal(name, SPAN("require")))
		*words = value;
	if (!span_equal(name, SPAN("role")) || path_count(value, ' ') + path_count(value, '\t') > 0)
		return RC_OK;
	copy = arena_alloc(arena, start.len + value.len + 1);
	if (copy == NULL)
		return RC_UNAVAILABLE;
	memcpy(copy, start.data, start.len);
	memcpy(copy + start.len, value.data, value.len);
	*words = (struct span){ copy, start.len + value.len };
	return RC_OK;
}
