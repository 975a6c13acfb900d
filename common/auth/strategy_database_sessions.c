/* Sessions that live in the database; the jwt strategy keeps its refresh sessions there too. */
#include "auth/sessions.h"

static enum rc
strategy_database_revoke(struct ctx *ctx, const struct identity *identity)
{
	return session_end(ctx, &identity->user, span_of(identity->session_id));
}

const struct sessions strategy_database_sessions = {
	.revoke = strategy_database_revoke,
	.list = session_list,
};
