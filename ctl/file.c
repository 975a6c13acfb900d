/* Files of the state directory: locked, read, and replaced as a whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"

#define FILE_PART ".part"

static int
file_directory(const char *directory)
{
	return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int
file_lock(const char *directory)
{
	int fd = file_directory(directory);

	/* NFS locks no directories; there two operators at once have to take care themselves. */
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK)
		ctl_warn("another yettctl works on %s; this one waits for it", directory);
	while (flock(fd, LOCK_EX) != 0 && errno == EINTR)
		continue;
	return fd;
}

enum rc
file_read(const char *directory, const char *name, struct buf *out)
{
	int parent = file_directory(directory);
	int fd = -1, saved;
	enum rc rc = RC_NO;
	char block[4096];
	ssize_t len;

	if (parent >= 0)
		fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		goto out;
	while ((len = read(fd, block, sizeof(block))) > 0)
		buf_add(out, (struct span){ block, (size_t)len });
	if (len < 0)
		goto out;
	errno = EFBIG;
	rc = buf_check(out) == RC_OK ? RC_OK : RC_NO;
out:
	saved = errno;
	if (fd >= 0)
		close(fd);
	if (parent >= 0)
		close(parent);
	errno = saved;
	return rc;
}

static bool
file_fill(int fd, struct span text)
{
	while (text.len > 0) {
		ssize_t len = write(fd, text.data, text.len);

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return false;
		text = span_after(text, (size_t)len);
	}
	return fchmod(fd, 0600) == 0 && fsync(fd) == 0;
}

enum rc
file_write(const char *directory, const char *name, struct span text)
{
	int parent = file_directory(directory);
	int fd = -1, saved;
	enum rc rc = RC_NO;
	char part[64];

	snprintf(part, sizeof(part), "%s" FILE_PART, name);
	if (parent >= 0)
		fd = openat(
		    parent, part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		goto out;
	if (!file_fill(fd, text) || renameat(parent, part, parent, name) != 0) {
		saved = errno;
		unlinkat(parent, part, 0);
		errno = saved;
		goto out;
	}
	if (fsync(parent) == 0)
		rc = RC_OK;
out:
	saved = errno;
	if (fd >= 0)
		close(fd);
	if (parent >= 0)
		close(parent);
	errno = saved;
	return rc;
}
