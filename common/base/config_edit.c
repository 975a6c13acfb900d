/* One setting of a yett.conf changed in place, everything else kept as it is. */
#include "base/config_rows.h"
#include "base/ini.h"
#include "base/text.h"

struct config_edit {
	struct span name; /* of the section */
	struct span argument;
	struct span key;
	struct span value;
	size_t from; /* the bytes to replace; both the same: a place to add a line */
	size_t to;
	bool section_found;
	bool key_found;
};

static bool
config_edit_in_section(const struct config_edit *edit, const struct ini_line *line)
{
	return span_equal(line->name, edit->name) && span_equal(line->value, edit->argument);
}

/* Whether a comment is the key's default, switched off: ";key = ...". */
static bool
config_edit_is_default(const struct config_edit *edit, struct span comment)
{
	if (comment.len == 0 || (comment.data[0] != ';' && comment.data[0] != '#') ||
	    memchr(comment.data, '=', comment.len) == NULL)
		return false;
	comment = span_after(comment, 1);
	return span_equal(span_trim(span_cut(&comment, '=')), edit->key);
}

/* Finds the line of the key; else the place below its default that is commented out, below the
 * last setting of its section, or at the end. */
static void
config_edit_find(struct config_edit *edit, struct span text)
{
	struct span rest = text;
	struct ini_line line;
	size_t number = 0, end;
	bool inside = false, placed = false;

	edit->from = edit->to = text.len;
	while (!edit->key_found && ini_next(&rest, &number, &line) == RC_OK) {
		end = (size_t)(line.whole.data - text.data) + line.whole.len;
		if (line.kind == INI_SECTION) {
			inside = config_edit_in_section(edit, &line);
			edit->section_found = edit->section_found || inside;
		}
		if (!inside)
			continue;
		edit->key_found = line.kind == INI_SETTING && span_equal(line.name, edit->key);
		if (edit->key_found ||
		    (line.kind == INI_BLANK && config_edit_is_default(edit, line.whole)) ||
		    (line.kind != INI_BLANK && !placed)) {
			placed = line.kind == INI_BLANK;
			edit->to = end;
			edit->from = edit->key_found ? end - line.whole.len : end;
		}
	}
}

static void
config_edit_write(const struct config_edit *edit, struct span text, struct buf *out)
{
	struct span old = { text.data + edit->from, edit->to - edit->from };
	struct span before = { text.data, edit->from };
	const char *end = "\n";

	/* Line ends are kept as the neighbours have them. */
	if (edit->to > 1 && memcmp(text.data + edit->to - 2, "\r\n", 2) == 0)
		end = "\r\n";
	buf_add(out, before);
	if (before.len > 0 && before.data[before.len - 1] != '\n')
		buf_text(out, end);
	if (!edit->section_found) {
		buf_text(out, before.len > 0 ? end : "");
		buf_text(out, "[");
		buf_add(out, edit->name);
		buf_text(out, edit->argument.len > 0 ? " " : "");
		buf_add(out, edit->argument);
		buf_text(out, "]");
		buf_text(out, end);
	}
	buf_add(out, edit->key);
	buf_text(out, edit->value.len > 0 ? " = " : " =");
	buf_add(out, edit->value);
	if (old.len == 0 || old.data[old.len - 1] == '\n')
		buf_text(out, end);
	buf_add(out, span_after(text, edit->to));
}

static bool
config_edit_is_plain(struct span text)
{
	return text_is_utf8(text) && !text_has_control(text);
}

/* Nothing given may become more than one value on one line. */
static enum rc
config_edit_judge(const struct config_edit *edit, struct config_fault *fault)
{
	enum config_part_id part = config_part_find(edit->name);
	const struct config_row *row = config_row_find(part, edit->key);
	char label[CONFIG_LABEL_SIZE];

	if (row == NULL && part == PART_backend)
		row = config_row_override(edit->key);
	config_label(label, edit->name, edit->argument, edit->key);
	if (row == NULL)
		return config_refuse(fault, CONFIG_FILE, 0, label,
		    "no such setting, see yettctl config for those there are");
	if (!config_edit_is_plain(edit->argument) || strchr(edit->argument.data, ']') != NULL)
		return config_refuse(fault, CONFIG_FILE, 0, label, "not a name, give plain text");
	if (!config_edit_is_plain(edit->value))
		return config_refuse(fault, CONFIG_FILE, 0, label,
		    "control characters or no UTF-8, give plain text on one line");
	return RC_OK;
}

enum rc
config_edit(struct span text, const char *section, const char *key, const char *value,
    struct buf *out, struct config_fault *fault)
{
	struct config_edit edit = { .argument = span_trim(span_of(section)) };
	struct config *config = NULL;
	enum rc rc;

	edit.name = span_cut(&edit.argument, ' ');
	edit.argument = edit.argument.data == NULL ? SPAN("") : span_trim(edit.argument);
	edit.key = span_of(key);
	edit.value = span_trim(span_of(value));
	rc = config_edit_judge(&edit, fault);
	if (rc != RC_OK)
		return rc;
	if (text.data == NULL)
		text = SPAN("");
	config_edit_find(&edit, text);
	config_edit_write(&edit, text, out);
	rc = buf_check(out);
	if (rc != RC_OK)
		(void)config_refuse(fault, CONFIG_FILE, 0, "", "too long, shorten it");
	else
		rc = config_parse(buf_span(out), CONFIG_FILE, &config, fault);
	config_free(config);
	if (rc != RC_OK)
		buf_clear(out);
	return rc;
}
