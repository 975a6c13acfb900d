#include "mail/compose.h"

#include <stdio.h>

#include "base/text.h"
#include "mail/templates.h"

#define COMPOSE_VALUE_MAX (8 * 1024)

/* What struct mail_values has, as templates name it. */
static const struct {
	const char *name;
	size_t offset;
} compose_names[] = {
	{ "site", offsetof(struct mail_values, site) },
	{ "site_url", offsetof(struct mail_values, site_url) },
	{ "recipient", offsetof(struct mail_values, recipient) },
	{ "link", offsetof(struct mail_values, link) },
	{ "lifetime", offsetof(struct mail_values, lifetime) },
	{ "login", offsetof(struct mail_values, login) },
	{ "forgot", offsetof(struct mail_values, forgot) },
};

enum {
	COMPOSE_VALUES = sizeof(compose_names) / sizeof(compose_names[0]),
	COMPOSE_LANGUAGE = COMPOSE_VALUES, /* and what is known besides */
	COMPOSE_SUBJECT,
	COMPOSE_NAMES
};

struct compose {
	struct buf clean[COMPOSE_VALUES];
	struct template_value values[COMPOSE_NAMES];
	struct template_file content;     /* what the layout includes */
	struct template_set with_content; /* that, then: */
	struct template_set language, english;
	struct template_context context;
};

void
mail_name(char name[MAIL_NAME_SIZE], enum mail_kind kind, const char *part)
{
	snprintf(name, MAIL_NAME_SIZE, "%s.%s", mail_rows[kind].kind, part);
}

/* Appends the text as one line: what controls or separates lines becomes a space, what is no
 * UTF-8 the replacement character. */
static void
compose_put_line(struct buf *out, struct span text)
{
	while (text.len > 0) {
		struct span point = text;
		int32_t value = text_next(&text);

		point.len -= text.len;
		if (value < 0)
			buf_text(out, "\xef\xbf\xbd");
		else if (text_has_control(point) || value == 0x2028 || value == 0x2029)
			buf_char(out, ' ');
		else
			buf_add(out, point);
	}
}

static enum rc
compose_values(
    struct compose *compose, const struct mail_language *language, const struct mail_values *values)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < COMPOSE_VALUES && rc == RC_OK; i++) {
		const void *slot = (const char *)values + compose_names[i].offset;
		struct buf *clean = &compose->clean[i];

		compose_put_line(clean, *(const struct span *)slot);
		rc = buf_check(clean);
		compose->values[i] =
		    (struct template_value){ compose_names[i].name, buf_span(clean) };
	}
	compose->values[COMPOSE_LANGUAGE] =
	    (struct template_value){ "language", span_of(language->tag) };
	compose->values[COMPOSE_SUBJECT] = (struct template_value){ "subject", { NULL, 0 } };
	return rc;
}

/* Gets ready to fill the files of a language; what it lacks it takes from English. */
static enum rc
compose_begin(struct compose *compose, const struct mail_templates *templates,
    const struct mail_language *language, const struct mail_values *values)
{
	const struct mail_language *english = &templates->languages[0];

	*compose = (struct compose){ .content = { MAIL_CONTENT, "", 0 } };
	for (size_t i = 0; i < COMPOSE_VALUES; i++)
		compose->clean[i] = BUF_INIT(COMPOSE_VALUE_MAX);
	compose->english = (struct template_set){ english->files, english->count, NULL };
	compose->language =
	    (struct template_set){ language->files, language->count, &compose->english };
	compose->with_content = (struct template_set){ &compose->content, 1, &compose->language };
	compose->context = (struct template_context){ &compose->with_content, compose->values,
		COMPOSE_NAMES, TEMPLATE_PLAIN };
	return compose_values(compose, language, values);
}

static void
compose_end(struct compose *compose)
{
	for (size_t i = 0; i < COMPOSE_VALUES; i++)
		buf_free(&compose->clean[i]);
}

/* One line, whatever the template makes of it. */
static enum rc
compose_subject(struct compose *compose, enum mail_kind kind, struct buf *out)
{
	char name[MAIL_NAME_SIZE];
	struct buf lines = BUF_INIT(out->max), line = BUF_INIT(2 * out->max);
	enum rc rc;

	mail_name(name, kind, "subject");
	rc = template_put(&lines, name, &compose->context);
	compose_put_line(&line, buf_span(&lines));
	buf_add(out, span_trim(buf_span(&line)));
	out->failed = out->failed || lines.failed || line.failed;
	if (rc == RC_OK)
		rc = buf_check(out);
	compose->values[COMPOSE_SUBJECT].value = buf_span(out);
	buf_free(&lines);
	buf_free(&line);
	return rc;
}

static enum rc
compose_text(struct compose *compose, enum mail_kind kind, struct buf *out)
{
	char name[MAIL_NAME_SIZE];

	mail_name(name, kind, "txt");
	return template_put(out, name, &compose->context);
}

static enum rc
compose_html(struct compose *compose, enum mail_kind kind, struct buf *out)
{
	const struct template_file *file;
	char name[MAIL_NAME_SIZE];

	mail_name(name, kind, "html");
	file = template_find(&compose->language, span_of(name));
	if (file == NULL)
		return RC_INTERNAL;
	compose->content = (struct template_file){ MAIL_CONTENT, file->text, file->size };
	compose->context.escape = TEMPLATE_HTML;
	return template_put(out, MAIL_LAYOUT, &compose->context);
}

enum rc
mail_fill(const struct mail_templates *templates, const struct mail_language *language,
    enum mail_kind kind, const struct mail_values *values, struct mail_content *content)
{
	struct compose compose;
	enum rc rc = compose_begin(&compose, templates, language, values);

	buf_clear(&content->subject);
	buf_clear(&content->text);
	buf_clear(&content->html);
	if (rc == RC_OK)
		rc = compose_subject(&compose, kind, &content->subject);
	if (rc == RC_OK)
		rc = compose_text(&compose, kind, &content->text);
	if (rc == RC_OK)
		rc = compose_html(&compose, kind, &content->html);
	compose_end(&compose);
	return rc;
}

/* Whether the file is what the layout includes. */
static bool
compose_is_content(const struct template_file *file)
{
	size_t length = strlen(file->name);

	return length > 5 && strcmp(file->name + length - 5, ".html") == 0 &&
	       strcmp(file->name, MAIL_LAYOUT) != 0;
}

enum rc
mail_check(const struct mail_templates *templates, const struct mail_language *language,
    const struct template_file *file, struct template_fault *fault)
{
	static const struct mail_values none;
	const struct template_file *root = file;
	struct compose compose;
	enum rc rc = compose_begin(&compose, templates, language, &none);

	*fault = (struct template_fault){ 0 };
	if (compose_is_content(file)) {
		compose.content = (struct template_file){ MAIL_CONTENT, file->text, file->size };
		root = template_find(&compose.language, SPAN(MAIL_LAYOUT));
	}
	if (rc == RC_OK && root == NULL)
		rc = RC_INTERNAL;
	if (rc == RC_OK)
		rc = template_check(
		    (struct span){ root->text, root->size }, &compose.context, fault);
	if (fault->file == NULL)
		fault->file = root;
	else if (fault->file == &compose.content)
		fault->file = file;
	compose_end(&compose);
	return rc;
}

enum rc
mail_compose(const struct mail_templates *templates, enum mail_kind kind, struct span accept,
    const struct mail_values *values, struct mail_content *content)
{
	const struct mail_language *languages[MAIL_LANGUAGES_MAX];
	struct span tags[MAIL_LANGUAGES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < templates->count; i++) {
		if (!templates->languages[i].has[kind])
			continue;
		languages[count] = &templates->languages[i];
		tags[count] = span_of(languages[count]->tag);
		count++;
	}
	return mail_fill(
	    templates, languages[language_choose(accept, tags, count)], kind, values, content);
}

void
mail_content_free(struct mail_content *content)
{
	buf_free(&content->subject);
	buf_free(&content->text);
	buf_free(&content->html);
}
