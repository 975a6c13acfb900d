/* What the granted statements need, and nothing else: SQLite's authorizer. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "store/sqlite.h"

#define NEED_MAX 160 /* bytes of one need; names are ours and short */

/* The first place in the sorted needs that is not before "need"; *found tells whether it is it. */
static size_t
need_place(const struct db *db, const char *need, bool *found)
{
	size_t low = 0;
	size_t high = db->need_count;

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(db->needs[middle], need);
		if (order == 0)
			*found = true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
need_grow(struct db *db)
{
	size_t room = db->need_room == 0 ? 64 : db->need_room * 2;
	const char **needs;

	if (db->need_count < db->need_room)
		return true;
	needs = realloc(db->needs, room * sizeof(*needs));
	if (needs == NULL)
		return false;
	db->needs = needs;
	db->need_room = room;
	return true;
}

static bool
need_add(struct db *db, size_t place, const char *need)
{
	const char *copy = need_grow(db) ? arena_text(db->need_texts, span_of(need)) : NULL;

	if (copy == NULL)
		return false;
	memmove(&db->needs[place + 1], &db->needs[place],
	    (db->need_count - place) * sizeof(*db->needs));
	db->needs[place] = copy;
	db->need_count++;
	return true;
}

/* SQLite's authorizer. It records while the granted statements are prepared and enforces from then
 * on; it stays in place, since SQLite prepares again when another process changed the schema. */
int
need_authorize(void *state, int action, const char *first, const char *second, const char *schema,
    const char *trigger)
{
	struct db *db = state;
	char need[NEED_MAX];
	bool found;
	size_t place;
	int len = snprintf(need, sizeof(need), "%d %s %s %s", action, first == NULL ? "-" : first,
	    second == NULL ? "-" : second, schema == NULL ? "-" : schema);

	(void)trigger;
	if (len < 0 || len >= (int)sizeof(need))
		return SQLITE_DENY;
	place = need_place(db, need, &found);
	if (found)
		return SQLITE_OK;
	if (db->enforcing) {
		LOG_FAULT(LOG_ERROR, "refused: %s", need);
		return SQLITE_DENY;
	}
	return need_add(db, place, need) ? SQLITE_OK : SQLITE_DENY;
}
