#include "http/origin.h"

bool
origin_allowed(const struct config *config, struct span origin)
{
	const struct config_list *allowed = &config->site.allowed_origins;

	for (size_t i = 0; i < allowed->count && origin.len > 0; i++) {
		if (span_equal(origin, span_of(allowed->items[i])))
			return true;
	}
	return false;
}

bool
origin_same_site(const struct config *config, const struct request *request)
{
	struct span site = request->variables[VARIABLE_HTTP_SEC_FETCH_SITE];
	struct span origin = request->variables[VARIABLE_HTTP_ORIGIN];

	if (origin_allowed(config, origin))
		return true;
	if (span_equal(site, SPAN("same-origin")))
		return true;
	if (span_equal(site, SPAN("none")))
		return !span_equal(origin, SPAN("null"));
	if (site.data != NULL)
		return false;
	return origin.data == NULL || span_equal(origin, span_of(config->site.url));
}
