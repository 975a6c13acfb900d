#include "store/rows.h"

#include <stdint.h>

#define ROWS_START 4 /* a power of two */

void *
rows_grow(struct arena *arena, void *rows, size_t count, size_t size)
{
	size_t room = count == 0 ? ROWS_START : count * 2;
	void *larger;

	/* Full at ROWS_START and at each power of two after it. */
	if (count != 0 && (count < ROWS_START || (count & (count - 1)) != 0))
		return rows;
	if (room > SIZE_MAX / size)
		return NULL;
	larger = arena_alloc(arena, room * size);
	if (larger != NULL && count > 0)
		memcpy(larger, rows, count * size);
	return larger;
}
