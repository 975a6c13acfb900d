#include "auth/ending.h"

#include "auth/notice.h"

/* One event each; where nobody is told of them they are not even looked for. */
static enum rc
ending_tell(struct ctx *ctx, const struct user *user, struct span except)
{
	size_t count = 0;
	enum rc rc;

	if (ctx->config->hooks.command[0] == '\0')
		return RC_OK;
	rc = session_count(ctx, user, except, &count);
	for (size_t i = 0; i < count && rc == RC_OK; i++)
		rc = notice_event(ctx, "session.ended", span_of(user->id));
	return rc;
}

enum rc
ending_sessions(struct ctx *ctx, const struct user *user, struct span except)
{
	enum rc rc = ending_tell(ctx, user, except);

	return rc == RC_OK ? session_end_all_but(ctx, user, except) : rc;
}

enum rc
ending_links(struct ctx *ctx, const struct user *user)
{
	enum rc rc = onetime_end(ctx, user, ONETIME_VERIFY);

	if (rc == RC_OK)
		rc = onetime_end(ctx, user, ONETIME_CHANGE);
	return rc == RC_OK ? onetime_end(ctx, user, ONETIME_RESET) : rc;
}
