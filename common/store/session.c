#include "store/session.h"

#include "store/rows.h"

/* What the identity statements add to the account's columns. */
struct session_found {
	struct session *session;
	bool with_times;
	int64_t *consumed_at; /* NULL: no such column */
};

static enum rc
session_columns(struct stmt *stmt, struct ctx *ctx, void *state)
{
	struct session_found *found = state;
	struct session *session = found->session;
	enum rc rc;

	memset(session, 0, sizeof(*session));
	session->row = stmt_get_int(stmt);
	rc = stmt_get_chars(stmt, session->id, sizeof(session->id));
	session->backend = stmt_get_text(stmt, ctx->arena);
	if (found->with_times) {
		session->last_used_at = stmt_get_int(stmt);
		session->expires_at = stmt_get_int(stmt);
	}
	if (found->consumed_at != NULL)
		*found->consumed_at = stmt_get_int(stmt);
	return rc;
}

enum rc
session_by_access(struct ctx *ctx, struct span digest, struct user *user, struct session *session)
{
	struct session_found found = { session, false, NULL };
	struct stmt *stmt = db_query(ctx->db, QUERY_identity_by_access);

	stmt_bind_blob(stmt, digest.data, digest.len);
	stmt_bind_int(stmt, ctx->now);
	return user_read(stmt, ctx, user, session_columns, &found);
}

enum rc
session_by_id(struct ctx *ctx, struct span id, struct user *user, struct session *session)
{
	struct session_found found = { session, false, NULL };
	struct stmt *stmt = db_query(ctx->db, QUERY_identity_by_session);

	stmt_bind_text(stmt, id);
	stmt_bind_int(stmt, ctx->now);
	return user_read(stmt, ctx, user, session_columns, &found);
}

enum rc
user_by_subject(struct ctx *ctx, struct span id, struct user *user)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_identity_by_subject);

	stmt_bind_text(stmt, id);
	return user_read(stmt, ctx, user, NULL, NULL);
}

enum rc
denied_jwt_find(struct ctx *ctx, struct span jti)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_denied_jwt_find);
	int64_t one;

	stmt_bind_text(stmt, jti);
	return stmt_one_int(stmt, &one);
}

enum rc
denied_jwt_insert(struct ctx *ctx, struct span jti, int64_t expires_at)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_denied_jwt_insert);

	stmt_bind_text(stmt, jti);
	stmt_bind_int(stmt, expires_at);
	return stmt_run(stmt, NULL);
}

/* Runs a query for one public id. */
static enum rc
session_public_id(struct stmt *stmt, char id[UUID_SIZE])
{
	enum rc rc = stmt_row(stmt);

	if (rc == RC_OK)
		rc = stmt_get_chars(stmt, id, UUID_SIZE);
	stmt_done(stmt);
	return rc;
}

enum rc
session_behind_refresh(struct ctx *ctx, struct span digest, char id[UUID_SIZE])
{
	struct stmt *stmt = db_query(ctx->db, QUERY_session_behind_refresh);

	stmt_bind_blob(stmt, digest.data, digest.len);
	stmt_bind_int(stmt, ctx->now);
	return session_public_id(stmt, id);
}

static enum rc
session_trim(struct ctx *ctx, int64_t user_row)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_session_trim);

	stmt_bind_int(stmt, user_row);
	stmt_bind_int(stmt, SESSIONS_MAX - 1);
	return stmt_run(stmt, NULL);
}

enum rc
session_insert(struct ctx *ctx, const struct session_new *session, int64_t *row)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_session_insert);
	enum rc rc = session_trim(ctx, session->user_row);

	if (rc != RC_OK)
		return rc;
	stmt_bind_text(stmt, span_of(session->id));
	stmt_bind_int(stmt, session->user_row);
	stmt_bind_text(stmt, session->backend);
	stmt_bind_text(stmt, session->user_agent.data == NULL ? SPAN("") : session->user_agent);
	stmt_bind_blob(stmt, session->refresh_digest.data, session->refresh_digest.len);
	stmt_bind_int(stmt, ctx->now);
	stmt_bind_int(stmt, session->expires_at);
	return stmt_one_int(stmt, row);
}

enum rc
access_token_insert(struct ctx *ctx, int64_t session_row, struct span digest, int64_t expires_at)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_access_token_insert);

	stmt_bind_blob(stmt, digest.data, digest.len);
	stmt_bind_int(stmt, session_row);
	stmt_bind_int(stmt, expires_at);
	return stmt_run(stmt, NULL);
}

enum rc
session_by_refresh(struct ctx *ctx, struct span digest, struct user *user, struct session *session)
{
	struct session_found found = { session, true, NULL };
	struct stmt *stmt = db_query(ctx->db, QUERY_session_by_refresh);

	stmt_bind_blob(stmt, digest.data, digest.len);
	return user_read(stmt, ctx, user, session_columns, &found);
}

enum rc
session_by_consumed(struct ctx *ctx, struct span digest, struct user *user, struct session *session,
    int64_t *consumed_at)
{
	struct session_found found = { session, true, consumed_at };
	struct stmt *stmt = db_query(ctx->db, QUERY_session_by_consumed);

	stmt_bind_blob(stmt, digest.data, digest.len);
	return user_read(stmt, ctx, user, session_columns, &found);
}

enum rc
session_rotate(
    struct ctx *ctx, const struct session *session, struct span old_digest, struct span new_digest)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_session_rotate);
	enum rc rc;

	stmt_bind_blob(stmt, new_digest.data, new_digest.len);
	stmt_bind_int(stmt, ctx->now);
	stmt_bind_int(stmt, session->row);
	stmt_bind_blob(stmt, old_digest.data, old_digest.len);
	rc = stmt_run_one(stmt);
	if (rc != RC_OK)
		return rc;
	stmt = db_query(ctx->db, QUERY_consumed_refresh_insert);
	stmt_bind_blob(stmt, old_digest.data, old_digest.len);
	stmt_bind_int(stmt, session->row);
	stmt_bind_int(stmt, ctx->now);
	return stmt_run(stmt, NULL);
}

static enum rc
session_list_row(struct stmt *stmt, struct ctx *ctx, struct session *session)
{
	enum rc rc = stmt_get_chars(stmt, session->id, sizeof(session->id));

	session->backend = stmt_get_text(stmt, ctx->arena);
	session->user_agent = stmt_get_text(stmt, ctx->arena);
	session->created_at = stmt_get_int(stmt);
	session->last_used_at = stmt_get_int(stmt);
	session->expires_at = stmt_get_int(stmt);
	return rc;
}

enum rc
session_list(struct ctx *ctx, const struct user *user, struct session **sessions, size_t *count)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_session_list);
	enum rc rc;

	*sessions = NULL;
	*count = 0;
	stmt_bind_int(stmt, user->row);
	stmt_bind_int(stmt, ctx->now);
	while ((rc = stmt_row(stmt)) == RC_OK) {
		struct session *rows = rows_grow(ctx->arena, *sessions, *count, sizeof(*rows));
		rc = rows == NULL ? RC_UNAVAILABLE : session_list_row(stmt, ctx, &rows[*count]);
		if (rc != RC_OK)
			break;
		*sessions = rows;
		(*count)++;
	}
	stmt_done(stmt);
	return rc == RC_NO ? RC_OK : rc;
}

enum rc
session_of_refresh(struct ctx *ctx, const struct user *user, struct span digest, char id[UUID_SIZE])
{
	struct stmt *stmt = db_query(ctx->db, QUERY_session_of_refresh);

	stmt_bind_blob(stmt, digest.data, digest.len);
	stmt_bind_int(stmt, user->row);
	stmt_bind_int(stmt, ctx->now);
	return session_public_id(stmt, id);
}

enum rc
session_end(struct ctx *ctx, const struct user *user, struct span id)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_session_end);

	stmt_bind_text(stmt, id);
	stmt_bind_int(stmt, user->row);
	stmt_bind_int(stmt, ctx->now);
	return stmt_run_one(stmt);
}

enum rc
session_end_row(struct ctx *ctx, int64_t row)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_session_end_row);

	stmt_bind_int(stmt, row);
	return stmt_run(stmt, NULL);
}

/* When none is given all end: NULL would compare as unknown and end none. */
enum rc
session_end_all_but(struct ctx *ctx, const struct user *user, struct span but)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_session_end_all_but);

	stmt_bind_int(stmt, user->row);
	stmt_bind_text(stmt, but.data == NULL ? SPAN("") : but);
	return stmt_run(stmt, NULL);
}

enum rc
session_count(struct ctx *ctx, const struct user *user, struct span but, size_t *count)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_session_count);
	int64_t number = 0;
	enum rc rc;

	stmt_bind_int(stmt, user->row);
	stmt_bind_text(stmt, but.data == NULL ? SPAN("") : but);
	stmt_bind_int(stmt, ctx->now);
	rc = stmt_one_int(stmt, &number);
	*count = number < 0 ? 0 : (size_t)number;
	return rc;
}
