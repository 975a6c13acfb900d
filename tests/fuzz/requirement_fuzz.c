/* What a requirement is read from need not be text (?require= is decoded): what is accepted is one
 * of the known kinds with roles in their stored form, and printed it reads the same. */
#include <stdint.h>
#include <stdlib.h>

#include "auth/require.h"
#include "base/config_rows.h"
#include "base/text.h"

#define MUST(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
fuzz_has_roles(const struct requirement *require)
{
	return require->kind == REQUIRE_ANY_ROLE || require->kind == REQUIRE_ALL_ROLES;
}

static bool
fuzz_same(const struct requirement *a, const struct requirement *b)
{
	if (a->kind != b->kind || a->roles.count != b->roles.count)
		return false;
	for (size_t i = 0; i < a->roles.count; i++) {
		if (strcmp(a->roles.items[i], b->roles.items[i]) != 0)
			return false;
	}
	return true;
}

/* The roles are the words after the first, each in its stored form; no word is left out. */
static void
fuzz_roles(struct arena *arena, struct span words, const struct requirement *require)
{
	struct span word, role;

	MUST(config_word(&words, &word));
	for (size_t i = 0; i < require->roles.count; i++) {
		struct span item = span_of(require->roles.items[i]);

		MUST(config_word(&words, &word) && text_is_utf8(item));
		MUST(text_role(arena, word, &role) == RC_OK && span_equal(role, item));
		MUST(!text_has_space(item) && !text_has_control(item));
		MUST(strchr(require->roles.items[i], ',') == NULL);
	}
	MUST(!config_word(&words, &word));
}

static void
fuzz_print(struct arena *arena, const struct requirement *require)
{
	const struct config_row *row = config_row_find(PART_protect, SPAN("require"));
	struct requirement again;
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	MUST(to != NULL && row != NULL);
	config_value_print(row, require, to);
	fclose(to);
	MUST(config_requirement(arena, (struct span){ text, length }, &again) == RC_OK);
	MUST(fuzz_same(require, &again));
	free(text);
}

/* Nobody who is not known passes but where nothing is asked; nor who has no role, where one is. */
static void
fuzz_judge(const struct requirement *require, struct span words)
{
	const struct identity nobody = { .known = false };
	const struct identity somebody = { .known = true, .user = { .is_active = true } };

	MUST((require_judge(require, &nobody) == VERDICT_PASS) ==
	     span_equal(span_trim(words), SPAN("none")));
	MUST(!fuzz_has_roles(require) || require_judge(require, &somebody) == VERDICT_ROLES);
}

/* In an arena that is too small it is the same, or nothing. */
static void
fuzz_small(size_t size, struct span words, enum rc rc, const struct requirement *require)
{
	struct arena *arena = arena_new(size);
	struct requirement small;
	enum rc found;

	MUST(arena != NULL);
	found = config_requirement(arena, words, &small);
	MUST(found == rc || found == RC_UNAVAILABLE);
	MUST(found != RC_OK || fuzz_same(&small, require));
	arena_free(arena);
}

/* The first byte is the size of a small arena, the rest the words. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(256 * 1024);
	struct requirement require, before;
	struct span words;
	enum rc rc;

	MUST(arena != NULL);
	if (size > 0) {
		words = (struct span){ (const char *)data + 1, size - 1 };
		memset(&require, 0xa5, sizeof(require));
		before = require;
		rc = config_requirement(arena, words, &require);
		MUST(rc == RC_OK || rc == RC_NO);
		MUST(rc == RC_OK || memcmp(&before, &require, sizeof(require)) == 0);
		fuzz_small(data[0], words, rc, &require);
		if (rc == RC_OK) {
			MUST(text_is_utf8(words) && memchr(words.data, '\0', words.len) == NULL);
			MUST(require.kind <= REQUIRE_ALL_ROLES);
			MUST(fuzz_has_roles(&require) == (require.roles.count > 0));
			MUST(require.roles.count <= CONFIG_ROLES_MAX);
			fuzz_judge(&require, words);
			fuzz_roles(arena, words, &require);
			fuzz_print(arena, &require);
		}
	}
	arena_free(arena);
	return 0;
}
