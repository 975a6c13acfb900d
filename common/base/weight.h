/* The weights of the elements of Accept, Accept-Language and the like (RFC 9110 section 12.4.2). */
#ifndef YETT_BASE_WEIGHT_H
#define YETT_BASE_WEIGHT_H

#include "base/span.h"

#define WEIGHT_MAX 1000

/* The weight in thousandths among the parameters of an element, which is what follows its first
 * ';': WEIGHT_MAX where there is none, -1 where it is not a number from 0 to 1. */
int weight_of(struct span parameters);

#endif
