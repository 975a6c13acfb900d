#include "store/sqlite.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* The primary code of an extended one. */
#define SQLITE_PRIMARY(code) ((code)&0xff)

enum rc
sqlite_rc(int code)
{
	switch (SQLITE_PRIMARY(code)) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return RC_OK;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_NOMEM:
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_PROTOCOL:
	case SQLITE_NOLFS:
	case SQLITE_INTERRUPT:
	case SQLITE_SCHEMA:
		return RC_UNAVAILABLE;
	default: /* SQLite's codes are plain ints; an unknown one is a defect, too */
		return RC_INTERNAL;
	}
}

enum rc
sqlite_refuse(struct config_fault *fault, enum rc rc, const char *path, const char *what)
{
	snprintf(fault->text, sizeof(fault->text), "%s: %s", path, what);
	return rc;
}

enum rc
sqlite_refuse_code(struct config_fault *fault, const char *path, int code)
{
	int primary = SQLITE_PRIMARY(code);

	if (primary == SQLITE_NOTADB || primary == SQLITE_CORRUPT)
		return sqlite_refuse(
		    fault, RC_NO, path, "is damaged or no database; restore a backup");
	snprintf(fault->text, sizeof(fault->text), "%s: %s (SQLite %d)", path, sqlite3_errstr(code),
	    code);
	return sqlite_rc(code);
}

enum rc
sqlite_path(const struct config *config, char path[PATH_MAX], struct config_fault *fault)
{
	const char *file = config->database.file;
	int len = file[0] == '/' ? snprintf(path, PATH_MAX, "%s", file)
				 : snprintf(path, PATH_MAX, "%s/%s", config->directory, file);

	if (len < 0 || len >= PATH_MAX)
		return sqlite_refuse(fault, RC_NO, file, "the path is too long");
	return RC_OK;
}

/* By lstat alone: closing a descriptor of the file would drop SQLite's locks on it. */
static enum rc
sqlite_check_file(const char *path, struct config_fault *fault)
{
	struct stat status;

	if (lstat(path, &status) != 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return sqlite_refuse(fault, RC_NO, path, "is missing; run yettctl migrate");
		return sqlite_refuse(
		    fault, errno == EACCES ? RC_NO : RC_UNAVAILABLE, path, strerror(errno));
	}
	if (!S_ISREG(status.st_mode))
		return sqlite_refuse(fault, RC_NO, path, "is not a regular file");
	if (status.st_uid != geteuid())
		return sqlite_refuse(fault, RC_NO, path, "belongs to another user");
	if ((status.st_mode & 077) != 0)
		return sqlite_refuse(
		    fault, RC_NO, path, "is open to other users; run chmod 600 on it");
	return RC_OK;
}

/* Sleeps 0.2 to 0.8 ms, or says that the time is over. The same short sleep for all, and not
 * longer the longer one waits as sqlite3_busy_timeout has it: so nobody starves. */
static int
sqlite_wait_turn(void *state, int count)
{
	struct sqlite_wait *wait = state;
	struct timespec pause = { 0, 200000 };
	int64_t now = clock_monotonic(&clock_system);

	if (count == 0)
		wait->until = now + wait->timeout;
	if (now >= wait->until)
		return 0;
	pause.tv_nsec += rand_r(&wait->seed) % 600001;
	nanosleep(&pause, NULL);
	return 1;
}

/* Sets a switch of the connection and makes sure that it took. */
static bool
sqlite_switch(sqlite3 *handle, int which, int value)
{
	int is = !value;

	return sqlite3_db_config(handle, which, value, &is) == SQLITE_OK && is == value;
}

static bool
sqlite_harden(sqlite3 *handle)
{
	return sqlite_switch(handle, SQLITE_DBCONFIG_DEFENSIVE, 1) &&
	       sqlite_switch(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0) &&
	       sqlite_switch(handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1) &&
	       sqlite_switch(handle, SQLITE_DBCONFIG_DQS_DML, 0) &&
	       sqlite_switch(handle, SQLITE_DBCONFIG_DQS_DDL, 0);
}

/* A program has one thread and asks nobody how much memory SQLite takes; without locks and counters
 * a look-up takes a tenth less. Pages are taken as they are needed: twenty in advance would cost
 * plain CGI more than opening the file. Refused where SQLite runs already, which is no matter. */
static void
sqlite_configure(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	(void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
}

enum rc
sqlite_connect(sqlite3 **out, struct sqlite_wait *wait, const struct config *config,
    const char *path, struct config_fault *fault)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
		    SQLITE_OPEN_EXRESCODE;
	enum rc rc = sqlite_check_file(path, fault);
	int code;

	*out = NULL;
	if (rc != RC_OK)
		return rc;
	wait->timeout = config->database.busy_timeout;
	wait->frames = 0;
	wait->seed = (unsigned)getpid() ^ (unsigned)clock_monotonic(&clock_system);
	sqlite_configure();
	code = sqlite3_open_v2(path, out, flags, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_busy_handler(*out, sqlite_wait_turn, wait);
	if (code != SQLITE_OK)
		rc = sqlite_refuse_code(fault, path, code);
	else if (!sqlite_harden(*out))
		rc = sqlite_refuse(fault, RC_INTERNAL, path, "this SQLite lacks what is needed");
	else if (sqlite3_db_readonly(*out, "main") != 0)
		rc = sqlite_refuse(fault, RC_NO, path, "cannot be written; run chmod 600 on it");
	if (rc != RC_OK) {
		sqlite3_close(*out);
		*out = NULL;
	}
	return rc;
}

/* Reads or sets the journal mode; "is" takes 16 bytes. */
static int
sqlite_journal(sqlite3 *handle, const char *sql, char is[16])
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL);

	is[0] = '\0';
	if (code == SQLITE_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
		const unsigned char *text = sqlite3_column_text(stmt, 0);
		snprintf(is, 16, "%s", text == NULL ? "" : (const char *)text);
		code = SQLITE_OK;
	}
	sqlite3_finalize(stmt);
	return code;
}

/* A change needs the file for itself and does not always ask the busy handler. */
static int
sqlite_set_journal(sqlite3 *handle, struct sqlite_wait *wait, const char *mode, char is[16])
{
	char sql[64];
	int code = sqlite_journal(handle, "PRAGMA journal_mode", is);
	int64_t until = clock_monotonic(&clock_system) + wait->timeout;

	snprintf(sql, sizeof(sql), "PRAGMA journal_mode = %s", mode);
	while (code == SQLITE_OK && strcmp(is, mode) != 0) {
		code = sqlite_journal(handle, sql, is);
		if (SQLITE_PRIMARY(code) != SQLITE_BUSY || clock_monotonic(&clock_system) >= until)
			break;
		sqlite_wait_turn(wait, 0);
		code = SQLITE_OK;
	}
	return code;
}

/* Moves the write-ahead log into the file and has the next writer begin it anew. SQLite's own way,
 * a look after each commit once the log is long, never finds it free between two busy writers: the
 * log grows, and each commit pays for two syncs more. A reader that stays long (a backup) is not
 * waited for; the next turn comes when the log has grown by as much again. */
static int
sqlite_committed(void *state, sqlite3 *handle, const char *name, int frames)
{
	struct sqlite_wait *wait = state;
	int64_t timeout = wait->timeout;
	int code;

	if (frames < wait->frames)
		wait->frames = 0;
	if (frames - wait->frames < SQLITE_LOG_FRAMES)
		return SQLITE_OK;
	wait->timeout = timeout < SQLITE_LOG_PATIENCE ? timeout : SQLITE_LOG_PATIENCE;
	code = sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
	wait->timeout = timeout;
	wait->frames = code == SQLITE_OK ? 0 : frames;
	return SQLITE_OK; /* the commit itself stands */
}

enum rc
sqlite_settle(sqlite3 *handle, struct sqlite_wait *wait, const struct config *config,
    const char *path, struct config_fault *fault)
{
	bool wal = config->database.journal == JOURNAL_WAL;
	/* The rollback journal is kept as a file, so that the sandbox can name it. */
	const char *mode = wal ? "wal" : "persist";
	const char *settings = config->database.synchronous == SYNCHRONOUS_FULL
				   ? "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; "
				     "PRAGMA secure_delete = FAST"
				   : "PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; "
				     "PRAGMA secure_delete = FAST";
	char is[16];
	int code = sqlite_set_journal(handle, wait, mode, is);

	if (code == SQLITE_OK && strcmp(is, mode) != 0)
		return sqlite_refuse(
		    fault, RC_NO, path, "does not take the journal mode of database.journal");
	if (code == SQLITE_OK)
		code = sqlite3_exec(handle, settings, NULL, NULL, NULL);
	if (code == SQLITE_OK && wal)
		sqlite3_wal_hook(handle, sqlite_committed, wait);
	return code == SQLITE_OK ? RC_OK : sqlite_refuse_code(fault, path, code);
}

int
sqlite_int(sqlite3 *handle, const char *sql, int64_t *value)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL);

	if (code == SQLITE_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
		*value = sqlite3_column_int64(stmt, 0);
		code = SQLITE_OK;
	}
	sqlite3_finalize(stmt);
	return code;
}

/* Whether the file was removed or replaced: SQLite would go on with the one that is gone. */
bool
sqlite_look_moved(struct db *db)
{
	int moved = 0;

	if (db->moved)
		return true;
	db->moved_looked = clock_monotonic(&clock_system);
	if (sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
	    moved != 0) {
		LOG_FAULT(LOG_ERROR, "the database file %s was removed or replaced",
		    sqlite3_db_filename(db->handle, "main"));
		db->moved = true;
	}
	return db->moved;
}

/* The same, but looks at most once a second. */
bool
sqlite_is_moved(struct db *db)
{
	return db->moved ||
	       (clock_monotonic(&clock_system) - db->moved_looked >= SQLITE_LOOK_EVERY &&
		   sqlite_look_moved(db));
}
