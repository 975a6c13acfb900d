#include "crypto/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "crypto/jwt_sign.h"
#include "crypto/key_backend.h"
#include "crypto/key_write.h"
#include "crypto/pem.h"

static enum rc
keyring_make_root(const struct config *config, struct key_place *root, struct config_fault *fault)
{
	struct key_place state = KEY_PLACE_INIT;
	enum rc rc = RC_OK;

	snprintf(state.path, sizeof(state.path), "%s", config->directory);
	state.fd = open(config->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (state.fd < 0)
		return key_write_errno(&state, "", fault);
	if (mkdirat(state.fd, KEYS_DIRECTORY, 0700) == 0) {
		if (fsync(state.fd) != 0)
			rc = key_write_errno(&state, KEYS_DIRECTORY, fault);
	} else if (errno != EEXIST)
		rc = key_write_errno(&state, KEYS_DIRECTORY, fault);
	close(state.fd);
	return rc == RC_OK ? key_place_root(config, root, fault) : rc;
}

static enum rc
keyring_make_purpose(const struct random_source *random, const struct key_place *root,
    const char *name, size_t *made, struct config_fault *fault)
{
	struct key_place place = KEY_PLACE_INIT;
	struct key_names names;
	char kid[JWT_KID_SIZE];
	enum rc rc;

	rc = key_write_place(root, name, &place, fault);
	if (rc == RC_OK)
		rc = key_place_list(&place, KEY_BARE, &names, fault);
	if (rc != RC_OK || names.count > 0)
		goto out;
	rc = key_write_kid(random, &place, "", clock_wall(&clock_system), kid, fault);
	if (rc == RC_OK)
		rc = key_write_bare(random, &place, kid, false, fault);
	if (rc == RC_OK)
		(*made)++;
out:
	key_place_leave(&place);
	return rc;
}

/* Writes the private half first: a public key is what makes a pair count. */
static enum rc
keyring_make_pair(const struct random_source *random, const struct key_place *private_place,
    const struct key_place *public_place, const char *kid, struct config_fault *fault)
{
	struct buf pem = BUF_INIT(PEM_SIZE_MAX);
	struct jwt_key key;
	enum rc rc = jwt_sign_new_key(random, &key);

	if (rc != RC_OK) {
		rc = key_write_random_fault(rc, public_place, fault);
		goto out;
	}
	/* libsodium's secret key begins with the seed, which is what PKCS#8 holds. */
	pem_put_private(&pem, key.secret);
	rc = buf_check(&pem);
	if (rc == RC_OK)
		rc = key_write(private_place, kid, KEY_PEM, buf_span(&pem), fault);
	if (rc != RC_OK)
		goto out;
	buf_clear(&pem);
	pem_put_public(&pem, key.public_key);
	rc = buf_check(&pem);
	if (rc == RC_OK)
		rc = key_write(public_place, kid, KEY_PEM, buf_span(&pem), fault);
out:
	sodium_memzero(&key, sizeof(key));
	buf_free(&pem);
	return rc;
}

static enum rc
keyring_make_places(const struct key_place *root, const char *name, struct key_backend *backend,
    struct config_fault *fault)
{
	enum rc rc = key_write_place(root, name, &backend->top, fault);

	if (rc == RC_OK)
		rc = key_write_place(&backend->top, KEY_PUBLIC, &backend->public_place, fault);
	if (rc == RC_OK)
		rc = key_write_place(&backend->top, KEY_PRIVATE, &backend->private_place, fault);
	if (rc == RC_OK)
		rc = key_write_place(&backend->top, KEY_SHARED, &backend->shared_place, fault);
	return rc == RC_OK ? key_backend_list(backend, fault) : rc;
}

static enum rc
keyring_make_backend(const struct random_source *random, const struct key_place *root,
    const struct backend_config *config, size_t *made, struct config_fault *fault)
{
	struct key_backend backend;
	bool shared, wants_shared = config->jwt.algorithm == ALGORITHM_HS256;
	const char *newest;
	char kid[JWT_KID_SIZE];
	enum rc rc;

	key_backend_init(&backend);
	rc = keyring_make_places(root, config->name, &backend, fault);
	if (rc != RC_OK)
		goto out;
	newest = key_backend_newest(&backend, &shared);
	if (newest[0] != '\0' && shared == wants_shared)
		goto out;
	rc = key_write_kid(random, &backend.top, newest, clock_wall(&clock_system), kid, fault);
	if (rc == RC_OK)
		rc = wants_shared ? key_write_bare(random, &backend.shared_place, kid, true, fault)
				  : keyring_make_pair(random, &backend.private_place,
					&backend.public_place, kid, fault);
	if (rc == RC_OK)
		(*made)++;
out:
	key_backend_leave(&backend);
	return rc;
}

enum rc
keyring_make(const struct config *config, const struct random_source *random, size_t *made,
    struct config_fault *fault)
{
	struct key_place root = KEY_PLACE_INIT;
	enum rc rc;

	*made = 0;
	rc = keyring_make_root(config, &root, fault);
	for (enum purpose i = 0; rc == RC_OK && i < PURPOSES; i++)
		rc = keyring_make_purpose(random, &root, purpose_name(i), made, fault);
	for (size_t i = 0; rc == RC_OK && i < config->backend_count; i++) {
		if (config->backends[i].strategy == STRATEGY_JWT)
			rc = keyring_make_backend(random, &root, &config->backends[i], made, fault);
	}
	key_place_leave(&root);
	return rc;
}
