#include "crypto/keyring.h"

#include <sodium.h>
#include <stdlib.h>

#include "crypto/key_place.h"
#include "crypto/pem.h"

struct keyring {
	struct key keys[PURPOSES];
	struct sealing_keys sealing[PURPOSES];
	bool opened[PURPOSES];
	struct jwt_keys jwt[BACKENDS_MAX];
	bool jwt_opened[BACKENDS_MAX];
};

static enum rc
keyring_read_bare(
    const struct key_place *place, const char *kid, struct key *key, struct config_fault *fault)
{
	unsigned char bytes[KEY_FILE_MAX];
	size_t len;
	enum rc rc = key_place_read(place, kid, KEY_BARE, bytes, &len, fault);

	/* A file of zeros is what some file systems leave after a crash. */
	if (rc == RC_OK && (len != KEY_SIZE || sodium_is_zero(bytes, len)))
		rc = key_place_fault(
		    place, kid, KEY_BARE, fault, "is no key of 32 bytes; restore it from a backup");
	if (rc == RC_OK)
		memcpy(key->bytes, bytes, KEY_SIZE);
	sodium_memzero(bytes, sizeof(bytes));
	return rc;
}

static enum rc
keyring_read_sealing(const struct key_place *place, const struct key_names *names,
    struct sealing_keys *keys, struct config_fault *fault)
{
	struct key key;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < names->count; i++) {
		rc = keyring_read_bare(place, names->rows[i].kid, &key, fault);
		if (rc == RC_OK && !sealing_add(keys, &key, names->rows[i].kid))
			rc = key_place_fault(place, "", "", fault,
			    "holds more keys than can be opened; move one that nothing is sealed "
			    "with to .retired in it");
	}
	sodium_memzero(&key, sizeof(key));
	return rc;
}

static enum rc
keyring_open_purpose(struct keyring *ring, const struct key_place *root, enum purpose purpose,
    struct config_fault *fault)
{
	struct key_place place;
	struct key_names names;
	enum rc rc;

	rc = key_place_enter(root, purpose_name(purpose), &place, fault);
	if (rc == RC_OK)
		rc = key_place_list(&place, KEY_BARE, &names, fault);
	if (rc == RC_OK && names.count == 0)
		rc = key_place_fault(
		    &place, "", "", fault, "holds no key; \"yettctl migrate\" makes one");
	if (rc == RC_OK)
		rc = purpose_seals(purpose)
			 ? keyring_read_sealing(&place, &names, &ring->sealing[purpose], fault)
			 : keyring_read_bare(
			       &place, key_names_newest(&names), &ring->keys[purpose], fault);
	ring->opened[purpose] = rc == RC_OK;
	key_place_leave(&place);
	return rc;
}

static enum rc
keyring_read_public(const struct key_place *place, struct jwt_key *key, struct config_fault *fault)
{
	unsigned char bytes[KEY_FILE_MAX];
	size_t len;
	enum rc rc = key_place_read(place, key->kid, KEY_PEM, bytes, &len, fault);

	if (rc != RC_OK)
		return rc;
	if (pem_read_public((struct span){ (const char *)bytes, len }, key->public_key) != RC_OK)
		return key_place_fault(
		    place, key->kid, KEY_PEM, fault, "is no Ed25519 public key in PEM");
	key->algorithm = JWT_EDDSA;
	return RC_OK;
}

/* Whether the bytes are a key at all takes longer than all else that is done with it at a start, so
 * that only who signs looks, and yettctl doctor; every verification refuses what is none. */
static enum rc
keyring_read_point(const struct key_place *place, struct jwt_key *key, struct config_fault *fault)
{
	enum rc rc = keyring_read_public(place, key, fault);

	if (rc == RC_OK && crypto_core_ed25519_is_valid_point(key->public_key) != 1)
		rc = key_place_fault(
		    place, key->kid, KEY_PEM, fault, "is no Ed25519 public key in PEM");
	return rc;
}

static enum rc
keyring_read_shared(const struct key_place *place, struct jwt_key *key, struct config_fault *fault)
{
	unsigned char bytes[KEY_FILE_MAX];
	size_t len;
	enum rc rc = key_place_read(place, key->kid, KEY_BARE, bytes, &len, fault);

	if (rc == RC_OK && !key_shared_is_strong(bytes, len))
		rc = key_place_fault(place, key->kid, KEY_BARE, fault,
		    "must be 32 to 64 random bytes; move it away and \"yettctl migrate\" makes "
		    "one");
	if (rc == RC_OK) {
		memcpy(key->secret, bytes, len);
		key->secret_len = len;
		key->algorithm = JWT_HS256;
	}
	sodium_memzero(bytes, sizeof(bytes));
	return rc;
}

/* Gives a key its private half, which must belong to its public one. */
static enum rc
keyring_read_private(const struct key_place *place, struct jwt_key *key, struct config_fault *fault)
{
	unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
	unsigned char seed[PEM_KEY_SIZE];
	unsigned char bytes[KEY_FILE_MAX];
	size_t len;
	enum rc rc = key_place_read(place, key->kid, KEY_PEM, bytes, &len, fault);

	if (rc != RC_OK)
		goto out;
	if (pem_read_private((struct span){ (const char *)bytes, len }, seed) != RC_OK) {
		rc = key_place_fault(
		    place, key->kid, KEY_PEM, fault, "is no Ed25519 private key in PEM");
		goto out;
	}
	crypto_sign_seed_keypair(public_key, key->secret, seed);
	if (memcmp(public_key, key->public_key, sizeof(public_key)) != 0) {
		rc = key_place_fault(place, key->kid, KEY_PEM, fault,
		    "does not belong to the public key of that name");
		goto out;
	}
	key->secret_len = crypto_sign_SECRETKEYBYTES;
out:
	sodium_memzero(seed, sizeof(seed));
	sodium_memzero(bytes, sizeof(bytes));
	return rc;
}

typedef enum rc keyring_read_fn(const struct key_place *, struct jwt_key *, struct config_fault *);

/* Adds every key of keys/BACKEND/DIRECTORY. */
static enum rc
keyring_gather(struct jwt_keys *keys, const struct key_place *backend, const char *directory,
    const char *suffix, keyring_read_fn *read, struct config_fault *fault)
{
	struct key_place place;
	struct key_names names;
	enum rc rc;

	rc = key_place_enter(backend, directory, &place, fault);
	if (rc == RC_OK)
		rc = key_place_list(&place, suffix, &names, fault);
	for (size_t i = 0; rc == RC_OK && i < names.count; i++) {
		struct jwt_key *key = &keys->keys[keys->count];

		if (keys->count == JWT_KEYS_MAX) {
			rc = key_place_fault(
			    backend, "", "", fault, "holds too many keys; move the oldest away");
			break;
		}
		memcpy(key->kid, names.rows[i].kid, JWT_KID_SIZE);
		rc = read(&place, key, fault);
		keys->count++;
	}
	key_place_leave(&place);
	return rc;
}

/* Puts the newest last; not by qsort, which would leave copies of secrets behind. */
static void
keyring_sort(struct jwt_keys *keys)
{
	struct jwt_key moving;

	for (size_t i = 1; i < keys->count; i++) {
		size_t j = i;

		moving = keys->keys[i];
		for (; j > 0 && strcmp(keys->keys[j - 1].kid, moving.kid) > 0; j--)
			keys->keys[j] = keys->keys[j - 1];
		keys->keys[j] = moving;
	}
	sodium_memzero(&moving, sizeof(moving));
}

static enum rc
keyring_check(
    const struct jwt_keys *keys, const struct key_place *place, struct config_fault *fault)
{
	if (keys->count == 0)
		return key_place_fault(
		    place, "", "", fault, "holds no key; \"yettctl migrate\" makes one");
	for (size_t i = 1; i < keys->count; i++) {
		if (strcmp(keys->keys[i - 1].kid, keys->keys[i].kid) == 0)
			return key_place_fault(place, keys->keys[i].kid, "", fault,
			    "names two keys, a public and a shared one; move one away");
	}
	return RC_OK;
}

static enum rc
keyring_open_signer(
    struct jwt_keys *keys, const struct key_place *backend, struct config_fault *fault)
{
	struct jwt_key *newest = &keys->keys[keys->count - 1];
	struct key_place place;
	enum rc rc;

	if (newest->algorithm != JWT_EDDSA)
		return RC_OK;
	rc = key_place_enter(backend, KEY_PRIVATE, &place, fault);
	if (rc == RC_OK)
		rc = keyring_read_private(&place, newest, fault);
	key_place_leave(&place);
	return rc;
}

static enum rc
keyring_open_backend(struct jwt_keys *keys, const struct key_place *root,
    const struct backend_config *backend, enum jwt_access access, struct config_fault *fault)
{
	/* A backend whose keys are all secrets has nothing to publish. */
	bool may_be_none = access == JWT_PUBLISH && backend->jwt.algorithm == ALGORITHM_HS256;
	struct key_place place;
	enum rc rc;

	rc = key_place_enter(root, backend->name, &place, fault);
	if (rc == RC_OK)
		rc = keyring_gather(keys, &place, KEY_PUBLIC, KEY_PEM,
		    access == JWT_SIGN ? keyring_read_point : keyring_read_public, fault);
	if (rc == RC_OK && access != JWT_PUBLISH)
		rc = keyring_gather(keys, &place, KEY_SHARED, KEY_BARE, keyring_read_shared, fault);
	if (rc == RC_OK && !(keys->count == 0 && may_be_none)) {
		keyring_sort(keys);
		rc = keyring_check(keys, &place, fault);
	}
	if (rc == RC_OK && access == JWT_SIGN)
		rc = keyring_open_signer(keys, &place, fault);
	key_place_leave(&place);
	return rc;
}

static enum rc
keyring_fill(struct keyring *ring, const struct config *config, unsigned purposes,
    enum jwt_access access, struct config_fault *fault)
{
	struct key_place root;
	enum rc rc = key_place_root(config, &root, fault);

	for (enum purpose i = 0; rc == RC_OK && i < PURPOSES; i++) {
		if ((purposes & KEYS_OF(i)) != 0)
			rc = keyring_open_purpose(ring, &root, i, fault);
	}
	for (size_t i = 0; rc == RC_OK && access != JWT_NONE && i < config->backend_count; i++) {
		if (config->backends[i].strategy != STRATEGY_JWT)
			continue;
		rc =
		    keyring_open_backend(&ring->jwt[i], &root, &config->backends[i], access, fault);
		ring->jwt_opened[i] = true;
	}
	key_place_leave(&root);
	return rc;
}

enum rc
keyring_open(struct keyring **out, const struct config *config, unsigned purposes,
    enum jwt_access access, struct config_fault *fault)
{
	struct keyring *ring = calloc(1, sizeof(*ring));
	enum rc rc;

	*out = NULL;
	if (ring == NULL) {
		snprintf(fault->text, sizeof(fault->text), "out of memory");
		return RC_UNAVAILABLE;
	}
	rc = keyring_fill(ring, config, purposes, access, fault);
	if (rc == RC_OK)
		*out = ring;
	else
		keyring_free(ring);
	return rc;
}

void
keyring_free(struct keyring *ring)
{
	if (ring != NULL)
		sodium_memzero(ring, sizeof(*ring));
	free(ring);
}

static void
keyring_must_have(const struct keyring *ring, enum purpose purpose, bool sealing)
{
	if (purpose >= PURPOSES || !ring->opened[purpose] || purpose_seals(purpose) != sealing)
		abort();
}

const struct key *
keyring_key(const struct keyring *ring, enum purpose purpose)
{
	keyring_must_have(ring, purpose, false);
	return &ring->keys[purpose];
}

const struct sealing_keys *
keyring_sealing(const struct keyring *ring, enum purpose purpose)
{
	keyring_must_have(ring, purpose, true);
	return &ring->sealing[purpose];
}

const struct jwt_keys *
keyring_jwt(const struct keyring *ring, size_t backend)
{
	return backend < BACKENDS_MAX && ring->jwt_opened[backend] ? &ring->jwt[backend] : NULL;
}
