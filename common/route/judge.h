/* The order of judgement that all routes share, before and after the handler. */
#ifndef YETT_ROUTE_JUDGE_H
#define YETT_ROUTE_JUDGE_H

#include "http/server.h"
#include "route/exchange.h"

/* 404, 405, 413, body, who is it, CSRF, 401; then the handler. OPTIONS is answered here. Fills
 * exchange and response. */
enum problem judge_request(struct exchange *, struct request *, struct conn *, enum program,
    handler_fn *const *handlers, struct buf *body);

/* Turns a problem into the answer's bytes-to-be, and adds CORS headers to whatever it is. */
void judge_answer(struct exchange *, enum problem);

#endif
