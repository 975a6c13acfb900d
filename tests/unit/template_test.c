#include "page/template.h"
#include "unit/fixture.h"

static const struct template_value values[] = {
	{ "name", { "Ann", 3 } },
	{ "hostile", { "<a href=\"x\">'&amp;", 18 } },
	{ "braces", { "{{name}}", 8 } },
	{ "empty", { "", 0 } },
	{ "none", { NULL, 0 } },
};

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

static enum rc
fill(struct buf *out, struct span text)
{
	return template_fill(out, text, values, sizeof(values) / sizeof(values[0]));
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
	out = BUF_INIT(64);
	ck_assert_int_eq(fill(&out, SPAN("{{>style.css}}")), RC_UNAVAILABLE);
	buf_free(&out);
}
END_TEST

START_TEST(another_file_is_included_as_it_is)
{
	const struct template_file *style = template_find(SPAN("style.css"));
	struct buf out = BUF_INIT(64 * 1024);

	ck_assert_ptr_nonnull(style);
	ck_assert_int_eq(fill(&out, SPAN("{{>style.css}}")), RC_OK);
	ck_assert_uint_eq(out.len, style->size);
	ck_assert_mem_eq(out.data, style->text, style->size);
	buf_free(&out);
}
END_TEST

START_TEST(an_unknown_file_is_a_defect)
{
	struct buf out = BUF_INIT(64);

	ck_assert_int_eq(template_put(&out, "unknown.html", values, 1), RC_INTERNAL);
	ck_assert_ptr_null(template_find(SPAN("unknown.html")));
	ck_assert_ptr_null(template_find(SPAN("style.cs")));
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
	tcase_add_test(tests, every_byte_but_the_five_is_kept);
	tcase_add_test(tests, a_full_buffer_is_told_from_a_broken_template);
	tcase_add_test(tests, another_file_is_included_as_it_is);
	tcase_add_test(tests, an_unknown_file_is_a_defect);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
