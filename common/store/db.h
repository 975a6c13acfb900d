/* The database: SQLite behind a narrow door. All SQL is in schema/queries.sql; a program has the
 * statements that its grants name, prepared once, and no others. */
#ifndef YETT_STORE_DB_H
#define YETT_STORE_DB_H

#include "base/arena.h"
#include "base/config.h"
#include "base/grant.h"
#include "queries.h" /* generated: enum query */
#include "store/stmt.h"

#define DB_APPLICATION_ID 0x59657474 /* "Yett"; tells our files from foreign ones */

struct db;

/* Opens config->database.file and prepares the granted statements. Refuses with RC_NO and *fault
 * a missing, foreign, loosely permitted or corrupt file, an older schema ("run yettctl migrate")
 * and a newer one. Runs BEGIN IMMEDIATE; ROLLBACK once, so that afterwards no file need be opened
 * any more. From here on an authorizer lets through only what the granted statements were seen
 * to need. Without a writing grant the connection is query_only. RC_UNAVAILABLE when it is locked
 * beyond busy_timeout. The caller frees *out with db_close. */
enum rc db_open(
    struct db **out, const struct config *, unsigned grants, struct config_fault *fault) RC_MUST;

/* The same for a process that answers one request and ends: a statement is prepared when it is
 * first asked for, the file is not mapped, and it is not looked which keys there are, since none of
 * it would pay. */
enum rc db_open_once(
    struct db **out, const struct config *, unsigned grants, struct config_fault *fault) RC_MUST;

/* Finalises and closes; NULL is fine. The last one to close leaves an empty log behind. */
void db_close(struct db *);

/* The one file that SQLite opens anew in transactions: the rollback journal, which exists from
 * db_open on. NULL in WAL mode, where nothing is opened any more. Owned by the db. */
const char *db_journal(const struct db *);

/* Whether one of the grants is to write. */
bool db_writes(const struct db *);

/* Whether another process has migrated the schema since, keys were added or taken away, or the file
 * was removed or replaced; a program then ends after its answer. Looks at most once a second. A
 * program opens its keys after this, so that it cannot miss that they have changed. */
bool db_outdated(struct db *);

/* Whether it is outdated by its keys alone: who begins anew can go on. */
bool db_rekeyed(const struct db *);

/* BEGIN IMMEDIATE, for every read-then-write. Waits fairly (short random sleeps) up to
 * busy_timeout, then RC_UNAVAILABLE; so too once the file was removed or replaced (a read outside
 * a transaction looks at most once a second). */
enum rc db_begin(struct db *) RC_MUST;

/* Ends the transaction: commits when rc is RC_OK, rolls back otherwise. Returns rc, or the fault
 * of the commit: then nothing was written. */
enum rc db_end(struct db *, enum rc rc) RC_MUST;

/* Commits, keeps "answer" for later: for a refusal whose traces must survive. A fault of the
 * commit wins over the answer. */
enum rc db_keep(struct db *, enum rc answer) RC_MUST;

/* The statement, ready to be bound; aborts when the program was not granted it (a defect). */
struct stmt *db_query(struct db *, enum query);

#endif
