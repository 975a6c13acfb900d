/* What a browser does: it visits pages, and sends their forms. */
#ifndef YETT_TESTS_HTTP_BROWSE_H
#define YETT_TESTS_HTTP_BROWSE_H

#include "http/site.h"

struct answer *visit(const struct site *, struct jar *, const char *path);

/* The form of a page: its hidden fields, and these. */
struct answer *submit(const struct site *, struct jar *, const struct answer *page,
    const char *action, const char *fields);

/* The sign-in page at that path, sent. */
struct answer *enter(const struct site *, struct jar *, const char *path, const char *email);

#endif
