#include "base/weight.h"

/* A "qvalue" (RFC 9110 section 12.4.2) in thousandths, -1 when it is none. */
static int
weight_read(struct span text)
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

int
weight_of(struct span parameters)
{
	while (parameters.data != NULL) {
		struct span value = span_cut(&parameters, ';');
		struct span name = span_cut(&value, '=');

		if (span_equal_nocase(span_trim(name), SPAN("q")))
			return weight_read(span_trim(value));
	}
	return WEIGHT_MAX;
}
