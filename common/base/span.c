#include "base/span.h"

#include <strings.h>

struct span
span_cut(struct span *rest, char separator)
{
	struct span head = *rest;
	const char *at = head.len == 0 ? NULL : memchr(head.data, separator, head.len);

	if (at == NULL) {
		*rest = SPAN_NONE;
		return head;
	}
	head.len = (size_t)(at - head.data);
	*rest = span_after(*rest, head.len + 1);
	return head;
}

struct span
span_trim(struct span text)
{
	while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
		text = span_after(text, 1);
	while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t'))
		text.len--;
	return text;
}

bool
span_equal_nocase(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || strncasecmp(a.data, b.data, a.len) == 0);
}

bool
span_copy(char *to, size_t size, struct span text)
{
	to[0] = '\0';
	if (text.len >= size || (text.len > 0 && memchr(text.data, '\0', text.len) != NULL))
		return false;
	if (text.len > 0)
		memcpy(to, text.data, text.len);
	to[text.len] = '\0';
	return true;
}
