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
