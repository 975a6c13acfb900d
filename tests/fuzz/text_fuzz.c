/* What is stored keeps its rules, and stored again it stays as it is. */
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"

#define MUST(condition) ((condition) ? (void)0 : abort())

typedef enum rc text_reader(struct arena *, struct span given, struct span *stored);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_reader(struct arena *arena, text_reader *read, size_t max, struct span given)
{
	struct span once;
	struct span twice;

	arena_reset(arena);
	if (read(arena, given, &once) != RC_OK) {
		MUST(once.data == NULL);
		return;
	}
	MUST(text_is_utf8(given) && text_is_utf8(once));
	MUST(text_length(once) >= 1 && text_length(once) <= max);
	MUST(once.len <= 4 * max && once.data[once.len] == '\0');
	MUST(!text_has_space(once) && !text_has_control(once));
	for (size_t i = 0; i < once.len; i++)
		MUST(once.data[i] < 'A' || once.data[i] > 'Z');
	MUST(read(arena, once, &twice) == RC_OK && span_equal(once, twice));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span given = { (const char *)data, size };
	struct arena *arena = arena_new(16384);
	size_t taken = 0;

	MUST(arena != NULL);
	for (struct span rest = given; rest.len > 0; taken++)
		(void)text_next(&rest);
	MUST(taken == text_length(given) && taken <= size);
	MUST(text_has_space(given) || !text_has_control(given));
	fuzz_reader(arena, text_email, EMAIL_MAX / 4, given);
	fuzz_reader(arena, text_username, USERNAME_MAX / 4, given);
	fuzz_reader(arena, text_role, ROLE_NAME_MAX / 4, given);
	arena_free(arena);
	return 0;
}
