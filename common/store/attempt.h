/* Counted attempts in sliding windows; the bucket is a keyed digest of what is counted. */
#ifndef YETT_STORE_ATTEMPT_H
#define YETT_STORE_ATTEMPT_H

#include "base/ctx.h"
#include "store/db.h"

#define BUCKET_SIZE 32
#define ATTEMPT_ID_SIZE 8

struct attempt {
	unsigned char bucket[BUCKET_SIZE];
	unsigned char id[ATTEMPT_ID_SIZE]; /* random, set by attempt_insert */
	int64_t at;
};

/* RC_OK: the bucket is below the rate. RC_NO: it is full until *free_at. */
enum rc attempt_check(
    struct ctx *, const unsigned char bucket[BUCKET_SIZE], struct rate, int64_t *free_at) RC_MUST;

/* Counts one; remembers in *attempt what attempt_give_back needs. */
enum rc attempt_insert(struct ctx *, struct attempt *attempt, struct rate) RC_MUST;
enum rc attempt_give_back(struct ctx *, const struct attempt *) RC_MUST;

#endif
