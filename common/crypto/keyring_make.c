#include "crypto/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "crypto/jwt_sign.h"
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

/* The three directories of a jwt backend. */
struct keyring_backend {
	struct key_place top, public_place, private_place, shared_place;
	struct key_names public_names, shared_names;
};

static void
keyring_leave_backend(struct keyring_backend *backend)
{
	key_place_leave(&backend->public_place);
	key_place_leave(&backend->private_place);
	key_place_leave(&backend->shared_place);
	key_place_leave(&backend->top);
}

static enum rc
keyring_list_names(struct keyring_backend *backend, struct config_fault *fault)
{
	enum rc rc = key_place_list(&backend->public_place, KEY_PEM, &backend->public_names, fault);

	if (rc == RC_OK)
		rc =
		    key_place_list(&backend->shared_place, KEY_BARE, &backend->shared_names, fault);
	return rc;
}

static enum rc
keyring_make_places(const struct key_place *root, const char *name, struct keyring_backend *backend,
    struct config_fault *fault)
{
	enum rc rc = key_write_place(root, name, &backend->top, fault);

	if (rc == RC_OK)
		rc = key_write_place(&backend->top, KEY_PUBLIC, &backend->public_place, fault);
	if (rc == RC_OK)
		rc = key_write_place(&backend->top, KEY_PRIVATE, &backend->private_place, fault);
	if (rc == RC_OK)
		rc = key_write_place(&backend->top, KEY_SHARED, &backend->shared_place, fault);
	return rc == RC_OK ? keyring_list_names(backend, fault) : rc;
}

static void
keyring_backend_init(struct keyring_backend *backend)
{
	backend->top = KEY_PLACE_INIT;
	backend->public_place = KEY_PLACE_INIT;
	backend->private_place = KEY_PLACE_INIT;
	backend->shared_place = KEY_PLACE_INIT;
	backend->public_names.count = 0;
	backend->shared_names.count = 0;
}

static enum rc
keyring_make_backend(const struct random_source *random, const struct key_place *root,
    const struct backend_config *config, size_t *made, struct config_fault *fault)
{
	struct keyring_backend backend;
	const char *newest_public, *newest_shared, *newest;
	bool wants_shared = config->jwt.algorithm == ALGORITHM_HS256;
	char kid[JWT_KID_SIZE];
	enum rc rc;

	keyring_backend_init(&backend);
	rc = keyring_make_places(root, config->name, &backend, fault);
	if (rc != RC_OK)
		goto out;
	newest_public = key_names_newest(&backend.public_names);
	newest_shared = key_names_newest(&backend.shared_names);
	newest = strcmp(newest_public, newest_shared) > 0 ? newest_public : newest_shared;
	if (newest[0] != '\0' && (newest == newest_shared) == wants_shared)
		goto out;
	rc = key_write_kid(random, &backend.top, newest, clock_wall(&clock_system), kid, fault);
	if (rc == RC_OK)
		rc = wants_shared ? key_write_bare(random, &backend.shared_place, kid, true, fault)
				  : keyring_make_pair(random, &backend.private_place,
					&backend.public_place, kid, fault);
	if (rc == RC_OK)
		(*made)++;
out:
	keyring_leave_backend(&backend);
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

typedef void keyring_row_fn(void *state, const struct key_row *);

static void
keyring_give_rows(const struct key_names *names, const char *owner, const char *kind,
    const char *current, int64_t now, keyring_row_fn *give, void *state)
{
	for (size_t i = 0; i < names->count; i++) {
		struct key_row row = { .owner = owner, .kind = kind };

		memcpy(row.kid, names->rows[i].kid, JWT_KID_SIZE);
		row.state = strcmp(row.kid, current) == 0  ? KEY_CURRENT
			    : sealing_since(row.kid) > now ? KEY_COMING
							   : KEY_OLD;
		row.made = names->rows[i].made;
		give(state, &row);
	}
}

/* The key of a purpose that is used for what is made now. */
static const char *
keyring_used(const struct key_names *names, bool seals, int64_t now)
{
	int64_t since[KEY_FILES_MAX] = { 0 };

	if (!seals || names->count == 0)
		return key_names_newest(names);
	for (size_t i = 0; i < names->count; i++)
		since[i] = sealing_since(names->rows[i].kid);
	return names->rows[sealing_choose(since, names->count, now)].kid;
}

static enum rc
keyring_list_purpose(const struct key_place *root, enum purpose purpose, int64_t now,
    keyring_row_fn *give, void *state, struct config_fault *fault)
{
	const char *name = purpose_name(purpose);
	bool seals = purpose_seals(purpose);
	struct key_place place;
	struct key_names names;
	enum rc rc;

	rc = key_place_enter(root, name, &place, fault);
	if (rc == RC_OK)
		rc = key_place_list(&place, KEY_BARE, &names, fault);
	if (rc == RC_OK)
		keyring_give_rows(&names, name, seals ? "seal" : "digest",
		    keyring_used(&names, seals, now), seals ? now : INT64_MAX, give, state);
	key_place_leave(&place);
	return rc;
}

static enum rc
keyring_list_backend(const struct key_place *root, const char *name, keyring_row_fn *give,
    void *state, struct config_fault *fault)
{
	struct keyring_backend backend;
	const char *newest_public, *newest_shared, *newest;
	enum rc rc;

	keyring_backend_init(&backend);
	rc = key_place_enter(root, name, &backend.top, fault);
	if (rc == RC_OK)
		rc = key_place_enter(&backend.top, KEY_PUBLIC, &backend.public_place, fault);
	if (rc == RC_OK)
		rc = key_place_enter(&backend.top, KEY_SHARED, &backend.shared_place, fault);
	if (rc == RC_OK)
		rc = keyring_list_names(&backend, fault);
	if (rc != RC_OK)
		goto out;
	newest_public = key_names_newest(&backend.public_names);
	newest_shared = key_names_newest(&backend.shared_names);
	newest = strcmp(newest_public, newest_shared) > 0 ? newest_public : newest_shared;
	keyring_give_rows(&backend.public_names, name, jwt_algorithm_name(JWT_EDDSA), newest,
	    INT64_MAX, give, state);
	keyring_give_rows(&backend.shared_names, name, jwt_algorithm_name(JWT_HS256), newest,
	    INT64_MAX, give, state);
out:
	keyring_leave_backend(&backend);
	return rc;
}

enum rc
keyring_list(const struct config *config, int64_t now,
    void (*row)(void *state, const struct key_row *), void *state, struct config_fault *fault)
{
	struct key_place root;
	enum rc rc = key_place_root(config, &root, fault);

	for (enum purpose i = 0; rc == RC_OK && i < PURPOSES; i++)
		rc = keyring_list_purpose(&root, i, now, row, state, fault);
	for (size_t i = 0; rc == RC_OK && i < config->backend_count; i++) {
		if (config->backends[i].strategy == STRATEGY_JWT)
			rc = keyring_list_backend(
			    &root, config->backends[i].name, row, state, fault);
	}
	key_place_leave(&root);
	return rc;
}
