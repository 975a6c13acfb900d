#include "mail/smtp_server.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mail/reason.h"

static enum rc
smtp_wrong(char reason[COURIER_REASON_SIZE], const char *key, const char *what)
{
	reason_print(reason, COURIER_REASON_SIZE, "mail.%s %s", key, what);
	return RC_INTERNAL;
}

/* Where a file is that stands in the configuration. */
static bool
smtp_path(const struct config *config, const char *file, char path[SMTP_FILE_SIZE])
{
	int len = file[0] == '/' ? snprintf(path, SMTP_FILE_SIZE, "%s", file)
				 : snprintf(path, SMTP_FILE_SIZE, "%s/%s", config->directory, file);

	return len > 0 && len < SMTP_FILE_SIZE;
}

/* NULL when it may be used. */
static const char *
smtp_password_fault(int fd)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return strerror(errno);
	if (!S_ISREG(status.st_mode))
		return "is no regular file";
	if ((status.st_mode & 077) != 0)
		return "is open to others, chmod it to 0600";
	return NULL;
}

static const char *
smtp_password_take(int fd, struct secret *password)
{
	char bytes[SECRET_MAX + 2]; /* with its line end */
	ssize_t got = read(fd, bytes, sizeof(bytes));
	const char *fault = got < 0 ? strerror(errno) : NULL;

	if (fault == NULL) {
		struct span rest = { bytes, (size_t)got };
		struct span line = span_cut(&rest, '\n');

		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		if (line.len == 0)
			fault = "has an empty first line";
		else if (secret_set(password, line) != RC_OK)
			fault = "has a first line that is too long or holds a NUL";
	}
	sodium_memzero(bytes, sizeof(bytes));
	return fault;
}

static enum rc
smtp_password(
    struct smtp_server *server, const struct config *config, char reason[COURIER_REASON_SIZE])
{
	static const char key[] = "smtp_password_file";
	const char *fault;
	char path[SMTP_FILE_SIZE];
	int fd;

	if (config->mail.smtp_password_file[0] == '\0')
		return smtp_wrong(reason, key, "is empty, but mail.smtp_url has a user");
	if (!smtp_path(config, config->mail.smtp_password_file, path))
		return smtp_wrong(reason, key, "is too long");
	/* O_NONBLOCK: a pipe in its place would be waited for. */
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return smtp_wrong(reason, key, strerror(errno));
	fault = smtp_password_fault(fd);
	if (fault == NULL)
		fault = smtp_password_take(fd, &server->password);
	close(fd);
	return fault == NULL ? RC_OK : smtp_wrong(reason, key, fault);
}

static bool
smtp_is_loopback(struct span host)
{
	if (span_equal_nocase(host, SPAN("localhost")) || span_equal(host, SPAN("[::1]")))
		return true;
	if (!span_starts(host, SPAN("127.")))
		return false;
	/* 127.example.org is a name as any other. */
	for (size_t i = 0; i < host.len; i++) {
		if ((host.data[i] < '0' || host.data[i] > '9') && host.data[i] != '.')
			return false;
	}
	return true;
}

static struct span
smtp_host(struct span authority)
{
	const char *end = authority.len == 0 || authority.data[0] != '['
			      ? NULL
			      : memchr(authority.data, ']', authority.len);

	if (end == NULL)
		return span_cut(&authority, ':');
	return (struct span){ authority.data, (size_t)(end - authority.data) + 1 };
}

/* Takes the user out of the URL; it may be an address itself, so the last '@' ends it. */
static enum rc
smtp_url(struct smtp_server *server, struct span url, char reason[COURIER_REASON_SIZE])
{
	struct span rest = url, scheme = span_cut(&rest, ':'), user = { NULL, 0 };
	bool secure = span_equal_nocase(scheme, SPAN("smtps"));

	if ((!secure && !span_equal_nocase(scheme, SPAN("smtp"))) || !span_starts(rest, SPAN("//")))
		return smtp_wrong(reason, "smtp_url", "names no server");
	rest = span_after(rest, 2);
	for (size_t i = rest.len; i > 0 && user.data == NULL; i--) {
		if (rest.data[i - 1] == '@') {
			user = (struct span){ rest.data, i - 1 };
			rest = span_after(rest, i);
		}
	}
	server->has_user = user.len > 0;
	server->needs_tls = server->has_user && !secure && !smtp_is_loopback(smtp_host(rest));
	if (!span_copy(server->user, sizeof(server->user), user) || rest.len == 0 ||
	    rest.len >= SMTP_TEXT_SIZE - sizeof("smtps://"))
		return smtp_wrong(reason, "smtp_url", "names no server");
	snprintf(server->url, sizeof(server->url), "%s://%.*s", secure ? "smtps" : "smtp",
	    (int)rest.len, rest.data);
	return RC_OK;
}

enum rc
smtp_server_read(
    struct smtp_server *server, const struct config *config, char reason[COURIER_REASON_SIZE])
{
	enum rc rc = smtp_url(server, span_of(config->mail.smtp_url), reason);

	server->password = (struct secret){ 0 };
	if (rc == RC_OK && server->has_user)
		rc = smtp_password(server, config, reason);
	server->has_ca_file = config->mail.smtp_ca_file[0] != '\0';
	if (rc == RC_OK && server->has_ca_file &&
	    !smtp_path(config, config->mail.smtp_ca_file, server->ca_file))
		rc = smtp_wrong(reason, "smtp_ca_file", "is too long");
	return rc;
}

void
smtp_server_wipe(struct smtp_server *server)
{
	secret_wipe(&server->password);
}
