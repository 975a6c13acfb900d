/* The API described in OpenAPI 3.1: exactly the routes that are switched on. */
#ifndef YETT_ROUTE_OPENAPI_H
#define YETT_ROUTE_OPENAPI_H

#include "auth/backend.h"
#include "base/buf.h"

/* Appends the JSON document. */
void openapi_put(struct buf *, const struct config *, const struct backends *);

#endif
