/* Inside the store: what sqlite.c, need.c, stmt.c, db.c and migrate.c share. No other file sees
 * SQLite's types. */
#ifndef YETT_STORE_SQLITE_H
#define YETT_STORE_SQLITE_H

#include <limits.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "store/db.h"

#define SQLITE_MMAP_SIZE "2147418112" /* the most that SQLite maps unless built otherwise */
#define SQLITE_LOG_FRAMES 4000        /* pages in the write-ahead log before it is begun anew */
#define SQLITE_LOOK_EVERY SECOND
#define SQLITE_NEEDS_SIZE (256 * 1024) /* bytes at most of what statements need, in words */
#define SQLITE_LOG_PATIENCE 50         /* milliseconds to wait for readers of the old log */

/* How long a connection waits for another one. */
struct sqlite_wait {
	int64_t timeout; /* milliseconds */
	int64_t until;   /* monotonic; of the wait that goes on */
	unsigned seed;
	int frames; /* length of the log when it could not be begun anew; else 0 */
};

/* A result code as an answer: busy, full, unreadable and the like may pass; what is left is a
 * defect. SQLITE_OK, _ROW and _DONE are RC_OK. */
enum rc sqlite_rc(int code) RC_MUST;

/* Writes "PATH: what" to the fault and returns rc. */
enum rc sqlite_refuse(
    struct config_fault *, enum rc rc, const char *path, const char *what) RC_MUST;

/* The same for a result code met while a file is opened: what is no database or is damaged is
 * RC_NO. Says that by the fault alone, nothing is logged. */
enum rc sqlite_refuse_code(struct config_fault *, const char *path, int code) RC_MUST;

/* The database file of a configuration. */
enum rc sqlite_path(const struct config *, char path[PATH_MAX], struct config_fault *) RC_MUST;

/* Opens an existing file that belongs to the caller alone: busy handler first, then what guards
 * against a hostile file. *wait must live as long as the connection. On failure *out is NULL. */
enum rc sqlite_connect(sqlite3 **out, struct sqlite_wait *wait, const struct config *,
    const char *path, struct config_fault *) RC_MUST;

/* Journal, durability and memory as configured; the file must be known to be ours by now. */
enum rc sqlite_settle(sqlite3 *, struct sqlite_wait *, const struct config *, const char *path,
    struct config_fault *) RC_MUST;

/* Runs a statement for the first column of its first row; a result code, SQLITE_DONE without one.
 */
int sqlite_int(sqlite3 *, const char *sql, int64_t *value);

struct stmt {
	sqlite3_stmt *handle; /* NULL: not granted */
	struct db *db;
	const char *name;
	int parameters;
	int bound, column; /* how many are bound; which is read next */
	bool started, ended;
	enum rc fault; /* sticks until stmt_done */
};

struct db {
	sqlite3 *handle;
	struct sqlite_wait wait;
	struct stmt queries[QUERIES];
	struct stmt begin, commit, rollback, version;
	const char **needs; /* what the statements were seen to need, sorted */
	struct arena *need_texts;
	size_t need_count, need_room;
	unsigned grants;
	bool writes;            /* a grant says so */
	bool once;              /* for one request: see db_open_once */
	bool wal;               /* else a rollback journal */
	bool enforcing;         /* refuse what is not among the needs */
	bool moved;             /* the file was removed or replaced; stays so */
	int64_t moved_looked;   /* monotonic; when that was last looked at */
	int64_t version_looked; /* monotonic; when db_outdated last read version and generation */
	int64_t generation;     /* of the keys, when this was opened */
	bool outdated;
	bool rekeyed; /* for no other reason than that keys have changed */
};

/* Whether the file was removed or replaced: SQLite would go on with the one that is gone. */
bool sqlite_look_moved(struct db *);
/* The same, but looks at most once in SQLITE_LOOK_EVERY. */
bool sqlite_is_moved(struct db *);

static inline bool
sqlite_in_transaction(const struct db *db)
{
	return sqlite3_get_autocommit(db->handle) == 0;
}

/* need.c: SQLite's authorizer, whose state is the db. It records what statements need while they
 * are prepared, and refuses anything else once db->enforcing. */
int need_authorize(void *state, int action, const char *first, const char *second,
    const char *schema, const char *trigger);

#endif
