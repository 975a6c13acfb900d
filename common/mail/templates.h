/* The inside of mail/compose.h; only compose.c and templates.c include it. */
#ifndef YETT_MAIL_TEMPLATES_H
#define YETT_MAIL_TEMPLATES_H

#include "base/template.h"
#include "mail/compose.h"
#include "mail/language.h"

#define MAIL_LANGUAGE "en"
#define MAIL_LANGUAGES_MAX 64
#define MAIL_FILES_MAX 64
#define MAIL_NAME_SIZE 64
#define MAIL_LAYOUT "layout.html"   /* every HTML part is in it, ... */
#define MAIL_CONTENT "content.html" /* ... included under this name */

/* Those of common/mail/templates/, generated: "en/verify.txt". */
extern const struct template_set mail_built_in;

struct mail_language {
	char tag[LANGUAGE_TAG_MAX + 1];
	struct template_file files[MAIL_FILES_MAX]; /* names are those of mail_built_in */
	char *owned[MAIL_FILES_MAX];                /* texts that are not built in */
	size_t count;
	bool has[MAIL_KINDS];
};

struct mail_templates {
	struct mail_language languages[MAIL_LANGUAGES_MAX]; /* English, then in order of tags */
	size_t count;
};

/* "reset.txt" of kind and part. */
void mail_name(char name[MAIL_NAME_SIZE], enum mail_kind, const char *part);

/* Looks through one file of the language, an HTML part together with the layout. RC_NO with *fault,
 * which always names a file. */
enum rc mail_check(const struct mail_templates *, const struct mail_language *,
    const struct template_file *, struct template_fault *fault) RC_MUST;

/* mail_compose in that language, which has the kind. */
enum rc mail_fill(const struct mail_templates *, const struct mail_language *, enum mail_kind,
    const struct mail_values *, struct mail_content *) RC_MUST;

#endif
