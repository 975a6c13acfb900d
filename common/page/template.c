#include "page/template.h"

/* One file while it is being filled. */
struct template_run {
	struct buf *out;
	const struct template_value *values;
	size_t count;
	struct span open[TEMPLATE_PARTS_MAX];
	size_t depth; /* parts that are open */
	size_t shown; /* so many of them, from the outside, are given: all when text is to appear */
	size_t files; /* files that this one stands in */
};

static enum rc template_run(struct template_run *, struct span text);

void
template_put_escaped(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		switch (text.data[i]) {
		case '&':
			buf_add(out, SPAN("&amp;"));
			break;
		case '<':
			buf_add(out, SPAN("&lt;"));
			break;
		case '>':
			buf_add(out, SPAN("&gt;"));
			break;
		case '"':
			buf_add(out, SPAN("&quot;"));
			break;
		case '\'':
			buf_add(out, SPAN("&#39;"));
			break;
		default:
			buf_char(out, text.data[i]);
		}
	}
}

const struct template_file *
template_find(struct span name)
{
	for (size_t i = 0; i < template_file_count; i++) {
		if (span_equal(span_of(template_files[i].name), name))
			return &template_files[i];
	}
	return NULL;
}

static const struct template_value *
template_value_find(const struct template_run *run, struct span name)
{
	for (size_t i = 0; i < run->count; i++) {
		if (span_equal(span_of(run->values[i].name), name))
			return &run->values[i];
	}
	return NULL;
}

static bool
template_is_shown(const struct template_run *run)
{
	return run->shown == run->depth;
}

static enum rc
template_put_value(struct template_run *run, struct span name)
{
	const struct template_value *found = template_value_find(run, name);

	if (found == NULL)
		return RC_INTERNAL;
	if (template_is_shown(run))
		template_put_escaped(run->out, found->value);
	return RC_OK;
}

static enum rc
template_open(struct template_run *run, struct span name, bool wanted)
{
	const struct template_value *found = template_value_find(run, name);

	if (found == NULL || run->depth == TEMPLATE_PARTS_MAX)
		return RC_INTERNAL;
	if (template_is_shown(run) && (found->value.len > 0) == wanted)
		run->shown++;
	run->open[run->depth++] = name;
	return RC_OK;
}

static enum rc
template_close(struct template_run *run, struct span name)
{
	if (run->depth == 0 || !span_equal(run->open[run->depth - 1], name))
		return RC_INTERNAL;
	run->depth--;
	if (run->shown > run->depth)
		run->shown = run->depth;
	return RC_OK;
}

static enum rc
template_include(struct template_run *run, struct span name)
{
	const struct template_file *file = template_find(name);
	struct template_run inner = { run->out, run->values, run->count, { { 0 } }, 0, 0,
		run->files + 1 };

	if (file == NULL || inner.files > TEMPLATE_FILES_MAX)
		return RC_INTERNAL;
	if (!template_is_shown(run))
		return RC_OK;
	return template_run(&inner, (struct span){ file->text, file->size });
}

static enum rc
template_tag(struct template_run *run, struct span tag)
{
	char kind = tag.len == 0 ? '\0' : tag.data[0];

	switch (kind) {
	case '#':
		return template_open(run, span_after(tag, 1), true);
	case '^':
		return template_open(run, span_after(tag, 1), false);
	case '/':
		return template_close(run, span_after(tag, 1));
	case '>':
		return template_include(run, span_after(tag, 1));
	default:
		return template_put_value(run, tag);
	}
}

/* Finds the two characters; the position, or the length when they are not there. */
static size_t
template_seek(struct span text, const char *pair)
{
	const char *at = text.len == 0 ? NULL : memmem(text.data, text.len, pair, 2);

	return at == NULL ? text.len : (size_t)(at - text.data);
}

static bool
template_takes_line(struct span tag)
{
	return tag.len > 0 && memchr("#^/>", tag.data[0], 4) != NULL;
}

static enum rc
template_run(struct template_run *run, struct span text)
{
	bool at_line_start = true;
	enum rc answer;

	while (text.len > 0 && !run->out->failed) {
		size_t start = template_seek(text, "{{");
		struct span plain = { text.data, start };
		struct span tag;

		if (start > 0) {
			if (template_is_shown(run))
				buf_add(run->out, plain);
			at_line_start = plain.data[start - 1] == '\n';
		}
		text = span_after(text, start);
		if (text.len == 0)
			break;
		tag = span_after(text, 2);
		tag.len = template_seek(tag, "}}");
		if (tag.len + 4 > text.len)
			return RC_INTERNAL;
		answer = template_tag(run, tag);
		if (answer != RC_OK)
			return answer;
		text = span_after(text, tag.len + 4);
		if (at_line_start && template_takes_line(tag) && span_starts(text, SPAN("\n")))
			text = span_after(text, 1);
		else
			at_line_start = false;
	}
	if (run->out->failed)
		return buf_check(run->out);
	return run->depth == 0 ? RC_OK : RC_INTERNAL;
}

enum rc
template_fill(struct buf *out, struct span text, const struct template_value *values, size_t count)
{
	struct template_run run = { out, values, count, { { 0 } }, 0, 0, 0 };

	return template_run(&run, text);
}

enum rc
template_put(struct buf *out, const char *name, const struct template_value *values, size_t count)
{
	const struct template_file *file = template_find(span_of(name));

	if (file == NULL)
		return RC_INTERNAL;
	return template_fill(out, (struct span){ file->text, file->size }, values, count);
}
