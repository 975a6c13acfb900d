#include "mail/language.h"

#include "base/weight.h"

static bool
language_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
language_is_part(struct span part, bool digits)
{
	for (size_t i = 0; i < part.len; i++) {
		char c = part.data[i];
		if (!language_is_letter(c) && !(digits && c >= '0' && c <= '9'))
			return false;
	}
	return part.len >= 1 && part.len <= 8;
}

bool
language_is_tag(struct span text)
{
	bool is_tag = text.len <= LANGUAGE_TAG_MAX && language_is_part(span_cut(&text, '-'), false);

	while (is_tag && text.data != NULL)
		is_tag = language_is_part(span_cut(&text, '-'), true);
	return is_tag;
}

/* Whether the tag is the range or, with "below", begins with it and a hyphen. */
static bool
language_matches(struct span tag, struct span range, bool below)
{
	struct span head = { tag.data, range.len };

	if (tag.len < range.len || (tag.len > range.len && !below))
		return false;
	return span_equal_nocase(head, range) &&
	       (tag.len == range.len || tag.data[range.len] == '-');
}

static size_t
language_first(struct span range, const struct span *tags, size_t count, bool below)
{
	size_t i = 0;

	while (i < count && !language_matches(tags[i], range, below))
		i++;
	return i;
}

/* Without the last part; nothing when there is but one. */
static struct span
language_above(struct span range)
{
	while (range.len > 0 && range.data[range.len - 1] != '-')
		range.len--;
	if (range.len > 0)
		range.len--;
	return range;
}

/* The tag for one range; "count" when there is none. */
static size_t
language_find(struct span range, const struct span *tags, size_t count)
{
	size_t found = count;

	if (span_equal(range, SPAN("*")))
		return 0;
	if (!language_is_tag(range))
		return count;
	for (struct span rest = range; rest.len > 0 && found == count; rest = language_above(rest))
		found = language_first(rest, tags, count, false);
	return found < count ? found : language_first(range, tags, count, true);
}

size_t
language_choose(struct span accept, const struct span *tags, size_t count)
{
	size_t chosen = 0;
	int best = 0;

	if (accept.len > LANGUAGE_ACCEPT_MAX)
		accept.len = LANGUAGE_ACCEPT_MAX;
	for (int i = 0; i < LANGUAGE_RANGES_MAX && accept.data != NULL; i++) {
		struct span parameters = span_cut(&accept, ',');
		struct span range = span_trim(span_cut(&parameters, ';'));
		int weight = weight_of(parameters);
		size_t found = language_find(range, tags, count);

		if (weight > best && found < count) {
			best = weight;
			chosen = found;
		}
	}
	return chosen;
}
