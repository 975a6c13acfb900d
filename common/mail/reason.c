#include "mail/reason.h"

#include <stdio.h>

#include "base/text.h"

void
reason_add(char *line, size_t size, struct span text)
{
	size_t len = strlen(line);
	bool space = len > 0;

	while (text.len > 0) {
		struct span point = text;
		bool bad = text_next(&text) < 0;

		point.len -= text.len;
		if (bad || text_has_space(point)) {
			space = len > 0;
			continue;
		}
		if (len + (space ? 1 : 0) + point.len >= size)
			break;
		if (space)
			line[len++] = ' ';
		space = false;
		memcpy(line + len, point.data, point.len);
		len += point.len;
	}
	line[len] = '\0';
}

void
reason_line(char *line, size_t size, struct span text)
{
	line[0] = '\0';
	reason_add(line, size, text);
}

void
reason_print(char *line, size_t size, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	reason_line(line, size, span_of(text));
}
