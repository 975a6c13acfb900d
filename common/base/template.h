/* Templates: text files with {{name}} for values, {{#name}}...{{/name}} for a part that stands
 * only when the value is given and not empty, {{^name}}...{{/name}} for one that stands only when
 * it is not, {{>file}} for another template. Parts may nest and end in the file where they begin.
 * What is alone on a line, all but {{name}}, takes the line break with it. */
#ifndef YETT_BASE_TEMPLATE_H
#define YETT_BASE_TEMPLATE_H

#include "base/buf.h"

#define TEMPLATE_PARTS_MAX 8 /* open at once in one file */
#define TEMPLATE_FILES_MAX 4 /* included in one another */

struct template_file {
	const char *name; /* "login.html" */
	const char *text;
	size_t size;
};

/* Files that find one another by name. */
struct template_set {
	const struct template_file *files;
	size_t count;
	const struct template_set *next; /* asked for what is not among them; or NULL */
};

struct template_value {
	const char *name;
	struct span value;
};

/* What happens to values. */
enum template_escape {
	TEMPLATE_HTML, /* for HTML text and quoted attributes */
	TEMPLATE_PLAIN /* they are put as they are */
};

/* What a template is filled with. */
struct template_context {
	const struct template_set *set; /* the files to include; or NULL */
	const struct template_value *values;
	size_t count;
	enum template_escape escape;
};

/* What is wrong with a template, and where. */
struct template_fault {
	const struct template_file *file; /* the included one; NULL: the text itself */
	size_t line;
	char what[384]; /* "unknown placeholder {{nmae}}, known are name, site" */
};

/* The file of that name, or NULL. */
const struct template_file *template_find(const struct template_set *, struct span name);

/* Appends the template of that name, filled. RC_INTERNAL for an unknown file or placeholder, for a
 * part that is not closed, for files or parts too deep in one another. */
enum rc template_put(struct buf *, const char *name, const struct template_context *) RC_MUST;

/* The same from a text in memory. */
enum rc template_fill(struct buf *, struct span text, const struct template_context *) RC_MUST;

/* Looks for all that template_fill would refuse, in every part and every included file, whichever
 * of the values are given. RC_NO with *fault. */
enum rc template_check(
    struct span text, const struct template_context *, struct template_fault *) RC_MUST;

/* Appends text with & < > " ' escaped. */
void template_put_escaped(struct buf *, struct span text);

#endif
