/* Content negotiation (RFC 9110 section 12.5.1), as far as it decides between a page and JSON. */
#ifndef YETT_HTTP_ACCEPT_H
#define YETT_HTTP_ACCEPT_H

#include "base/span.h"

/* Whether an Accept header prefers text/html (or application/xhtml+xml) over application/json:
 * named explicitly (not by a wildcard alone) with a quality above 0 and above JSON's. */
bool accept_prefers_html(struct span header);

#endif
