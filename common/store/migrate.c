#include "store/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite.h"

/* Makes an empty file that nobody else can read; one that is there already stays as it is. */
static enum rc
migrate_create(const char *path, struct config_fault *fault)
{
	mode_t before = umask(077);
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
	int error = errno;

	umask(before);
	if (fd < 0)
		return error == EEXIST
			   ? RC_OK
			   : sqlite_refuse(fault, RC_UNAVAILABLE, path, strerror(error));
	close(fd);
	return RC_OK;
}

/* The version of a file that is ours; 0 for one in which nothing has been made yet. Read in one
 * transaction: another process may be making it, and half of its marks would be a foreign file's.
 */
static enum rc
migrate_judge(sqlite3 *handle, const char *path, int64_t *version, struct config_fault *fault)
{
	int64_t application = 0;
	int64_t tables = 0;
	int code = sqlite3_exec(handle, "BEGIN", NULL, NULL, NULL);

	if (code == SQLITE_OK)
		code = sqlite_int(handle, "PRAGMA application_id", &application);
	if (code == SQLITE_OK)
		code = sqlite_int(handle, "PRAGMA user_version", version);
	if (code == SQLITE_OK)
		code = sqlite_int(handle, "SELECT COUNT(*) FROM sqlite_schema", &tables);
	if (code == SQLITE_OK)
		code = sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL);
	if (code != SQLITE_OK)
		return sqlite_refuse_code(fault, path, code);
	if (application == 0 && *version == 0 && tables == 0)
		return RC_OK;
	if (application != DB_APPLICATION_ID)
		return sqlite_refuse(fault, RC_NO, path, "is not a database of Yett");
	if (*version > migration_count)
		return sqlite_refuse(
		    fault, RC_NO, path, "has a newer schema; install the newer programs");
	return RC_OK;
}

/* Everything of one migration happens or nothing: the marks are set in its transaction. */
static int
migrate_step(sqlite3 *handle, int number)
{
	char marks[96];
	int code = sqlite3_exec(handle, migrations[number].sql, NULL, NULL, NULL);

	snprintf(marks, sizeof(marks), "PRAGMA application_id = %d; PRAGMA user_version = %d",
	    DB_APPLICATION_ID, number + 1);
	if (code == SQLITE_OK)
		code = sqlite3_exec(handle, marks, NULL, NULL, NULL);
	return code;
}

/* Runs the migration, unless another process was faster; *did tells. */
static int
migrate_one(sqlite3 *handle, int number, bool *did)
{
	int64_t version = 0;
	int code = sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	*did = false;
	if (code != SQLITE_OK)
		return code;
	code = sqlite_int(handle, "PRAGMA user_version", &version);
	if (code == SQLITE_OK && version == number) {
		*did = true;
		code = migrate_step(handle, number);
	}
	if (code == SQLITE_OK)
		code = sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL);
	if (code != SQLITE_OK && sqlite3_get_autocommit(handle) == 0)
		sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
	return code;
}

static enum rc
migrate_open(const struct config *config, sqlite3 **handle, struct sqlite_wait *wait,
    const char *path, int64_t *version, struct config_fault *fault)
{
	enum rc rc = sqlite_connect(handle, wait, config, path, fault);

	if (rc == RC_OK)
		rc = migrate_judge(*handle, path, version, fault);
	return rc;
}

enum rc
migrate_run(const struct config *config, void (*ran)(void *state, const char *name), void *state,
    struct config_fault *fault)
{
	char path[PATH_MAX];
	struct sqlite_wait wait;
	sqlite3 *handle = NULL;
	int64_t version = 0;
	enum rc rc;

	if ((rc = sqlite_path(config, path, fault)) != RC_OK ||
	    (rc = migrate_create(path, fault)) != RC_OK ||
	    (rc = migrate_open(config, &handle, &wait, path, &version, fault)) != RC_OK ||
	    (rc = sqlite_settle(handle, &wait, config, path, fault)) != RC_OK)
		goto out;
	for (int i = (int)version; rc == RC_OK && i < migration_count; i++) {
		bool did;
		int code = migrate_one(handle, i, &did);
		if (code != SQLITE_OK)
			rc = sqlite_refuse_code(fault, path, code);
		else if (did && ran != NULL)
			ran(state, migrations[i].name);
	}
out:
	sqlite3_close(handle);
	return rc;
}

enum rc
migrate_version(const struct config *config, int *version, struct config_fault *fault)
{
	char path[PATH_MAX];
	struct sqlite_wait wait;
	sqlite3 *handle = NULL;
	int64_t found = 0;
	enum rc rc = sqlite_path(config, path, fault);

	if (rc == RC_OK)
		rc = migrate_open(config, &handle, &wait, path, &found, fault);
	if (rc == RC_OK)
		*version = (int)found;
	sqlite3_close(handle);
	return rc;
}
