/* What a backend's configuration demands of its JWTs. */
#ifndef YETT_AUTH_JWT_RULES_H
#define YETT_AUTH_JWT_RULES_H

#include "base/config.h"
#include "crypto/jwt.h"

static inline struct jwt_rules
jwt_rules_of(const struct backend_config *backend)
{
	return (struct jwt_rules){
		.issuer = span_of(backend->jwt.issuer),
		.audience = span_of(backend->jwt.audience),
		.leeway = backend->jwt.leeway,
		.needs_sid = backend->jwt.sessions,
	};
}

#endif
