/* One line of text for the operator out of what programs and servers said. */
#ifndef YETT_MAIL_REASON_H
#define YETT_MAIL_REASON_H

#include <stdarg.h>

#include "base/span.h"

/* Fills "line", of "size" bytes with its NUL: runs of white space, control characters and bytes
 * that are not UTF-8 become one space each, none at its ends; what is too long is cut between two
 * code points. */
void reason_line(char *line, size_t size, struct span text);

/* Appends in the same way, after a space. */
void reason_add(char *line, size_t size, struct span text);

/* The same of what printf would write; of that, 1 KiB at most. */
void reason_print(char *line, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
