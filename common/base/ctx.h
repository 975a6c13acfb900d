/* What a running process holds, handed down to every floor: the seams to the world outside, and
 * the memory of the request in hand. */
#ifndef YETT_BASE_CTX_H
#define YETT_BASE_CTX_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"

#define REQUEST_ID_SIZE 33 /* 32 hex digits and the NUL */

struct config;
struct db;
struct keyring;
struct hash_slots;

struct ctx {
	struct clock clock;
	struct random_source random;
	const struct config *config;
	struct db *db;            /* only the statements that this program may use */
	struct keyring *keys;     /* only the keys that this program may use */
	struct hash_slots *slots; /* NULL where no password is hashed */
	struct arena *arena;      /* the request's; reset after its answer */
	char request_id[REQUEST_ID_SIZE];
	bool posted; /* something was put into the outbox, or could have been; who waits for the
			commit tells the sender */
	int64_t now; /* wall time when the request began: one instant for all its decisions */
};

#endif
