#include "crypto/keyring.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "crypto/key_write.h"

static enum rc
keyring_enter_purpose(const struct config *config, enum purpose purpose, struct key_place *place,
    struct config_fault *fault)
{
	struct key_place root = KEY_PLACE_INIT;
	enum rc rc = key_place_root(config, &root, fault);

	*place = KEY_PLACE_INIT;
	if (rc == RC_OK)
		rc = key_place_enter(&root, purpose_name(purpose), place, fault);
	key_place_leave(&root);
	return rc;
}

/* Where there is no key, nothing can be sealed meanwhile: the first one is not waited for. */
static int64_t
keyring_seals_from(const struct key_names *names)
{
	int64_t now = clock_wall(&clock_system);

	return names->count == 0 ? now : now + KEYRING_LEAD;
}

enum rc
keyring_rotate(const struct config *config, const struct random_source *random,
    enum purpose purpose, char kid[JWT_KID_SIZE], struct config_fault *fault)
{
	struct key_place root = KEY_PLACE_INIT, place = KEY_PLACE_INIT;
	struct key_names names = { .count = 0 };
	enum rc rc = key_place_root(config, &root, fault);

	kid[0] = '\0';
	if (rc == RC_OK)
		rc = key_write_place(&root, purpose_name(purpose), &place, fault);
	if (rc == RC_OK)
		rc = key_place_list(&place, KEY_BARE, &names, fault);
	if (rc == RC_OK && names.count >= SEALING_KEYS_MAX)
		rc = key_place_fault(&place, "", "", fault,
		    "holds as many keys as can be opened; \"yettctl keys retire KID\" moves "
		    "old ones away");
	if (rc == RC_OK) {
		rc = key_write_kid(random, &place, key_names_newest(&names),
		    keyring_seals_from(&names), kid, fault);
		if (rc != RC_OK)
			kid[0] = '\0';
	}
	if (rc == RC_OK)
		rc = key_write_bare(random, &place, kid, false, fault);
	key_place_leave(&place);
	key_place_leave(&root);
	return rc;
}

/* Both directories are synced, the one that has it now first: so it is never in none. */
static enum rc
keyring_move(const struct key_place *from, const struct key_place *to, const char *kid,
    struct config_fault *fault)
{
	char name[JWT_KID_SIZE + 16];

	snprintf(name, sizeof(name), "%s" KEY_BARE, kid);
	if (renameat(from->fd, name, to->fd, name) != 0) {
		if (errno == ENOENT)
			return key_place_fault(from, name, "", fault, "is not there");
		return key_write_errno(from, name, fault);
	}
	if (fsync(to->fd) != 0)
		return key_write_errno(to, "", fault);
	return fsync(from->fd) == 0 ? RC_OK : key_write_errno(from, "", fault);
}

/* From where a purpose's keys are to where those lie that were retired, or back. */
static enum rc
keyring_carry(const struct config *config, enum purpose purpose, const char *kid, bool back,
    struct config_fault *fault)
{
	struct key_place place, retired = KEY_PLACE_INIT;
	enum rc rc = keyring_enter_purpose(config, purpose, &place, fault);

	if (rc == RC_OK)
		rc = key_write_place(&place, KEY_RETIRED, &retired, fault);
	if (rc == RC_OK)
		rc = back ? keyring_move(&retired, &place, kid, fault)
			  : keyring_move(&place, &retired, kid, fault);
	key_place_leave(&retired);
	key_place_leave(&place);
	return rc;
}

enum rc
keyring_retire(
    const struct config *config, enum purpose purpose, const char *kid, struct config_fault *fault)
{
	return keyring_carry(config, purpose, kid, false, fault);
}

enum rc
keyring_restore(
    const struct config *config, enum purpose purpose, const char *kid, struct config_fault *fault)
{
	return keyring_carry(config, purpose, kid, true, fault);
}
