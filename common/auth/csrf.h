/* CSRF: signed double-submit tokens bound to the session (OWASP, ASVS 5.0 section 3.5). */
#ifndef YETT_AUTH_CSRF_H
#define YETT_AUTH_CSRF_H

#include "auth/caller.h"

#define CSRF_TOKEN_SIZE 67 /* 22 characters of nonce, a dot, 43 of MAC, and the NUL */

/* Makes a token bound to "binding" (a session's public id, a jti, or "" for nobody). */
enum rc csrf_make(struct ctx *, const char *binding, char token[CSRF_TOKEN_SIZE]) RC_MUST;

/* What tokens of this cookie backend are bound to in this request: the session that either cookie
 * tells, else the jti, else nothing. */
enum rc csrf_binding(
    struct ctx *, const struct backend *, const struct request *, char binding[UUID_SIZE]) RC_MUST;

/* Whether an unsafe request proves that it comes from this site. "own" is the backend of the
 * route, NULL for routes that exist once. RC_OK: it does, or needs no proof. RC_NO: it does not. */
enum rc csrf_judge(struct ctx *, const struct backends *, const struct backend *own,
    const struct request *, const struct identity *) RC_MUST;

#endif
