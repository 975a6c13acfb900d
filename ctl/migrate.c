/* migrate: everything that belongs to this version and is not there yet. */
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keyring.h"
#include "crypto/password.h"
#include "ctl.h"
#include "store/migrate.h"
#include "store/operate.h"

#define MIGRATE_DECOY_BYTES 32

static void
migrate_ran(void *state, const char *name)
{
	(void)state;
	ctl_say("database: %s", name);
}

static enum ctl_exit
migrate_keys(struct ctl *ctl)
{
	struct config_fault fault = { "" };
	size_t made = 0;
	enum rc rc = keyring_make(ctl->config, &random_system, &made, &fault);

	if (rc == RC_OK && made > 0)
		ctl_say("keys: %zu made", made);
	return ctl_answer(rc, &fault);
}

static enum ctl_exit
migrate_database(struct ctl *ctl)
{
	struct config_fault fault = { "" };

	return ctl_answer(migrate_run(ctl->config, migrate_ran, NULL, &fault), &fault);
}

/* The hash of a password that nobody knows. */
static enum rc
migrate_decoy_hash(struct ctl *ctl, char hash[PASSWORD_HASH_SIZE])
{
	unsigned char bytes[MIGRATE_DECOY_BYTES];
	char text[2 * MIGRATE_DECOY_BYTES + 1];
	enum rc rc = random_bytes(&ctl->ctx.random, bytes, sizeof(bytes));

	if (rc == RC_OK) {
		sodium_bin2hex(text, sizeof(text), bytes, sizeof(bytes));
		rc = password_hash(&ctl->config->password, ctl->ctx.slots, span_of(text), hash);
	}
	sodium_memzero(bytes, sizeof(bytes));
	sodium_memzero(text, sizeof(text));
	return rc;
}

enum ctl_exit
migrate_decoy(struct ctl *ctl)
{
	char stored[HASH_TEXT_SIZE], hash[PASSWORD_HASH_SIZE];
	enum ctl_exit status;
	enum rc rc = user_decoy(&ctl->ctx, stored);

	if (rc == RC_OK && password_usable(stored) &&
	    !password_outdated(&ctl->config->password, stored))
		return CTL_DONE;
	if (rc != RC_OK && rc != RC_NO)
		return ctl_fault(rc);
	status = ctl_open_slots(ctl);
	if (status != CTL_DONE)
		return status;
	rc = migrate_decoy_hash(ctl, hash);
	if (rc == RC_OK)
		rc = db_begin(ctl->ctx.db);
	if (rc == RC_OK)
		rc = db_end(ctl->ctx.db, operate_decoy_write(&ctl->ctx, hash));
	if (rc != RC_OK)
		return ctl_fault(rc);
	ctl_say("decoy hash: made");
	return CTL_DONE;
}

enum ctl_exit
migrate_complete(struct ctl *ctl)
{
	int lock = file_lock(ctl->directory);
	enum ctl_exit status = migrate_keys(ctl);

	if (status == CTL_DONE)
		status = migrate_database(ctl);
	if (status == CTL_DONE)
		status = ctl_open_store(ctl);
	if (status == CTL_DONE)
		status = ctl_open_slots(ctl);
	if (status == CTL_DONE)
		status = migrate_decoy(ctl);
	if (lock >= 0)
		close(lock);
	return status;
}

enum ctl_exit
migrate_command(struct ctl *ctl)
{
	enum ctl_exit status = ctl_open(ctl);

	if (status == CTL_DONE)
		status = migrate_complete(ctl);
	if (status == CTL_DONE)
		ctl_say("Everything is of this version. Start the programs again.");
	return status;
}
