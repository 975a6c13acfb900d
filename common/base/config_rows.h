/* The inside of the configuration: config.def as tables, and the way of values between text and
 * memory. Only the files config*.c of this directory include it. */
#ifndef YETT_BASE_CONFIG_ROWS_H
#define YETT_BASE_CONFIG_ROWS_H

#include "base/arena.h"
#include "base/config.h"

#define CONFIG_LIST_MAX 256    /* words of one list */
#define CONFIG_ROLES_MAX 64    /* roles of one requirement */
#define CONFIG_VALUE_SIZE 1024 /* of a text in its checked form, with its NUL */
#define CONFIG_LABEL_SIZE 192
#define CONFIG_NOWHERE SIZE_MAX

enum config_part_id {
#define SECTION(name, kind, words) PART_##name,
#define SETTING(section, field, key, type, preset, bounds, words)
#define SECTION_END(name)
#include "base/config.def"
#undef SECTION
#undef SETTING
#undef SECTION_END
	PART_backend, /* what only [backend NAME] has */
	PART_protect,
	CONFIG_PARTS
};

enum config_value_type {
	VALUE_TEXT,
	VALUE_FLAG,
	VALUE_COUNT,
	VALUE_SIZE,
	VALUE_DURATION,
	VALUE_RATE,
	VALUE_CHOICE,
	VALUE_LIST,
	VALUE_REQUIRE
};

struct config_part {
	const char *name;
	const char *words;
	size_t in_config;  /* offset of its struct, or CONFIG_NOWHERE */
	size_t in_backend; /* the same in struct backend_config */
};

struct config_row {
	enum config_part_id part;
	const char *key;
	enum config_value_type type;
	const char *preset; /* NULL: must be given */
	const char *bounds;
	const char *words;
	size_t offset; /* in the struct of its part */
};

enum {
	CONFIG_ROWS = 3 /* transport, strategy, require */
#define SECTION(name, kind, words)
#define SETTING(section, field, key, type, preset, bounds, words) +1
#define SECTION_END(name)
#include "base/config.def"
#undef SECTION
#undef SETTING
#undef SECTION_END
};

extern const struct config_part config_parts[CONFIG_PARTS];
extern const struct config_row config_rows[CONFIG_ROWS];

/* The part or row of that name, CONFIG_PARTS or NULL when there is none. */
enum config_part_id config_part_find(struct span name);
const struct config_row *config_row_find(enum config_part_id, struct span key);

/* The row that a key of a [backend NAME] overrides, whatever the transport and strategy; also one
 * that cannot be overridden. NULL when there is none. */
const struct config_row *config_row_override(struct span key);

/* Whether some backend may override the row; whether this one may. */
bool config_row_overridable(const struct config_row *);
bool config_row_applies(const struct config_row *, const struct backend_config *);

/* Where the value lies. */
const void *config_row_slot(const struct config_row *, const struct config *);
const void *config_row_backend_slot(const struct config_row *, const struct backend_config *);

/* Reads a value into its slot; texts and lists live in the arena. RC_NO when it is none. */
enum rc config_value_read(
    const struct config_row *, struct span given, struct arena *, void *slot) RC_MUST;

/* Prints a value as config_value_read takes it. */
void config_value_print(const struct config_row *, const void *slot, FILE *);

/* What is wrong with a value that was refused, and what to write: for a fault. */
void config_value_advice(const struct config_row *, char *text, size_t size);

/* Which values there are, in Markdown. */
void config_value_document(const struct config_row *, FILE *);

/* Takes the next word off a list separated by spaces and tabs; false at the end. */
bool config_word(struct span *rest, struct span *word);

/* Texts with a meaning. Each writes the form to keep into CONFIG_VALUE_SIZE bytes and is false for
 * anything else. An origin is a URL without even a slash after it. */
bool config_check_url(struct span given, char *kept);
bool config_check_origin(struct span given, char *kept);
bool config_check_network(struct span given, char *kept);
bool config_check_role(struct span given, char *kept);
bool config_check_domain(struct span given, char *kept);
bool config_check_mount(struct span given, char *kept);       /* a path in URLs, not "/" */
bool config_check_cookie_path(struct span given, char *kept); /* the same, or "/" */
bool config_check_cookie_name(struct span given, char *kept);
bool config_check_file(struct span given, char *kept);     /* below the state directory */
bool config_check_log(struct span given, char *kept);      /* the same, or absolute */
bool config_check_file_any(struct span given, char *kept); /* the same, or nothing */
bool config_check_program(struct span given, char *kept);  /* an absolute path */
bool config_check_command(struct span given, char *kept);  /* one and arguments, or nothing */
bool config_check_mailbox(
    struct span given, char *kept); /* "Name <address>" or an address, or nothing */
bool config_check_smtp(
    struct span given, char *kept); /* smtp[s]://[user@]host[:port], or nothing */
bool config_check_protect(struct span given, char *kept); /* a path as it is after decoding */

/* Why this is no backend's name, and what to do; NULL when it is one. */
const char *config_backend_fault(struct span name);

/* Writes "FILE:LINE: LABEL: what" ("FILE: " for line 0, no label when it is empty); is RC_NO. */
enum rc config_refuse(struct config_fault *, const char *file, size_t line, const char *label,
    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Fills CONFIG_LABEL_SIZE bytes: "section.key", "backend web.key", "[section]" without a key;
 * over-long names are cut. */
void config_label(char *label, struct span section, struct span argument, struct span key);

#endif
