#include "http/accept.h"

enum { WEIGHT_MAX = 1000 };

/* A "qvalue" (RFC 9110 section 12.4.2) in thousandths, -1 when it is none. */
static int
accept_weight(struct span text)
{
	int weight = 0, unit = WEIGHT_MAX;

	if (text.len == 0 || text.len > 5 || (text.len > 1 && text.data[1] != '.'))
		return -1;
	for (size_t i = 0; i < text.len; i++) {
		if (i == 1)
			continue;
		if (text.data[i] < '0' || text.data[i] > '9')
			return -1;
		weight += (text.data[i] - '0') * unit;
		unit /= 10;
	}
	return weight <= WEIGHT_MAX ? weight : -1;
}

/* The weight among the parameters of a media range: without one it is 1. */
static int
accept_parameters(struct span parameters)
{
	while (parameters.data != NULL) {
		struct span value = span_cut(&parameters, ';');
		struct span name = span_cut(&value, '=');

		if (span_equal_nocase(span_trim(name), SPAN("q")))
			return accept_weight(span_trim(value));
	}
	return WEIGHT_MAX;
}

bool
accept_prefers_html(struct span header)
{
	/* What speaks for a page, and for JSON with the more exact ranges later. */
	static const struct {
		struct span range;
		int rank; /* 0: a page */
	} ranges[] = { { SPAN_INIT("text/html"), 0 }, { SPAN_INIT("application/xhtml+xml"), 0 },
		{ SPAN_INIT("*/*"), 1 }, { SPAN_INIT("application/*"), 2 },
		{ SPAN_INIT("application/json"), 3 } };
	int html = 0, json = 0, json_rank = 0;

	while (header.data != NULL) {
		struct span parameters = span_cut(&header, ',');
		struct span range = span_trim(span_cut(&parameters, ';'));
		int weight = accept_parameters(parameters);

		for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges) && weight >= 0; i++) {
			if (!span_equal_nocase(range, ranges[i].range))
				continue;
			if (ranges[i].rank == 0) {
				html = weight > html ? weight : html;
			} else if (ranges[i].rank >= json_rank) {
				json_rank = ranges[i].rank;
				json = weight;
			}
		}
	}
	return html > 0 && html > json;
}
