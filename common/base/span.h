/* A view of bytes that somebody else owns; the length travels with them. */
#ifndef YETT_BASE_SPAN_H
#define YETT_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *data; /* not NUL terminated; NULL means "not given", then len is 0 */
	size_t len;
};

/* A span over a string literal. */
#define SPAN(literal) ((struct span){ (literal), sizeof(literal) - 1 })

/* The "not given" span. */
#define SPAN_NONE ((struct span){ NULL, 0 })

/* The same as an initialiser, for tables with static storage. */
#define SPAN_INIT(literal)                     \
	{                                      \
		(literal), sizeof(literal) - 1 \
	}

/* A span over a C string; NULL gives the "not given" span. */
static inline struct span
span_of(const char *text)
{
	return (struct span){ text, text == NULL ? 0 : strlen(text) };
}

/* Byte equality; not for secrets (see secret_equal). */
static inline bool
span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Whether "text" begins with "prefix". */
static inline bool
span_starts(struct span text, struct span prefix)
{
	return text.len >= prefix.len &&
	       (prefix.len == 0 || memcmp(text.data, prefix.data, prefix.len) == 0);
}

/* The span without its first "count" bytes; "count" may not exceed the length. */
static inline struct span
span_after(struct span text, size_t count)
{
	if (count == 0) /* also of what is "not given": NULL takes no offset */
		return text;
	return (struct span){ text.data + count, text.len - count };
}

/* Splits at the first "separator": returns what is before it, leaves in *rest what is after it.
 * Without a separator the whole is returned and *rest becomes "not given". */
struct span span_cut(struct span *rest, char separator);

/* The span without leading and trailing spaces and tabs. */
struct span span_trim(struct span text);

/* ASCII case-insensitive equality, for header and scheme names. */
bool span_equal_nocase(struct span a, struct span b);

/* Copies into a C string of "size" bytes; false (and an empty string) when it does not fit or
 * holds a NUL. */
bool span_copy(char *to, size_t size, struct span text);

#endif
