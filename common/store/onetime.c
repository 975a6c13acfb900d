#include "store/onetime.h"

static const char *const onetime_names[] = {
	[ONETIME_VERIFY] = "verify",
	[ONETIME_CHANGE] = "change",
	[ONETIME_RESET] = "reset",
};

/* The statement for this kind of two that do the same under different grants. */
static struct stmt *
onetime_query(struct ctx *ctx, enum onetime_kind kind, enum query verify, enum query reset)
{
	return db_query(ctx->db, kind == ONETIME_RESET ? reset : verify);
}

enum rc
onetime_insert(
    struct ctx *ctx, const struct user *user, struct span digest, const struct onetime *onetime)
{
	struct stmt *stmt =
	    onetime_query(ctx, onetime->kind, QUERY_verify_link_insert, QUERY_reset_link_insert);

	stmt_bind_blob(stmt, digest.data, digest.len);
	stmt_bind_text(stmt, span_of(onetime_names[onetime->kind]));
	stmt_bind_int(stmt, user->row);
	stmt_bind_text(stmt, onetime->email);
	stmt_bind_text(stmt, span_of(onetime->session[0] == '\0' ? NULL : onetime->session));
	stmt_bind_int(stmt, onetime->expires_at);
	return stmt_run(stmt, NULL);
}

/* What the statements add to the account's columns. */
static enum rc
onetime_columns(struct stmt *stmt, struct ctx *ctx, void *state)
{
	struct onetime *onetime = state;
	struct span kind = stmt_get_text(stmt, ctx->arena), session;

	*onetime = (struct onetime){ .kind = ONETIME_VERIFY };
	while (onetime->kind < ONETIME_RESET &&
	       !span_equal(kind, span_of(onetime_names[onetime->kind])))
		onetime->kind++;
	onetime->email = stmt_get_text(stmt, ctx->arena);
	session = stmt_get_text(stmt, ctx->arena);
	return span_copy(onetime->session, sizeof(onetime->session), session) ? RC_OK : RC_INTERNAL;
}

enum rc
onetime_find(
    struct ctx *ctx, bool reset, struct span digest, struct user *user, struct onetime *onetime)
{
	struct stmt *stmt =
	    db_query(ctx->db, reset ? QUERY_reset_link_find : QUERY_verify_link_find);

	stmt_bind_blob(stmt, digest.data, digest.len);
	stmt_bind_int(stmt, ctx->now);
	return user_read(stmt, ctx, user, onetime_columns, onetime);
}

enum rc
onetime_take(struct ctx *ctx, enum onetime_kind kind, struct span digest)
{
	struct stmt *stmt = onetime_query(ctx, kind, QUERY_verify_link_take, QUERY_reset_link_take);

	stmt_bind_blob(stmt, digest.data, digest.len);
	return stmt_run_one(stmt);
}

enum rc
onetime_end(struct ctx *ctx, const struct user *user, enum onetime_kind kind)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_onetime_end);

	stmt_bind_int(stmt, user->row);
	stmt_bind_text(stmt, span_of(onetime_names[kind]));
	return stmt_run(stmt, NULL);
}

enum rc
onetime_pending(struct ctx *ctx, const struct user *user, struct span *email)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_onetime_pending);
	enum rc rc;

	stmt_bind_int(stmt, user->row);
	stmt_bind_int(stmt, ctx->now);
	rc = stmt_row(stmt);
	if (rc == RC_OK)
		*email = stmt_get_text(stmt, ctx->arena);
	stmt_done(stmt);
	return rc == RC_OK && email->data == NULL ? RC_UNAVAILABLE : rc;
}
