#include "base/arena.h"

#include <sodium.h>
#include <stdalign.h>
#include <stdlib.h>

struct arena {
	size_t size;
	size_t used;
	alignas(max_align_t) unsigned char bytes[];
};

struct arena *
arena_new(size_t size)
{
	struct arena *arena = calloc(1, sizeof(*arena) + size);

	if (arena != NULL)
		arena->size = size;
	return arena;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	size_t start = (arena->used + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);

	if (start > arena->size || size > arena->size - start)
		return NULL;
	arena->used = start + size;
	return memset(arena->bytes + start, 0, size);
}

char *
arena_text(struct arena *arena, struct span text)
{
	char *copy = arena_alloc(arena, text.len + 1);

	if (copy != NULL && text.len > 0)
		memcpy(copy, text.data, text.len);
	return copy;
}

void
arena_reset(struct arena *arena)
{
	sodium_memzero(arena->bytes, arena->used);
	arena->used = 0;
}

void
arena_free(struct arena *arena)
{
	if (arena != NULL)
		arena_reset(arena);
	free(arena);
}
