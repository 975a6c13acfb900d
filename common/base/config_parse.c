/* Text to configuration: once over the lines for everything but what backends override, then,
 * when all that they override is known, once more for that. */
#include <stdlib.h>

#include "base/config_rows.h"
#include "base/ini.h"

#define CONFIG_ARENA_SIZE (4 * (size_t)CONFIG_SIZE_MAX)

struct config_reader {
	struct config *config;
	struct config_fault *fault;
	const char *file;
	struct ini_line line; /* in hand */

	enum config_part_id part; /* of the section in hand; CONFIG_PARTS before the first */
	struct ini_line header;
	size_t index;             /* of its backend or protect rule */
	size_t seen[CONFIG_ROWS]; /* lines of the keys in this section */

	size_t part_lines[CONFIG_PARTS];
	size_t row_lines[CONFIG_ROWS];
	size_t backend_lines[BACKENDS_MAX];
	size_t protect_lines[PROTECTS_MAX];
};

static size_t
config_row_index(const struct config_row *row)
{
	return (size_t)(row - config_rows);
}

static enum rc
config_refuse_header(struct config_reader *reader, const char *what)
{
	char label[CONFIG_LABEL_SIZE];

	config_label(label, reader->line.name, reader->line.value, SPAN(""));
	return config_refuse(reader->fault, reader->file, reader->line.number, label, "%s", what);
}

static enum rc
config_refuse_setting(struct config_reader *reader, const char *what)
{
	char label[CONFIG_LABEL_SIZE];

	config_label(label, reader->header.name, reader->header.value, reader->line.name);
	return config_refuse(reader->fault, reader->file, reader->line.number, label, "%s", what);
}

static enum rc
config_refuse_repeated(struct config_reader *reader, bool header, size_t before)
{
	char what[64];

	snprintf(what, sizeof(what), "given on line %zu already, remove one", before);
	return header ? config_refuse_header(reader, what) : config_refuse_setting(reader, what);
}

/* Reads the value in hand into the slot, which lies in the configuration, and says in the fault
 * what is wrong with it. */
static enum rc
config_set(struct config_reader *reader, const struct config_row *row, const void *slot)
{
	struct config *config = reader->config;
	char *target = (char *)config + ((const char *)slot - (const char *)config);
	char advice[256];
	enum rc rc = config_value_read(row, reader->line.value, config->memory, target);

	if (rc == RC_OK)
		return rc;
	config_value_advice(row, advice, sizeof(advice));
	(void)config_refuse_setting(reader, rc == RC_NO ? advice : "out of memory, shorten it");
	return rc;
}

static enum rc
config_presets(struct config_reader *reader)
{
	for (size_t i = 0; i < CONFIG_ROWS; i++) {
		const struct config_row *row = &config_rows[i];

		if (row->preset == NULL)
			continue;
		reader->header.name = span_of(config_parts[row->part].name);
		reader->line.name = span_of(row->key);
		reader->line.value = span_of(row->preset);
		if (config_set(reader, row, config_row_slot(row, reader->config)) != RC_OK)
			return RC_INTERNAL;
	}
	reader->line = reader->header = (struct ini_line){ 0 };
	return RC_OK;
}

static size_t
config_backend_index(const struct config *config, struct span name)
{
	size_t i = 0;

	while (i < config->backend_count && !span_equal(name, span_of(config->backends[i].name)))
		i++;
	return i;
}

static enum rc
config_enter_backend(struct config_reader *reader)
{
	struct config *config = reader->config;
	const char *fault = config_backend_fault(reader->line.value);
	size_t i = config_backend_index(config, reader->line.value);

	if (fault != NULL)
		return config_refuse_header(reader, fault);
	if (i < config->backend_count)
		return config_refuse_repeated(reader, true, reader->backend_lines[i]);
	if (i == BACKENDS_MAX)
		return config_refuse_header(reader, "too many backends, have at most 8");
	if (!span_copy(config->backends[i].name, BACKEND_NAME_MAX + 1, reader->line.value))
		return RC_INTERNAL;
	reader->backend_lines[i] = reader->line.number;
	reader->index = i;
	config->backend_count++;
	return RC_OK;
}

static enum rc
config_enter_protect(struct config_reader *reader)
{
	struct config *config = reader->config;
	size_t i = 0, count = config->protect_count;
	char path[CONFIG_VALUE_SIZE];

	if (!config_check_protect(reader->line.value, path))
		return config_refuse_header(reader,
		    "not a path, write one as it is after "
		    "decoding: a '/' in front, "
		    "no empty or dot segment, no %, ?, # or backslash");
	while (i < count && strcmp(config->protects[i].path, path) != 0)
		i++;
	if (i < count)
		return config_refuse_repeated(reader, true, reader->protect_lines[i]);
	if (i == PROTECTS_MAX)
		return config_refuse_header(reader, "too many rules, have at most 64");
	config->protects[i].path = arena_text(config->memory, span_of(path));
	if (config->protects[i].path == NULL)
		return RC_UNAVAILABLE;
	reader->protect_lines[i] = reader->line.number;
	reader->index = i;
	config->protect_count++;
	return RC_OK;
}

/* The section in hand ends: whatever has no default must have been given. */
static enum rc
config_leave(struct config_reader *reader)
{
	char label[CONFIG_LABEL_SIZE], advice[256];

	for (size_t i = 0; i < CONFIG_ROWS; i++) {
		const struct config_row *row = &config_rows[i];

		if (row->part != reader->part || row->preset != NULL || reader->seen[i] > 0)
			continue;
		config_label(label, reader->header.name, reader->header.value, span_of(row->key));
		config_value_advice(row, advice, sizeof(advice));
		return config_refuse(reader->fault, reader->file, reader->header.number, label,
		    "missing, %s",
		    strstr(advice, ", ") == NULL ? advice : strstr(advice, ", ") + 2);
	}
	return RC_OK;
}

static enum rc
config_enter(struct config_reader *reader)
{
	enum config_part_id part = config_part_find(reader->line.name);
	enum rc rc = config_leave(reader);

	if (rc != RC_OK)
		return rc;
	if (part == CONFIG_PARTS)
		return config_refuse_header(reader, "unknown section, remove it");
	reader->part = part;
	reader->header = reader->line;
	memset(reader->seen, 0, sizeof(reader->seen));
	if (part == PART_backend)
		return config_enter_backend(reader);
	if (part == PART_protect)
		return config_enter_protect(reader);
	if (reader->line.value.len > 0)
		return config_refuse_header(
		    reader, "a name that this section does not take, remove it");
	if (reader->part_lines[part] > 0)
		return config_refuse_repeated(reader, true, reader->part_lines[part]);
	reader->part_lines[part] = reader->line.number;
	return RC_OK;
}

/* The row of the setting in hand; *override says that a backend has it from another section. */
static const struct config_row *
config_row_in_hand(const struct config_reader *reader, bool *override)
{
	const struct config_row *row = config_row_find(reader->part, reader->line.name);

	*override = row == NULL && reader->part == PART_backend;
	return *override ? config_row_override(reader->line.name) : row;
}

static enum rc
config_first_setting(struct config_reader *reader)
{
	bool override;
	const struct config_row *row = config_row_in_hand(reader, &override);
	struct config *config = reader->config;
	size_t i;

	if (reader->part == CONFIG_PARTS)
		return config_refuse(reader->fault, reader->file, reader->line.number, "",
		    "a setting before the first section, put it below a [section]");
	if (row == NULL)
		return config_refuse_setting(reader, "unknown key, remove it");
	i = config_row_index(row);
	if (reader->seen[i] > 0)
		return config_refuse_repeated(reader, false, reader->seen[i]);
	reader->seen[i] = reader->line.number;
	if (override)
		return RC_OK;
	if (reader->part == PART_backend)
		return config_set(
		    reader, row, config_row_backend_slot(row, &config->backends[reader->index]));
	if (reader->part == PART_protect)
		return config_set(reader, row, &config->protects[reader->index].require);
	reader->row_lines[i] = reader->line.number;
	return config_set(reader, row, config_row_slot(row, config));
}

static enum rc
config_first_line(struct config_reader *reader)
{
	switch (reader->line.kind) {
	case INI_BLANK:
		return RC_OK;
	case INI_SECTION:
		return config_enter(reader);
	case INI_SETTING:
		return config_first_setting(reader);
	case INI_BROKEN:
		return config_refuse(reader->fault, reader->file, reader->line.number, "", "%.*s",
		    (int)reader->line.value.len, reader->line.value.data);
	}
	return RC_INTERNAL;
}

static enum rc
config_override(struct config_reader *reader)
{
	struct backend_config *backend = &reader->config->backends[reader->index];
	bool override;
	const struct config_row *row = config_row_in_hand(reader, &override);
	char what[128];

	if (!override)
		return RC_OK;
	if (!config_row_overridable(row))
		return config_refuse_setting(
		    reader, "the same for all backends, set it in [database]");
	if (!config_row_applies(row, backend)) {
		snprintf(what, sizeof(what),
		    "a key of [%s], which this backend does not use, remove it",
		    config_parts[row->part].name);
		return config_refuse_setting(reader, what);
	}
	return config_set(reader, row, config_row_backend_slot(row, backend));
}

static enum rc
config_second_line(struct config_reader *reader)
{
	if (reader->line.kind == INI_SECTION) {
		reader->part = config_part_find(reader->line.name);
		reader->header = reader->line;
		if (reader->part == PART_backend)
			reader->index = config_backend_index(reader->config, reader->line.value);
	}
	return reader->line.kind == INI_SETTING && reader->part == PART_backend
		   ? config_override(reader)
		   : RC_OK;
}

typedef enum rc config_line_fn(struct config_reader *);

static enum rc
config_lines(struct config_reader *reader, struct span text, config_line_fn *each)
{
	size_t number = 0;
	enum rc rc = RC_OK;

	reader->part = CONFIG_PARTS;
	while (rc == RC_OK && ini_next(&text, &number, &reader->line) == RC_OK)
		rc = each(reader);
	return rc;
}

/* Every backend starts from what the sections say, wherever they stand in the file. */
static void
config_inherit(struct config *config)
{
	for (size_t i = 0; i < config->backend_count; i++) {
		config->backends[i].jwt = config->jwt;
		config->backends[i].database = config->database;
		config->backends[i].cookie = config->cookie;
	}
}

static enum rc
config_judge_paths(const struct config_reader *reader)
{
	struct span auth = span_of(reader->config->paths.auth);
	struct span users = span_of(reader->config->paths.users);
	struct span outer = auth.len < users.len ? auth : users;
	struct span inner = auth.len < users.len ? users : auth;
	size_t line =
	    reader->row_lines[config_row_index(config_row_find(PART_paths, SPAN("users")))];

	if (line == 0)
		line =
		    reader->row_lines[config_row_index(config_row_find(PART_paths, SPAN("auth")))];
	if (!span_starts(inner, outer) || (inner.len > outer.len && inner.data[outer.len] != '/'))
		return RC_OK;
	return config_refuse(reader->fault, reader->file, line, "paths.users",
	    "the same as paths.auth or one inside the other, choose two places");
}

static enum rc
config_judge_cookie(const struct config_reader *reader, const struct config_cookie *cookie,
    size_t line, const char *label)
{
	if (cookie->samesite != SAMESITE_NONE || cookie->secure)
		return RC_OK;
	return config_refuse(reader->fault, reader->file, line, label,
	    "none without secure, which browsers refuse, set secure = on or another samesite");
}

/* Whether one of the cookies of "a" has the name of one of those of "b". */
static bool
config_cookies_clash(const char *a, const char *b)
{
	static const char *const endings[] = { "", "_refresh", "_csrf", "_pending" };
	const size_t count = sizeof(endings) / sizeof(*endings);
	char left[96], right[96];

	for (size_t i = 0; i < count * count; i++) {
		snprintf(left, sizeof(left), "%s%s", a, endings[i / count]);
		snprintf(right, sizeof(right), "%s%s", b, endings[i % count]);
		if (strcmp(left, right) == 0)
			return true;
	}
	return false;
}

static enum rc
config_judge_backend(const struct config_reader *reader, size_t index)
{
	const struct backend_config *backend = &reader->config->backends[index], *other;
	size_t line = reader->backend_lines[index];
	char label[CONFIG_LABEL_SIZE];

	if (backend->transport != TRANSPORT_COOKIE)
		return RC_OK;
	for (size_t i = 0; i < index; i++) {
		other = &reader->config->backends[i];
		if (other->transport != TRANSPORT_COOKIE ||
		    !config_cookies_clash(backend->cookie.name, other->cookie.name))
			continue;
		config_label(label, SPAN("backend"), span_of(backend->name), SPAN("name"));
		return config_refuse(reader->fault, reader->file, line, label,
		    "cookies named as those of [backend %s], give this backend a name = of its own",
		    other->name);
	}
	config_label(label, SPAN("backend"), span_of(backend->name), SPAN("samesite"));
	return config_judge_cookie(reader, &backend->cookie, line, label);
}

/* A transport that lacks what it sends through. */
static enum rc
config_judge_mail(const struct config_reader *reader)
{
	const struct config_mail *mail = &reader->config->mail;
	const struct config_row *row = config_row_find(PART_mail, SPAN("transport"));
	const char *wants = NULL;

	if (mail->transport == MAIL_SMTP && mail->smtp_url[0] == '\0')
		wants = "smtp without a server, set mail.smtp_url too";
	if (mail->transport == MAIL_COMMAND && mail->command[0] == '\0')
		wants = "command without one, set mail.command too";
	if (wants == NULL)
		return RC_OK;
	return config_refuse(reader->fault, reader->file, reader->row_lines[config_row_index(row)],
	    "mail.transport", "%s", wants);
}

/* A new address that no link could ever confirm. */
static enum rc
config_judge_change(const struct config_reader *reader)
{
	const struct config *config = reader->config;
	const struct config_row *row = config_row_find(PART_routes, SPAN("verify"));

	if (config->routes.verification || !config->routes.users ||
	    config->account.email_change == EMAIL_CHANGE_IMMEDIATE)
		return RC_OK;
	return config_refuse(reader->fault, reader->file, reader->row_lines[config_row_index(row)],
	    "routes.verify",
	    "off, while a new address waits for its link, set account.email_change = immediate "
	    "first");
}

/* Settings that are fine one by one and contradict each other. */
static enum rc
config_judge(const struct config_reader *reader)
{
	const struct config_row *samesite = config_row_find(PART_cookie, SPAN("samesite"));
	enum rc rc = config_judge_paths(reader);

	if (rc == RC_OK)
		rc = config_judge_cookie(reader, &reader->config->cookie,
		    reader->row_lines[config_row_index(samesite)], "cookie.samesite");
	if (rc == RC_OK)
		rc = config_judge_mail(reader);
	if (rc == RC_OK)
		rc = config_judge_change(reader);
	if (rc == RC_OK && reader->config->backend_count == 0)
		rc = config_refuse(
		    reader->fault, reader->file, 0, "", "no backend, add a section [backend NAME]");
	for (size_t i = 0; rc == RC_OK && i < reader->config->backend_count; i++)
		rc = config_judge_backend(reader, i);
	return rc;
}

static enum rc
config_read(struct config_reader *reader, struct span text)
{
	enum rc rc = config_presets(reader);

	if (rc == RC_OK)
		rc = config_lines(reader, text, config_first_line);
	if (rc == RC_OK)
		rc = config_leave(reader);
	if (rc != RC_OK)
		return rc;
	config_inherit(reader->config);
	rc = config_lines(reader, text, config_second_line);
	return rc == RC_OK ? config_judge(reader) : rc;
}

enum rc
config_parse(struct span text, const char *file, struct config **out, struct config_fault *fault)
{
	struct config_reader *reader = calloc(1, sizeof(*reader));
	struct config *config = calloc(1, sizeof(*config));
	enum rc rc = RC_UNAVAILABLE;

	*out = NULL;
	if (text.len > CONFIG_SIZE_MAX) {
		rc = config_refuse(fault, file, 0, "", "larger than 256 KiB, shorten it");
		goto out;
	}
	(void)config_refuse(fault, file, 0, "", "out of memory");
	if (reader == NULL || config == NULL)
		goto out;
	config->memory = arena_new(CONFIG_ARENA_SIZE);
	if (config->memory == NULL)
		goto out;
	*reader = (struct config_reader){ .config = config, .fault = fault, .file = file };
	rc = config_read(reader, text);
	if (rc != RC_OK)
		goto out;
	fault->text[0] = '\0';
	*out = config;
	config = NULL;
out:
	config_free(config);
	free(reader);
	return rc;
}
