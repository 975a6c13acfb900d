#include "crypto/hash_slots.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define HASH_SLOTS_DIRECTORY "locks"

/* A flock belongs to the open file, so every process opens its own (and none forks afterwards). */
struct hash_slots {
	int turnstile;
	int files[HASH_SLOTS_MAX];
	int count;
};

static int
hash_slots_file(int directory, const char *name)
{
	return openat(directory, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
}

static int
hash_slots_directory(const char *state)
{
	int parent = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = -1;

	if (parent >= 0 && (mkdirat(parent, HASH_SLOTS_DIRECTORY, 0700) == 0 || errno == EEXIST))
		fd = openat(
		    parent, HASH_SLOTS_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (parent >= 0)
		close(parent);
	return fd;
}

static bool
hash_slots_fill(struct hash_slots *slots, int directory, int count)
{
	char name[32];

	slots->turnstile = hash_slots_file(directory, "turnstile");
	if (slots->turnstile < 0)
		return false;
	for (slots->count = 0; slots->count < count; slots->count++) {
		snprintf(name, sizeof(name), "slot-%d", slots->count);
		slots->files[slots->count] = hash_slots_file(directory, name);
		if (slots->files[slots->count] < 0)
			return false;
	}
	return true;
}

enum rc
hash_slots_open(struct hash_slots **out, const char *directory, int64_t count)
{
	struct hash_slots *slots;
	int fd = -1;
	enum rc rc = RC_INTERNAL;

	*out = NULL;
	if (count < 1 || count > HASH_SLOTS_MAX)
		return RC_INTERNAL;
	slots = calloc(1, sizeof(*slots));
	if (slots == NULL)
		return RC_UNAVAILABLE;
	slots->turnstile = -1;
	fd = hash_slots_directory(directory);
	if (fd < 0 || !hash_slots_fill(slots, fd, (int)count)) {
		LOG_FAULT(LOG_ERROR, "cannot open the lock files in %s/%s: %s", directory,
		    HASH_SLOTS_DIRECTORY, strerror(errno));
		goto out;
	}
	*out = slots;
	slots = NULL;
	rc = RC_OK;
out:
	if (fd >= 0)
		close(fd);
	hash_slots_close(slots);
	return rc;
}

/* Locks one of the files without waiting: its place, -1 when all are held, -2 when locking itself
 * fails. */
static int
hash_slots_try(const int *files, int count)
{
	for (int i = 0; i < count; i++) {
		if (flock(files[i], LOCK_EX | LOCK_NB) == 0)
			return i;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -2;
	}
	return -1;
}

/* Tries each millisecond until the deadline, since flock alone cannot wait with an end. */
static enum rc
hash_slots_wait(const int *files, int count, int64_t deadline, int *place)
{
	const struct timespec pause = { 0, 1000000 };

	for (;;) {
		*place = hash_slots_try(files, count);
		if (*place >= 0)
			return RC_OK;
		if (*place == -2) {
			LOG_FAULT(LOG_ERROR, "flock: %s", strerror(errno));
			return RC_UNAVAILABLE;
		}
		if (clock_monotonic(&clock_system) >= deadline) {
			LOG_FAULT(
			    LOG_WARN, "no turn for a password hash within %d ms", HASH_SLOTS_WAIT);
			return RC_UNAVAILABLE;
		}
		nanosleep(&pause, NULL);
	}
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
	rc = hash_slots_wait(&slots->turnstile, 1, deadline, &place);
	if (rc != RC_OK)
		return rc;
	rc = hash_slots_wait(slots->files, slots->count, deadline, slot);
	flock(slots->turnstile, LOCK_UN);
	return rc;
}

void
hash_slots_release(struct hash_slots *slots, int slot)
{
	if (slots != NULL && slot >= 0 && slot < slots->count)
		flock(slots->files[slot], LOCK_UN);
}

void
hash_slots_close(struct hash_slots *slots)
{
	if (slots == NULL)
		return;
	if (slots->turnstile >= 0)
		close(slots->turnstile);
	for (int i = 0; i < slots->count; i++)
		close(slots->files[i]);
	free(slots);
}
