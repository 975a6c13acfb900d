/* What a path becomes can be read in one way only, and stays what it is. */
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "http/path.h"
#include "http/request.h"

#define MUST(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
fuzz_contains(struct span text, const char *what)
{
	return text.len > 0 && memmem(text.data, text.len, what, strlen(what)) != NULL;
}

/* Encoded segment by segment and read again it is the same path. */
static void
fuzz_again(struct arena *arena, struct span path)
{
	struct buf buf = BUF_INIT(3 * TARGET_MAX);
	struct span rest = span_after(path, 1), again;

	while (rest.data != NULL) {
		buf_char(&buf, '/');
		path_put_component(&buf, span_cut(&rest, '/'));
	}
	if (buf.len <= TARGET_MAX) {
		MUST(buf_check(&buf) == RC_OK);
		MUST(path_canonical(arena, buf_span(&buf), &again) == RC_OK);
		MUST(span_equal(path, again));
	}
	buf_free(&buf);
}

static void
fuzz_canonical(struct arena *arena, struct span target)
{
	struct span path, rest;

	if (path_canonical(arena, target, &path) != RC_OK) {
		MUST(path.data == NULL && path.len == 0);
		return;
	}
	MUST(target.len <= TARGET_MAX && path.len >= 1 && path.len <= target.len);
	MUST(path.data[0] == '/');
	MUST(text_is_utf8(path) && !text_has_control(path));
	MUST(!fuzz_contains(path, "//") && !fuzz_contains(path, "\\"));
	MUST(!fuzz_contains(path, "%2e") && !fuzz_contains(path, "%2f") &&
	     !fuzz_contains(path, "%2F") && !fuzz_contains(path, "%00"));
	MUST(path_under(path, SPAN("/")) && path_under(path, path));
	rest = span_after(path, 1);
	while (rest.data != NULL) {
		struct span segment = span_cut(&rest, '/');

		MUST(!span_equal(segment, SPAN(".")) && !span_equal(segment, SPAN("..")));
		MUST(!span_starts(segment, SPAN("..;")) && !span_starts(segment, SPAN(".;")));
		MUST(segment.len > 0 || rest.data == NULL);
	}
	fuzz_again(arena, path);
}

static void
fuzz_local(struct span next)
{
	if (!path_is_local(next))
		return;
	MUST(next.len >= 1 && next.len <= 2048 && next.data[0] == '/');
	MUST(!span_starts(next, SPAN("//")) && !fuzz_contains(next, "\\"));
	for (size_t i = 0; i < next.len; i++)
		MUST(next.data[i] > 0x20 && next.data[i] < 0x7f);
}

static void
fuzz_component(struct arena *arena, struct span text)
{
	struct buf buf = BUF_INIT(3 * text.len);
	struct span decoded;

	path_put_component(&buf, text);
	MUST(buf_check(&buf) == RC_OK);
	for (size_t i = 0; i < buf.len; i++)
		MUST(buf.data[i] > 0x20 && strchr("&=+?#/\\\"<>;,", buf.data[i]) == NULL);
	MUST(path_decode_component(arena, (struct span){ buf.data, buf.len }, &decoded) == RC_OK);
	MUST(span_equal(decoded, text));
	buf_free(&buf);
}

static void
fuzz_pairs(struct arena *arena, struct span text)
{
	struct span rest = text, name, value;
	size_t count = 0;
	bool broken;

	while (path_next_pair(arena, &rest, &name, &value, &broken) == RC_OK) {
		MUST(++count <= text.len);
		MUST(broken ? value.data == NULL : name.data != NULL && value.data != NULL);
	}
	MUST(rest.data == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span given = { (const char *)data, size };
	struct arena *arena = arena_new(16 * size + 16384);

	MUST(arena != NULL);
	fuzz_canonical(arena, given);
	arena_reset(arena);
	fuzz_local(given);
	fuzz_component(arena, given);
	arena_reset(arena);
	fuzz_pairs(arena, given);
	arena_free(arena);
	return 0;
}
