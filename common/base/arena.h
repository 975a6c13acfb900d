/* The memory of one request: handed out in one direction, given back all at once. */
#ifndef YETT_BASE_ARENA_H
#define YETT_BASE_ARENA_H

#include "base/span.h"

struct arena;

/* Makes an arena that holds at most "size" bytes; NULL when memory is short. Owned by the caller.
 */
struct arena *arena_new(size_t size);

/* Memory for "size" bytes, aligned for any type, zeroed; NULL when the arena is full. */
void *arena_alloc(struct arena *, size_t size);

/* A NUL-terminated copy of the text; NULL when the arena is full. */
char *arena_text(struct arena *, struct span text);

/* Wipes what was handed out and makes it free again. */
void arena_reset(struct arena *);

/* Wipes and frees; NULL is fine. */
void arena_free(struct arena *);

#endif
