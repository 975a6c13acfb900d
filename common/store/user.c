#include "store/user.h"

#include "store/rows.h"

#define USER_COLUMNS 8

enum rc
user_columns(struct stmt *stmt, struct ctx *ctx, struct user *user)
{
	enum rc rc;

	memset(user, 0, sizeof(*user));
	user->row = stmt_get_int(stmt);
	rc = stmt_get_chars(stmt, user->id, sizeof(user->id));
	user->email = stmt_get_text(stmt, ctx->arena);
	user->username = stmt_get_text(stmt, ctx->arena);
	user->is_active = stmt_get_int(stmt) != 0;
	user->is_verified = stmt_get_int(stmt) != 0;
	user->security_version = stmt_get_int(stmt);
	user->second_factor = stmt_get_int(stmt) != 0;
	return rc;
}

enum rc
user_role(struct stmt *stmt, struct ctx *ctx, struct user *user)
{
	struct span role = stmt_get_text(stmt, ctx->arena);
	struct span *roles;

	if (role.data == NULL) /* no role; or a fault, which the next stmt_row tells */
		return RC_OK;
	roles = rows_grow(ctx->arena, user->roles, user->role_count, sizeof(*roles));
	if (roles == NULL)
		return RC_UNAVAILABLE;
	roles[user->role_count++] = role;
	user->roles = roles;
	if (span_equal(role, SPAN(SUPERUSER)))
		user->is_superuser = true;
	return RC_OK;
}

enum rc
user_read(struct stmt *stmt, struct ctx *ctx, struct user *user, user_more *more, void *state)
{
	enum rc rc = stmt_row(stmt);

	if (rc == RC_OK)
		rc = user_columns(stmt, ctx, user);
	if (rc == RC_OK)
		rc = user_role(stmt, ctx, user);
	if (rc == RC_OK && more != NULL)
		rc = more(stmt, ctx, state);
	if (rc != RC_OK)
		goto out;
	while ((rc = stmt_row(stmt)) == RC_OK) {
		stmt_skip(stmt, USER_COLUMNS);
		rc = user_role(stmt, ctx, user);
		if (rc != RC_OK)
			goto out;
	}
	if (rc == RC_NO)
		rc = RC_OK;
out:
	stmt_done(stmt);
	return rc;
}

static enum rc
user_find(struct ctx *ctx, enum query query, struct span key, struct user *user, user_more *more,
    void *state)
{
	struct stmt *stmt = db_query(ctx->db, query);

	stmt_bind_text(stmt, key);
	return user_read(stmt, ctx, user, more, state);
}

enum rc
user_by_id(struct ctx *ctx, struct span id, struct user *user)
{
	return user_find(ctx, QUERY_user_by_id, id, user, NULL, NULL);
}

static enum rc
user_hash(struct stmt *stmt, struct ctx *ctx, void *state)
{
	struct credential *credential = state;

	(void)ctx;
	return stmt_get_chars(stmt, credential->hash, sizeof(credential->hash));
}

static enum rc
user_credential(struct ctx *ctx, enum query query, struct span key, struct credential *credential)
{
	memset(credential, 0, sizeof(*credential));
	return user_find(ctx, query, key, &credential->user, user_hash, credential);
}

enum rc
credential_by_email(struct ctx *ctx, struct span email, struct credential *credential)
{
	return user_credential(ctx, QUERY_credential_by_email, email, credential);
}

enum rc
credential_by_username(struct ctx *ctx, struct span username, struct credential *credential)
{
	return user_credential(ctx, QUERY_credential_by_username, username, credential);
}

enum rc
credential_by_id(struct ctx *ctx, struct span id, struct credential *credential)
{
	return user_credential(ctx, QUERY_credential_by_id, id, credential);
}

static enum rc
user_contested(struct stmt *stmt, struct ctx *ctx, void *state)
{
	bool *contested = state;

	(void)ctx;
	*contested = stmt_get_int(stmt) != 0;
	return RC_OK;
}

enum rc
user_by_email(struct ctx *ctx, struct span email, struct user *user, bool *contested)
{
	return user_find(ctx, QUERY_user_by_email, email, user,
	    contested == NULL ? NULL : user_contested, contested);
}

enum rc
user_decoy(struct ctx *ctx, char hash[HASH_TEXT_SIZE])
{
	struct stmt *stmt = db_query(ctx->db, QUERY_decoy_read);
	enum rc rc = stmt_row(stmt);

	if (rc == RC_OK)
		rc = stmt_get_chars(stmt, hash, HASH_TEXT_SIZE);
	stmt_done(stmt);
	return rc;
}

enum rc
user_insert(struct ctx *ctx, const struct user_new *user)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_user_insert);
	int64_t row;

	stmt_bind_text(stmt, span_of(user->id));
	stmt_bind_text(stmt, user->email);
	stmt_bind_text(stmt, user->username);
	stmt_bind_text(stmt, span_of(user->hash));
	stmt_bind_int(stmt, user->is_verified);
	stmt_bind_int(stmt, user->self_registered);
	stmt_bind_int(stmt, ctx->now);
	return stmt_one_int(stmt, &row);
}

enum rc
username_taken(struct ctx *ctx, struct span username)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_username_taken);
	int64_t one;

	stmt_bind_text(stmt, username);
	stmt_bind_int(stmt, ctx->now);
	return stmt_one_int(stmt, &one);
}

enum rc
username_reserve(struct ctx *ctx, struct span username, int64_t expires_at)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_username_reserve);

	stmt_bind_text(stmt, username);
	stmt_bind_int(stmt, expires_at);
	return stmt_run(stmt, NULL);
}

/* One text of an account replaced. */
static enum rc
user_replace(struct ctx *ctx, enum query query, const struct user *user, struct span text)
{
	struct stmt *stmt = db_query(ctx->db, query);

	stmt_bind_text(stmt, text);
	stmt_bind_int(stmt, user->row);
	return stmt_run_one(stmt);
}

enum rc
user_set_email(struct ctx *ctx, const struct user *user, struct span email)
{
	return user_replace(ctx, QUERY_user_set_email, user, email);
}

enum rc
user_set_username(struct ctx *ctx, const struct user *user, struct span username)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_user_set_username);

	stmt_bind_text(stmt, username);
	stmt_bind_int(stmt, user->row);
	stmt_bind_int(stmt, ctx->now);
	return stmt_run_one(stmt);
}

static enum rc
user_replace_hash(struct ctx *ctx, enum query query, const struct user *user, const char *hash,
    const char *proved)
{
	struct stmt *stmt = db_query(ctx->db, query);

	stmt_bind_text(stmt, span_of(hash));
	stmt_bind_int(stmt, user->row);
	stmt_bind_text(stmt, span_of(proved));
	return stmt_run_one(stmt);
}

enum rc
user_set_password(struct ctx *ctx, const struct user *user, const char *hash, const char *proved)
{
	return user_replace_hash(ctx, QUERY_user_set_password, user, hash, proved);
}

enum rc
user_upgrade_hash(struct ctx *ctx, const struct user *user, const char *hash, const char *proved)
{
	return user_replace_hash(ctx, QUERY_user_upgrade_hash, user, hash, proved);
}

enum rc
user_contest(struct ctx *ctx, const struct user *user)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_user_contest);

	stmt_bind_int(stmt, user->row);
	return stmt_run_one(stmt);
}

enum rc
user_mark_verified(struct ctx *ctx, const struct user *user)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_user_mark_verified);

	stmt_bind_int(stmt, user->row);
	return stmt_run_one(stmt);
}

enum rc
user_replace_email(struct ctx *ctx, const struct user *user, struct span email)
{
	return user_replace(ctx, QUERY_user_replace_email, user, email);
}

enum rc
user_reset_password(struct ctx *ctx, const struct user *user, const char *hash)
{
	return user_replace(ctx, QUERY_user_reset_password, user, span_of(hash));
}

enum rc
user_bump_version(struct ctx *ctx, const struct user *user)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_user_bump_version);

	stmt_bind_int(stmt, user->row);
	return stmt_run_one(stmt);
}
