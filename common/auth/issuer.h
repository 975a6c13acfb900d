/* The issuing side of strategies: new tokens at sign-in and at refresh. */
#ifndef YETT_AUTH_ISSUER_H
#define YETT_AUTH_ISSUER_H

#include "auth/backend.h"
#include "base/tokens.h"

/* Makes session and tokens for the user, inside the caller's transaction. */
typedef enum rc issue_fn(struct ctx *, const struct backend *, const struct user *,
    struct span user_agent, struct tokens *);

/* Makes a further access token of a session whose refresh token was just rotated, inside the
 * caller's transaction; fills the access half of *tokens. */
typedef enum rc renew_fn(struct ctx *, const struct backend *, const struct user *,
    const struct session *, struct tokens *);

struct issuer {
	issue_fn *issue;
	renew_fn *renew;
};

extern const struct issuer strategy_database_issuer;
extern const struct issuer strategy_jwt_issuer;

/* The issuer of a backend's strategy; one line for each in issuer.c. */
const struct issuer *issuer_of(const struct backend *);

/* How long an access token of the session is valid: as configured, never past its session, nor
 * past the time after which an idle session ends. */
int64_t issuer_access_lifetime(
    const struct ctx *, const struct backend *, int64_t configured, const struct session *);

/* Whether the backend's sign-ins make refresh sessions. */
bool issuer_refreshes(const struct backend *);

#endif
