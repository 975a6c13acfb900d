#include "store/db.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/migrate.h"
#include "store/sqlite.h"

#define DB_NEED_MAX 160 /* bytes of one need; names are ours and short */
#define DB_LOOK_EVERY SECOND

/* The grants whose row in grant.def says WRITES. */
#define DB_READS 0U
#define DB_WRITES 1U
#define GRANT(name, purposes, jwt, database, words) | (DB_##database * (unsigned)GRANT_##name)
static const unsigned db_writing_grants = 0U
#include "base/grant.def"
    ;
#undef GRANT

/* The first place in the sorted needs that is not before "need"; *found tells whether it is it. */
static size_t
db_need_place(const struct db *db, const char *need, bool *found)
{
	size_t low = 0;
	size_t high = db->need_count;

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(db->needs[middle], need);
		if (order == 0)
			*found = true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
db_need_add(struct db *db, size_t place, const char *need)
{
	if (db->need_count == db->need_room) {
		size_t room = db->need_room == 0 ? 64 : db->need_room * 2;
		char **needs = realloc(db->needs, room * sizeof(*needs));
		if (needs == NULL)
			return false;
		db->needs = needs;
		db->need_room = room;
	}
	memmove(&db->needs[place + 1], &db->needs[place],
	    (db->need_count - place) * sizeof(*db->needs));
	db->needs[place] = strdup(need);
	if (db->needs[place] == NULL) {
		memmove(&db->needs[place], &db->needs[place + 1],
		    (db->need_count - place) * sizeof(*db->needs));
		return false;
	}
	db->need_count++;
	return true;
}

/* SQLite's authorizer. It records while the granted statements are prepared and enforces from then
 * on; it stays in place, since SQLite prepares again when another process changed the schema. */
static int
db_authorize(void *state, int action, const char *first, const char *second, const char *schema,
    const char *trigger)
{
	struct db *db = state;
	char need[DB_NEED_MAX];
	bool found;
	size_t place;
	int len = snprintf(need, sizeof(need), "%d %s %s %s", action, first == NULL ? "-" : first,
	    second == NULL ? "-" : second, schema == NULL ? "-" : schema);

	(void)trigger;
	if (len < 0 || len >= (int)sizeof(need))
		return SQLITE_DENY;
	place = db_need_place(db, need, &found);
	if (found)
		return SQLITE_OK;
	if (db->enforcing) {
		LOG_FAULT(LOG_ERROR, "refused: %s", need);
		return SQLITE_DENY;
	}
	return db_need_add(db, place, need) ? SQLITE_OK : SQLITE_DENY;
}

/* Whether the file is ours, and of this program's version. */
static enum rc
db_judge(struct db *db, const char *path, struct config_fault *fault)
{
	int64_t application = 0;
	int64_t version = 0;
	int code = sqlite_int(db->handle, "PRAGMA application_id", &application);

	if (code == SQLITE_OK)
		code = sqlite_int(db->handle, "PRAGMA user_version", &version);
	if (code != SQLITE_OK)
		return sqlite_refuse_code(fault, path, code);
	if (application != DB_APPLICATION_ID)
		return sqlite_refuse(fault, RC_NO, path, "is not a database of Yett");
	if (version < migration_count)
		return sqlite_refuse(
		    fault, RC_NO, path, "has an older schema; run yettctl migrate");
	if (version > migration_count)
		return sqlite_refuse(
		    fault, RC_NO, path, "has a newer schema; install the newer programs");
	return RC_OK;
}

static int
db_prepare(struct db *db, struct stmt *stmt, const char *name, const char *sql, int parameters)
{
	int code =
	    sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt->handle, NULL);

	stmt->db = db;
	stmt->name = name;
	stmt->parameters = parameters;
	if (code == SQLITE_OK && sqlite3_bind_parameter_count(stmt->handle) != parameters)
		code = SQLITE_RANGE;
	if (code != SQLITE_OK)
		LOG_FAULT(LOG_ERROR, "%s: %s (%d)", name, sqlite3_errstr(code), code);
	return code;
}

static int
db_prepare_query(struct db *db, enum query query)
{
	const struct query_row *row = &query_table[query];

	return db_prepare(db, &db->queries[query], row->name, row->sql, row->parameters);
}

static int
db_prepare_granted(struct db *db)
{
	int code = db_prepare(db, &db->version, "user_version", "PRAGMA user_version", 0);

	if (code == SQLITE_OK && db->writes)
		code = db_prepare(db, &db->begin, "begin", "BEGIN IMMEDIATE", 0);
	if (code == SQLITE_OK && db->writes)
		code = db_prepare(db, &db->commit, "commit", "COMMIT", 0);
	if (code == SQLITE_OK && db->writes)
		code = db_prepare(db, &db->rollback, "rollback", "ROLLBACK", 0);
	for (enum query i = 0; code == SQLITE_OK && i < QUERIES && !db->once; i++) {
		if ((query_table[i].grant & db->grants) != 0 || query_table[i].grant == GRANT_NONE)
			code = db_prepare_query(db, i);
	}
	return code;
}

/* Steps once without the bookkeeping of stmt_row; SQLITE_OK when it went well. */
static int
db_step(struct stmt *stmt)
{
	int code = sqlite3_step(stmt->handle);

	sqlite3_reset(stmt->handle);
	return sqlite_rc(code) == RC_OK ? SQLITE_OK : code;
}

/* Makes SQLite open all its files, since after the sandbox it can open none. */
static int
db_touch(struct db *db)
{
	int code = db_step(&db->version);

	if (code == SQLITE_OK && db->writes)
		code = db_step(&db->begin);
	if (code == SQLITE_OK && db->writes)
		code = db_step(&db->rollback);
	return code;
}

/* A log that cannot be removed any more after the sandbox is emptied instead. A rollback journal is
 * for network file systems, where a mapping is not safe. */
static int
db_settle_files(struct db *db)
{
	int keep = 1;
	int code = SQLITE_OK;

	if (db->wal)
		code = sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	if (code == SQLITE_OK && db->wal && !db->once)
		code = sqlite3_exec(
		    db->handle, "PRAGMA mmap_size = " SQLITE_MMAP_SIZE, NULL, NULL, NULL);
	if (code == SQLITE_OK && !db->writes)
		code = sqlite3_exec(db->handle, "PRAGMA query_only = ON", NULL, NULL, NULL);
	return code;
}

static enum rc
db_read_generation(struct db *db, int64_t *generation)
{
	return stmt_one_int(db_query(db, QUERY_generation_read), generation);
}

static enum rc
db_start(struct db *db, const char *path, struct config_fault *fault)
{
	enum rc rc;
	int code;
	int journal;

	if (!db->wal) {
		journal = open(db_journal(db), O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_RDWR, 0600);
		if (journal < 0)
			return sqlite_refuse(
			    fault, RC_UNAVAILABLE, path, "its journal cannot be made");
		close(journal);
	}
	code = db_settle_files(db);
	if (code == SQLITE_OK)
		code = sqlite3_set_authorizer(db->handle, db_authorize, db);
	if (code == SQLITE_OK)
		code = db_prepare_granted(db);
	if (code == SQLITE_OK)
		code = db_touch(db);
	db->enforcing = true;
	db->moved_looked = db->version_looked = clock_monotonic(&clock_system);
	if (code != SQLITE_OK)
		return sqlite_refuse_code(fault, path, code);
	rc = db->once ? RC_OK : db_read_generation(db, &db->generation);
	return rc == RC_OK ? rc
			   : sqlite_refuse(fault, rc, path, "does not tell which keys there are");
}

static enum rc
db_open_for(struct db **out, const struct config *config, unsigned grants, bool once,
    struct config_fault *fault)
{
	char path[PATH_MAX];
	struct db *db = calloc(1, sizeof(*db));
	enum rc rc;

	*out = NULL;
	if (db == NULL)
		return sqlite_refuse(fault, RC_UNAVAILABLE, config->database.file, "out of memory");
	db->grants = grants;
	db->writes = (grants & db_writing_grants) != 0;
	db->once = once;
	db->wal = config->database.journal == JOURNAL_WAL;
	if ((rc = sqlite_path(config, path, fault)) != RC_OK ||
	    (rc = sqlite_connect(&db->handle, &db->wait, config, path, fault)) != RC_OK ||
	    (rc = db_judge(db, path, fault)) != RC_OK ||
	    (rc = sqlite_settle(db->handle, &db->wait, config, path, fault)) != RC_OK ||
	    (rc = db_start(db, path, fault)) != RC_OK) {
		db_close(db);
		return rc;
	}
	*out = db;
	return RC_OK;
}

enum rc
db_open(struct db **out, const struct config *config, unsigned grants, struct config_fault *fault)
{
	return db_open_for(out, config, grants, false, fault);
}

enum rc
db_open_once(
    struct db **out, const struct config *config, unsigned grants, struct config_fault *fault)
{
	return db_open_for(out, config, grants, true, fault);
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < QUERIES; i++)
		sqlite3_finalize(db->queries[i].handle);
	sqlite3_finalize(db->begin.handle);
	sqlite3_finalize(db->commit.handle);
	sqlite3_finalize(db->rollback.handle);
	sqlite3_finalize(db->version.handle);
	/* What is left in a log has to be read again by whoever opens the file next. */
	if (db->writes && db->handle != NULL) {
		sqlite3_set_authorizer(db->handle, NULL, NULL);
		sqlite3_exec(db->handle, "PRAGMA journal_size_limit = 0", NULL, NULL, NULL);
	}
	sqlite3_close(db->handle);
	for (size_t i = 0; i < db->need_count; i++)
		free(db->needs[i]);
	free(db->needs);
	free(db);
}

const char *
db_journal(const struct db *db)
{
	return db->wal ? NULL : sqlite3_filename_journal(sqlite3_db_filename(db->handle, "main"));
}

bool
db_writes(const struct db *db)
{
	return db->writes;
}

/* Whether the file was removed or replaced: SQLite would go on with the one that is gone. */
static bool
db_look_moved(struct db *db)
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
static bool
db_is_moved(struct db *db)
{
	return db->moved || (clock_monotonic(&clock_system) - db->moved_looked >= DB_LOOK_EVERY &&
				db_look_moved(db));
}

bool
db_outdated(struct db *db)
{
	int64_t now = clock_monotonic(&clock_system);
	int64_t version, generation;

	if (db->outdated || db->moved)
		return true;
	if (now - db->version_looked < DB_LOOK_EVERY)
		return false;
	db->version_looked = now;
	if (db_look_moved(db))
		return true;
	if (stmt_one_int(&db->version, &version) == RC_OK)
		db->outdated = version != migration_count;
	if (!db->outdated && !db->once && db_read_generation(db, &generation) == RC_OK)
		db->outdated = db->rekeyed = generation != db->generation;
	return db->outdated;
}

bool
db_rekeyed(const struct db *db)
{
	return db->rekeyed && !db->moved;
}

static bool
db_in_transaction(struct db *db)
{
	return sqlite3_get_autocommit(db->handle) == 0;
}

enum rc
db_begin(struct db *db)
{
	if (db->begin.handle == NULL || db_in_transaction(db)) {
		LOG_FAULT(LOG_ERROR, "%s",
		    db->begin.handle == NULL ? "no grant to write" : "in a transaction already");
		return RC_INTERNAL;
	}
	if (db_look_moved(db))
		return RC_UNAVAILABLE;
	return stmt_run(&db->begin, NULL);
}

/* A fault may have ended the transaction already. */
static void
db_roll_back(struct db *db)
{
	if (db_in_transaction(db) && stmt_run(&db->rollback, NULL) != RC_OK)
		LOG_FAULT(LOG_ERROR, "%s", "cannot roll back");
}

static enum rc
db_commit(struct db *db)
{
	enum rc rc;

	if (!db_in_transaction(db)) {
		LOG_FAULT(LOG_ERROR, "%s", "the transaction has ended before its commit");
		return RC_INTERNAL;
	}
	rc = stmt_run(&db->commit, NULL);
	if (rc != RC_OK)
		db_roll_back(db);
	return rc;
}

enum rc
db_end(struct db *db, enum rc rc)
{
	if (rc == RC_OK)
		return db_commit(db);
	db_roll_back(db);
	return rc;
}

enum rc
db_keep(struct db *db, enum rc answer)
{
	enum rc rc = db_commit(db);

	return rc == RC_OK ? answer : rc;
}

/* A granted statement that was not prepared at the start. A fault waits until it is run. */
static void
db_prepare_late(struct db *db, enum query query)
{
	int code;

	if (!db->once || (query_table[query].grant & db->grants) == 0) {
		LOG_FAULT(LOG_ERROR, "%s was not granted", query_table[query].name);
		abort();
	}
	db->enforcing = false;
	code = db_prepare_query(db, query);
	db->enforcing = true;
	db->queries[query].fault = sqlite_rc(code);
}

struct stmt *
db_query(struct db *db, enum query query)
{
	struct stmt *stmt = &db->queries[query];

	if (stmt->handle != NULL)
		stmt_done(stmt);
	else
		db_prepare_late(db, query);
	return stmt;
}

/* The one place where a fault of a statement is logged: its name, never what was bound. */
static enum rc
stmt_fail(struct stmt *stmt, int code)
{
	stmt->fault = sqlite_rc(code);
	LOG_FAULT(stmt->fault == RC_INTERNAL ? LOG_ERROR : LOG_WARN, "%s: %s (%d)", stmt->name,
	    sqlite3_errstr(code), code);
	return stmt->fault;
}

static enum rc
stmt_defect(struct stmt *stmt, const char *what)
{
	LOG_FAULT(LOG_ERROR, "%s: %s", stmt->name, what);
	stmt->fault = RC_INTERNAL;
	return RC_INTERNAL;
}

static void
stmt_bound(struct stmt *stmt, int code)
{
	if (stmt->fault == RC_OK && code != SQLITE_OK)
		(void)stmt_fail(stmt, code);
}

void
stmt_bind_int(struct stmt *stmt, int64_t value)
{
	stmt_bound(stmt, sqlite3_bind_int64(stmt->handle, ++stmt->bound, value));
}

/* Not copied: SQLite would not wipe its copy of a hash. */
void
stmt_bind_text(struct stmt *stmt, struct span text)
{
	stmt_bound(stmt, sqlite3_bind_text64(stmt->handle, ++stmt->bound, text.data, text.len,
			     SQLITE_STATIC, SQLITE_UTF8));
}

void
stmt_bind_blob(struct stmt *stmt, const void *data, size_t size)
{
	stmt_bound(
	    stmt, sqlite3_bind_blob64(stmt->handle, ++stmt->bound, data, size, SQLITE_STATIC));
}

/* What is checked before the first row. A transaction was checked when it began. */
static void
stmt_start(struct stmt *stmt)
{
	struct db *db = stmt->db;

	stmt->started = true;
	if (stmt->bound != stmt->parameters)
		(void)stmt_defect(stmt, "a parameter was not bound");
	else if (!db_in_transaction(db) && db_is_moved(db))
		stmt->fault = RC_UNAVAILABLE;
}

enum rc
stmt_row(struct stmt *stmt)
{
	int code;

	if (!stmt->started && stmt->fault == RC_OK)
		stmt_start(stmt);
	if (stmt->fault != RC_OK)
		return stmt->fault;
	if (stmt->ended)
		return RC_NO;
	stmt->column = 0;
	code = sqlite3_step(stmt->handle);
	if (code == SQLITE_ROW)
		return RC_OK;
	stmt->ended = true;
	return code == SQLITE_DONE ? RC_NO : stmt_fail(stmt, code);
}

/* The next column; a fault that sticks when there is none. */
static int
stmt_column(struct stmt *stmt)
{
	if (stmt->column >= sqlite3_data_count(stmt->handle))
		(void)stmt_defect(stmt, "a column that is not there");
	return stmt->column++;
}

void
stmt_skip(struct stmt *stmt, int columns)
{
	stmt->column += columns;
}

int64_t
stmt_get_int(struct stmt *stmt)
{
	return sqlite3_column_int64(stmt->handle, stmt_column(stmt));
}

/* A view of the next column's bytes, until the next step; "not given" for NULL. */
static struct span
stmt_view(struct stmt *stmt)
{
	int column = stmt_column(stmt);
	struct span view = { NULL, 0 };

	if (sqlite3_column_type(stmt->handle, column) == SQLITE_NULL)
		return view;
	view.data = (const char *)sqlite3_column_text(stmt->handle, column);
	if (view.data == NULL)
		(void)stmt_fail(stmt, SQLITE_NOMEM);
	else
		view.len = (size_t)sqlite3_column_bytes(stmt->handle, column);
	return view;
}

struct span
stmt_get_text(struct stmt *stmt, struct arena *arena)
{
	struct span view = stmt_view(stmt);

	if (view.data == NULL)
		return view;
	view.data = arena_text(arena, view);
	if (view.data == NULL) {
		(void)stmt_fail(stmt, SQLITE_NOMEM);
		view.len = 0;
	}
	return view;
}

struct span
stmt_get_blob(struct stmt *stmt, struct arena *arena)
{
	/* SQLite gives a blob's bytes as they are when it is asked for them as text. */
	return stmt_get_text(stmt, arena);
}

enum rc
stmt_get_chars(struct stmt *stmt, char *to, size_t size)
{
	struct span view = stmt_view(stmt);

	if (!span_copy(to, size, view))
		return stmt_defect(stmt, "a text that does not fit");
	return stmt->fault;
}

void
stmt_done(struct stmt *stmt)
{
	sqlite3_reset(stmt->handle);
	if (stmt->bound > 0 && stmt->handle != NULL)
		sqlite3_clear_bindings(stmt->handle); /* they point into the caller's memory */
	stmt->bound = stmt->column = 0;
	stmt->started = stmt->ended = false;
	stmt->fault = RC_OK;
}

enum rc
stmt_run(struct stmt *stmt, int64_t *changed)
{
	enum rc rc = stmt_row(stmt);

	if (rc == RC_OK)
		rc = stmt_defect(stmt, "a row where there should be none");
	else if (rc == RC_NO)
		rc = RC_OK;
	if (rc == RC_OK && changed != NULL)
		*changed = sqlite3_changes64(stmt->db->handle);
	stmt_done(stmt);
	return rc;
}

enum rc
stmt_run_one(struct stmt *stmt)
{
	int64_t changed = 0;
	enum rc rc = stmt_run(stmt, &changed);

	if (rc == RC_OK && changed > 1)
		return stmt_defect(stmt, "changed more than one row");
	return rc == RC_OK && changed == 0 ? RC_NO : rc;
}

enum rc
stmt_one_int(struct stmt *stmt, int64_t *value)
{
	enum rc rc = stmt_row(stmt);

	if (rc == RC_OK) {
		*value = stmt_get_int(stmt);
		rc = stmt_row(stmt); /* to the end, where an insertion is committed */
		if (rc == RC_OK)
			rc = stmt_defect(stmt, "more than one row");
		else if (rc == RC_NO)
			rc = RC_OK;
	}
	stmt_done(stmt);
	return rc;
}
