#include "mail/templates.h"

#include <stdlib.h>

#include "mail/override.h"

static const char *const templates_parts[] = { "subject", "txt", "html" };
enum { TEMPLATES_PARTS = sizeof(templates_parts) / sizeof(templates_parts[0]) };

/* While they are read and checked. */
struct templates_open {
	struct mail_templates *templates;
	const char *directory; /* of the state */
	struct config_fault *fault;
};

static struct span
templates_text(const struct template_file *file)
{
	return (struct span){ file->text, file->size };
}

static int
templates_compare(const void *a, const void *b)
{
	const struct mail_language *first = a, *second = b;

	return strcmp(first->tag, second->tag);
}

/* Not in the order in which a directory happens to list them; English stays the first. */
static void
templates_sort(struct mail_templates *templates)
{
	qsort(&templates->languages[1], templates->count - 1, sizeof(templates->languages[0]),
	    templates_compare);
}

/* The language of that tag, made when there is none; NULL when there are too many. */
static struct mail_language *
templates_language(struct mail_templates *templates, struct span tag)
{
	struct mail_language *language = templates->languages;
	const struct mail_language *end = language + templates->count;

	for (; language < end; language++) {
		if (span_equal_nocase(span_of(language->tag), tag))
			return language;
	}
	if (templates->count == MAIL_LANGUAGES_MAX ||
	    !span_copy(language->tag, sizeof(language->tag), tag))
		return NULL;
	templates->count++;
	return language;
}

/* The file's place in the language; "count" when it is new. */
static size_t
templates_place(const struct mail_language *language, struct span name)
{
	size_t i = 0;

	while (i < language->count && !span_equal(span_of(language->files[i].name), name))
		i++;
	return i;
}

static enum rc
templates_add_built_in(struct mail_templates *templates)
{
	/* Whatever others there are, English is the first. */
	if (templates_language(templates, SPAN(MAIL_LANGUAGE)) == NULL)
		return RC_INTERNAL;
	for (size_t i = 0; i < mail_built_in.count; i++) {
		struct template_file file = mail_built_in.files[i];
		struct span name = span_of(file.name), tag = span_cut(&name, '/');
		struct mail_language *language = templates_language(templates, tag);

		if (language == NULL || name.data == NULL || language->count == MAIL_FILES_MAX)
			return RC_INTERNAL;
		file.name = name.data;
		language->files[language->count++] = file;
	}
	return RC_OK;
}

/* An override_take_fn. What English has no file of is a slip of the pen. */
static enum rc
templates_take(void *state, const struct override *given, struct config_fault *fault)
{
	struct mail_templates *templates = state;
	const struct mail_language *english = &templates->languages[0];
	size_t known = templates_place(english, given->name), place;
	struct mail_language *language;

	if (known == english->count)
		return override_refuse(
		    fault, given->path, 0, "no mail has a file of this name, mend it or remove it");
	language = templates_language(templates, given->language);
	if (language == NULL)
		return override_refuse(fault, given->path, 0,
		    "too many languages, remove some so that %d are left", MAIL_LANGUAGES_MAX);
	if (!span_equal(span_of(language->tag), given->language))
		return override_refuse(fault, given->path, 0,
		    "this language is called %s already, move it to that directory", language->tag);
	place = templates_place(language, given->name);
	if (place == MAIL_FILES_MAX)
		return RC_INTERNAL;
	if (place == language->count)
		language->count++;
	language->files[place] =
	    (struct template_file){ english->files[known].name, given->text, given->size };
	language->owned[place] = given->text;
	return RC_OK;
}

/* The language whose file the operator wrote; NULL for a built-in one. */
static const struct mail_language *
templates_owner(const struct mail_templates *templates, const struct template_file *file)
{
	for (size_t i = 0; i < templates->count; i++) {
		for (size_t k = 0; k < templates->languages[i].count; k++) {
			if (templates->languages[i].owned[k] == file->text)
				return &templates->languages[i];
		}
	}
	return NULL;
}

static enum rc
templates_refuse(const struct templates_open *open, const struct template_file *file, size_t line,
    const char *what)
{
	const struct mail_language *owner = templates_owner(open->templates, file);
	char path[OVERRIDE_PATH_SIZE];

	if (owner == NULL)
		snprintf(path, sizeof(path), "built-in %s", file->name);
	else
		snprintf(path, sizeof(path), "%s/" OVERRIDE_DIRECTORY "/%s/%s", open->directory,
		    owner->tag, file->name);
	return override_refuse(open->fault, path, line, "%s", what);
}

/* One line with something in it. */
static enum rc
templates_check_subject(const struct templates_open *open, const struct template_file *file)
{
	struct span rest = templates_text(file);
	struct span first = span_trim(span_cut(&rest, '\n'));

	if (first.len == 0)
		return templates_refuse(
		    open, file, 1, "an empty subject, write one on the first line");
	for (size_t line = 2; rest.data != NULL; line++) {
		if (span_trim(span_cut(&rest, '\n')).len > 0)
			return templates_refuse(
			    open, file, line, "a subject of several lines, write it on one");
	}
	return RC_OK;
}

static enum rc
templates_check_file(const struct templates_open *open, const struct mail_language *language,
    const struct template_file *file)
{
	const char *suffix = strrchr(file->name, '.');
	struct template_fault fault;
	enum rc rc = mail_check(open->templates, language, file, &fault);

	/* What it makes a built-in file do is its own fault. */
	if (rc == RC_NO && templates_owner(open->templates, fault.file) == NULL)
		return templates_refuse(open, file, 0, fault.what);
	if (rc == RC_NO)
		return templates_refuse(open, fault.file, fault.line, fault.what);
	if (rc == RC_OK && strcmp(file->name, MAIL_LAYOUT) == 0 &&
	    strstr(file->text, "{{>" MAIL_CONTENT "}}") == NULL)
		return templates_refuse(open, file, 1,
		    "no {{>" MAIL_CONTENT "}}, write it where the mail's own text goes");
	if (rc == RC_OK && suffix != NULL && strcmp(suffix, ".subject") == 0)
		rc = templates_check_subject(open, file);
	return rc;
}

/* A mail is in one language: it has all the parts of a kind or none. */
static enum rc
templates_check_parts(
    const struct templates_open *open, struct mail_language *language, enum mail_kind kind)
{
	const char *missing = NULL;
	const struct template_file *there = NULL;
	char name[MAIL_NAME_SIZE], what[128];

	for (size_t i = 0; i < TEMPLATES_PARTS; i++) {
		size_t place;
		mail_name(name, kind, templates_parts[i]);
		place = templates_place(language, span_of(name));
		if (place < language->count)
			there = &language->files[place];
		else
			missing = templates_parts[i];
	}
	language->has[kind] = missing == NULL;
	if (missing == NULL || there == NULL)
		return RC_OK;
	mail_name(name, kind, missing);
	snprintf(what, sizeof(what), "%s is missing beside it, write that too", name);
	return templates_refuse(open, there, 0, what);
}

/* Writes a mail for nobody, to see whether what it is for comes out. */
static enum rc
templates_check_mail(
    const struct templates_open *open, const struct mail_language *language, enum mail_kind kind)
{
	static const char link[] = "https://sample.invalid/link";
	const struct mail_values values = { SPAN("S"), SPAN("https://sample.invalid"),
		SPAN("r@sample.invalid"), span_of(link), SPAN("1 hour"),
		SPAN("https://sample.invalid/login"), SPAN("https://sample.invalid/forgot") };
	struct mail_content content = MAIL_CONTENT_INIT;
	const struct buf *parts[TEMPLATES_PARTS] = { &content.subject, &content.text,
		&content.html };
	enum rc rc = mail_fill(open->templates, language, kind, &values, &content);
	bool needs_link = mail_rows[kind].link != LINK_NONE;

	for (size_t i = 0; i < TEMPLATES_PARTS; i++) {
		char name[MAIL_NAME_SIZE];
		const char *what = NULL;

		mail_name(name, kind, templates_parts[i]);
		if (parts[i]->failed)
			what = "too long when it is filled, shorten it";
		else if (rc == RC_OK && parts[i]->len == 0)
			what = "nothing is left of it when it is filled, write more";
		else if (rc == RC_OK && needs_link && i > 0 && strstr(parts[i]->data, link) == NULL)
			what = "comes out without its link, write {{link}}";
		if (what != NULL) {
			size_t place = templates_place(language, span_of(name));
			rc = templates_refuse(open, &language->files[place], 0, what);
			break;
		}
	}
	mail_content_free(&content);
	return rc;
}

static enum rc
templates_check_language(const struct templates_open *open, struct mail_language *language)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < language->count && rc == RC_OK; i++)
		rc = templates_check_file(open, language, &language->files[i]);
	for (int kind = 0; kind < MAIL_KINDS && rc == RC_OK; kind++) {
		rc = templates_check_parts(open, language, (enum mail_kind)kind);
		if (rc == RC_OK && language->has[kind])
			rc = templates_check_mail(open, language, (enum mail_kind)kind);
	}
	return rc;
}

enum rc
mail_templates_open(
    struct mail_templates **out, const struct config *config, struct config_fault *fault)
{
	struct templates_open open = { calloc(1, sizeof(**out)), config->directory, fault };
	enum rc rc = RC_UNAVAILABLE;

	*out = NULL;
	fault->text[0] = '\0';
	if (open.templates == NULL)
		goto out;
	rc = templates_add_built_in(open.templates);
	if (rc == RC_OK && open.directory != NULL)
		rc = override_read(open.directory, templates_take, open.templates, fault);
	if (rc == RC_OK)
		templates_sort(open.templates);
	for (size_t i = 0; i < open.templates->count && rc == RC_OK; i++)
		rc = templates_check_language(&open, &open.templates->languages[i]);
	if (rc != RC_OK)
		goto out;
	*out = open.templates;
	open.templates = NULL;
out:
	if (rc != RC_OK && fault->text[0] == '\0')
		(void)override_refuse(fault, "templates of mail", 0,
		    rc == RC_UNAVAILABLE ? "out of memory" : "the built-in ones are broken");
	mail_templates_free(open.templates);
	return rc;
}

void
mail_templates_free(struct mail_templates *templates)
{
	if (templates == NULL)
		return;
	for (size_t i = 0; i < templates->count; i++) {
		for (size_t k = 0; k < templates->languages[i].count; k++)
			free(templates->languages[i].owned[k]);
	}
	free(templates);
}
