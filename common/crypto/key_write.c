#include "crypto/key_write.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define KEY_WRITE_STEPS 100 /* seconds a new name may run ahead of the clock */

enum rc
key_write_errno(const struct key_place *place, const char *name, struct config_fault *fault)
{
	key_place_fault(place, name, "", fault, strerror(errno));
	return RC_UNAVAILABLE;
}

enum rc
key_write_place(const struct key_place *parent, const char *name, struct key_place *place,
    struct config_fault *fault)
{
	if (mkdirat(parent->fd, name, 0700) == 0) {
		if (fsync(parent->fd) != 0)
			return key_write_errno(parent, name, fault);
	} else if (errno != EEXIST)
		return key_write_errno(parent, name, fault);
	return key_place_enter(parent, name, place, fault);
}

static bool
key_write_all(int fd, struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t put = write(fd, bytes.data, bytes.len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		bytes = span_after(bytes, (size_t)put);
	}
	return true;
}

enum rc
key_write(const struct key_place *place, const char *kid, const char *suffix, struct span bytes,
    struct config_fault *fault)
{
	char part[JWT_KID_SIZE + 32], name[JWT_KID_SIZE + 16];
	enum rc rc = RC_OK;
	int fd;

	snprintf(name, sizeof(name), "%s%s", kid, suffix);
	snprintf(part, sizeof(part), ".%s.part", name);
	fd = openat(place->fd, part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return key_write_errno(place, part, fault);
	if (!key_write_all(fd, bytes) || fsync(fd) != 0)
		rc = key_write_errno(place, part, fault);
	if (close(fd) != 0 && rc == RC_OK)
		rc = key_write_errno(place, part, fault);
	if (rc == RC_OK &&
	    (renameat(place->fd, part, place->fd, name) != 0 || fsync(place->fd) != 0))
		rc = key_write_errno(place, name, fault);
	if (rc != RC_OK)
		unlinkat(place->fd, part, 0);
	return rc;
}

enum rc
key_write_random_fault(enum rc rc, const struct key_place *place, struct config_fault *fault)
{
	key_place_fault(place, "", "", fault, "there are no random bytes for a new key");
	return rc == RC_OK ? RC_UNAVAILABLE : rc;
}

enum rc
key_write_kid(const struct random_source *random, const struct key_place *place, const char *newest,
    int64_t from, char kid[JWT_KID_SIZE], struct config_fault *fault)
{
	time_t second = (time_t)(from / SECOND);
	char stamp[32], tail[9];
	unsigned char bytes[4];
	struct tm parts;
	enum rc rc = random_bytes(random, bytes, sizeof(bytes));

	if (rc != RC_OK)
		return key_write_random_fault(rc, place, fault);
	sodium_bin2hex(tail, sizeof(tail), bytes, sizeof(bytes));
	for (int step = 0; step < KEY_WRITE_STEPS; step++, second++) {
		if (gmtime_r(&second, &parts) == NULL ||
		    strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &parts) == 0)
			break;
		snprintf(kid, JWT_KID_SIZE, "%s-%s", stamp, tail);
		if (strcmp(kid, newest) > 0)
			return RC_OK;
	}
	return key_place_fault(place, newest, "", fault,
	    "sorts after any new key, which would not become the current one; look at the clock "
	    "or retire it");
}

enum rc
key_write_bare(const struct random_source *random, const struct key_place *place, const char *kid,
    bool shared, struct config_fault *fault)
{
	unsigned char bytes[KEY_SIZE] = { 0 };
	enum rc rc = random_bytes(random, bytes, sizeof(bytes));

	/* What would be refused on opening is not written. */
	if (rc != RC_OK || sodium_is_zero(bytes, sizeof(bytes)) ||
	    (shared && !key_shared_is_strong(bytes, sizeof(bytes))))
		rc = key_write_random_fault(rc, place, fault);
	else
		rc = key_write(place, kid, KEY_BARE,
		    (struct span){ (const char *)bytes, sizeof(bytes) }, fault);
	sodium_memzero(bytes, sizeof(bytes));
	return rc;
}
