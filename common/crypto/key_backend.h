/* The keys of a jwt backend as files: its directory, and the three in it. */
#ifndef YETT_CRYPTO_KEY_BACKEND_H
#define YETT_CRYPTO_KEY_BACKEND_H

#include "crypto/key_place.h"

struct key_backend {
	struct key_place top, public_place, private_place, shared_place;
	struct key_names public_names, shared_names;
};

/* No directory is entered, no name read. */
void key_backend_init(struct key_backend *);

/* Reads the names in the two directories, which were entered. RC_NO and others with *fault as
 * key_place_list. */
enum rc key_backend_list(struct key_backend *, struct config_fault *) RC_MUST;

/* The key that is used for what is made now: of public and shared ones that whose name sorts last.
 * *shared tells which it is; "" where there is none. It lives as long as the names. */
const char *key_backend_newest(const struct key_backend *, bool *shared);

/* Leaves all directories. */
void key_backend_leave(struct key_backend *);

#endif
