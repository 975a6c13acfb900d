#include "base/config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config_rows.h"

void
config_free(struct config *config)
{
	if (config != NULL)
		arena_free(config->memory);
	free(config);
}

const struct backend_config *
config_backend_of(const struct config *config, int transport)
{
	for (size_t i = 0; i < config->backend_count; i++) {
		if (config->backends[i].transport == transport)
			return &config->backends[i];
	}
	return NULL;
}

/* A call to the system failed: tells what may pass from what the operator has to mend. */
static enum rc
config_refuse_errno(struct config_fault *fault, const char *path)
{
	int error = errno;

	(void)config_refuse(fault, path, 0, "", "cannot be read, %s",
	    error == ENOENT  ? "there is none, run yettctl init"
	    : error == ELOOP ? "it is a symbolic link, put the file itself there"
			     : strerror(error));
	return error == ENOMEM || error == EMFILE || error == ENFILE || error == EIO
		   ? RC_UNAVAILABLE
		   : RC_NO;
}

/* Whoever can write the file or its directory decides who may sign in. */
static enum rc
config_trust(int descriptor, bool directory, const char *path, struct config_fault *fault)
{
	struct stat status;

	if (fstat(descriptor, &status) != 0)
		return config_refuse_errno(fault, path);
	if (!directory && !S_ISREG(status.st_mode))
		return config_refuse(fault, path, 0, "", "not a regular file, put one there");
	if (status.st_uid != geteuid())
		return config_refuse(fault, path, 0, "",
		    "owned by user %lu, not by user %lu who reads it, chown it",
		    (unsigned long)status.st_uid, (unsigned long)geteuid());
	if ((status.st_mode & 077) != 0)
		return config_refuse(fault, path, 0, "",
		    "open to other users (mode %04o), chmod it to %s",
		    (unsigned)status.st_mode & 07777, directory ? "0700" : "0600");
	return RC_OK;
}

/* Reads at most CONFIG_SIZE_MAX + 1 bytes, so that config_parse sees what is too much. */
static enum rc
config_read_all(
    int descriptor, char *text, size_t *length, const char *path, struct config_fault *fault)
{
	ssize_t got;

	*length = 0;
	while (*length <= CONFIG_SIZE_MAX) {
		got = read(descriptor, text + *length, CONFIG_SIZE_MAX + 1 - *length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return config_refuse_errno(fault, path);
		if (got == 0)
			break;
		*length += (size_t)got;
	}
	return RC_OK;
}

/* Opens the file below a directory, both of which must be the caller's alone. */
static enum rc
config_open(const char *directory, const char *path, int *descriptor, struct config_fault *fault)
{
	int below = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	enum rc rc;

	if (below < 0)
		return config_refuse_errno(fault, directory);
	rc = config_trust(below, true, directory, fault);
	if (rc == RC_OK) {
		/* Without O_NONBLOCK a fifo in its place would hold the program up. */
		*descriptor = openat(
		    below, CONFIG_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		rc = *descriptor < 0 ? config_refuse_errno(fault, path)
				     : config_trust(*descriptor, false, path, fault);
	}
	close(below);
	return rc;
}

enum rc
config_load(const char *directory, struct config **out, struct config_fault *fault)
{
	char absolute[PATH_MAX], path[PATH_MAX + sizeof(CONFIG_FILE) + 1];
	char *text = NULL;
	int descriptor = -1;
	size_t length;
	enum rc rc;

	*out = NULL;
	if (realpath(directory, absolute) == NULL)
		return config_refuse_errno(fault, directory);
	snprintf(path, sizeof(path), "%s/%s", absolute, CONFIG_FILE);
	rc = config_open(absolute, path, &descriptor, fault);
	if (rc != RC_OK)
		goto out;
	text = malloc(CONFIG_SIZE_MAX + 1);
	if (text == NULL) {
		(void)config_refuse(fault, path, 0, "", "out of memory");
		rc = RC_UNAVAILABLE;
		goto out;
	}
	rc = config_read_all(descriptor, text, &length, path, fault);
	if (rc == RC_OK)
		rc = config_parse((struct span){ text, length }, path, out, fault);
	if (rc != RC_OK)
		goto out;
	(*out)->directory = arena_text((*out)->memory, span_of(absolute));
	if ((*out)->directory == NULL) {
		config_free(*out);
		*out = NULL;
		rc = RC_UNAVAILABLE;
		(void)config_refuse(fault, path, 0, "", "out of memory");
	}
out:
	free(text);
	if (descriptor >= 0)
		close(descriptor);
	return rc;
}
