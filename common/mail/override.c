#include "mail/override.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "mail/language.h"

#define OVERRIDE_PATH_SHOWN 200

struct override_place {
	int fd; /* -1: there is none */
	char path[OVERRIDE_PATH_SIZE];
};

struct override_reader {
	override_take_fn *take;
	void *state;
	struct config_fault *fault;
};

typedef enum rc override_each_fn(
    const struct override_reader *, const struct override_place *above, const char *name);

enum rc
override_refuse(struct config_fault *fault, const char *path, size_t line, const char *format, ...)
{
	size_t length = strlen(path);
	char place[24] = "", what[sizeof(fault->text) - OVERRIDE_PATH_SHOWN - 32];
	va_list list;

	/* Of a long path the end tells more. */
	if (length > OVERRIDE_PATH_SHOWN)
		path += length - OVERRIDE_PATH_SHOWN;
	if (line > 0)
		snprintf(place, sizeof(place), ":%zu", line);
	va_start(list, format);
	vsnprintf(what, sizeof(what), format, list);
	va_end(list);
	snprintf(fault->text, sizeof(fault->text), "%s%s: %s", path, place, what);
	return RC_NO;
}

static enum rc
override_errno(struct config_fault *fault, const char *path)
{
	int error = errno;

	if (error == ELOOP || error == ENOTDIR)
		return override_refuse(fault, path, 0,
		    "a symbolic link or not a directory, put the templates themselves into a "
		    "directory for their language");
	(void)override_refuse(fault, path, 0, "cannot be read, %s", strerror(error));
	return error == ENOMEM || error == EMFILE || error == ENFILE || error == EIO
		   ? RC_UNAVAILABLE
		   : RC_NO;
}

/* Whoever can write a template can send links of his own in the site's name. */
static enum rc
override_trust(const struct override_place *place, bool directory, struct config_fault *fault)
{
	struct stat status;

	if (fstat(place->fd, &status) != 0)
		return override_errno(fault, place->path);
	if (!directory && !S_ISREG(status.st_mode))
		return override_refuse(
		    fault, place->path, 0, "not a regular file, put one there or remove it");
	if (status.st_uid != geteuid() && status.st_uid != 0)
		return override_refuse(fault, place->path, 0,
		    "owned by user %lu, not by root or user %lu who reads it, chown it",
		    (unsigned long)status.st_uid, (unsigned long)geteuid());
	if ((status.st_mode & 022) != 0)
		return override_refuse(fault, place->path, 0,
		    "others may write it (mode %04o), chmod it to go-w",
		    (unsigned)status.st_mode & 07777);
	return RC_OK;
}

/* Opens what is called so in a directory. RC_OK with fd -1 when there is nothing. */
static enum rc
override_open(const struct override_place *above, const char *name, bool directory,
    struct override_place *place, struct config_fault *fault)
{
	/* Without O_NONBLOCK a fifo would hold the program up. */
	int flags =
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | (directory ? O_DIRECTORY : O_NONBLOCK | O_NOCTTY);
	int length = snprintf(place->path, sizeof(place->path), "%s/%s", above->path, name);

	place->fd = -1;
	if (length < 0 || (size_t)length >= sizeof(place->path))
		return override_refuse(fault, above->path, 0, "too long a path, shorten it");
	if (above->fd < 0)
		return RC_OK;
	place->fd = openat(above->fd, name, flags);
	if (place->fd < 0)
		return errno == ENOENT ? RC_OK : override_errno(fault, place->path);
	return override_trust(place, directory, fault);
}

static void
override_close(struct override_place *place)
{
	if (place->fd >= 0)
		close(place->fd);
	place->fd = -1;
}

/* Takes away a byte order mark and carriage returns before line feeds. */
static void
override_plain(struct override *file)
{
	size_t from =
	    span_starts((struct span){ file->text, file->size }, SPAN("\xef\xbb\xbf")) ? 3 : 0;
	size_t to = 0;

	for (; from < file->size; from++) {
		bool crlf = file->text[from] == '\r' && from + 1 < file->size &&
			    file->text[from + 1] == '\n';
		if (!crlf)
			file->text[to++] = file->text[from];
	}
	file->text[to] = '\0';
	file->size = to;
}

/* The line of the first thing that does not belong into a text; 0 when there is none. */
static size_t
override_bad_line(const struct override *file)
{
	struct span rest = { file->text, file->size };
	size_t line = 1;

	while (rest.len > 0) {
		struct span point = rest;
		int32_t value = text_next(&rest);

		point.len -= rest.len;
		if (value < 0 || (value != '\n' && value != '\t' && text_has_control(point)))
			return line;
		line += value == '\n';
	}
	return 0;
}

static enum rc
override_fill(const struct override_place *place, struct override *file, struct config_fault *fault)
{
	ssize_t got = 1;

	while (got != 0 && file->size <= OVERRIDE_SIZE_MAX) {
		got = read(place->fd, file->text + file->size, OVERRIDE_SIZE_MAX + 1 - file->size);
		if (got < 0 && errno != EINTR)
			return override_errno(fault, place->path);
		file->size += got > 0 ? (size_t)got : 0;
	}
	if (file->size > OVERRIDE_SIZE_MAX)
		return override_refuse(fault, place->path, 0, "larger than 64 KiB, shorten it");
	override_plain(file);
	if (override_bad_line(file) > 0)
		return override_refuse(fault, place->path, override_bad_line(file),
		    "not text in UTF-8, save it as such and without control characters");
	return RC_OK;
}

static enum rc
override_file(
    const struct override_reader *reader, const struct override_place *above, const char *name)
{
	struct override_place place = { .fd = -1 };
	struct override file = { .path = place.path,
		.language = span_of(strrchr(above->path, '/') + 1),
		.name = span_of(name) };
	enum rc rc = override_open(above, name, false, &place, reader->fault);

	if (rc != RC_OK || place.fd < 0)
		goto out;
	file.text = malloc(OVERRIDE_SIZE_MAX + 2);
	rc = RC_UNAVAILABLE;
	if (file.text == NULL) {
		(void)override_refuse(reader->fault, place.path, 0, "out of memory");
		goto out;
	}
	rc = override_fill(&place, &file, reader->fault);
	if (rc == RC_OK)
		rc = reader->take(reader->state, &file, reader->fault);
	if (rc == RC_OK)
		file.text = NULL;
out:
	free(file.text);
	override_close(&place);
	return rc;
}

/* What editors and package managers leave beside a file. */
static bool
override_is_litter(const char *name)
{
	static const char *const endings[] = { "~", ".bak", ".orig", ".rej", ".swp", ".dpkg-old",
		".dpkg-dist", ".dpkg-new" };
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t tail = strlen(endings[i]);
		if (len > tail && strcmp(name + len - tail, endings[i]) == 0)
			return true;
	}
	return name[0] == '.';
}

/* Calls "each" for all names in a directory. */
static enum rc
override_list(const struct override_reader *reader, const struct override_place *place,
    override_each_fn *each)
{
	int fd = dup(place->fd);
	DIR *listing = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	enum rc rc = RC_OK;

	if (listing == NULL) {
		rc = override_errno(reader->fault, place->path);
		if (fd >= 0)
			close(fd);
		return rc;
	}
	while (rc == RC_OK && (errno = 0, entry = readdir(listing)) != NULL) {
		if (!override_is_litter(entry->d_name))
			rc = each(reader, place, entry->d_name);
	}
	if (rc == RC_OK && errno != 0)
		rc = override_errno(reader->fault, place->path);
	closedir(listing);
	return rc;
}

static enum rc
override_language(
    const struct override_reader *reader, const struct override_place *above, const char *name)
{
	struct override_place place = { .fd = -1 };
	enum rc rc = override_open(above, name, true, &place, reader->fault);

	if (rc == RC_OK && !language_is_tag(span_of(name)))
		rc = override_refuse(reader->fault, place.path, 0,
		    "not named after a language, call it en, de, pt-BR or the like");
	if (rc == RC_OK && place.fd >= 0)
		rc = override_list(reader, &place, override_file);
	override_close(&place);
	return rc;
}

enum rc
override_read(
    const char *state_directory, override_take_fn *take, void *state, struct config_fault *fault)
{
	const struct override_reader reader = { take, state, fault };
	struct override_place root = { .fd = -1 }, outer = { .fd = -1 }, inner = { .fd = -1 };
	enum rc rc = RC_NO;

	snprintf(root.path, sizeof(root.path), "%s", state_directory);
	root.fd = open(state_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root.fd < 0)
		return override_errno(fault, root.path);
	rc = override_open(&root, "templates", true, &outer, fault);
	if (rc == RC_OK)
		rc = override_open(&outer, "mail", true, &inner, fault);
	if (rc == RC_OK && inner.fd >= 0)
		rc = override_list(&reader, &inner, override_language);
	override_close(&inner);
	override_close(&outer);
	override_close(&root);
	return rc;
}
