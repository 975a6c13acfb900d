#include "base/slots.h"

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

/* A flock belongs to the open file, so every process opens its own (and none forks afterwards). */
struct slots {
	int files[SLOTS_MAX];
	int count;
};

static int
slots_directory(const char *state)
{
	int parent = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = -1;

	if (parent >= 0 && (mkdirat(parent, SLOTS_DIRECTORY, 0700) == 0 || errno == EEXIST))
		fd = openat(
		    parent, SLOTS_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (parent >= 0)
		close(parent);
	return fd;
}

static bool
slots_fill(struct slots *slots, int directory, const char *name, int count)
{
	char file[64];

	for (slots->count = 0; slots->count < count; slots->count++) {
		if (count == 1)
			snprintf(file, sizeof(file), "%s", name);
		else
			snprintf(file, sizeof(file), "%s-%d", name, slots->count);
		slots->files[slots->count] = openat(
		    directory, file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
		if (slots->files[slots->count] < 0)
			return false;
	}
	return true;
}

enum rc
slots_open(struct slots **out, const char *directory, const char *name, int64_t count)
{
	struct slots *slots;
	int fd = -1;
	enum rc rc = RC_INTERNAL;

	*out = NULL;
	if (count < 1 || count > SLOTS_MAX)
		return RC_INTERNAL;
	slots = calloc(1, sizeof(*slots));
	if (slots == NULL)
		return RC_UNAVAILABLE;
	fd = slots_directory(directory);
	if (fd < 0 || !slots_fill(slots, fd, name, (int)count)) {
		LOG_FAULT(LOG_ERROR, "cannot open the lock files in %s/" SLOTS_DIRECTORY ": %s",
		    directory, strerror(errno));
		goto out;
	}
	*out = slots;
	slots = NULL;
	rc = RC_OK;
out:
	if (fd >= 0)
		close(fd);
	slots_close(slots);
	return rc;
}

enum rc
slots_try(struct slots *slots, int *slot)
{
	for (*slot = 0; *slot < slots->count; (*slot)++) {
		if (flock(slots->files[*slot], LOCK_EX | LOCK_NB) == 0)
			return RC_OK;
		if (errno != EWOULDBLOCK && errno != EINTR) {
			LOG_FAULT(LOG_ERROR, "flock: %s", strerror(errno));
			*slot = -1;
			return RC_UNAVAILABLE;
		}
	}
	*slot = -1;
	return RC_NO;
}

enum rc
slots_take(struct slots *slots, int64_t deadline, int *slot)
{
	const struct timespec pause = { 0, 1000000 };
	enum rc rc;

	while ((rc = slots_try(slots, slot)) == RC_NO) {
		if (clock_monotonic(&clock_system) >= deadline)
			break;
		nanosleep(&pause, NULL);
	}
	return rc;
}

void
slots_release(struct slots *slots, int slot)
{
	if (slots != NULL && slot >= 0 && slot < slots->count)
		flock(slots->files[slot], LOCK_UN);
}

void
slots_close(struct slots *slots)
{
	if (slots == NULL)
		return;
	for (int i = 0; i < slots->count; i++)
		close(slots->files[i]);
	free(slots);
}
