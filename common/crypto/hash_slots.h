/* The cap on password hashes that run at once, over all processes of a site: slots behind a
 * turnstile that keeps the order. */
#ifndef YETT_CRYPTO_HASH_SLOTS_H
#define YETT_CRYPTO_HASH_SLOTS_H

#include "base/slots.h"

#define HASH_SLOTS_MAX SLOTS_MAX
#define HASH_SLOTS_WAIT 10000 /* milliseconds; then RC_UNAVAILABLE */

struct hash_slots;

/* Opens (and makes, 0600) DIRECTORY/locks/turnstile and DIRECTORY/locks/slot-N; before the sandbox,
 * since afterwards nothing can be opened. The caller frees with hash_slots_close. */
enum rc hash_slots_open(struct hash_slots **out, const char *directory, int64_t count) RC_MUST;

/* Waits for a slot; *slot is for hash_slots_release. */
enum rc hash_slots_take(struct hash_slots *, int *slot) RC_MUST;
void hash_slots_release(struct hash_slots *, int slot);

void hash_slots_close(struct hash_slots *);

#endif
