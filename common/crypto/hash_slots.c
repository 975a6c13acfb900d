#include "crypto/hash_slots.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"

struct hash_slots {
	struct slots *turnstile;
	struct slots *hashes;
};

enum rc
hash_slots_open(struct hash_slots **out, const char *directory, int64_t count)
{
	struct hash_slots *slots = calloc(1, sizeof(*slots));
	enum rc rc = RC_UNAVAILABLE;

	*out = NULL;
	if (slots == NULL)
		return rc;
	rc = slots_open(&slots->hashes, directory, "slot", count);
	if (rc == RC_OK)
		rc = slots_open(&slots->turnstile, directory, "turnstile", 1);
	if (rc == RC_OK)
		*out = slots;
	else
		hash_slots_close(slots);
	return rc;
}

static enum rc
hash_slots_wait(struct slots *slots, int64_t deadline, int *slot)
{
	enum rc rc = slots_take(slots, deadline, slot);

	if (rc != RC_NO)
		return rc;
	LOG_FAULT(LOG_WARN, "no turn for a password hash within %d ms", HASH_SLOTS_WAIT);
	return RC_UNAVAILABLE;
}

enum rc
hash_slots_take(struct hash_slots *slots, int *slot)
{
	int64_t deadline = clock_monotonic(&clock_system) + HASH_SLOTS_WAIT;
	int place;
	enum rc rc;

	*slot = -1;
	if (slots == NULL)
		return RC_INTERNAL;
	/* One waits for a slot, the others wait for its place: whoever just gave a slot back
	 * cannot snatch it again before those who wait. */
	rc = hash_slots_wait(slots->turnstile, deadline, &place);
	if (rc != RC_OK)
		return rc;
	rc = hash_slots_wait(slots->hashes, deadline, slot);
	slots_release(slots->turnstile, place);
	return rc;
}

void
hash_slots_release(struct hash_slots *slots, int slot)
{
	if (slots != NULL)
		slots_release(slots->hashes, slot);
}

void
hash_slots_close(struct hash_slots *slots)
{
	if (slots == NULL)
		return;
	slots_close(slots->turnstile);
	slots_close(slots->hashes);
	free(slots);
}
