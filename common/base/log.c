#include <syslog.h>

/* Their values are needed, but log.h has names of its own that are spelt the same. */
enum {
	LOG_SYSLOG_ERROR = LOG_ERR,
	LOG_SYSLOG_WARN = LOG_WARNING,
	LOG_SYSLOG_NOTICE = LOG_NOTICE,
	LOG_SYSLOG_INFO = LOG_INFO,
	LOG_SYSLOG_DEBUG = LOG_DEBUG
};
#undef LOG_NOTICE
#undef LOG_INFO
#undef LOG_DEBUG

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <utf8proc.h>

#include "base/clock.h"
#include "base/text.h"

#define LOG_GATHER_MAX 4096 /* PIPE_BUF: one write of it to a pipe is not torn apart */
#define LOG_PROGRAM_MAX 32

static const struct {
	const char *name;
	int priority;
} log_levels[] = {
	[LOG_ERROR] = { "error", LOG_SYSLOG_ERROR },
	[LOG_WARN] = { "warn", LOG_SYSLOG_WARN },
	[LOG_NOTICE] = { "notice", LOG_SYSLOG_NOTICE },
	[LOG_INFO] = { "info", LOG_SYSLOG_INFO },
	[LOG_DEBUG] = { "debug", LOG_SYSLOG_DEBUG },
};

/* One log a process; a child inherits it, but not what its parent has gathered. */
static struct {
	int fd;
	bool syslog;
	enum log_level level;
	char program[LOG_PROGRAM_MAX];
	pid_t owner;
	size_t len;
	char gathered[LOG_GATHER_MAX];
} log_state = { .fd = STDERR_FILENO, .level = LOG_INFO, .program = "yett" };

/* One line in the making; what does not fit is left out whole. */
struct log_text {
	size_t len;
	size_t max;
	char bytes[LOG_LINE_MAX];
};

static bool
log_text_add(struct log_text *text, struct span bytes)
{
	if (bytes.len > text->max - text->len)
		return false;
	memcpy(text->bytes + text->len, bytes.data, bytes.len);
	text->len += bytes.len;
	return true;
}

/* Beside control characters: format characters and line separators, which change what a line looks
 * like to who reads it, and the backslash, so that an escape cannot be feigned. */
static bool
log_point_is_plain(int32_t point)
{
	utf8proc_category_t category = utf8proc_category(point);

	return point >= 0 && point != '\\' && category != UTF8PROC_CATEGORY_CC &&
	       category != UTF8PROC_CATEGORY_CF && category != UTF8PROC_CATEGORY_ZL &&
	       category != UTF8PROC_CATEGORY_ZP;
}

/* Appends one code point as it is or as \xNN for each of its bytes. */
static bool
log_text_point(struct log_text *text, struct span point, bool plain)
{
	char escaped[4 * 4 + 1];
	size_t len = 0;

	if (plain)
		return log_text_add(text, point);
	for (size_t i = 0; i < point.len; i++, len += 4)
		snprintf(escaped + len, sizeof(escaped) - len, "\\x%02x",
		    (unsigned)(unsigned char)point.data[i]);
	return log_text_add(text, (struct span){ escaped, len });
}

/* How many bytes the text begins with that need no look at Unicode's tables. */
static size_t
log_plain_run(struct span text)
{
	size_t run = 0;

	while (run < text.len && text.data[run] >= 0x20 && text.data[run] < 0x7f &&
	       text.data[run] != '\\')
		run++;
	return run;
}

/* Appends the message, escaped; one that does not fit is cut between two code points. */
static void
log_text_message(struct log_text *text, struct span message)
{
	size_t run = log_plain_run(message);
	size_t cut; /* the last place with room for the dots */

	if (text->len + run + 3 <= text->max &&
	    log_text_add(text, (struct span){ message.data, run }))
		message = span_after(message, run);
	cut = text->len;
	while (message.len > 0) {
		struct span rest = message;
		bool plain = log_point_is_plain(text_next(&rest));
		if (text->len + 3 <= text->max)
			cut = text->len;
		if (!log_text_point(
			text, (struct span){ message.data, message.len - rest.len }, plain)) {
			text->len = cut;
			(void)log_text_add(text, SPAN("..."));
			return;
		}
		message = rest;
	}
}

/* "2026-01-31T23:59:59.123Z notice login[4711] "; the date is made once a second. */
static void
log_text_head(struct log_text *text, enum log_level level)
{
	static char date[CLOCK_TEXT_SIZE];
	static int64_t second = -1;
	int64_t wall = clock_wall(&clock_system);
	char head[LOG_PROGRAM_MAX + 64];
	int len;

	if (wall / SECOND != second)
		clock_text(wall, date);
	second = wall / SECOND;
	len = snprintf(head, sizeof(head), "%.19s.%03dZ %s %s[%ld] ", date, (int)(wall % SECOND),
	    log_levels[level].name, log_state.program, (long)log_state.owner);
	(void)log_text_add(text, (struct span){ head, (size_t)len });
}

/* What the disk or the reader will not take is lost: there is nobody left to tell. */
static void
log_write(struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t written = write(log_state.fd, bytes.data, bytes.len);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return;
		bytes = span_after(bytes, (size_t)written);
	}
}

/* In a child after fork. */
static void
log_forked(void)
{
	log_state.owner = getpid();
	log_state.len = 0;
}

/* Asking the kernel who we are for each line would cost more than the line. */
static void
log_own(void)
{
	if (log_state.owner == 0) {
		log_state.owner = getpid();
		pthread_atfork(NULL, NULL, log_forked);
	}
}

static void
log_gather(enum log_level level, struct span line)
{
	if (line.len > sizeof(log_state.gathered) - log_state.len)
		log_flush();
	memcpy(log_state.gathered + log_state.len, line.data, line.len);
	log_state.len += line.len;
	if (level <= LOG_NOTICE)
		log_flush();
}

/* syslogd adds the time and the program itself, and takes each line at once. */
static void
log_send(enum log_level level, struct span message)
{
	struct log_text text = { .max = LOG_LINE_MAX };

	log_text_message(&text, message);
	syslog(log_levels[level].priority, "%s %.*s", log_levels[level].name, (int)text.len,
	    text.bytes);
}

void
log_line(enum log_level level, const char *format, ...)
{
	struct log_text text = { .max = LOG_LINE_MAX - 1 };
	char message[LOG_LINE_MAX + 8]; /* longer than a line: what is cut here is cut there too */
	int saved = errno;
	va_list args;
	int len;

	if (!log_wants(level))
		return;
	va_start(args, format);
	len = vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (len < 0)
		message[0] = '\0';
	if (log_state.syslog) {
		log_send(level, span_of(message));
	} else {
		log_own();
		log_text_head(&text, level);
		log_text_message(&text, span_of(message));
		text.bytes[text.len++] = '\n';
		log_gather(level, (struct span){ text.bytes, text.len });
	}
	errno = saved;
}

bool
log_wants(enum log_level level)
{
	return level <= log_state.level;
}

void
log_flush(void)
{
	int saved = errno;

	log_write((struct span){ log_state.gathered, log_state.len });
	log_state.len = 0;
	errno = saved;
}

enum rc
log_open(const char *to, enum log_level level, const char *program)
{
	int fd;

	log_close();
	log_state.level = level;
	snprintf(log_state.program, sizeof(log_state.program), "%s", program);
	if (strcmp(to, "stderr") == 0)
		return RC_OK;
	if (strcmp(to, "syslog") == 0) {
		openlog(log_state.program, LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
		log_state.syslog = true;
		return RC_OK;
	}
	fd = open(to, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0) {
		LOG_FAULT(LOG_ERROR, "cannot open the log %s: %s", to, strerror(errno));
		return RC_INTERNAL;
	}
	log_state.fd = fd;
	return RC_OK;
}

void
log_close(void)
{
	log_flush();
	if (log_state.syslog)
		closelog();
	if (log_state.fd != STDERR_FILENO)
		close(log_state.fd);
	log_state.syslog = false;
	log_state.fd = STDERR_FILENO;
}
