/* Rotating a refresh token (RFC 9700 section 4.14.2). */
#ifndef YETT_FLOW_REFRESH_H
#define YETT_FLOW_REFRESH_H

#include "auth/issuer.h"
#include "base/client.h"
#include "base/problem.h"
#include "flow/refusal.h"

/* Replaces the presented token by its successor and makes an access token, all in one transaction.
 * A token that was replaced before gives the same successor within the grace time; after it the
 * whole session ends, and that survives the refusal: REFRESH_TOKEN_INVALID. An account that may
 * no longer sign in: LOGIN_ACCOUNT_UNAVAILABLE, and all its sessions end. */
enum problem refresh_rotate(struct ctx *, const struct backend *, const struct client *,
    struct span presented, struct tokens *, struct refusal *);

#endif
