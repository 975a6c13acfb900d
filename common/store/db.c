#include "store/db.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "store/migrate.h"
#include "store/sqlite.h"

/* The grants whose row in grant.def says WRITES. */
#define DB_READS 0U
#define DB_WRITES 1U
#define GRANT(name, purposes, jwt, database, words) | (DB_##database * (unsigned)GRANT_##name)
static const unsigned db_writing_grants = 0U
#include "base/grant.def"
    ;
#undef GRANT

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
	const char *journal = db_journal(db);
	enum rc rc;
	int code, fd;

	if (journal != NULL) {
		fd = open(journal, O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_RDWR, 0600);
		if (fd < 0)
			return sqlite_refuse(
			    fault, RC_UNAVAILABLE, path, "its journal cannot be made");
		close(fd);
	}
	code = db_settle_files(db);
	if (code == SQLITE_OK)
		code = sqlite3_set_authorizer(db->handle, need_authorize, db);
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
	if (db != NULL)
		db->need_texts = arena_new(SQLITE_NEEDS_SIZE);
	if (db == NULL || db->need_texts == NULL) {
		db_close(db);
		return sqlite_refuse(fault, RC_UNAVAILABLE, config->database.file, "out of memory");
	}
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
	arena_free(db->need_texts);
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

bool
db_outdated(struct db *db)
{
	int64_t now = clock_monotonic(&clock_system);
	int64_t version, generation;

	if (db->outdated || db->moved)
		return true;
	if (now - db->version_looked < SQLITE_LOOK_EVERY)
		return false;
	db->version_looked = now;
	if (sqlite_look_moved(db))
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

enum rc
db_begin(struct db *db)
{
	if (db->begin.handle == NULL || sqlite_in_transaction(db)) {
		LOG_FAULT(LOG_ERROR, "%s",
		    db->begin.handle == NULL ? "no grant to write" : "in a transaction already");
		return RC_INTERNAL;
	}
	if (sqlite_look_moved(db))
		return RC_UNAVAILABLE;
	return stmt_run(&db->begin, NULL);
}

/* A fault may have ended the transaction already. */
static void
db_roll_back(struct db *db)
{
	if (sqlite_in_transaction(db) && stmt_run(&db->rollback, NULL) != RC_OK)
		LOG_FAULT(LOG_ERROR, "%s", "cannot roll back");
}

static enum rc
db_commit(struct db *db)
{
	enum rc rc;

	if (!sqlite_in_transaction(db)) {
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
