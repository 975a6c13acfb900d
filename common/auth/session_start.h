/* What every strategy with sessions does alike: making the session row and its refresh token. */
#ifndef YETT_AUTH_SESSION_START_H
#define YETT_AUTH_SESSION_START_H

#include "auth/issuer.h"

/* Inserts a session of the user at this backend, with a refresh token where the backend issues
 * them; fills the refresh half and the session id of *tokens, and *session. */
enum rc session_start(struct ctx *, const struct backend *, const struct user *,
    struct span user_agent, struct session *, struct tokens *) RC_MUST;

#endif
