/* An Accept header: a page is for those who name it, and only while JSON is not preferred. */
#include <stdint.h>
#include <stdlib.h>

#include "http/accept.h"

#define MUST(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
fuzz_names_html(struct span header)
{
	for (size_t i = 0; i < header.len; i++) {
		struct span rest = span_after(header, i);

		if ((rest.len >= 9 &&
			span_equal_nocase((struct span){ rest.data, 9 }, SPAN("text/html"))) ||
		    (rest.len >= 21 && span_equal_nocase((struct span){ rest.data, 21 },
					   SPAN("application/xhtml+xml"))))
			return true;
	}
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span given = { (const char *)data, size };
	char *longer = malloc(size + 32);

	MUST(longer != NULL);
	if (size > 0)
		memcpy(longer, data, size);
	MUST(!accept_prefers_html(given) || fuzz_names_html(given));
	/* JSON at the greatest weight is never second to a page. */
	memcpy(longer + size, ",application/json", 17);
	MUST(!accept_prefers_html((struct span){ longer, size + 17 }));
	free(longer);
	return 0;
}
