#include "store/operate.h"

#include "store/rows.h"

enum rc
operate_user_find(struct ctx *ctx, struct span email, struct user *user)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_user_find);

	stmt_bind_text(stmt, email);
	return user_read(stmt, ctx, user, NULL, NULL);
}

/* One row of a page: another account, or another role of the last one. */
static enum rc
operate_user_row(struct stmt *stmt, struct ctx *ctx, struct user **users, size_t *count)
{
	struct user user;
	enum rc rc = user_columns(stmt, ctx, &user);

	if (rc != RC_OK)
		return rc;
	if (*count == 0 || (*users)[*count - 1].row != user.row) {
		struct user *rows = rows_grow(ctx->arena, *users, *count, sizeof(*rows));
		if (rows == NULL)
			return RC_UNAVAILABLE;
		rows[(*count)++] = user;
		*users = rows;
	}
	return user_role(stmt, ctx, &(*users)[*count - 1]);
}

enum rc
operate_user_page(
    struct ctx *ctx, struct span after, int64_t limit, struct user **users, size_t *count)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_user_page);
	enum rc rc;

	*users = NULL;
	*count = 0;
	stmt_bind_text(stmt, after.data == NULL ? SPAN("") : after);
	stmt_bind_int(stmt, limit);
	while ((rc = stmt_row(stmt)) == RC_OK) {
		rc = operate_user_row(stmt, ctx, users, count);
		if (rc != RC_OK)
			break;
	}
	stmt_done(stmt);
	return rc == RC_NO ? RC_OK : rc;
}

enum rc
operate_user_password(struct ctx *ctx, const struct user *user, const char *hash)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_user_force_password);

	stmt_bind_text(stmt, span_of(hash));
	stmt_bind_int(stmt, user->row);
	return stmt_run_one(stmt);
}

enum rc
operate_user_active(struct ctx *ctx, const struct user *user, bool active)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_user_set_active);

	stmt_bind_int(stmt, active);
	stmt_bind_int(stmt, user->row);
	return stmt_run_one(stmt);
}

enum rc
operate_user_verified(struct ctx *ctx, const struct user *user)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_user_set_verified);

	stmt_bind_int(stmt, user->row);
	return stmt_run_one(stmt);
}

enum rc
operate_user_delete(struct ctx *ctx, const struct user *user)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_user_delete);

	stmt_bind_int(stmt, user->row);
	return stmt_run_one(stmt);
}

enum rc
operate_superusers_beside(struct ctx *ctx, const struct user *user, int64_t *count)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_superuser_others);

	stmt_bind_int(stmt, user->row);
	stmt_bind_int(stmt, ctx->config->account.requires_verification);
	return stmt_one_int(stmt, count);
}

enum rc
operate_role_list(struct ctx *ctx, struct role **roles, size_t *count)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_role_list);
	enum rc rc;

	*roles = NULL;
	*count = 0;
	while ((rc = stmt_row(stmt)) == RC_OK) {
		struct role *rows = rows_grow(ctx->arena, *roles, *count, sizeof(*rows));
		if (rows == NULL) {
			rc = RC_UNAVAILABLE;
			break;
		}
		rows[*count].name = stmt_get_text(stmt, ctx->arena);
		rows[*count].description = stmt_get_text(stmt, ctx->arena);
		rows[*count].members = stmt_get_int(stmt);
		*roles = rows;
		(*count)++;
	}
	stmt_done(stmt);
	return rc == RC_NO ? RC_OK : rc;
}

enum rc
operate_role_insert(struct ctx *ctx, struct span name, struct span description)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_role_insert);

	stmt_bind_text(stmt, name);
	stmt_bind_text(stmt, description.data == NULL ? SPAN("") : description);
	stmt_bind_int(stmt, ctx->now);
	return stmt_run_one(stmt);
}

enum rc
operate_role_delete(struct ctx *ctx, struct span name)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_role_delete);

	stmt_bind_text(stmt, name);
	return stmt_run_one(stmt);
}

enum rc
operate_role_exists(struct ctx *ctx, struct span name)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_role_exists);
	int64_t one;

	stmt_bind_text(stmt, name);
	return stmt_one_int(stmt, &one);
}

static struct stmt *
operate_membership(struct ctx *ctx, enum query query, const struct user *user, struct span role)
{
	struct stmt *stmt = db_query(ctx->db, query);

	stmt_bind_int(stmt, user->row);
	stmt_bind_text(stmt, role);
	return stmt;
}

enum rc
operate_role_assign(struct ctx *ctx, const struct user *user, struct span role)
{
	return stmt_run(operate_membership(ctx, QUERY_role_assign, user, role), NULL);
}

enum rc
operate_role_unassign(struct ctx *ctx, const struct user *user, struct span role)
{
	return stmt_run_one(operate_membership(ctx, QUERY_role_unassign, user, role));
}

enum rc
operate_session_owner(
    struct ctx *ctx, struct span session_id, int64_t *session_row, char user_id[UUID_SIZE])
{
	struct stmt *stmt = db_query(ctx->db, QUERY_session_owner);
	enum rc rc;

	stmt_bind_text(stmt, session_id);
	rc = stmt_row(stmt);
	if (rc == RC_OK) {
		*session_row = stmt_get_int(stmt);
		rc = stmt_get_chars(stmt, user_id, UUID_SIZE);
	}
	stmt_done(stmt);
	return rc;
}

static void
operate_audit_row(struct stmt *stmt, struct ctx *ctx, struct audit_row *row)
{
	row->number = stmt_get_int(stmt);
	row->at = stmt_get_int(stmt);
	row->event = stmt_get_text(stmt, ctx->arena);
	row->user = stmt_get_text(stmt, ctx->arena);
	row->actor = stmt_get_text(stmt, ctx->arena);
	row->backend = stmt_get_text(stmt, ctx->arena);
	row->session = stmt_get_text(stmt, ctx->arena);
	row->address = stmt_get_text(stmt, ctx->arena);
	row->request_id = stmt_get_text(stmt, ctx->arena);
	row->object = stmt_get_text(stmt, ctx->arena);
}

enum rc
operate_audit_page(
    struct ctx *ctx, struct span user_id, int64_t limit, struct audit_row **rows, size_t *count)
{
	bool all = user_id.data == NULL;
	struct stmt *stmt = db_query(ctx->db, all ? QUERY_audit_page : QUERY_audit_page_of_user);
	enum rc rc;

	*rows = NULL;
	*count = 0;
	if (!all)
		stmt_bind_text(stmt, user_id);
	stmt_bind_int(stmt, limit);
	while ((rc = stmt_row(stmt)) == RC_OK) {
		struct audit_row *grown = rows_grow(ctx->arena, *rows, *count, sizeof(*grown));
		if (grown == NULL) {
			rc = RC_UNAVAILABLE;
			break;
		}
		operate_audit_row(stmt, ctx, &grown[*count]);
		*rows = grown;
		(*count)++;
	}
	stmt_done(stmt);
	return rc == RC_NO ? RC_OK : rc;
}

enum rc
operate_decoy_write(struct ctx *ctx, const char *hash)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_decoy_write);

	stmt_bind_text(stmt, span_of(hash));
	return stmt_run(stmt, NULL);
}

enum rc
operate_keys_changed(struct ctx *ctx)
{
	return stmt_run_one(db_query(ctx->db, QUERY_generation_next));
}

enum rc
operate_latest(struct ctx *ctx, int64_t drift, int64_t *instant)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_latest_instant);

	stmt_bind_int(stmt, drift);
	return stmt_one_int(stmt, instant);
}
