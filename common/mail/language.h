/* Languages: tags (RFC 5646) and what Accept-Language asks for. */
#ifndef YETT_MAIL_LANGUAGE_H
#define YETT_MAIL_LANGUAGE_H

#include "base/span.h"

#define LANGUAGE_TAG_MAX 35
#define LANGUAGE_ACCEPT_MAX 1024 /* bytes of a header that are looked at */
#define LANGUAGE_RANGES_MAX 32   /* and elements of it */

/* Whether the text is a tag in the simple form: up to 35 characters, parts of one to eight letters
 * or digits between hyphens, of which the first is all letters ("de", "de-AT", "zh-Hant"). */
bool language_is_tag(struct span text);

/* Which of the tags an Accept-Language (RFC 9110 section 12.5.4) asks for: the one for its range of
 * the greatest weight that has one, found as RFC 4647 section 3.4 does ("de-AT" finds "de"); a
 * range without a tag of its own or above takes the first below ("de" finds "de-AT"). 0, so the
 * first tag, for a wildcard, when there is none, and for nonsense. */
size_t language_choose(struct span accept, const struct span *tags, size_t count);

#endif
