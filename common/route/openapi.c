#include "route/openapi.h"

void
openapi_put(struct buf *body, const struct config *config, const struct backends *backends)
{
	(void)config;
	(void)backends;
	buf_text(body, "{}");
}
