/* What a client is told beside the problem itself. */
#ifndef YETT_FLOW_REFUSAL_H
#define YETT_FLOW_REFUSAL_H

#include <stdint.h>

struct refusal {
	int64_t wait;     /* milliseconds until the next try; 0: not said */
	unsigned reasons; /* POLICY_... bits of a refused password */
};

#endif
