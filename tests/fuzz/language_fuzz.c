/* An Accept-Language: whatever it says, one of the tags comes out, one that it names if it is not
 * the first; and what is named before it with the greatest weight wins. */
#include <stdint.h>
#include <stdlib.h>

#include "mail/language.h"

#define MUST(condition) ((condition) ? (void)0 : abort())

enum { FUZZ_TAGS = 5 };

static const struct span tags[FUZZ_TAGS] = { SPAN_INIT("en"), SPAN_INIT("de"), SPAN_INIT("de-AT"),
	SPAN_INIT("pt-BR"), SPAN_INIT("zh-Hant-TW") };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first part of the tag stands in the header, whatever the case. */
static bool
fuzz_names(struct span header, struct span tag)
{
	for (size_t i = 0; i + 2 <= header.len; i++) {
		if (span_equal_nocase(
			(struct span){ header.data + i, 2 }, (struct span){ tag.data, 2 }))
			return true;
	}
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span given = { (const char *)data, size };
	size_t chosen = language_choose(given, tags, FUZZ_TAGS);
	char *longer = malloc(size + 8);

	MUST(longer != NULL);
	MUST(chosen < FUZZ_TAGS && (chosen == 0 || fuzz_names(given, tags[chosen])));
	MUST(!language_is_tag(given) || (size >= 1 && size <= LANGUAGE_TAG_MAX));
	memcpy(longer, "pt,", 3);
	if (size > 0)
		memcpy(longer + 3, data, size);
	MUST(language_choose((struct span){ longer, size + 3 }, tags, FUZZ_TAGS) == 3);
	free(longer);
	return 0;
}
