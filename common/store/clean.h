/* House-keeping: deletes what has expired, in bounded batches. Never a matter of correctness. */
#ifndef YETT_STORE_CLEAN_H
#define YETT_STORE_CLEAN_H

#include "base/ctx.h"
#include "store/db.h"

#define CLEAN_BATCH 200

/* Deletes up to "batch" rows of each kind, each kind in a transaction of its own; *deleted counts
 * them all. */
enum rc clean_run(struct ctx *, int64_t batch, int64_t *deleted) RC_MUST;

#endif
