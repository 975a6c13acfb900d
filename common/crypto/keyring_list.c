#include "crypto/keyring.h"

#include "crypto/key_backend.h"

typedef void keyring_row_fn(void *state, const struct key_row *);

/* Of keys that do not seal none is coming: for them "now" is INT64_MAX. */
static void
keyring_give_rows(const struct key_names *names, const char *owner, const char *kind,
    const char *current, int64_t now, keyring_row_fn *give, void *state)
{
	for (size_t i = 0; i < names->count; i++) {
		struct key_row row = { .owner = owner, .kind = kind };

		memcpy(row.kid, names->rows[i].kid, JWT_KID_SIZE);
		row.state =
		    sealing_state_at(strcmp(row.kid, current) == 0, sealing_since(row.kid), now);
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
	struct key_backend backend;
	const char *newest;
	bool shared;
	enum rc rc;

	key_backend_init(&backend);
	rc = key_place_enter(root, name, &backend.top, fault);
	if (rc == RC_OK)
		rc = key_place_enter(&backend.top, KEY_PUBLIC, &backend.public_place, fault);
	if (rc == RC_OK)
		rc = key_place_enter(&backend.top, KEY_SHARED, &backend.shared_place, fault);
	if (rc == RC_OK)
		rc = key_backend_list(&backend, fault);
	if (rc != RC_OK)
		goto out;
	newest = key_backend_newest(&backend, &shared);
	keyring_give_rows(&backend.public_names, name, jwt_algorithm_name(JWT_EDDSA), newest,
	    INT64_MAX, give, state);
	keyring_give_rows(&backend.shared_names, name, jwt_algorithm_name(JWT_HS256), newest,
	    INT64_MAX, give, state);
out:
	key_backend_leave(&backend);
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
