/* The keys a program may use, read from keys/ below the state directory once at start. */
#ifndef YETT_CRYPTO_KEYRING_H
#define YETT_CRYPTO_KEYRING_H

#include "base/clock.h"
#include "base/config.h"
#include "base/random.h"
#include "crypto/digest.h"
#include "crypto/jwt.h"
#include "crypto/purpose.h"
#include "crypto/sealing.h"

/* How long a new key is there before it seals. A process that serves looks once a second whether
 * keys have changed, one that idles every 15 s, deliver between two mails; then it ends or begins
 * anew, after what it has in hand. Two minutes are several times as long as that takes. */
#define KEYRING_LEAD (2 * MINUTE)

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

/* The JWT keys of the backend at this place of config->backends; NULL unless opened. */
const struct jwt_keys *keyring_jwt(const struct keyring *, size_t backend);

/* Makes what is missing below keys/: a key for each purpose, and for each jwt backend one of its
 * algorithm unless its newest is of that. Directories 0700, files 0600, each written beside,
 * synced, then renamed. *made counts the new ones. */
enum rc keyring_make(const struct config *, const struct random_source *, size_t *made,
    struct config_fault *fault) RC_MUST;

/* Makes one more key of a purpose that seals; it seals from KEYRING_LEAD on, or at once where it is
 * the first, whose directory is made too. Its name is in "kid" before its file is written: after a
 * failure a file of that name may be there, or none where "kid" is "". RC_NO with *fault also when
 * there would be more than can be opened. Who calls tells the processes (operate.h). */
enum rc keyring_rotate(const struct config *, const struct random_source *, enum purpose,
    char kid[JWT_KID_SIZE], struct config_fault *) RC_MUST;

/* Moves a key of a purpose that seals to keys/PURPOSE/.retired/, from where it can be brought back.
 * Who calls has seen that nothing needs it. */
enum rc keyring_retire(
    const struct config *, enum purpose, const char *kid, struct config_fault *) RC_MUST;

/* Moves it back. Of both, RC_NO with *fault when it is not there; after another failure it may be
 * in either place. */
enum rc keyring_restore(
    const struct config *, enum purpose, const char *kid, struct config_fault *) RC_MUST;

struct key_row {
	const char *owner; /* purpose or backend */
	char kid[JWT_KID_SIZE];
	const char *kind; /* "digest", "seal", "EdDSA", "HS256" */
	enum key_state state;
	int64_t made; /* wall time, from the file */
};

/* Calls "row" for every key below keys/ that is not retired, without reading secrets. */
enum rc keyring_list(const struct config *, int64_t now,
    void (*row)(void *state, const struct key_row *), void *state,
    struct config_fault *fault) RC_MUST;

#endif
