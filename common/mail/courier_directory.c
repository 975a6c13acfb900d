#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mail/courier.h"
#include "mail/message.h"
#include "mail/reason.h"

#define FILE_NAME_SIZE (MESSAGE_ID_MAX + 24)

/* Where a message goes: its name, and one that is taken for none while it is being written. */
struct courier_file {
	int directory;
	char name[FILE_NAME_SIZE];
	char hidden[FILE_NAME_SIZE];
};

/* What errno says of "what"; a full disk may pass, a wrong permission will not. */
static enum rc
courier_directory_errno(const char *what, char reason[COURIER_REASON_SIZE])
{
	int error = errno;

	reason_print(reason, COURIER_REASON_SIZE, "%s: %s", what, strerror(error));
	return error == ENOSPC || error == EDQUOT || error == EIO || error == ENOMEM ||
		       error == EMFILE || error == ENFILE
		   ? RC_UNAVAILABLE
		   : RC_INTERNAL;
}

/* Makes the directory where it is missing; what is above it must be there. */
static enum rc
courier_directory_open(
    const struct config *config, struct courier_file *file, char reason[COURIER_REASON_SIZE])
{
	int state = open(config->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *name = config->mail.directory;
	enum rc rc = RC_OK;

	if (state < 0)
		return courier_directory_errno(config->directory, reason);
	if (mkdirat(state, name, 0700) != 0 && errno != EEXIST)
		rc = courier_directory_errno(name, reason);
	if (rc == RC_OK) {
		file->directory =
		    openat(state, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (file->directory < 0)
			rc = courier_directory_errno(name, reason);
	}
	close(state);
	return rc;
}

static enum rc
courier_directory_name(struct courier_file *file, struct span id, char reason[COURIER_REASON_SIZE])
{
	if (!message_id_is_valid(id)) {
		reason_line(reason, COURIER_REASON_SIZE, SPAN("the message has no id"));
		return RC_INTERNAL;
	}
	snprintf(file->name, sizeof(file->name), "%.*s.eml", (int)id.len, id.data);
	/* At random, so that what a crash left is in nobody's way. */
	snprintf(file->hidden, sizeof(file->hidden), ".%.*s.%08x", (int)id.len, id.data,
	    randombytes_random());
	return RC_OK;
}

static bool
courier_directory_fill(int fd, struct span message)
{
	while (message.len > 0) {
		ssize_t put = write(fd, message.data, message.len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		message = span_after(message, (size_t)put);
	}
	return fsync(fd) == 0;
}

/* Writes it under its hidden name and puts it in place, durably in that order. */
static enum rc
courier_directory_write(
    const struct courier_file *file, struct span message, char reason[COURIER_REASON_SIZE])
{
	int fd = openat(file->directory, file->hidden,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool written;
	enum rc rc;

	if (fd < 0)
		return courier_directory_errno(file->name, reason);
	written = courier_directory_fill(fd, message);
	written = close(fd) == 0 && written;
	if (written && renameat(file->directory, file->hidden, file->directory, file->name) == 0)
		return fsync(file->directory) == 0 ? RC_OK
						   : courier_directory_errno(file->name, reason);
	rc = courier_directory_errno(file->name, reason);
	(void)unlinkat(file->directory, file->hidden, 0);
	return rc;
}

static enum rc
courier_directory_put(
    const struct courier_file *file, struct span message, char reason[COURIER_REASON_SIZE])
{
	struct stat status;

	if (fstatat(file->directory, file->name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? courier_directory_write(file, message, reason)
				       : courier_directory_errno(file->name, reason);
	if (!S_ISREG(status.st_mode)) {
		reason_print(reason, COURIER_REASON_SIZE, "%s is no regular file", file->name);
		return RC_INTERNAL;
	}
	/* An earlier try wrote it and ended before it could say so. */
	return RC_OK;
}

static enum rc
courier_directory_send(const struct config *config, const struct envelope *envelope,
    struct span message, char reason[COURIER_REASON_SIZE])
{
	struct courier_file file = { .directory = -1 };
	enum rc rc = courier_directory_name(&file, envelope->id, reason);

	if (rc == RC_OK)
		rc = courier_directory_open(config, &file, reason);
	if (rc == RC_OK)
		rc = courier_directory_put(&file, message, reason);
	if (rc == RC_OK)
		reason_print(
		    reason, COURIER_REASON_SIZE, "%s/%s", config->mail.directory, file.name);
	if (file.directory >= 0)
		close(file.directory);
	return rc;
}

const struct courier courier_directory = { "directory", courier_directory_send };
