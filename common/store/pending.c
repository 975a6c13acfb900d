#include "store/pending.h"

enum rc
pending_insert(
    struct ctx *ctx, const struct user *user, const struct pending *pending, int64_t expires_at)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_pending_login_insert);

	stmt_bind_blob(stmt, pending->digest.data, pending->digest.len);
	stmt_bind_int(stmt, user->row);
	stmt_bind_text(stmt, pending->backend);
	stmt_bind_blob(stmt, pending->agent.data, pending->agent.len);
	stmt_bind_int(stmt, user->security_version);
	stmt_bind_int(stmt, expires_at);
	return stmt_run(stmt, NULL);
}

enum rc
pending_find(struct ctx *ctx, const struct pending *pending, struct user *user)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_pending_login_find);

	stmt_bind_blob(stmt, pending->digest.data, pending->digest.len);
	stmt_bind_text(stmt, pending->backend);
	stmt_bind_blob(stmt, pending->agent.data, pending->agent.len);
	stmt_bind_int(stmt, ctx->now);
	return user_read(stmt, ctx, user, NULL, NULL);
}

enum rc
pending_take(struct ctx *ctx, const struct pending *pending)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_pending_login_take);

	stmt_bind_blob(stmt, pending->digest.data, pending->digest.len);
	return stmt_run_one(stmt);
}

enum rc
pending_fail(struct ctx *ctx, const struct pending *pending, int64_t most)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_pending_login_fail);
	enum rc rc;

	stmt_bind_blob(stmt, pending->digest.data, pending->digest.len);
	rc = stmt_run(stmt, NULL);
	if (rc != RC_OK)
		return rc;
	stmt = db_query(ctx->db, QUERY_pending_login_end);
	stmt_bind_blob(stmt, pending->digest.data, pending->digest.len);
	stmt_bind_int(stmt, most);
	return stmt_run(stmt, NULL);
}

enum rc
pending_expire(struct ctx *ctx, const struct user *user)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_pending_login_expire);

	stmt_bind_int(stmt, user->row);
	stmt_bind_int(stmt, ctx->now);
	return stmt_run(stmt, NULL);
}
