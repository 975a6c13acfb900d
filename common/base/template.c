#include "base/template.h"

#include <stdio.h>

#define TAG_SHOWN_MAX 48

/* One file while it is being filled, or checked. */
struct template_run {
	const struct template_context *context;
	struct buf *out;                  /* NULL: it is only checked */
	struct template_fault *fault;     /* NULL: it is only filled */
	const struct template_file *file; /* NULL: what the caller gave */
	struct span text;                 /* the whole of it */
	struct span open[TEMPLATE_PARTS_MAX];
	size_t depth; /* parts that are open */
	size_t shown; /* so many of them, from the outside, are given: all when text is to appear */
	size_t files; /* files that this one stands in */
};

static enum rc template_run(struct template_run *);

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
template_find(const struct template_set *set, struct span name)
{
	for (; set != NULL; set = set->next) {
		for (size_t i = 0; i < set->count; i++) {
			if (span_equal(span_of(set->files[i].name), name))
				return &set->files[i];
		}
	}
	return NULL;
}

static size_t
template_line(const struct template_run *run, struct span at)
{
	size_t line = 1;

	for (const char *c = run->text.data; c < at.data; c++)
		line += *c == '\n';
	return line;
}

/* The tag for people, on one line. */
static void
template_show(struct buf *out, struct span tag)
{
	for (size_t i = 0; i < tag.len && i < TAG_SHOWN_MAX && tag.data[i] != '\n'; i++)
		buf_char(out, tag.data[i] < ' ' || tag.data[i] > '~' ? '?' : tag.data[i]);
	buf_text(out, tag.len > TAG_SHOWN_MAX ? "..." : "");
}

/* Refuses the template for the tag: WHAT {{TAG}}, ADVICE. */
static enum rc
template_refuse(
    const struct template_run *run, struct span tag, const char *what, const char *advice)
{
	struct template_fault *fault = run->fault;
	struct buf shown = BUF_INIT(TAG_SHOWN_MAX + 4);

	if (fault == NULL)
		return RC_INTERNAL;
	template_show(&shown, tag);
	fault->file = run->file;
	fault->line = template_line(run, tag);
	snprintf(fault->what, sizeof(fault->what), "%s {{%s}}, %s", what,
	    shown.data == NULL ? "" : shown.data, advice);
	buf_free(&shown);
	return RC_NO;
}

static enum rc
template_refuse_name(const struct template_run *run, struct span tag)
{
	struct buf advice = BUF_INIT(sizeof(run->fault->what));
	enum rc rc;

	buf_text(&advice, "known are");
	for (size_t i = 0; i < run->context->count; i++) {
		buf_text(&advice, i == 0 ? " " : ", ");
		buf_text(&advice, run->context->values[i].name);
	}
	rc = template_refuse(
	    run, tag, "unknown placeholder", advice.failed ? "mend its name" : advice.data);
	buf_free(&advice);
	return rc;
}

static const struct template_value *
template_value_find(const struct template_run *run, struct span name)
{
	for (size_t i = 0; i < run->context->count; i++) {
		if (span_equal(span_of(run->context->values[i].name), name))
			return &run->context->values[i];
	}
	return NULL;
}

static bool
template_is_shown(const struct template_run *run)
{
	return run->out != NULL && run->shown == run->depth;
}

static enum rc
template_put_value(struct template_run *run, struct span tag)
{
	const struct template_value *found = template_value_find(run, tag);

	if (found == NULL)
		return template_refuse_name(run, tag);
	if (!template_is_shown(run))
		return RC_OK;
	switch (run->context->escape) {
	case TEMPLATE_HTML:
		template_put_escaped(run->out, found->value);
		break;
	case TEMPLATE_PLAIN:
		buf_add(run->out, found->value);
		break;
	}
	return RC_OK;
}

static enum rc
template_open(struct template_run *run, struct span tag, bool wanted)
{
	const struct template_value *found = template_value_find(run, span_after(tag, 1));

	if (found == NULL)
		return template_refuse_name(run, tag);
	if (run->depth == TEMPLATE_PARTS_MAX)
		return template_refuse(
		    run, tag, "one part too many inside others", "close one before it");
	if (run->shown == run->depth && (found->value.len > 0) == wanted)
		run->shown++;
	run->open[run->depth++] = tag;
	return RC_OK;
}

static enum rc
template_close(struct template_run *run, struct span tag)
{
	if (run->depth == 0 ||
	    !span_equal(span_after(run->open[run->depth - 1], 1), span_after(tag, 1)))
		return template_refuse(run, tag, "not the end of the part that it stands in",
		    "close parts in the file and the order in which they open");
	run->depth--;
	if (run->shown > run->depth)
		run->shown = run->depth;
	return RC_OK;
}

static enum rc
template_include(struct template_run *run, struct span tag)
{
	const struct template_file *file = template_find(run->context->set, span_after(tag, 1));
	struct template_run inner = { .context = run->context,
		.out = run->out,
		.fault = run->fault,
		.file = file,
		.files = run->files + 1 };

	if (file == NULL)
		return template_refuse(run, tag, "unknown file", "mend its name");
	if (inner.files > TEMPLATE_FILES_MAX)
		return template_refuse(
		    run, tag, "one file too many inside others", "do not include it here");
	if (run->out != NULL && !template_is_shown(run))
		return RC_OK;
	inner.text = (struct span){ file->text, file->size };
	return template_run(&inner);
}

static enum rc
template_tag(struct template_run *run, struct span tag)
{
	char kind = tag.len == 0 ? '\0' : tag.data[0];

	switch (kind) {
	case '#':
		return template_open(run, tag, true);
	case '^':
		return template_open(run, tag, false);
	case '/':
		return template_close(run, tag);
	case '>':
		return template_include(run, tag);
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

/* Puts what stands before the next tag. */
static void
template_plain(struct template_run *run, struct span *rest, bool *at_line_start)
{
	struct span plain = { rest->data, template_seek(*rest, "{{") };

	if (plain.len == 0)
		return;
	if (template_is_shown(run))
		buf_add(run->out, plain);
	*at_line_start = plain.data[plain.len - 1] == '\n';
	*rest = span_after(*rest, plain.len);
}

static enum rc
template_run(struct template_run *run)
{
	struct span rest = run->text;
	bool at_line_start = true;
	enum rc rc;

	for (;;) {
		struct span tag;

		template_plain(run, &rest, &at_line_start);
		if (rest.len == 0 || (run->out != NULL && run->out->failed))
			break;
		tag = span_after(rest, 2);
		tag.len = template_seek(tag, "}}");
		if (tag.len + 4 > rest.len)
			return template_refuse(run, tag, "never closed", "write }} where it ends");
		rc = template_tag(run, tag);
		if (rc != RC_OK)
			return rc;
		rest = span_after(rest, tag.len + 4);
		if (at_line_start && template_takes_line(tag) && span_starts(rest, SPAN("\n")))
			rest = span_after(rest, 1);
		else
			at_line_start = false;
	}
	if (run->out != NULL && run->out->failed)
		return buf_check(run->out);
	if (run->depth > 0)
		return template_refuse(
		    run, run->open[run->depth - 1], "never closed", "close it in the same file");
	return RC_OK;
}

enum rc
template_fill(struct buf *out, struct span text, const struct template_context *context)
{
	struct template_run run = { .context = context, .out = out, .text = text };

	return template_run(&run);
}

enum rc
template_check(
    struct span text, const struct template_context *context, struct template_fault *fault)
{
	struct template_run run = { .context = context, .fault = fault, .text = text };

	*fault = (struct template_fault){ 0 };
	return template_run(&run);
}

enum rc
template_put(struct buf *out, const char *name, const struct template_context *context)
{
	const struct template_file *file = template_find(context->set, span_of(name));

	if (file == NULL)
		return RC_INTERNAL;
	return template_fill(out, (struct span){ file->text, file->size }, context);
}
