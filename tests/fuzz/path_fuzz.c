/* What a path becomes can be read in one way only, and stays what it is; no way to write it finds a
 * milder rule. */
#include <stdint.h>
#include <stdlib.h>

#include "auth/require.h"
#include "base/text.h"
#include "http/path.h"
#include "http/request.h"

#define MUST(condition) ((condition) ? (void)0 : abort())

static const char *const editor[] = { "editor" };

/* The milder rules stand over and under the stricter ones. */
static const struct config config = {
	.protects = {
	    { "/", { .kind = REQUIRE_NONE } },
	    { "/a", { .kind = REQUIRE_SUPERUSER } },
	    { "/a/b", { .kind = REQUIRE_NONE } },
	    { "/a/b/c", { .kind = REQUIRE_ANY_ROLE, .roles = { editor, 1 } } },
	    { "/a;x", { .kind = REQUIRE_NONE } },
	    { "/members", { .kind = REQUIRE_VERIFIED } },
	},
	.protect_count = 6,
};

static struct span roles[] = { SPAN_INIT("editor") };

static const struct identity callers[] = {
	{ .known = false },
	{ .known = true },
	{ .known = true, .user = { .is_active = true } },
	{ .known = true, .user = { .is_active = true, .is_verified = true } },
	{ .known = true, .user = { .is_active = true, .roles = roles, .role_count = 1 } },
	{ .known = true, .user = { .is_active = true, .is_superuser = true } },
};

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

/* Without parameters a path is canonical still, and has none. */
static void
fuzz_plain(struct arena *arena, struct span path)
{
	struct span plain, again;

	MUST(path_plain(arena, path, &plain) == RC_OK);
	MUST(plain.len >= 1 && plain.len <= path.len && plain.data[0] == '/');
	MUST(!fuzz_contains(plain, ";") && !fuzz_contains(plain, "//"));
	MUST(fuzz_contains(path, ";") || span_equal(path, plain));
	fuzz_again(arena, plain);
	MUST(path_plain(arena, plain, &again) == RC_OK && span_equal(plain, again));
}

static void
fuzz_canonical(struct arena *arena, struct span target)
{
	struct span path, rest, again;

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
	fuzz_plain(arena, path);
	if (!fuzz_contains(path, "%") && !fuzz_contains(path, "?") && !fuzz_contains(path, "#") &&
	    !fuzz_contains(path, " "))
		MUST(path_canonical(arena, path, &again) == RC_OK && span_equal(path, again));
}

/* A target as an application reads it that cuts parameters off before it decodes (";x") or after
 * ("%3bx"). */
static struct span
fuzz_without(struct arena *arena, struct span target)
{
	char *copy = arena_text(arena, target);
	size_t len = 0;
	bool parameter = false, path = true;

	MUST(copy != NULL);
	for (size_t i = 0; i < target.len; i++) {
		struct span here = span_after(target, i);

		path = path && here.data[0] != '?' && here.data[0] != '#';
		if (path && (span_starts(here, SPAN(";")) || span_starts(here, SPAN("%3b")) ||
				span_starts(here, SPAN("%3B"))))
			parameter = true;
		else if (!path || here.data[0] == '/')
			parameter = false;
		if (!parameter)
			copy[len++] = here.data[0];
	}
	return (struct span){ copy, len };
}

/* No caller finds a milder verdict by parameters, and what is refused passes nowhere. */
static void
fuzz_verdict(struct arena *arena, struct span target)
{
	struct span without = fuzz_without(arena, target), path, plain;
	bool canonical = path_canonical(arena, target, &path) == RC_OK;

	for (size_t i = 0; i < sizeof(callers) / sizeof(*callers); i++) {
		const struct identity *caller = &callers[i];
		enum verdict verdict = require_judge_target(&config, arena, target, caller);

		MUST(verdict >= require_judge_target(&config, arena, without, caller));
		if (!canonical) {
			MUST(verdict == (caller->known ? VERDICT_DENIED : VERDICT_NOBODY));
			continue;
		}
		MUST(path_plain(arena, path, &plain) == RC_OK);
		MUST(verdict >= require_judge(require_for_path(&config, path), caller));
		MUST(verdict >= require_judge(require_for_path(&config, plain), caller));
	}
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

/* Whether the words ask for what the pair asked for: a role for one role and no more. */
static void
fuzz_words(struct arena *arena, struct span name, struct span value, struct span words)
{
	struct requirement require;
	struct span role;

	if (span_equal(name, SPAN("require"))) {
		MUST(words.data != NULL && span_equal(words, value));
		return;
	}
	MUST(span_equal(name, SPAN("role")) || words.data == NULL);
	if (config_requirement(arena, words, &require) != RC_OK)
		return;
	MUST(require.kind == REQUIRE_ALL_ROLES && require.roles.count == 1);
	MUST(text_role(arena, value, &role) == RC_OK);
	MUST(span_equal(role, span_of(require.roles.items[0])));
}

/* Every pair is one thing that is asked; none is lost. */
static void
fuzz_requirements(struct arena *arena, struct span query)
{
	struct span pairs = query, rest = query, name, value, words;
	bool broken;

	while (path_next_pair(arena, &pairs, &name, &value, &broken) == RC_OK) {
		MUST(path_next_requirement(arena, &rest, &words) == RC_OK);
		MUST(rest.data == pairs.data && rest.len == pairs.len);
		if (broken)
			MUST(words.data == NULL);
		else
			fuzz_words(arena, name, value, words);
	}
	MUST(path_next_requirement(arena, &rest, &words) == RC_NO && words.data == NULL);
}

/* The same for a role that could be any text. */
static void
fuzz_role(struct arena *arena, struct span text)
{
	struct buf buf = BUF_INIT(3 * text.len + 8);

	buf_text(&buf, "role=");
	path_put_component(&buf, text);
	MUST(buf_check(&buf) == RC_OK);
	fuzz_requirements(arena, buf_span(&buf));
	buf_free(&buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span given = { (const char *)data, size };
	struct arena *arena = arena_new(64 * size + 65536);

	MUST(arena != NULL);
	fuzz_canonical(arena, given);
	arena_reset(arena);
	fuzz_verdict(arena, given);
	arena_reset(arena);
	fuzz_local(given);
	fuzz_component(arena, given);
	arena_reset(arena);
	fuzz_pairs(arena, given);
	arena_reset(arena);
	fuzz_requirements(arena, given);
	arena_reset(arena);
	fuzz_role(arena, given);
	arena_free(arena);
	return 0;
}
