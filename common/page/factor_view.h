/* What the pages of a second factor show of it: a picture, and texts in groups of four, as people
 * read and type them. All of it is secret. */
#ifndef YETT_PAGE_FACTOR_VIEW_H
#define YETT_PAGE_FACTOR_VIEW_H

#include "page/qr.h"

#define FACTOR_VIEW_LINES_MAX 1024

struct factor_view {
	struct buf svg;   /* the picture; empty where an address is too long for one */
	struct buf image; /* the same as an address that holds it */
	struct buf lines; /* a secret, or recovery codes, one a line */
};

#define FACTOR_VIEW_INIT       \
	((struct factor_view){ \
	    BUF_INIT(QR_SVG_MAX), BUF_INIT(2 * QR_SVG_MAX), BUF_INIT(FACTOR_VIEW_LINES_MAX) })

/* For who wipes it afterwards: the picture of an address (otpauth://...), under the name of the
 * site, and its secret in base32 as a line. Where a picture would be too large there is none. */
enum rc factor_view_enrolment(
    struct factor_view *, struct span uri, struct span secret, struct span site) RC_MUST;

/* One more recovery code. */
enum rc factor_view_code(struct factor_view *, struct span code) RC_MUST;

void factor_view_wipe(struct factor_view *);

#endif
