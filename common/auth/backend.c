#include "auth/backend.h"

#include "http/transport.h"

static const struct verifier *const verifiers[] = {
	[STRATEGY_JWT] = &strategy_jwt_verifier,
	[STRATEGY_DATABASE] = &strategy_database_verifier,
};

void
backends_make(const struct config *config, struct backends *backends)
{
	backends->count = config->backend_count;
	for (size_t i = 0; i < config->backend_count; i++) {
		const struct backend_config *row = &config->backends[i];
		backends->items[i] = (struct backend){
			.config = row,
			.index = i,
			.transport = transport_of(row),
			.verifier = verifiers[row->strategy],
		};
	}
}

const struct backend *
backends_first_cookie(const struct backends *backends)
{
	for (size_t i = 0; i < backends->count; i++) {
		if (backends->items[i].transport->is_cookie)
			return &backends->items[i];
	}
	return NULL;
}
