/* How many processes do something at once: lock files, one a slot. The kernel frees those of a
 * process that dies, whatever killed it. */
#ifndef YETT_BASE_SLOTS_H
#define YETT_BASE_SLOTS_H

#include <stdint.h>

#include "base/rc.h"

#define SLOTS_DIRECTORY "locks"
#define SLOTS_MAX 64

struct slots;

/* Opens (and makes, 0600) DIRECTORY/locks/NAME-0 and so on, a single one as DIRECTORY/locks/NAME;
 * before the sandbox, since afterwards nothing can be opened. RC_INTERNAL when that fails, after a
 * line in the log. The caller frees with slots_close; a process that forks opens its own. */
enum rc slots_open(
    struct slots **out, const char *directory, const char *name, int64_t count) RC_MUST;

/* Takes a slot without waiting: RC_NO when all are held by others. *slot is for slots_release. Who
 * opened them holds one at a time. */
enum rc slots_try(struct slots *, int *slot) RC_MUST;

/* Tries each millisecond until the deadline (monotonic, of clock_system), since flock alone cannot
 * wait with an end; then RC_NO. */
enum rc slots_take(struct slots *, int64_t deadline, int *slot) RC_MUST;

/* Gives a slot back; -1 is fine. */
void slots_release(struct slots *, int slot);

/* Gives back what is held, and frees; NULL is fine. */
void slots_close(struct slots *);

#endif
