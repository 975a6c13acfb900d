#include "base/template.h"

#include "unit/fixture.h"

#define TEMPLATE_FILE(name, text)                \
	{                                        \
		(name), (text), sizeof(text) - 1 \
	}

static const struct template_value values[] = {
	{ "name", { "Ann", 3 } },
	{ "hostile", { "<a href=\"x\">'&amp;", 18 } },
	{ "braces", { "{{name}}", 8 } },
	{ "empty", { "", 0 } },
	{ "none", { NULL, 0 } },
};

#define OVER "{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}\n"

static const struct template_file nearer[] = {
	TEMPLATE_FILE("both", "nearer"),
	TEMPLATE_FILE("open", "a\n{{#name}}"),
	TEMPLATE_FILE("self", "{{>self}}"),
	TEMPLATE_FILE("broken", "a\n\n{{nmae}}"),
};

static const struct template_file farther[] = {
	TEMPLATE_FILE("both", "farther"),
	TEMPLATE_FILE("far", "{{>both}} {{hostile}}\n"),
	TEMPLATE_FILE("third", "3"),
	TEMPLATE_FILE("second", "{{>third}}"),
	TEMPLATE_FILE("first", "{{>second}}"),
	TEMPLATE_FILE("top", "{{>first}}"),
};

static const struct template_set rest = { farther, 6, NULL };
static const struct template_set set = { nearer, 4, &rest };

static const struct row {
	const char *given;
	const char *expected; /* NULL: RC_INTERNAL */
} rows[] = {
	{ "", "" },
	{ "plain { } }} text", "plain { } }} text" },
	{ "Dear {{name}}!", "Dear Ann!" },
	{ "{{hostile}}", "&lt;a href=&quot;x&quot;&gt;&#39;&amp;amp;" },
	{ "{{braces}}", "{{name}}" },
	{ "[{{empty}}{{none}}]", "[]" },
	{ "{{#name}}yes{{/name}}", "yes" },
	{ "{{#empty}}yes{{/empty}}{{#none}}yes{{/none}}", "" },
	{ "{{^name}}no{{/name}}", "" },
	{ "{{^empty}}no{{/empty}}{{^none}}no{{/none}}", "nono" },
	{ "{{#name}}a{{#none}}b{{name}}{{/none}}c{{/name}}d", "acd" },
	{ "{{#none}}a{{#name}}b{{^none}}c{{/none}}{{/name}}{{/none}}d", "d" },
	{ "{{#name}}a{{#name}}b{{/name}}c{{/name}}", "abc" },
	{ "a\n{{#name}}\nb\n{{/name}}\nc\n", "a\nb\nc\n" },
	{ "a\n{{#none}}\nb\n{{/none}}\nc\n", "a\nc\n" },
	{ "{{name}}\nb", "Ann\nb" },
	{ "a{{#name}}\nb{{/name}}\nc", "a\nb\nc" },
	{ "{{unknown}}", NULL },
	{ "{{#none}}{{unknown}}{{/none}}", NULL },
	{ "{{#unknown}}{{/unknown}}", NULL },
	{ "{{^unknown}}{{/unknown}}", NULL },
	{ "{{>both}}", "nearer" },
	{ "{{>far}}", "nearer &lt;a href=&quot;x&quot;&gt;&#39;&amp;amp;\n" },
	{ "{{>top}}", "3" },
	{ "{{>self}}", NULL },
	{ "{{>open}}{{/name}}", NULL },
	{ "{{>broken}}", NULL },
	{ "{{#none}}{{>broken}}{{/none}}", "" },
	{ "{{>unknown.html}}", NULL },
	{ "{{#none}}{{>unknown.html}}{{/none}}", NULL },
	{ "{{#name}}", NULL },
	{ "{{^none}}", NULL },
	{ "{{/name}}", NULL },
	{ "{{#name}}{{/none}}", NULL },
	{ "{{#name}}{{#none}}{{/name}}{{/none}}", NULL },
	{ "{{name", NULL },
	{ "{{name}", NULL },
	{ "{{", NULL },
	{ "{{}}", NULL },
	{ "{{ name }}", NULL },
	{ "{{Name}}", NULL },
	{ "{{nam}}", NULL },
	{ "{{{name}}}", NULL },
	{ "{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}x"
	  "{{/name}}{{/name}}{{/name}}{{/name}}{{/name}}{{/name}}{{/name}}{{/name}}",
	    "x" },
	{ "{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}x"
	  "{{/name}}{{/name}}{{/name}}{{/name}}{{/name}}{{/name}}{{/name}}{{/name}}{{/name}}",
	    NULL },
};

static const struct template_context html = { &set, values, sizeof(values) / sizeof(values[0]),
	TEMPLATE_HTML };

static enum rc
fill(struct buf *out, struct span text)
{
	return template_fill(out, text, &html);
}

START_TEST(a_text_is_filled_or_refused)
{
	const struct row *row = &rows[_i];
	struct buf out = BUF_INIT(1024);
	enum rc answer = fill(&out, span_of(row->given));

	ck_assert_msg(answer == (row->expected == NULL ? RC_INTERNAL : RC_OK), "%s", row->given);
	if (row->expected != NULL)
		ck_assert_str_eq(out.data == NULL ? "" : out.data, row->expected);
	buf_free(&out);
}
END_TEST

/* What passes the check can be filled with any values; what is refused says why. */
START_TEST(a_check_finds_what_filling_refuses)
{
	const struct row *row = &rows[_i];
	struct template_fault fault;
	enum rc answer = template_check(span_of(row->given), &html, &fault);

	if (row->expected == NULL)
		ck_assert_int_eq(answer, RC_NO);
	else if (strstr(row->given, "broken") == NULL)
		ck_assert_int_eq(answer, RC_OK);
	ck_assert_int_eq(fault.what[0] == '\0', answer == RC_OK);
}
END_TEST

static const struct {
	const char *given;
	const char *file;
	size_t line;
	const char *what;
} faults[] = {
	{ "{{nmae}}", NULL, 1,
	    "unknown placeholder {{nmae}}, known are name, hostile, braces, empty, none" },
	{ "a\n{{name}}\n\n{{^nmae}}", NULL, 4, "unknown placeholder {{^nmae}}, known are name," },
	{ "{{#none}}\n{{nmae}}{{/none}}", NULL, 2, "unknown placeholder {{nmae}}, " },
	{ "{{#none}}\n{{>broken}}{{/none}}", "broken", 3, "unknown placeholder {{nmae}}, " },
	{ "\n{{>brokn}}", NULL, 2, "unknown file {{>brokn}}, mend its name" },
	{ "{{>self}}", "self", 1, "one file too many inside others {{>self}}, " },
	{ "\n{{#name}}\n\n", NULL, 2, "never closed {{#name}}, close it in the same file" },
	{ "{{#name}}\n\n{{/none}}", NULL, 3,
	    "not the end of the part that it stands in {{/none}}" },
	{ "{{>open}}\n{{/name}}", "open", 2, "never closed {{#name}}, " },
	{ "\n{{name} and\nmore", NULL, 2, "never closed {{name} and}}, write }} where it ends" },
	{ "{{\x01\xff}}", NULL, 1, "unknown placeholder {{??}}, " },
	{ "{{0123456789012345678901234567890123456789012345678901234567890}}", NULL, 1,
	    "unknown placeholder {{012345678901234567890123456789012345678901234567...}}, " },
	{ "\n" OVER, NULL, 2, "one part too many inside others {{#name}}, " },
};

START_TEST(a_fault_names_file_line_and_reason)
{
	struct template_fault fault;
	struct span text = span_of(faults[_i].given);

	ck_assert_int_eq(template_check(text, &html, &fault), RC_NO);
	ck_assert_str_eq(fault.file == NULL ? "" : fault.file->name,
	    faults[_i].file == NULL ? "" : faults[_i].file);
	ck_assert_uint_eq(fault.line, faults[_i].line);
	ck_assert_msg(
	    strncmp(fault.what, faults[_i].what, strlen(faults[_i].what)) == 0, "%s", fault.what);
}
END_TEST

START_TEST(a_plain_text_keeps_its_values)
{
	struct template_context plain = html;
	struct buf out = BUF_INIT(64);

	plain.escape = TEMPLATE_PLAIN;
	ck_assert_int_eq(template_fill(&out, SPAN("<{{hostile}}{{>far}}>"), &plain), RC_OK);
	ck_assert_str_eq(out.data, "<<a href=\"x\">'&amp;nearer <a href=\"x\">'&amp;\n>");
	buf_free(&out);
}
END_TEST

START_TEST(every_byte_but_the_five_is_kept)
{
	struct buf out = BUF_INIT(4096);
	char bytes[256];
	size_t escaped = strlen("&amp;&lt;&gt;&quot;&#39;");

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	template_put_escaped(&out, (struct span){ bytes, sizeof(bytes) });
	ck_assert_uint_eq(out.len, sizeof(bytes) - 5 + escaped);
	ck_assert_ptr_null(memchr(out.data, '<', out.len));
	ck_assert_ptr_null(memchr(out.data, '>', out.len));
	ck_assert_ptr_null(memchr(out.data, '"', out.len));
	ck_assert_ptr_null(memchr(out.data, '\'', out.len));
	buf_free(&out);
}
END_TEST

START_TEST(a_full_buffer_is_told_from_a_broken_template)
{
	struct buf out = BUF_INIT(4);

	ck_assert_int_eq(fill(&out, SPAN("Dear {{name}}")), RC_UNAVAILABLE);
	buf_free(&out);
	out = BUF_INIT(12);
	ck_assert_int_eq(fill(&out, SPAN("{{>far}}")), RC_UNAVAILABLE);
	buf_free(&out);
}
END_TEST

START_TEST(a_file_is_put_by_its_name)
{
	struct template_context nothing = { NULL, NULL, 0, TEMPLATE_HTML };
	struct buf out = BUF_INIT(64);

	ck_assert_int_eq(template_put(&out, "both", &html), RC_OK);
	ck_assert_str_eq(out.data, "nearer");
	ck_assert_int_eq(template_put(&out, "unknown.html", &html), RC_INTERNAL);
	ck_assert_int_eq(template_put(&out, "both", &nothing), RC_INTERNAL);
	ck_assert_ptr_eq(template_find(&set, SPAN("both")), &nearer[0]);
	ck_assert_ptr_eq(template_find(&rest, SPAN("both")), &farther[0]);
	ck_assert_ptr_null(template_find(&set, SPAN("bot")));
	buf_free(&out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("template");
	TCase *tests = tcase_create("template");

	tcase_add_loop_test(
	    tests, a_text_is_filled_or_refused, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_loop_test(
	    tests, a_check_finds_what_filling_refuses, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_loop_test(tests, a_fault_names_file_line_and_reason, 0,
	    (int)(sizeof(faults) / sizeof(faults[0])));
	tcase_add_test(tests, a_plain_text_keeps_its_values);
	tcase_add_test(tests, every_byte_but_the_five_is_kept);
	tcase_add_test(tests, a_full_buffer_is_told_from_a_broken_template);
	tcase_add_test(tests, a_file_is_put_by_its_name);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
