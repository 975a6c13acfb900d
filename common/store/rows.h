/* Arrays of rows whose number is not known before the last one; they live in an arena. */
#ifndef YETT_STORE_ROWS_H
#define YETT_STORE_ROWS_H

#include "base/arena.h"

/* Room for one more row of "size" bytes after "count" rows: "rows" itself, or a larger copy of it.
 * Begin with NULL and 0. NULL when the arena is full. */
void *rows_grow(struct arena *, void *rows, size_t count, size_t size);

#endif
