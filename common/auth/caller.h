/* Who sent a request: the backends are asked in order, the first accepted token wins. */
#ifndef YETT_AUTH_CALLER_H
#define YETT_AUTH_CALLER_H

#include "auth/backend.h"
#include "http/transport.h"

/* Asks one backend. RC_OK: known; RC_NO: nobody, and *presented tells whether there was a token;
 * a fault: could not tell. */
enum rc caller_at(struct ctx *, const struct backend *, const struct request *, struct identity *,
    bool *presented) RC_MUST;

/* Asks all of them. A refused token is no error where another backend accepts one. */
enum rc caller_find(struct ctx *, const struct backends *, const struct request *,
    struct identity *, bool *presented) RC_MUST;

#endif
