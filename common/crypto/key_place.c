#include "crypto/key_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define KEY_NAME_SIZE (JWT_KID_SIZE + 8)

enum rc
key_place_fault(const struct key_place *place, const char *kid, const char *suffix,
    struct config_fault *fault, const char *what)
{
	snprintf(fault->text, sizeof(fault->text), "%s%s%s%s: %s", place->path,
	    kid[0] == '\0' ? "" : "/", kid, suffix, what);
	return RC_NO;
}

/* What errno says, with RC_NO for what the operator has to mend and RC_UNAVAILABLE else. */
static enum rc
key_place_errno(
    const struct key_place *place, const char *kid, const char *suffix, struct config_fault *fault)
{
	int error = errno;

	if (error == ELOOP || error == ENOTDIR)
		return key_place_fault(place, kid, suffix, fault,
		    "is a symbolic link or of the wrong kind; put the real file there");
	key_place_fault(place, kid, suffix, fault, strerror(error));
	return error == ENOMEM || error == EMFILE || error == ENFILE || error == EIO
		   ? RC_UNAVAILABLE
		   : RC_NO;
}

/* What is wrong with owner and mode, NULL when nothing is. */
static const char *
key_place_looseness(const struct stat *status)
{
	if (status->st_uid != geteuid())
		return "belongs to another user; chown it to the one who runs this program";
	if ((status->st_mode & 077) != 0)
		return "is open to others; chmod go= it";
	return NULL;
}

static enum rc
key_place_open(int parent, const char *name, struct key_place *place, struct config_fault *fault)
{
	struct stat status;
	const char *loose;

	place->fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (place->fd < 0)
		return errno == ENOENT ? RC_OK : key_place_errno(place, "", "", fault);
	if (fstat(place->fd, &status) != 0)
		return key_place_errno(place, "", "", fault);
	loose = key_place_looseness(&status);
	return loose == NULL ? RC_OK : key_place_fault(place, "", "", fault, loose);
}

enum rc
key_place_root(const struct config *config, struct key_place *place, struct config_fault *fault)
{
	int state = open(config->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum rc rc;

	*place = KEY_PLACE_INIT;
	snprintf(place->path, sizeof(place->path), "%s/" KEYS_DIRECTORY, config->directory);
	if (state < 0)
		return key_place_errno(place, "", "", fault);
	rc = key_place_open(state, KEYS_DIRECTORY, place, fault);
	close(state);
	if (rc == RC_OK && place->fd < 0)
		rc = key_place_fault(place, "", "", fault, "is missing; \"yettctl init\" makes it");
	return rc;
}

enum rc
key_place_enter(const struct key_place *parent, const char *name, struct key_place *place,
    struct config_fault *fault)
{
	int len;

	*place = KEY_PLACE_INIT;
	len = snprintf(place->path, sizeof(place->path), "%s/%s", parent->path, name);
	if (len < 0 || (size_t)len >= sizeof(place->path))
		memcpy(place->path, "...", 4);
	return parent->fd < 0 ? RC_OK : key_place_open(parent->fd, name, place, fault);
}

void
key_place_leave(struct key_place *place)
{
	if (place->fd >= 0)
		close(place->fd);
	place->fd = -1;
}

/* Takes a KID out of a file name. */
static bool
key_place_kid(const char *name, const char *suffix, char kid[JWT_KID_SIZE])
{
	size_t len = strlen(name);
	size_t tail = strlen(suffix);

	if (len <= tail || len - tail >= JWT_KID_SIZE || strcmp(name + len - tail, suffix) != 0)
		return false;
	for (size_t i = 0; i < len - tail; i++) {
		char c = name[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			c == '.' || c == '_' || c == '-'))
			return false;
		kid[i] = c;
	}
	kid[len - tail] = '\0';
	return true;
}

static const char *
key_place_file_fault(const struct stat *status)
{
	return S_ISREG(status->st_mode) ? key_place_looseness(status)
					: "is no regular file; move it away";
}

static enum rc
key_place_add(const struct key_place *place, const char *name, const char *suffix,
    struct key_names *names, struct config_fault *fault)
{
	struct key_name *row = &names->rows[names->count];
	struct stat status;
	const char *wrong;

	if (names->count == KEY_FILES_MAX)
		return key_place_fault(
		    place, "", "", fault, "holds too many keys; move the oldest away");
	if (!key_place_kid(name, suffix, row->kid))
		return key_place_fault(
		    place, name, "", fault, "is not named as a key is; move it away");
	if (fstatat(place->fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return key_place_errno(place, name, "", fault);
	wrong = key_place_file_fault(&status);
	if (wrong != NULL)
		return key_place_fault(place, name, "", fault, wrong);
	row->made = (int64_t)status.st_mtim.tv_sec * SECOND + status.st_mtim.tv_nsec / 1000000;
	names->count++;
	return RC_OK;
}

static int
key_name_compare(const void *a, const void *b)
{
	return strcmp(((const struct key_name *)a)->kid, ((const struct key_name *)b)->kid);
}

enum rc
key_place_list(const struct key_place *place, const char *suffix, struct key_names *names,
    struct config_fault *fault)
{
	struct dirent *entry;
	DIR *walk;
	enum rc rc = RC_OK;
	int fd;

	names->count = 0;
	if (place->fd < 0)
		return RC_OK;
	fd = openat(place->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	walk = fd < 0 ? NULL : fdopendir(fd);
	if (walk == NULL) {
		rc = key_place_errno(place, "", "", fault);
		if (fd >= 0)
			close(fd);
		return rc;
	}
	while (rc == RC_OK && (errno = 0, entry = readdir(walk)) != NULL) {
		/* A file that is being made begins with a dot. */
		if (entry->d_name[0] != '.')
			rc = key_place_add(place, entry->d_name, suffix, names, fault);
	}
	if (rc == RC_OK && errno != 0)
		rc = key_place_errno(place, "", "", fault);
	closedir(walk);
	qsort(names->rows, names->count, sizeof(names->rows[0]), key_name_compare);
	return rc;
}

const char *
key_names_newest(const struct key_names *names)
{
	return names->count == 0 ? "" : names->rows[names->count - 1].kid;
}

/* Reads to the end; -1 for an error, more than KEY_FILE_MAX is cut to one byte over. */
static ssize_t
key_place_fill(int fd, unsigned char *bytes, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t got = read(fd, bytes + len, size - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	return (ssize_t)len;
}

enum rc
key_place_read(const struct key_place *place, const char *kid, const char *suffix,
    unsigned char bytes[KEY_FILE_MAX], size_t *len, struct config_fault *fault)
{
	char name[KEY_NAME_SIZE];
	struct stat status;
	const char *wrong;
	enum rc rc = RC_NO;
	ssize_t got;
	int fd = -1;

	*len = 0;
	snprintf(name, sizeof(name), "%s%s", kid, suffix);
	if (place->fd < 0)
		return key_place_fault(place, kid, suffix, fault,
		    "is missing; \"yettctl migrate\" makes it, once its public/ half is moved "
		    "away");
	/* O_NONBLOCK: a pipe in its place would be waited for. */
	fd = openat(place->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &status) != 0) {
		rc = key_place_errno(place, kid, suffix, fault);
		goto out;
	}
	wrong = key_place_file_fault(&status);
	if (wrong == NULL && status.st_size > KEY_FILE_MAX)
		wrong = "is too long for a key";
	if (wrong != NULL) {
		rc = key_place_fault(place, kid, suffix, fault, wrong);
		goto out;
	}
	got = key_place_fill(fd, bytes, KEY_FILE_MAX);
	if (got < 0) {
		rc = key_place_errno(place, kid, suffix, fault);
		goto out;
	}
	*len = (size_t)got;
	rc = RC_OK;
out:
	if (fd >= 0)
		close(fd);
	return rc;
}

static size_t
key_distinct(const bool seen[256])
{
	size_t count = 0;

	for (size_t i = 0; i < 256; i++)
		count += seen[i];
	return count;
}

bool
key_shared_is_strong(const unsigned char *bytes, size_t len)
{
	bool values[256] = { false };
	bool steps[256] = { false };
	bool strong, printable = true;

	if (len < 32 || len > 64)
		return false;
	for (size_t i = 0; i < len; i++) {
		values[bytes[i]] = true;
		if (i > 0)
			steps[(unsigned char)(bytes[i] - bytes[i - 1])] = true;
		if (bytes[i] < 0x20 || bytes[i] > 0x7e)
			printable = false;
	}
	strong = key_distinct(values) > 16 && key_distinct(steps) >= 8 && !(printable && len < 43);
	sodium_memzero(values, sizeof(values));
	sodium_memzero(steps, sizeof(steps));
	return strong;
}
