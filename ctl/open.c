/* Where the state directory is, whose it is, and what stands open while a command runs. */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/self.h"
#include "crypto/hash_slots.h"
#include "crypto/keyring.h"
#include "ctl.h"
#include "store/db.h"

/* Large lists live in it; what is not used costs nothing. */
#define OPEN_ARENA ((size_t)64 << 20)

#define OPEN_GRANTS                                                                        \
	(GRANT_TOTP_ENROL | GRANT_OPERATE | GRANT_USER_CREATE | GRANT_SESSION_READ |       \
	    GRANT_SESSION_END | GRANT_AUDIT | GRANT_CLEAN | GRANT_CRED_READ | GRANT_HASH | \
	    GRANT_RESET_LINK | GRANT_ONETIME_END | GRANT_OUTBOX_SEAL | GRANT_NOTICE |      \
	    GRANT_OUTBOX_SEND)

/* ../state and state beside the executable; NULL when neither holds a configuration. */
static char *
open_beside(void)
{
	static const char *const places[] = { "../state/" CONFIG_FILE, "state/" CONFIG_FILE };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (self_beside(places[i], path, sizeof(path)) == RC_OK &&
		    access(path, F_OK) == 0) {
			*strrchr(path, '/') = '\0';
			return realpath(path, NULL);
		}
	}
	return NULL;
}

static enum ctl_exit
open_locate(struct ctl *ctl)
{
	const char *given = arguments_option(ctl, "--state");

	if (given == NULL)
		given = getenv("YETT_STATE");
	if (given == NULL || given[0] == '\0') {
		ctl->directory = open_beside();
		if (ctl->directory == NULL && access("state/" CONFIG_FILE, F_OK) == 0)
			ctl->directory = realpath("state", NULL); /* as make run leaves it */
		if (ctl->directory == NULL)
			return ctl_refuse("which state directory? Give --state DIR or set "
					  "YETT_STATE; yettctl init DIR makes one");
		return CTL_DONE;
	}
	ctl->directory = realpath(given, NULL);
	if (ctl->directory == NULL)
		return ctl_refuse(
		    "%s: %s; yettctl init DIR makes a state directory", given, strerror(errno));
	return CTL_DONE;
}

enum ctl_exit
ctl_become(uid_t user, gid_t group)
{
	if (geteuid() != 0 || user == 0)
		return CTL_DONE;
	if (setgroups(0, NULL) != 0 || setresgid(group, group, group) != 0 ||
	    setresuid(user, user, user) != 0)
		return ctl_refuse("cannot become user %ld: %s", (long)user, strerror(errno));
	if (setuid(0) == 0)
		return ctl_refuse("root's rights did not go away");
	return CTL_DONE;
}

/* Files that root made here could not be read by the programs of the site. */
static enum ctl_exit
open_as_owner(const char *directory)
{
	const struct passwd *entry;
	struct stat status;

	if (geteuid() != 0)
		return CTL_DONE;
	if (stat(directory, &status) != 0)
		return ctl_refuse("%s: %s", directory, strerror(errno));
	entry = getpwuid(status.st_uid);
	return ctl_become(status.st_uid, entry == NULL ? status.st_gid : entry->pw_gid);
}

enum ctl_exit
ctl_find(struct ctl *ctl)
{
	enum ctl_exit status = CTL_DONE;

	if (ctl->directory == NULL) {
		status = open_locate(ctl);
		if (status == CTL_DONE)
			status = open_as_owner(ctl->directory);
	}
	return status;
}

enum ctl_exit
ctl_open(struct ctl *ctl)
{
	struct config_fault fault = { "" };
	enum ctl_exit status = ctl_find(ctl);

	if (status != CTL_DONE || ctl->config != NULL)
		return status;
	status = ctl_answer(config_load(ctl->directory, &ctl->config, &fault), &fault);
	ctl->ctx.config = ctl->config;
	return status;
}

enum ctl_exit
ctl_open_store(struct ctl *ctl)
{
	struct config_fault fault = { "" };
	enum ctl_exit status = ctl_open(ctl);

	if (status != CTL_DONE || ctl->ctx.db != NULL)
		return status;
	ctl->ctx.clock = clock_system;
	ctl->ctx.random = random_system;
	ctl->ctx.now = clock_wall(&ctl->ctx.clock);
	ctl->ctx.arena = arena_new(OPEN_ARENA);
	if (ctl->ctx.arena == NULL)
		return ctl_fault(RC_UNAVAILABLE);
	/* No keys: what nearly all commands store is not keyed, and they work where keys are
	 * broken.
	 */
	return ctl_answer(db_open(&ctl->ctx.db, ctl->config, OPEN_GRANTS, &fault), &fault);
}

enum ctl_exit
ctl_open_keys(struct ctl *ctl)
{
	unsigned purposes = KEYS_OF(PURPOSE_RESET) | KEYS_OF(PURPOSE_OUTBOX);
	struct config_fault fault = { "" };

	if (ctl->ctx.keys != NULL)
		return CTL_DONE;
	return ctl_answer(
	    keyring_open(&ctl->ctx.keys, ctl->config, purposes, JWT_NONE, &fault), &fault);
}

enum ctl_exit
ctl_open_slots(struct ctl *ctl)
{
	enum rc rc = RC_OK;

	if (ctl->ctx.slots == NULL)
		rc = hash_slots_open(
		    &ctl->ctx.slots, ctl->directory, ctl->config->password.max_concurrent);
	return rc == RC_OK ? CTL_DONE : ctl_fault(rc);
}

void
ctl_close(struct ctl *ctl)
{
	db_close(ctl->ctx.db);
	keyring_free(ctl->ctx.keys);
	if (ctl->ctx.slots != NULL)
		hash_slots_close(ctl->ctx.slots);
	arena_free(ctl->ctx.arena);
	config_free(ctl->config);
	free(ctl->directory);
	*ctl = (struct ctl){ 0 };
}
