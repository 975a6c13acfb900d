/* Templates: text files with {{name}} for escaped values, {{#name}}...{{/name}} for a part that
 * stands only when the value is given and not empty, {{^name}}...{{/name}} for one that stands
 * only when it is not, {{>file}} for another template. Parts may nest and end in the file where
 * they begin. What is alone on a line, all but {{name}}, takes the line break with it. */
#ifndef YETT_PAGE_TEMPLATE_H
#define YETT_PAGE_TEMPLATE_H

#include "base/buf.h"

/* Generated from common/page/templates/. */
struct template_file {
	const char *name; /* "login.html" */
	const char *text;
	size_t size;
};
extern const struct template_file template_files[];
extern const size_t template_file_count;

#define TEMPLATE_PARTS_MAX 8 /* open at once in one file */
#define TEMPLATE_FILES_MAX 4 /* included in one another */

struct template_value {
	const char *name;
	struct span value;
};

/* The file of that name, or NULL. */
const struct template_file *template_find(struct span name);

/* Appends the template filled with the values, each escaped for HTML text and quoted attributes.
 * RC_INTERNAL for an unknown template or placeholder, or a part that is not closed. */
enum rc template_put(
    struct buf *, const char *name, const struct template_value *values, size_t count) RC_MUST;

/* The same from a text in memory. */
enum rc template_fill(
    struct buf *, struct span text, const struct template_value *values, size_t count) RC_MUST;

/* Appends text with & < > " ' escaped. */
void template_put_escaped(struct buf *, struct span text);

#endif
