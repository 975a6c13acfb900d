/* The keys a program may use, read from keys/ below the state directory once at start. */
#ifndef YETT_CRYPTO_KEYRING_H
#define YETT_CRYPTO_KEYRING_H

#include "base/config.h"
#include "base/random.h"
#include "crypto/digest.h"
#include "crypto/jwt.h"
#include "crypto/sealing.h"

#define KEYS_DIRECTORY "keys"

enum purpose {
#define PURPOSE(name, directory, use, words) PURPOSE_##name,
#include "crypto/purpose.def"
#undef PURPOSE
	PURPOSES
};

/* What to open: a bit per purpose, and which JWT keys. */
#define KEYS_OF(purpose) (1u << (purpose))
enum jwt_access { JWT_NONE, JWT_PUBLISH, JWT_VERIFY, JWT_SIGN };

struct keyring;

/* Opens the keys named by "purposes" and, for every jwt backend, those to publish
 * (keys/BACKEND/public/KID.pem), those that verify (keys/BACKEND/shared/KID.key too, which also
 * sign) or all that sign (keys/BACKEND/private/KID.pem too). Refuses with RC_NO and *fault (file,
 * what is wrong, which command helps) a missing key, a directory or file that others may read or
 * that has another owner, a symbolic link, a wrong length, a short or constant HS key, a PEM that
 * is not Ed25519; more than SEALING_KEYS_MAX keys that seal. The current key of a purpose or
 * backend is the one whose name sorts last, but see crypto/sealing.h; the caller frees *out with
 * keyring_free. */
enum rc keyring_open(struct keyring **out, const struct config *, unsigned purposes,
    enum jwt_access, struct config_fault *fault) RC_MUST;

/* Wipes and frees; NULL is fine. */
void keyring_free(struct keyring *);

/* The current key of a purpose of digests; the program must have opened it (aborts else: a defect).
 */
const struct key *keyring_key(const struct keyring *, enum purpose);

/* All keys of a purpose that seals, likewise. Which of them seals is decided anew at each use. */
const struct sealing_keys *keyring_sealing(const struct keyring *, enum purpose);

/* Whether a purpose seals. */
bool keyring_seals(enum purpose);

/* The JWT keys of the backend at this place of config->backends; NULL unless opened. */
const struct jwt_keys *keyring_jwt(const struct keyring *, size_t backend);

/* Makes what is missing below keys/: a key for each purpose, and for each jwt backend one of its
 * algorithm unless its newest is of that. Directories 0700, files 0600, each written beside,
 * synced, then renamed. *made counts the new ones. */
enum rc keyring_make(const struct config *, const struct random_source *, size_t *made,
    struct config_fault *fault) RC_MUST;

struct key_row {
	const char *owner; /* purpose or backend */
	char kid[JWT_KID_SIZE];
	const char *kind; /* "digest", "EdDSA", "HS256" */
	bool current;
	int64_t made; /* wall time, from the file */
};

/* Calls "row" for every key below keys/, without reading secrets. */
enum rc keyring_list(const struct config *, void (*row)(void *state, const struct key_row *),
    void *state, struct config_fault *fault) RC_MUST;

#endif
