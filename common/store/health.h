/* Whether the store answers. */
#ifndef YETT_STORE_HEALTH_H
#define YETT_STORE_HEALTH_H

#include "base/ctx.h"
#include "store/db.h"

enum rc health_check(struct ctx *) RC_MUST;

#endif
