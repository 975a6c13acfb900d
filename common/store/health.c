#include "store/health.h"

enum rc
health_check(struct ctx *ctx)
{
	int64_t roles;

	return stmt_one_int(db_query(ctx->db, QUERY_health), &roles);
}
