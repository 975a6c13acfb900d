/* Where a request says it comes from: CORS and the first half of the CSRF check. */
#ifndef YETT_HTTP_ORIGIN_H
#define YETT_HTTP_ORIGIN_H

#include "base/config.h"
#include "http/request.h"

/* Whether the Origin header names exactly one of site.allowed_origins. */
bool origin_allowed(const struct config *, struct span origin);

/* Whether an unsafe request may come from this site: Sec-Fetch-Site same-origin or none, or an
 * Origin that is this site's (site.url) or an allowed one; a client that sends neither header is
 * no browser and passes. "Origin: null" passes with Sec-Fetch-Site: same-origin alone.
 * Sec-Fetch-Site same-site or cross-site passes only with an allowed Origin. */
bool origin_same_site(const struct config *, const struct request *);

#endif
