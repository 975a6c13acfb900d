#include "store/audit.h"

enum rc
audit_insert(struct ctx *ctx, const struct audit_entry *entry)
{
	struct stmt *stmt = db_query(ctx->db, QUERY_audit_insert);

	stmt_bind_int(stmt, ctx->now);
	stmt_bind_text(stmt, span_of(entry->event));
	stmt_bind_text(stmt, entry->user);
	stmt_bind_text(stmt, entry->actor);
	stmt_bind_text(stmt, entry->backend);
	stmt_bind_text(stmt, entry->session);
	stmt_bind_text(stmt, entry->address);
	stmt_bind_text(stmt, span_of(ctx->request_id[0] == '\0' ? NULL : ctx->request_id));
	stmt_bind_text(stmt, entry->object);
	return stmt_run(stmt, NULL);
}
