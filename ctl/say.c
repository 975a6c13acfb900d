/* What yettctl prints: sentences and cells, with nothing in them that steers a terminal. */
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl.h"

#define SAY_MAX 4096

/* Format characters (right-to-left marks and the like) can make one text look like another. */
static bool
say_harmless(int32_t point)
{
	return point >= 0x20 && !(point >= 0x7f && point < 0xa0) && point != 0x61c &&
	       !(point >= 0x200b && point <= 0x200f) && !(point >= 0x2028 && point <= 0x202e) &&
	       !(point >= 0x2060 && point <= 0x206f) && point != 0xfeff;
}

void
ctl_text(FILE *out, struct span text, size_t width)
{
	size_t column = 0;

	while (text.len > 0) {
		struct span before = text;
		int32_t point = text_next(&text);
		size_t taken = before.len - text.len;

		if (say_harmless(point)) {
			fwrite(before.data, 1, taken, out);
			column++;
			continue;
		}
		for (size_t i = 0; i < taken; i++)
			fprintf(out, "\\x%02x", (unsigned char)before.data[i]);
		column += 4 * taken;
	}
	for (; column < width; column++)
		fputc(' ', out);
}

static void say_line(FILE *, const char *prefix, const char *format, va_list)
    __attribute__((format(printf, 3, 0)));

static void
say_line(FILE *out, const char *prefix, const char *format, va_list values)
{
	char line[SAY_MAX];

	vsnprintf(line, sizeof(line), format, values);
	fputs(prefix, out);
	ctl_text(out, span_of(line), 0);
	fputc('\n', out);
}

enum ctl_exit
ctl_refuse(const char *format, ...)
{
	va_list values;

	fflush(stdout);
	va_start(values, format);
	say_line(stderr, "yettctl: ", format, values);
	va_end(values);
	return CTL_REFUSED;
}

void
ctl_warn(const char *format, ...)
{
	va_list values;

	fflush(stdout);
	va_start(values, format);
	say_line(stderr, "yettctl: ", format, values);
	va_end(values);
}

enum ctl_exit
ctl_usage(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	say_line(stderr, "yettctl: ", format, values);
	va_end(values);
	return CTL_USAGE;
}

enum ctl_exit
ctl_fault(enum rc rc)
{
	if (rc == RC_UNAVAILABLE)
		return ctl_refuse(
		    "the store is locked, full or out of memory, nothing was changed; "
		    "try again, then see yettctl doctor");
	return ctl_refuse("something is broken, nothing was changed; see yettctl doctor");
}

enum ctl_exit
ctl_answer(enum rc rc, const struct config_fault *fault)
{
	if (rc == RC_OK)
		return CTL_DONE;
	return fault->text[0] == '\0' ? ctl_fault(rc) : ctl_refuse("%s", fault->text);
}

void
ctl_say(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	say_line(stdout, "", format, values);
	va_end(values);
}

bool
ctl_colours(FILE *out)
{
	const char *term = getenv("TERM"), *off = getenv("NO_COLOR");

	return isatty(fileno(out)) && (off == NULL || off[0] == '\0') && term != NULL &&
	       strcmp(term, "dumb") != 0;
}
