#include "base/config_rows.h"

#include <stdarg.h>

enum { LABEL_WORD_MAX = 48, FILE_SHOWN_MAX = 200 };

#define IN_BACKEND_ONCE(name) CONFIG_NOWHERE
#define IN_BACKEND_BACKEND(name) offsetof(struct backend_config, name)

const struct config_part config_parts[CONFIG_PARTS] = {
#define SECTION(name, kind, words) \
	[PART_##name] = { #name, words, offsetof(struct config, name), IN_BACKEND_##kind(name) },
#define SETTING(section, field, key, type, preset, bounds, words)
#define SECTION_END(name)
#include "base/config.def"
#undef SECTION
#undef SETTING
#undef SECTION_END
	[PART_backend] = { "backend", "A name, a transport and a strategy.", CONFIG_NOWHERE, 0 },
	[PART_protect] = { "protect", "What the guard demands under a path.", CONFIG_NOWHERE,
	    CONFIG_NOWHERE },
};

const struct config_row config_rows[CONFIG_ROWS] = {
#define SECTION(name, kind, words)
#define SETTING(section, field, key, type, preset, bounds, words)   \
	{ PART_##section, key, VALUE_##type, preset, bounds, words, \
		offsetof(struct config_##section, field) },
#define SECTION_END(name)
#include "base/config.def"
#undef SECTION
#undef SETTING
#undef SECTION_END
	{ PART_backend, "transport", VALUE_CHOICE, NULL, "bearer|cookie",
	    "How a token travels: in the Authorization header, or in a cookie.",
	    offsetof(struct backend_config, transport) },
	{ PART_backend, "strategy", VALUE_CHOICE, NULL, "jwt|database",
	    "What a token is: a JWT, or a row of the database.",
	    offsetof(struct backend_config, strategy) },
	{ PART_protect, "require", VALUE_REQUIRE, NULL, "", "Who may pass.",
	    offsetof(struct protect_rule, require) },
};

enum config_part_id
config_part_find(struct span name)
{
	for (int i = 0; i < CONFIG_PARTS; i++) {
		if (span_equal(name, span_of(config_parts[i].name)))
			return (enum config_part_id)i;
	}
	return CONFIG_PARTS;
}

const struct config_row *
config_row_find(enum config_part_id part, struct span key)
{
	for (size_t i = 0; i < CONFIG_ROWS; i++) {
		if (config_rows[i].part == part && span_equal(key, span_of(config_rows[i].key)))
			return &config_rows[i];
	}
	return NULL;
}

const struct config_row *
config_row_override(struct span key)
{
	for (size_t i = 0; i < CONFIG_ROWS; i++) {
		const struct config_row *row = &config_rows[i];

		if (row->part != PART_backend &&
		    config_parts[row->part].in_backend != CONFIG_NOWHERE &&
		    span_equal(key, span_of(row->key)))
			return row;
	}
	return NULL;
}

bool
config_row_overridable(const struct config_row *row)
{
	static const char *const shared[] = { "file", "busy_timeout", "synchronous", "journal" };

	if (row->part == PART_backend || config_parts[row->part].in_backend == CONFIG_NOWHERE)
		return false;
	for (size_t i = 0; row->part == PART_database && i < sizeof(shared) / sizeof(*shared);
	     i++) {
		if (strcmp(row->key, shared[i]) == 0)
			return false;
	}
	return true;
}

bool
config_row_applies(const struct config_row *row, const struct backend_config *backend)
{
	if (row->part == PART_cookie && backend->transport != TRANSPORT_COOKIE)
		return false;
	if (row->part == PART_jwt && backend->strategy != STRATEGY_JWT)
		return false;
	return config_row_overridable(row);
}

const void *
config_row_slot(const struct config_row *row, const struct config *config)
{
	return (const char *)config + config_parts[row->part].in_config + row->offset;
}

const void *
config_row_backend_slot(const struct config_row *row, const struct backend_config *backend)
{
	return (const char *)backend + config_parts[row->part].in_backend + row->offset;
}

/* Appends at most LABEL_WORD_MAX bytes of the word, never half a character. */
static void
config_label_add(char *label, struct span word)
{
	size_t used = strlen(label), shown = word.len;

	if (shown > LABEL_WORD_MAX) {
		shown = LABEL_WORD_MAX;
		while (shown > 0 && ((unsigned char)word.data[shown] & 0xC0) == 0x80)
			shown--;
	}
	snprintf(label + used, CONFIG_LABEL_SIZE - used, "%.*s%s", (int)shown,
	    word.data == NULL ? "" : word.data, shown < word.len ? "..." : "");
	for (label += used; *label != '\0'; label++) {
		if ((unsigned char)*label < ' ' || *label == 0x7F)
			*label = '?';
	}
}

void
config_label(char *label, struct span section, struct span argument, struct span key)
{
	label[0] = '\0';
	config_label_add(label, key.len == 0 ? SPAN("[") : SPAN(""));
	config_label_add(label, section);
	config_label_add(label, argument.len > 0 ? SPAN(" ") : SPAN(""));
	config_label_add(label, argument);
	config_label_add(label, key.len == 0 ? SPAN("]") : SPAN("."));
	config_label_add(label, key);
}

enum rc
config_refuse(struct config_fault *fault, const char *file, size_t line, const char *label,
    const char *format, ...)
{
	size_t length = strlen(file);
	char place[24] = "", what[256];
	va_list list;

	/* Of a long path the end tells more, and the rest must still fit. */
	if (length > FILE_SHOWN_MAX)
		file += length - FILE_SHOWN_MAX;
	if (line > 0)
		snprintf(place, sizeof(place), ":%zu", line);
	va_start(list, format);
	vsnprintf(what, sizeof(what), format, list);
	va_end(list);
	snprintf(fault->text, sizeof(fault->text), "%s%s: %s%s%s", file, place, label,
	    label[0] == '\0' ? "" : ": ", what);
	return RC_NO;
}
