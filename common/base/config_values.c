/* Values of settings: text to memory and back, and words about them. */
#include <inttypes.h>

#include "base/config_rows.h"
#include "base/text.h"

enum { DIGITS_MAX = 15, RATE_COUNT_MAX = 1000000 };

struct value_unit {
	const char *name;
	int64_t worth;
};

/* Smallest first. */
static const struct value_unit value_plain[] = { { "", 1 }, { NULL, 0 } };
static const struct value_unit value_sizes[] = { { "", 1 }, { "KiB", 1024 }, { "MiB", 1024 * 1024 },
	{ "GiB", 1024 * 1024 * 1024 }, { NULL, 0 } };
static const struct value_unit value_times[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 },
	{ "h", 60 * 60 * 1000 }, { "d", 24 * 60 * 60 * 1000 }, { NULL, 0 } };

static const int64_t value_window_min = 1000;
static const int64_t value_window_max = INT64_C(365) * 24 * 60 * 60 * 1000;

typedef bool value_check_fn(struct span given, char *kept);

/* What stands in the bounds of a text or of a list's words. */
struct value_meaning {
	const char *bounds;
	value_check_fn *check;
	const char *advice;
	const char *shown;
};

static const struct value_meaning value_meanings[] = {
	{ "URL", config_check_url,
	    "not an address of a site, give scheme, host and port alone, such as "
	    "https://www.example.org",
	    "`http://` or `https://`, host, port" },
	{ "ORIGIN", config_check_origin,
	    "not a list of origins, give scheme, host and port alone, such as "
	    "https://app.example.org",
	    "origins separated by spaces" },
	{ "CIDR", config_check_network,
	    "not a list of addresses, give some such as 10.0.0.0/8 or 2001:db8::1",
	    "IPv4 and IPv6 addresses and CIDR ranges separated by spaces" },
	{ "REQUIRED_FOR", config_check_role, "not a list of roles, give some such as superuser",
	    "`none`, `all`, or roles separated by spaces" },
	{ "DOMAIN", config_check_domain, "not a domain, give one such as example.org, or nothing",
	    "domain without a leading dot" },
	{ "PATH", config_check_mount,
	    "not a prefix, give a path of letters, digits and -._~ such as /auth, without a '/' "
	    "at its end",
	    "path, not `/`" },
	{ "COOKIE_PATH", config_check_cookie_path,
	    "not a path, give / or one of letters, digits and -._~ without a '/' at its end",
	    "path" },
	{ "COOKIE_NAME", config_check_cookie_name,
	    "not a name, give 1 to 64 letters, digits and -_. that do not begin with __",
	    "1 to 64 letters, digits, `-`, `_`, `.`" },
	{ "FILE", config_check_file,
	    "not a file below the state directory, give a relative path without .. such as yett.db",
	    "relative path" },
	{ "FILE_ANY", config_check_file_any, "not a file, give a path without ..", "path" },
	{ "PROGRAM", config_check_program,
	    "not a program, give an absolute path such as /usr/sbin/sendmail", "absolute path" },
	{ "COMMAND", config_check_command,
	    "not a command, give an absolute path and arguments without quotes, such as "
	    "/usr/local/bin/told --json",
	    "absolute path and arguments" },
	{ "MAILBOX", config_check_mailbox,
	    "not a sender, give an address, or Name <address> without quotes",
	    "address, or `Name <address>`" },
	{ "SMTP_URL", config_check_smtp,
	    "not a mail server, give smtp:// or smtps://, host and port, such as "
	    "smtp://user@mail.example.org:587",
	    "`smtp://` or `smtps://`, user, host, port" },
	{ "LOG", config_check_log, "not a file, give stderr, syslog or a path without ..",
	    "`stderr`, `syslog`, path" },
};

/* In the order of enum require_kind. */
static const char *const value_requires[] = {
	[REQUIRE_NONE] = "none",
	[REQUIRE_AUTHENTICATED] = "authenticated",
	[REQUIRE_ACTIVE] = "active",
	[REQUIRE_VERIFIED] = "verified",
	[REQUIRE_SUPERUSER] = "superuser",
	[REQUIRE_ANY_ROLE] = "any-role",
	[REQUIRE_ALL_ROLES] = "all-roles",
};

struct value_bounds {
	bool off;   /* "off" and 0 are allowed beside the range */
	bool empty; /* and so is nothing */
	struct span min;
	struct span max;
};

bool
config_word(struct span *rest, struct span *word)
{
	size_t length = 0;

	*rest = span_trim(*rest);
	while (length < rest->len && rest->data[length] != ' ' && rest->data[length] != '\t')
		length++;
	*word = (struct span){ rest->data, length };
	if (length > 0)
		*rest = span_after(*rest, length);
	return length > 0;
}

static struct value_bounds
value_bounds(const struct config_row *row)
{
	struct span rest = span_of(row->bounds);
	struct value_bounds bounds = { 0 };

	bounds.empty = span_starts(rest, SPAN("|off|"));
	if (bounds.empty)
		rest = span_after(rest, 1);
	bounds.off = span_starts(rest, SPAN("off|"));
	if (bounds.off)
		rest = span_after(rest, 4);
	bounds.min = span_cut(&rest, '.');
	bounds.max = rest.len > 0 ? span_after(rest, 1) : rest;
	return bounds;
}

static const struct value_meaning *
value_meaning(const struct config_row *row)
{
	for (size_t i = 0; i < sizeof(value_meanings) / sizeof(*value_meanings); i++) {
		if (strcmp(row->bounds, value_meanings[i].bounds) == 0)
			return &value_meanings[i];
	}
	return NULL;
}

static const struct value_unit *
value_units(enum config_value_type type)
{
	if (type == VALUE_SIZE)
		return value_sizes;
	return type == VALUE_DURATION || type == VALUE_RATE ? value_times : value_plain;
}

/* Reads digits and a unit. */
static bool
value_amount(struct span text, const struct value_unit *unit, int64_t *amount)
{
	int64_t number = 0;
	size_t digits = 0;

	for (; digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9';
	     digits++) {
		if (digits == DIGITS_MAX)
			return false;
		number = number * 10 + (text.data[digits] - '0');
	}
	if (digits == 0)
		return false;
	for (; unit->name != NULL; unit++) {
		if (span_equal(span_after(text, digits), span_of(unit->name))) {
			if (number > INT64_MAX / unit->worth)
				return false;
			*amount = number * unit->worth;
			return true;
		}
	}
	return false;
}

static enum rc
value_read_number(const struct config_row *row, struct span given, int64_t *slot)
{
	const struct value_unit *units = value_units(row->type);
	struct value_bounds bounds = value_bounds(row);
	int64_t min, max;

	if ((bounds.empty && given.len == 0) ||
	    (bounds.off && (span_equal(given, SPAN("off")) || span_equal(given, SPAN("0"))))) {
		*slot = 0;
		return RC_OK;
	}
	if (!value_amount(bounds.min, units, &min) || !value_amount(bounds.max, units, &max))
		return RC_INTERNAL;
	if (!value_amount(given, units, slot))
		return RC_NO;
	if (*slot == 0 && bounds.off)
		return RC_OK;
	return *slot >= min && *slot <= max ? RC_OK : RC_NO;
}

static enum rc
value_read_rate(struct span given, struct rate *slot)
{
	struct span window = given, count = span_cut(&window, '/');

	*slot = (struct rate){ 0, 0 };
	if (span_equal(given, SPAN("off")))
		return RC_OK;
	if (!value_amount(count, value_plain, &slot->count) ||
	    !value_amount(window, value_times, &slot->window))
		return RC_NO;
	return slot->count >= 1 && slot->count <= RATE_COUNT_MAX &&
		       slot->window >= value_window_min && slot->window <= value_window_max
		   ? RC_OK
		   : RC_NO;
}

static enum rc
value_read_choice(struct span words, struct span given, int *slot)
{
	for (int i = 0; words.data != NULL; i++) {
		if (span_equal(span_cut(&words, '|'), given)) {
			*slot = i;
			return RC_OK;
		}
	}
	return RC_NO;
}

static enum rc
value_read_flag(struct span given, bool *slot)
{
	*slot = span_equal(given, SPAN("on"));
	return *slot || span_equal(given, SPAN("off")) ? RC_OK : RC_NO;
}

static enum rc
value_keep(struct span text, struct arena *arena, const char **slot)
{
	*slot = arena_text(arena, text);
	return *slot == NULL ? RC_UNAVAILABLE : RC_OK;
}

static enum rc
value_read_text(
    const struct config_row *row, struct span given, struct arena *arena, const char **slot)
{
	const struct value_meaning *meaning = value_meaning(row);
	struct value_bounds bounds = value_bounds(row);
	char kept[CONFIG_VALUE_SIZE];
	int64_t min, max;

	if (meaning != NULL)
		return meaning->check(given, kept) ? value_keep(span_of(kept), arena, slot) : RC_NO;
	if (!value_amount(bounds.min, value_plain, &min) ||
	    !value_amount(bounds.max, value_plain, &max))
		return RC_INTERNAL;
	if ((int64_t)given.len < min || (int64_t)given.len > max)
		return RC_NO;
	return value_keep(given, arena, slot);
}

/* Counts the words, so that the list takes no more memory than it needs. */
static size_t
value_count(struct span words)
{
	struct span word;
	size_t count = 0;

	while (config_word(&words, &word))
		count++;
	return count;
}

static enum rc
value_read_list(
    const struct config_row *row, struct span given, struct arena *arena, struct config_list *slot)
{
	const struct value_meaning *meaning = value_meaning(row);
	size_t count = value_count(given);
	char kept[CONFIG_VALUE_SIZE];
	const char **items;
	struct span word;

	if (meaning == NULL)
		return RC_INTERNAL;
	if (count > CONFIG_LIST_MAX)
		return RC_NO;
	items = arena_alloc(arena, count * sizeof(*items));
	if (items == NULL)
		return RC_UNAVAILABLE;
	for (size_t i = 0; config_word(&given, &word); i++) {
		if (!meaning->check(word, kept))
			return RC_NO;
		if (value_keep(span_of(kept), arena, &items[i]) != RC_OK)
			return RC_UNAVAILABLE;
	}
	*slot = (struct config_list){ items, count };
	return RC_OK;
}

static enum rc
value_read_roles(struct arena *arena, struct span words, struct config_list *out)
{
	size_t count = value_count(words);
	const char **items;
	struct span word, role;
	enum rc rc;

	if (count == 0 || count > CONFIG_ROLES_MAX)
		return RC_NO;
	items = arena_alloc(arena, count * sizeof(*items));
	if (items == NULL)
		return RC_UNAVAILABLE;
	for (size_t i = 0; config_word(&words, &word); i++) {
		rc = text_role(arena, word, &role);
		if (rc == RC_OK)
			rc = value_keep(role, arena, &items[i]);
		if (rc != RC_OK)
			return rc;
	}
	*out = (struct config_list){ items, count };
	return RC_OK;
}

enum rc
config_requirement(struct arena *arena, struct span words, struct requirement *out)
{
	struct requirement found = { 0 };
	struct span word;
	int kind = 0;
	enum rc rc;

	if (!config_word(&words, &word))
		return RC_NO;
	while (kind <= REQUIRE_ALL_ROLES && !span_equal(word, span_of(value_requires[kind])))
		kind++;
	if (kind > REQUIRE_ALL_ROLES)
		return RC_NO;
	found.kind = (enum require_kind)kind;
	if (found.kind == REQUIRE_ANY_ROLE || found.kind == REQUIRE_ALL_ROLES) {
		rc = value_read_roles(arena, words, &found.roles);
		if (rc != RC_OK)
			return rc;
	} else if (config_word(&words, &word)) {
		return RC_NO;
	}
	*out = found;
	return RC_OK;
}

enum rc
config_value_read(const struct config_row *row, struct span given, struct arena *arena, void *slot)
{
	switch (row->type) {
	case VALUE_TEXT:
		return value_read_text(row, given, arena, slot);
	case VALUE_FLAG:
		return value_read_flag(given, slot);
	case VALUE_COUNT:
	case VALUE_SIZE:
	case VALUE_DURATION:
		return value_read_number(row, given, slot);
	case VALUE_RATE:
		return value_read_rate(given, slot);
	case VALUE_CHOICE:
		return value_read_choice(span_of(row->bounds), given, slot);
	case VALUE_LIST:
		return value_read_list(row, given, arena, slot);
	case VALUE_REQUIRE:
		return config_requirement(arena, given, slot);
	}
	return RC_INTERNAL;
}

/* In the largest unit that gives a whole number. */
static void
value_print_amount(int64_t amount, const struct value_unit *unit, FILE *to)
{
	const struct value_unit *largest = unit;

	for (; amount > 0 && unit->name != NULL; unit++) {
		if (amount % unit->worth == 0)
			largest = unit;
	}
	fprintf(to, "%" PRId64 "%s", amount / largest->worth, largest->name);
}

static void
value_print_number(const struct config_row *row, int64_t amount, FILE *to)
{
	if (amount == 0 && value_bounds(row).off)
		fputs("off", to);
	else
		value_print_amount(amount, value_units(row->type), to);
}

static void
value_print_rate(const struct rate *rate, FILE *to)
{
	if (rate->count == 0) {
		fputs("off", to);
		return;
	}
	fprintf(to, "%" PRId64 "/", rate->count);
	value_print_amount(rate->window, value_times, to);
}

static void
value_print_choice(struct span words, int chosen, FILE *to)
{
	struct span word = span_cut(&words, '|');

	while (chosen-- > 0)
		word = span_cut(&words, '|');
	fprintf(to, "%.*s", (int)word.len, word.data);
}

static void
value_print_list(const struct config_list *list, const char *before, FILE *to)
{
	for (size_t i = 0; i < list->count; i++) {
		fprintf(to, "%s%s", before, list->items[i]);
		before = " ";
	}
}

void
config_value_print(const struct config_row *row, const void *slot, FILE *to)
{
	const struct requirement *require = slot;

	switch (row->type) {
	case VALUE_TEXT:
		fputs(*(const char *const *)slot, to);
		break;
	case VALUE_FLAG:
		fputs(*(const bool *)slot ? "on" : "off", to);
		break;
	case VALUE_COUNT:
	case VALUE_SIZE:
	case VALUE_DURATION:
		value_print_number(row, *(const int64_t *)slot, to);
		break;
	case VALUE_RATE:
		value_print_rate(slot, to);
		break;
	case VALUE_CHOICE:
		value_print_choice(span_of(row->bounds), *(const int *)slot, to);
		break;
	case VALUE_LIST:
		value_print_list(slot, "", to);
		break;
	case VALUE_REQUIRE:
		fputs(value_requires[require->kind], to);
		value_print_list(&require->roles, " ", to);
		break;
	}
}

/* "a, b or c" out of "a|b|c". */
static void
value_words(const char *bounds, char *text, size_t size)
{
	struct span rest = span_of(bounds), word;
	const char *before = "";
	size_t used = 0;

	text[0] = '\0';
	while (rest.data != NULL && used < size) {
		word = span_cut(&rest, '|');
		used += (size_t)snprintf(
		    text + used, size - used, "%s%.*s", before, (int)word.len, word.data);
		before =
		    rest.data != NULL && memchr(rest.data, '|', rest.len) != NULL ? ", " : " or ";
	}
}

/* The range in words, "8KiB to 1GiB, or off". */
static void
value_range(const struct config_row *row, char *text, size_t size)
{
	struct value_bounds bounds = value_bounds(row);

	snprintf(text, size, "%.*s to %.*s%s", (int)bounds.min.len, bounds.min.data,
	    (int)bounds.max.len, bounds.max.data, bounds.off ? ", or off" : "");
}

static const char *const value_nouns[] = {
	[VALUE_TEXT] = "a text",
	[VALUE_COUNT] = "a whole number",
	[VALUE_SIZE] = "a size",
	[VALUE_DURATION] = "a duration",
	[VALUE_LIST] = "a list",
};

void
config_value_advice(const struct config_row *row, char *text, size_t size)
{
	const struct value_meaning *meaning = value_meaning(row);
	char words[128];

	if (meaning != NULL) {
		snprintf(text, size, "%s", meaning->advice);
		return;
	}
	switch (row->type) {
	case VALUE_FLAG:
		snprintf(text, size, "not a switch, write on or off");
		break;
	case VALUE_CHOICE:
		value_words(row->bounds, words, sizeof(words));
		snprintf(text, size, "unknown word, write %s", words);
		break;
	case VALUE_RATE:
		snprintf(
		    text, size, "not a rate, write COUNT/WINDOW such as %s, or off", row->preset);
		break;
	case VALUE_REQUIRE:
		snprintf(text, size,
		    "not a requirement, write none, authenticated, active, verified, superuser, "
		    "any-role ROLE... or all-roles ROLE...");
		break;
	case VALUE_TEXT:
	case VALUE_COUNT:
	case VALUE_SIZE:
	case VALUE_DURATION:
	case VALUE_LIST:
		value_range(row, words, sizeof(words));
		snprintf(text, size, "not %s in bounds, give %s%s", value_nouns[row->type], words,
		    row->type == VALUE_TEXT ? " bytes" : "");
		break;
	}
}

void
config_value_document(const struct config_row *row, FILE *to)
{
	const struct value_meaning *meaning = value_meaning(row);
	struct span rest = span_of(row->bounds), word;
	const char *before = "";
	char words[128];

	if (meaning != NULL || row->type == VALUE_LIST) {
		fputs(meaning == NULL ? "words" : meaning->shown, to);
	} else if (row->type == VALUE_FLAG) {
		fputs("`on`, `off`", to);
	} else if (row->type == VALUE_RATE) {
		fputs("count/window, or `off`", to);
	} else if (row->type == VALUE_CHOICE) {
		for (; rest.data != NULL; before = ", ") {
			word = span_cut(&rest, '|');
			fprintf(to, "%s`%.*s`", before, (int)word.len, word.data);
		}
	} else {
		value_range(row, words, sizeof(words));
		fprintf(to, "%s%s", words, row->type == VALUE_TEXT ? " bytes" : "");
	}
}
