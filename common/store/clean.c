#include "store/clean.h"

#include "base/config.h"
#include "store/outbox.h"

/* Takes a batch of one kind: what ended at "until" or before. Adds how many rows that were. */
static enum rc
clean_kind(struct ctx *ctx, enum query query, int64_t until, int64_t batch, int64_t *count)
{
	struct stmt *stmt;
	int64_t changed = 0;
	enum rc rc = db_begin(ctx->db);

	if (rc != RC_OK)
		return rc;
	stmt = db_query(ctx->db, query);
	stmt_bind_int(stmt, until);
	stmt_bind_int(stmt, batch);
	rc = db_end(ctx->db, stmt_run(stmt, &changed));
	if (rc == RC_OK)
		*count += changed;
	return rc;
}

/* A lifetime that is off keeps for ever. Where nobody need verify an address, an account that was
 * not verified is as good as any other, and stays that when it is required one day. */
enum rc
clean_run(struct ctx *ctx, int64_t batch, int64_t *deleted)
{
	const struct config_account *account = &ctx->config->account;
	int64_t unverified = account->requires_verification ? account->unverified_lifetime : 0;
	int64_t audit = ctx->config->log.audit_lifetime;
	const struct {
		enum query query;
		bool wanted;
		int64_t until;
	} kinds[] = {
		{ QUERY_clean_access_token, true, ctx->now },
		{ QUERY_clean_session, true, ctx->now },
		{ QUERY_clean_attempt, true, ctx->now },
		{ QUERY_clean_denied_jwt, true, ctx->now },
		{ QUERY_clean_reserved_username, true, ctx->now },
		{ QUERY_clean_onetime, true, ctx->now },
		{ QUERY_clean_outbox, true, ctx->now - OUTBOX_LISTED },
		{ QUERY_clean_outbox_expired, true, ctx->now - OUTBOX_LISTED },
		{ QUERY_clean_totp_enrolment, true, ctx->now },
		{ QUERY_clean_pending_login, true, ctx->now },
		{ QUERY_clean_unverified, unverified > 0, ctx->now - unverified },
		{ QUERY_clean_audit, audit > 0, ctx->now - audit },
	};
	int64_t kept = 0;
	enum rc rc = RC_OK;

	*deleted = 0;
	for (size_t i = 0; rc == RC_OK && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].wanted)
			rc = clean_kind(ctx, kinds[i].query, kinds[i].until, batch, deleted);
	}
	if (rc == RC_OK && !account->requires_verification)
		rc = clean_kind(ctx, QUERY_keep_unverified, ctx->now, batch, &kept);
	return rc;
}
