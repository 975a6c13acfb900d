#include "base/json_scan.h"

#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"

/* Reads on from "at"; a NUL behind the text ends every loop. */
struct json_scan {
	const char *at;
	int depth;
};

static bool json_scan_value(struct json_scan *);

static void
json_scan_space(struct json_scan *scan)
{
	scan->at += strspn(scan->at, " \t\r\n");
}

/* Takes the character if it is the next one. */
static bool
json_scan_take(struct json_scan *scan, char c)
{
	if (*scan->at != c)
		return false;
	scan->at++;
	return true;
}

static bool
json_scan_word(struct json_scan *scan, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(scan->at, word, len) != 0)
		return false;
	scan->at += len;
	return true;
}

/* At least one digit. */
static bool
json_scan_digits(struct json_scan *scan)
{
	size_t count = strspn(scan->at, "0123456789");

	scan->at += count;
	return count > 0;
}

static bool
json_scan_number(struct json_scan *scan)
{
	const char *start = scan->at;

	(void)json_scan_take(scan, '-');
	if (!json_scan_take(scan, '0') && !json_scan_digits(scan))
		return false;
	if (json_scan_take(scan, '.') && !json_scan_digits(scan))
		return false;
	if (json_scan_take(scan, 'e') || json_scan_take(scan, 'E')) {
		if (!json_scan_take(scan, '-'))
			(void)json_scan_take(scan, '+');
		if (!json_scan_digits(scan))
			return false;
	}
	return isfinite(strtod(start, NULL));
}

/* Four hex digits after "\u". */
static bool
json_scan_unit(struct json_scan *scan, unsigned *unit)
{
	char digits[5] = { 0 };

	if (strspn(scan->at, "0123456789abcdefABCDEF") < 4)
		return false;
	memcpy(digits, scan->at, 4);
	*unit = (unsigned)strtoul(digits, NULL, 16);
	scan->at += 4;
	return true;
}

/* What follows a backslash; surrogates come in pairs or not at all. */
static bool
json_scan_escape(struct json_scan *scan)
{
	unsigned unit;

	if (*scan->at == '\0')
		return false;
	if (strchr("\"\\/bfnrt", *scan->at) != NULL) {
		scan->at++;
		return true;
	}
	if (!json_scan_take(scan, 'u') || !json_scan_unit(scan, &unit) || unit == 0)
		return false;
	if (unit < 0xd800 || unit > 0xdfff)
		return true;
	return unit < 0xdc00 && json_scan_word(scan, "\\u") && json_scan_unit(scan, &unit) &&
	       unit >= 0xdc00 && unit <= 0xdfff;
}

static bool
json_scan_string(struct json_scan *scan)
{
	if (!json_scan_take(scan, '"'))
		return false;
	while (!json_scan_take(scan, '"')) {
		if ((unsigned char)*scan->at < 0x20)
			return false;
		if (*scan->at++ == '\\' && !json_scan_escape(scan))
			return false;
	}
	return true;
}

static bool
json_scan_member(struct json_scan *scan)
{
	json_scan_space(scan);
	if (!json_scan_string(scan))
		return false;
	json_scan_space(scan);
	return json_scan_take(scan, ':') && json_scan_value(scan);
}

/* The inside of an array or object, whose opening bracket has been taken. */
static bool
json_scan_children(struct json_scan *scan, char end, bool (*child)(struct json_scan *))
{
	if (++scan->depth > JSON_DEPTH_MAX)
		return false;
	json_scan_space(scan);
	if (!json_scan_take(scan, end)) {
		do {
			if (!child(scan))
				return false;
		} while (json_scan_take(scan, ','));
		if (!json_scan_take(scan, end))
			return false;
	}
	scan->depth--;
	return true;
}

/* A value with the white space around it. Recursion is bounded by the depth. */
static bool
json_scan_value(struct json_scan *scan)
{
	bool good;

	json_scan_space(scan);
	if (json_scan_take(scan, '{'))
		good = json_scan_children(scan, '}', json_scan_member);
	else if (json_scan_take(scan, '['))
		good = json_scan_children(scan, ']', json_scan_value);
	else if (*scan->at == '"')
		good = json_scan_string(scan);
	else
		good = json_scan_word(scan, "true") || json_scan_word(scan, "false") ||
		       json_scan_word(scan, "null") || json_scan_number(scan);
	json_scan_space(scan);
	return good;
}

enum rc
json_scan(const char *text, size_t len)
{
	struct json_scan scan = { text, 0 };

	if (!text_is_utf8((struct span){ text, len }) || !json_scan_value(&scan))
		return RC_NO;
	return scan.at == text + len ? RC_OK : RC_NO;
}
