#include "auth/sessions.h"

const struct sessions *
sessions_of(const struct backend *backend)
{
	if (backend->config->strategy == STRATEGY_DATABASE)
		return &strategy_database_sessions;
	return backend->config->jwt.sessions ? &strategy_jwt_sessions
					     : &strategy_jwt_stateless_sessions;
}
