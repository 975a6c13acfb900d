#include "crypto/key_backend.h"

void
key_backend_init(struct key_backend *backend)
{
	backend->top = KEY_PLACE_INIT;
	backend->public_place = KEY_PLACE_INIT;
	backend->private_place = KEY_PLACE_INIT;
	backend->shared_place = KEY_PLACE_INIT;
	backend->public_names.count = 0;
	backend->shared_names.count = 0;
}

enum rc
key_backend_list(struct key_backend *backend, struct config_fault *fault)
{
	enum rc rc = key_place_list(&backend->public_place, KEY_PEM, &backend->public_names, fault);

	if (rc == RC_OK)
		rc =
		    key_place_list(&backend->shared_place, KEY_BARE, &backend->shared_names, fault);
	return rc;
}

const char *
key_backend_newest(const struct key_backend *backend, bool *shared)
{
	const char *newest_public = key_names_newest(&backend->public_names);
	const char *newest_shared = key_names_newest(&backend->shared_names);

	*shared = strcmp(newest_public, newest_shared) <= 0;
	return *shared ? newest_shared : newest_public;
}

void
key_backend_leave(struct key_backend *backend)
{
	key_place_leave(&backend->public_place);
	key_place_leave(&backend->private_place);
	key_place_leave(&backend->shared_place);
	key_place_leave(&backend->top);
}
