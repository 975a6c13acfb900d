#include "auth/sessions.h"

const struct sessions *
sessions_of(const struct backend *backend)
{
	if (backend->config->strategy == STRATEGY_JWT && !backend->config->jwt.sessions)
		return &strategy_jwt_stateless_sessions;
	return &strategy_database_sessions;
}
