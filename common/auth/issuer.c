#include "auth/issuer.h"

static const struct issuer *const issuers[] = {
	[STRATEGY_JWT] = &strategy_jwt_issuer,
	[STRATEGY_DATABASE] = &strategy_database_issuer,
};

const struct issuer *
issuer_of(const struct backend *backend)
{
	return issuers[backend->config->strategy];
}

bool
issuer_refreshes(const struct backend *backend)
{
	if (backend->config->strategy == STRATEGY_JWT && !backend->config->jwt.sessions)
		return false;
	return backend->config->database.refresh;
}

int64_t
issuer_access_lifetime(const struct ctx *ctx, const struct backend *backend, int64_t configured,
    const struct session *session)
{
	int64_t idle = backend->config->database.idle_lifetime;
	int64_t rest = session->expires_at - ctx->now;

	if (idle > 0 && issuer_refreshes(backend) && idle < rest)
		rest = idle;
	return configured < rest ? configured : rest;
}
