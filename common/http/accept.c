#include "http/accept.h"

#include "base/weight.h"

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
		int weight = weight_of(parameters);

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
