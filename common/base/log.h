/* The log: one line an event, never a secret, control bytes escaped, buffered until a pause. */
#ifndef YETT_BASE_LOG_H
#define YETT_BASE_LOG_H

#include <stdint.h>

#include "base/rc.h"
#include "base/span.h"

/* <syslog.h> has macros of these names with other values; only log.c includes it. */
enum log_level { LOG_ERROR, LOG_WARN, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

#define LOG_LINE_MAX 1024 /* bytes; a longer line is cut, and says so with "..." */

/* Opens the log: "stderr", "syslog" or a file (appended, created 0600). "program" stands in each
 * line. Until then, and when this fails (RC_INTERNAL, one line on stderr says why), lines go to
 * stderr. */
enum rc log_open(const char *to, enum log_level level, const char *program) RC_MUST;

/* Writes one line: time, level, program, message. Control and format characters, line
 * separators, backslash and invalid UTF-8 in the message are written as \xNN, so that no input can
 * forge a line. Lines of level notice and worse leave at once (to syslog all do), others with
 * log_flush() or when 4 KiB have gathered. */
void log_line(enum log_level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether a line of this level would be written; for work that only a line would need. */
bool log_wants(enum log_level);

/* Writes what has gathered. Called before the process waits. */
void log_flush(void);

/* Flushes and closes; afterwards lines go to stderr again. */
void log_close(void);

/* Logs a fault with the place where it was found: LOG_FAULT(LOG_ERROR, "cannot ...: %s", why). */
#define LOG_FAULT(level, format, ...) log_line(level, "%s: " format, __func__, __VA_ARGS__)

#endif
