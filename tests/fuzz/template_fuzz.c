/* The first line is the value, the rest a template. What is checked: a template that passes puts
 * no markup of the value's into the page, never more than the cap, and the same every time; what
 * template_check takes is never refused; escaping can be undone. */
#include <stdint.h>
#include <stdlib.h>

#include "base/template.h"

#define TEMPLATE_FILE(name, text)                \
	{                                        \
		(name), (text), sizeof(text) - 1 \
	}

enum { FUZZ_MAX = 64 * 1024 };

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static size_t
count_of(struct span text, char c)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += text.data[i] == c;
	return count;
}

static void
check_escaped(struct span given)
{
	static const struct {
		struct span entity;
		char c;
	} rows[] = { { { "&amp;", 5 }, '&' }, { { "&lt;", 4 }, '<' }, { { "&gt;", 4 }, '>' },
		{ { "&quot;", 6 }, '"' }, { { "&#39;", 5 }, '\'' } };
	struct buf out = BUF_INIT(8 * given.len);
	struct span rest;

	template_put_escaped(&out, given);
	rest = buf_span(&out);
	must(count_of(rest, '<') + count_of(rest, '>') + count_of(rest, '"') == 0);
	for (size_t i = 0; i < given.len; i++) {
		size_t taken = 1;
		char c = rest.data[0];

		for (size_t k = 0; c == '&' && k < sizeof(rows) / sizeof(rows[0]); k++) {
			if (span_starts(rest, rows[k].entity)) {
				taken = rows[k].entity.len;
				c = rows[k].c;
				break;
			}
		}
		must(c == given.data[i] && (c != '&' || taken > 1));
		rest = span_after(rest, taken);
	}
	must(rest.len == 0);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { (const char *)data, size };
	struct span value = span_cut(&text, '\n');
	static const struct template_file files[] = { TEMPLATE_FILE("style.css", "p { }\n"),
		TEMPLATE_FILE("part", "{{#b}}\n{{>style.css}}\n{{/b}}"),
		TEMPLATE_FILE("self", "{{>self}}") };
	static const struct template_set set = { files, 3, NULL };
	const struct template_value values[] = { { "a", value }, { "b", { NULL, 0 } },
		{ "c", { "<\">'", 4 } } };
	const struct template_context context = { &set, values, 3, TEMPLATE_HTML };
	struct template_fault fault;
	struct buf out = BUF_INIT(FUZZ_MAX);
	struct buf again = BUF_INIT(FUZZ_MAX);
	enum rc answer;

	check_escaped(value);
	answer = template_fill(&out, text, &context);
	must(template_fill(&again, text, &context) == answer && again.len == out.len);
	must(answer != RC_NO && out.len <= FUZZ_MAX);
	if (template_check(text, &context, &fault) == RC_OK)
		must(answer != RC_INTERNAL);
	else
		must(fault.what[0] != '\0' && fault.line >= 1);
	if (text.len < FUZZ_MAX / 8 && value.len < 16 && count_of(text, '{') < 64)
		must(answer != RC_UNAVAILABLE || count_of(text, '>') > 0);
	if (answer == RC_OK && (text.len == 0 || memmem(text.data, text.len, "{{>", 3) == NULL)) {
		must(count_of(buf_span(&out), '<') <= count_of(text, '<'));
		must(count_of(buf_span(&out), '"') <= count_of(text, '"'));
		must(count_of(buf_span(&out), '\'') <= count_of(text, '\''));
	}
	buf_free(&out);
	buf_free(&again);
	return 0;
}
