#include "store/attempt.h"

enum rc
attempt_check(
    struct ctx *ctx, const unsigned char bucket[BUCKET_SIZE], struct rate rate, int64_t *free_at)
{
	struct stmt *stmt;
	int64_t at = 0;
	enum rc rc;

	*free_at = ctx->now;
	if (rate.count == 0)
		return RC_OK;
	stmt = db_query(ctx->db, QUERY_attempt_nth);
	stmt_bind_blob(stmt, bucket, BUCKET_SIZE);
	stmt_bind_int(stmt, ctx->now - rate.window);
	stmt_bind_int(stmt, rate.count - 1);
	rc = stmt_one_int(stmt, &at);
	if (rc == RC_NO) /* there are fewer than rate.count */
		return RC_OK;
	if (rc == RC_OK) {
		*free_at = at + rate.window;
		return RC_NO;
	}
	return rc;
}

enum rc
attempt_insert(struct ctx *ctx, struct attempt *attempt, struct rate rate)
{
	struct stmt *stmt;
	enum rc rc = random_bytes(&ctx->random, attempt->id, sizeof(attempt->id));

	attempt->at = ctx->now;
	if (rc != RC_OK || rate.count == 0) /* what is not limited need not be counted */
		return rc;
	stmt = db_query(ctx->db, QUERY_attempt_insert);
	stmt_bind_blob(stmt, attempt->bucket, sizeof(attempt->bucket));
	stmt_bind_int(stmt, attempt->at);
	stmt_bind_blob(stmt, attempt->id, sizeof(attempt->id));
	stmt_bind_int(stmt, attempt->at + rate.window);
	return stmt_run(stmt, NULL);
}

enum rc
attempt_give_back(struct ctx *ctx, const struct attempt *attempt)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_attempt_give_back);

	stmt_bind_blob(stmt, attempt->bucket, sizeof(attempt->bucket));
	stmt_bind_int(stmt, attempt->at);
	stmt_bind_blob(stmt, attempt->id, sizeof(attempt->id));
	return stmt_run(stmt, NULL);
}
