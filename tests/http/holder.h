/* What clients of /auth/2fa do, and somebody with a second factor. */
#ifndef YETT_TESTS_HTTP_HOLDER_H
#define YETT_TESTS_HTTP_HOLDER_H

#include "http/app.h"
#include "http/site.h"

/* The requests, at the bearer backend. */
struct answer *factor_enable(const struct site *, const char *access, const char *password);
struct answer *factor_confirm(
    const struct site *, const char *access, const char *token, const char *code);
struct answer *factor_verify(const struct site *, const char *pending, const char *code);
struct answer *factor_disable(const struct site *, const char *access, const char *code);
/* The JSON body of verify. */
const char *factor_code_body(const char *pending, const char *code);
/* The pending token of a sign-in with SITE_PASSWORD, which must be answered 202. */
const char *factor_pending(const struct site *, const char *email);

struct holder {
	const char *email;
	struct login login;   /* from before: its refresh token is good, its JWT is dead */
	const char *secret;   /* base32 */
	const char *recovery; /* as JSON */
	int64_t step;         /* the step of the last code that was used */
};

/* A new member, set up by the code of so many steps from now. */
struct holder holder_new(const struct site *, int64_t away);
/* The code of the next step, as long as that is within the drift of the site; so it was not used
 * before. */
const char *holder_code(struct holder *);
/* A fresh access token of the session. */
const char *holder_access(const struct site *, struct holder *);
/* The n-th recovery code, from 0 on. */
const char *holder_recovery(const struct holder *, int which);

#endif
