#include "store/factor.h"

#include "store/rows.h"

#define FACTOR_MARK_LEEWAY (30 * SECOND) /* between clocks of machines that share the store */

static void
factor_columns(struct stmt *stmt, struct ctx *ctx, struct factor *factor)
{
	factor->sealed = stmt_get_blob(stmt, ctx->arena);
	factor->algorithm = stmt_get_text(stmt, ctx->arena);
	factor->digits = stmt_get_int(stmt);
	factor->period = stmt_get_int(stmt);
}

static void
factor_bind(struct stmt *stmt, const struct factor *factor)
{
	stmt_bind_blob(stmt, factor->sealed.data, factor->sealed.len);
	stmt_bind_text(stmt, factor->algorithm);
	stmt_bind_int(stmt, factor->digits);
	stmt_bind_int(stmt, factor->period);
}

enum rc
factor_find(struct ctx *ctx, const struct user *user, struct factor *factor)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_totp_find);
	enum rc rc;

	memset(factor, 0, sizeof(*factor));
	stmt_bind_int(stmt, user->row);
	rc = stmt_row(stmt);
	if (rc == RC_OK) {
		factor_columns(stmt, ctx, factor);
		factor->last_step = stmt_get_int(stmt);
		rc = stmt_row(stmt) == RC_NO ? RC_OK : RC_UNAVAILABLE;
	}
	stmt_done(stmt);
	return rc;
}

enum rc
factor_spend(struct ctx *ctx, const struct user *user, int64_t step)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_totp_spend);

	stmt_bind_int(stmt, step);
	stmt_bind_int(stmt, user->row);
	return stmt_run_one(stmt);
}

/* Of the account's mark and of its row there are both or none. */
static enum rc
factor_set(struct ctx *ctx, const struct user *user, enum query query)
{
	struct stmt *stmt = db_query(ctx->db, query);

	stmt_bind_int(stmt, user->row);
	return stmt_run_one(stmt);
}

enum rc
factor_insert(struct ctx *ctx, const struct user *user, const struct factor *factor)
{
	struct stmt *stmt;
	enum rc rc = factor_set(ctx, user, QUERY_user_add_factor);

	if (rc != RC_OK)
		return rc;
	stmt = db_query(ctx->db, QUERY_totp_insert);
	stmt_bind_int(stmt, user->row);
	factor_bind(stmt, factor);
	stmt_bind_int(stmt, factor->last_step);
	stmt_bind_int(stmt, ctx->now);
	return stmt_run(stmt, NULL);
}

static enum rc
factor_clear(struct ctx *ctx, const struct user *user, enum query query)
{
	struct stmt *stmt = db_query(ctx->db, query);

	stmt_bind_int(stmt, user->row);
	return stmt_run(stmt, NULL);
}

enum rc
factor_delete(struct ctx *ctx, const struct user *user)
{
	enum rc rc = factor_set(ctx, user, QUERY_user_drop_factor);

	if (rc == RC_OK)
		rc = recovery_delete(ctx, user);
	if (rc == RC_OK)
		rc = factor_clear(ctx, user, QUERY_session_step_down);
	return rc == RC_OK ? factor_clear(ctx, user, QUERY_totp_delete) : rc;
}

enum rc
factor_mark_session(struct ctx *ctx, const struct user *user, struct span session, int64_t until)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_session_step_up);

	stmt_bind_int(stmt, until);
	stmt_bind_text(stmt, session);
	stmt_bind_int(stmt, user->row);
	return stmt_run_one(stmt);
}

enum rc
factor_session_is_marked(struct ctx *ctx, const struct user *user, struct span session)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_session_stepped_up);
	int64_t one;

	stmt_bind_text(stmt, session);
	stmt_bind_int(stmt, user->row);
	stmt_bind_int(stmt, ctx->now);
	stmt_bind_int(stmt, ctx->now + ctx->config->totp.stepup_lifetime + FACTOR_MARK_LEEWAY);
	return stmt_one_int(stmt, &one);
}

enum rc
enrolment_replace(struct ctx *ctx, const struct user *user, struct span digest,
    const struct factor *factor, int64_t expires_at)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_totp_enrolment_replace);

	stmt_bind_int(stmt, user->row);
	stmt_bind_blob(stmt, digest.data, digest.len);
	factor_bind(stmt, factor);
	stmt_bind_int(stmt, user->security_version);
	stmt_bind_int(stmt, expires_at);
	return stmt_run(stmt, NULL);
}

enum rc
enrolment_find(struct ctx *ctx, const struct user *user, struct span digest, struct factor *factor)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_totp_enrolment_find);
	enum rc rc;

	memset(factor, 0, sizeof(*factor));
	stmt_bind_int(stmt, user->row);
	stmt_bind_blob(stmt, digest.data, digest.len);
	stmt_bind_int(stmt, user->security_version);
	stmt_bind_int(stmt, ctx->now);
	rc = stmt_row(stmt);
	if (rc == RC_OK) {
		factor_columns(stmt, ctx, factor);
		rc = stmt_row(stmt) == RC_NO ? RC_OK : RC_UNAVAILABLE;
	}
	stmt_done(stmt);
	return rc;
}

static struct stmt *
enrolment_query(struct ctx *ctx, enum query query, const struct user *user, struct span digest)
{
	struct stmt *stmt = db_query(ctx->db, query);

	stmt_bind_int(stmt, user->row);
	stmt_bind_blob(stmt, digest.data, digest.len);
	return stmt;
}

enum rc
enrolment_take(struct ctx *ctx, const struct user *user, struct span digest)
{
	return stmt_run_one(enrolment_query(ctx, QUERY_totp_enrolment_take, user, digest));
}

enum rc
enrolment_fail(struct ctx *ctx, const struct user *user, struct span digest, int64_t most)
{
	struct stmt *stmt = enrolment_query(ctx, QUERY_totp_enrolment_fail, user, digest);
	enum rc rc = stmt_run(stmt, NULL);

	if (rc != RC_OK)
		return rc;
	stmt = enrolment_query(ctx, QUERY_totp_enrolment_end, user, digest);
	stmt_bind_int(stmt, most);
	return stmt_run(stmt, NULL);
}

static struct stmt *
recovery_query(struct ctx *ctx, enum query query, const struct user *user, struct span digest)
{
	struct stmt *stmt = db_query(ctx->db, query);

	stmt_bind_blob(stmt, digest.data, digest.len);
	stmt_bind_int(stmt, user->row);
	return stmt;
}

enum rc
recovery_insert(struct ctx *ctx, const struct user *user, struct span digest)
{
	return stmt_run(recovery_query(ctx, QUERY_recovery_insert, user, digest), NULL);
}

enum rc
recovery_spend(struct ctx *ctx, const struct user *user, struct span digest)
{
	return stmt_run_one(recovery_query(ctx, QUERY_recovery_spend, user, digest));
}

enum rc
recovery_delete(struct ctx *ctx, const struct user *user)
{
	return factor_clear(ctx, user, QUERY_recovery_delete);
}

enum rc
recovery_count(struct ctx *ctx, const struct user *user, int64_t *count)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_recovery_count);

	stmt_bind_int(stmt, user->row);
	return stmt_one_int(stmt, count);
}

enum rc
factor_keys(struct ctx *ctx, int64_t least, struct factor_key **keys, size_t *count)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_factor_keys);
	enum rc rc;

	*keys = NULL;
	*count = 0;
	stmt_bind_int(stmt, least);
	stmt_bind_int(stmt, ctx->now);
	while ((rc = stmt_row(stmt)) == RC_OK) {
		struct factor_key *more = rows_grow(ctx->arena, *keys, *count, sizeof(*more));

		if (more == NULL) {
			rc = RC_UNAVAILABLE;
			break;
		}
		*keys = more;
		more[*count].id = stmt_get_blob(stmt, ctx->arena);
		more[(*count)++].count = stmt_get_int(stmt);
	}
	stmt_done(stmt);
	return rc == RC_NO ? RC_OK : rc;
}

enum rc
factor_sealed_with(struct ctx *ctx, struct span key_id, int64_t *count)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_factor_sealed_with);

	stmt_bind_blob(stmt, key_id.data, key_id.len);
	stmt_bind_int(stmt, ctx->now);
	return stmt_one_int(stmt, count);
}

enum rc
factor_sealed_otherwise(struct ctx *ctx, int64_t after, struct span key_id, int64_t least,
    int64_t limit, struct factor_row **rows, size_t *count)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_factor_sealed_otherwise);
	enum rc rc;

	*rows = NULL;
	*count = 0;
	stmt_bind_int(stmt, after);
	stmt_bind_blob(stmt, key_id.data, key_id.len);
	stmt_bind_int(stmt, least);
	stmt_bind_int(stmt, limit);
	while ((rc = stmt_row(stmt)) == RC_OK) {
		struct factor_row *more = rows_grow(ctx->arena, *rows, *count, sizeof(*more));

		if (more == NULL) {
			rc = RC_UNAVAILABLE;
			break;
		}
		*rows = more;
		memset(&more[*count], 0, sizeof(*more));
		more[*count].user.row = stmt_get_int(stmt);
		rc = stmt_get_chars(stmt, more[*count].user.id, sizeof(more->user.id));
		more[*count].user.email = stmt_get_text(stmt, ctx->arena);
		more[(*count)++].sealed = stmt_get_blob(stmt, ctx->arena);
		if (rc != RC_OK)
			break;
	}
	stmt_done(stmt);
	return rc == RC_NO ? RC_OK : rc;
}

enum rc
factor_reseal(struct ctx *ctx, const struct factor_row *row, struct span sealed)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_factor_reseal);

	stmt_bind_blob(stmt, sealed.data, sealed.len);
	stmt_bind_int(stmt, row->user.row);
	stmt_bind_blob(stmt, row->sealed.data, row->sealed.len);
	return stmt_run_one(stmt);
}
