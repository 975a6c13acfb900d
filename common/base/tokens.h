/* The tokens of one answer: made by a strategy, carried out by a transport, wiped by the handler.
 */
#ifndef YETT_BASE_TOKENS_H
#define YETT_BASE_TOKENS_H

#include <stdint.h>

#include "base/buf.h"

#define ACCESS_TOKEN_MAX (8 * 1024)

struct tokens {
	struct buf access;        /* an opaque token or a JWT */
	int64_t access_lifetime;  /* milliseconds */
	struct buf refresh;       /* empty: none was issued */
	int64_t refresh_lifetime; /* milliseconds until the session ends */
	char session_id[37];      /* public id; empty for a stateless token */
	char jti[37];             /* of a stateless token; else empty */
	bool must_enrol;          /* the user must set up a second factor before all else */
	struct buf pending;       /* a sign-in that waits for a second factor: its token, and none
				     of the others */
};

#define TOKENS_INIT                                             \
	((struct tokens){ .access = BUF_INIT(ACCESS_TOKEN_MAX), \
	    .refresh = BUF_INIT(512),                           \
	    .pending = BUF_INIT(512) })

static inline void
tokens_wipe(struct tokens *tokens)
{
	buf_free(&tokens->access);
	buf_free(&tokens->refresh);
	buf_free(&tokens->pending);
}

#endif
