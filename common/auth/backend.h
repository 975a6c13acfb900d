/* Backends: a name, a transport and a strategy each, in the order of the configuration. */
#ifndef YETT_AUTH_BACKEND_H
#define YETT_AUTH_BACKEND_H

#include "auth/strategy.h"
#include "base/config.h"

struct transport; /* http/transport.h; flows hold backends but do not look at how tokens travel */

struct backend {
	const struct backend_config *config;
	size_t index; /* place in config->backends */
	const struct transport *transport;
	const struct verifier *verifier;
};

struct backends {
	struct backend items[BACKENDS_MAX];
	size_t count;
};

/* Resolves the configured names. */
void backends_make(const struct config *, struct backends *);

/* The first cookie backend, NULL without one. */
const struct backend *backends_first_cookie(const struct backends *);

#endif
