#include "store/outbox.h"

#include "store/rows.h"

/* Fields of one place, so that no client can make a row that is long. */
static struct span
outbox_language(struct span language)
{
	size_t len = 0;

	while (len < language.len && len < OUTBOX_LANGUAGE_MAX && language.data[len] >= 0x20 &&
	       language.data[len] < 0x7f)
		len++;
	return len == 0 ? SPAN("") : (struct span){ language.data, len };
}

enum rc
outbox_insert(struct ctx *ctx, const struct outbox_new *new, outbox_seal *seal, void *state)
{
	struct span token = { NULL, 0 };
	struct stmt *stmt;
	char id[UUID_SIZE];
	enum rc rc = random_uuid(&ctx->random, id);

	if (rc == RC_OK && seal != NULL)
		rc = seal(ctx, state, span_of(id), &token);
	if (rc != RC_OK)
		return rc;
	stmt = db_query(ctx->db, QUERY_outbox_insert);
	stmt_bind_text(stmt, span_of(id));
	stmt_bind_text(stmt, span_of(new->channel));
	stmt_bind_text(stmt, span_of(new->kind));
	stmt_bind_text(stmt, new->user);
	stmt_bind_text(stmt, new->request);
	stmt_bind_text(stmt, new->recipient.data == NULL ? SPAN("") : new->recipient);
	stmt_bind_text(stmt, outbox_language(new->language));
	stmt_bind_blob(stmt, token.data, token.len);
	stmt_bind_int(stmt, ctx->now);
	stmt_bind_int(stmt, new->expires_at);
	rc = stmt_run(stmt, NULL);
	if (rc == RC_OK)
		ctx->posted = true;
	return rc;
}

static enum rc
outbox_columns(struct stmt *stmt, struct ctx *ctx, struct outbox_row *row)
{
	enum rc rc;

	row->row = stmt_get_int(stmt);
	rc = stmt_get_chars(stmt, row->id, sizeof(row->id));
	row->channel = stmt_get_text(stmt, ctx->arena);
	row->kind = stmt_get_text(stmt, ctx->arena);
	row->user = stmt_get_text(stmt, ctx->arena);
	row->request = stmt_get_text(stmt, ctx->arena);
	row->recipient = stmt_get_text(stmt, ctx->arena);
	row->language = stmt_get_text(stmt, ctx->arena);
	row->token = stmt_get_blob(stmt, ctx->arena);
	row->tries = stmt_get_int(stmt);
	row->created_at = stmt_get_int(stmt);
	row->expires_at = stmt_get_int(stmt);
	return rc;
}

enum rc
outbox_claim(struct ctx *ctx, const struct outbox_turn *turn, struct outbox_row *row)
{
	struct stmt *stmt;
	enum rc rc;

	memset(row, 0, sizeof(*row));
	rc = random_uuid(&ctx->random, row->lease);
	if (rc != RC_OK)
		return rc;
	stmt = db_query(ctx->db, QUERY_outbox_claim);
	stmt_bind_text(stmt, span_of(row->lease));
	stmt_bind_int(stmt, ctx->now + OUTBOX_LEASE);
	stmt_bind_int(stmt, ctx->now);
	stmt_bind_int(stmt, turn->all ? INT64_MAX : ctx->now);
	stmt_bind_int(stmt, turn->all ? turn->started : INT64_MAX);
	stmt_bind_int(stmt, turn->mail_alone);
	rc = stmt_row(stmt);
	if (rc == RC_OK) {
		rc = outbox_columns(stmt, ctx, row);
		if (rc == RC_OK) /* to the end, where the claim is committed */
			rc = stmt_row(stmt) == RC_NO ? RC_OK : RC_UNAVAILABLE;
	}
	stmt_done(stmt);
	return rc;
}

enum rc
outbox_sent(struct ctx *ctx, const struct outbox_row *row)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_outbox_sent);

	stmt_bind_int(stmt, row->row);
	stmt_bind_text(stmt, span_of(row->lease));
	return stmt_run_one(stmt);
}

static struct span
outbox_reason(struct span reason)
{
	if (reason.data == NULL)
		return SPAN("");
	if (reason.len > OUTBOX_REASON_MAX)
		reason.len = OUTBOX_REASON_MAX;
	return reason;
}

enum rc
outbox_later(struct ctx *ctx, const struct outbox_row *row, int64_t next_try_at, struct span reason)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_outbox_later);

	stmt_bind_int(stmt, next_try_at);
	stmt_bind_text(stmt, outbox_reason(reason));
	stmt_bind_int(stmt, row->row);
	stmt_bind_text(stmt, span_of(row->lease));
	return stmt_run_one(stmt);
}

enum rc
outbox_refused(struct ctx *ctx, const struct outbox_row *row, struct span reason)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_outbox_refused);

	stmt_bind_text(stmt, outbox_reason(reason));
	stmt_bind_int(stmt, row->row);
	stmt_bind_text(stmt, span_of(row->lease));
	return stmt_run_one(stmt);
}

enum rc
outbox_next_due(struct ctx *ctx, bool mail_alone, int64_t *at)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_outbox_next_due);

	stmt_bind_int(stmt, mail_alone);
	return stmt_one_int(stmt, at);
}

enum rc
outbox_waiting(struct ctx *ctx, struct span channel, int64_t *count)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_outbox_waiting);

	stmt_bind_text(stmt, channel);
	return stmt_one_int(stmt, count);
}

enum rc
outbox_sealed_with(struct ctx *ctx, struct span key_id, int64_t *count)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_outbox_sealed_with);

	stmt_bind_blob(stmt, key_id.data, key_id.len);
	return stmt_one_int(stmt, count);
}

static void
outbox_listed_columns(struct stmt *stmt, struct ctx *ctx, struct outbox_listed *row)
{
	row->id = stmt_get_text(stmt, ctx->arena);
	row->kind = stmt_get_text(stmt, ctx->arena);
	row->recipient = stmt_get_text(stmt, ctx->arena);
	row->state = stmt_get_text(stmt, ctx->arena);
	row->reason = stmt_get_text(stmt, ctx->arena);
	row->tries = stmt_get_int(stmt);
	row->next_try_at = stmt_get_int(stmt);
	row->created_at = stmt_get_int(stmt);
}

enum rc
outbox_list(
    struct ctx *ctx, struct span channel, int64_t limit, struct outbox_listed **rows, size_t *count)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_outbox_list);
	enum rc rc;

	*rows = NULL;
	*count = 0;
	stmt_bind_text(stmt, channel);
	stmt_bind_int(stmt, limit);
	while ((rc = stmt_row(stmt)) == RC_OK) {
		struct outbox_listed *more = rows_grow(ctx->arena, *rows, *count, sizeof(*more));
		if (more == NULL) {
			rc = RC_UNAVAILABLE;
			break;
		}
		outbox_listed_columns(stmt, ctx, &more[*count]);
		*rows = more;
		(*count)++;
	}
	stmt_done(stmt);
	return rc == RC_NO ? RC_OK : rc;
}
