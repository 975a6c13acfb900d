#include "base/arena.h"

#include <sodium.h>
#include <stdalign.h>
#include <sys/mman.h>

struct arena {
	size_t size;
	size_t used;
	alignas(max_align_t) unsigned char bytes[];
};

struct arena *
arena_new(size_t size)
{
	/* Pages of its own, not malloc's: those that no request needed are never touched. */
	struct arena *arena = mmap(NULL, sizeof(*arena) + size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (arena == MAP_FAILED)
		return NULL;
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
	if (arena == NULL)
		return;
	arena_reset(arena);
	munmap(arena, sizeof(*arena) + arena->size);
}
