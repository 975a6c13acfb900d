#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store/operate.h"
#include "store/session.h"
#include "unit/store.h"

static struct store s;

/* Nanoseconds that this process has asked to sleep for: unlike time, the same on every machine. */
static int64_t slept;

/* In place of the C library's. */
int
nanosleep(const struct timespec *wanted, struct timespec *left)
{
	slept += wanted->tv_sec * INT64_C(1000000000) + wanted->tv_nsec;
	errno = clock_nanosleep(CLOCK_MONOTONIC, 0, wanted, left);
	return errno == 0 ? 0 : -1;
}

/* opening -------------------------------------------------------------------------------------- */

static const struct {
	const char *pragma;
	int64_t expected;
} settings[] = {
	{ "PRAGMA application_id", DB_APPLICATION_ID },
	{ "PRAGMA foreign_keys", 1 },
	{ "PRAGMA trusted_schema", 0 },
	{ "PRAGMA synchronous", 2 },
	{ "PRAGMA temp_store", 2 },
	{ "PRAGMA secure_delete", 2 },
	{ "PRAGMA query_only", 0 },
	{ "PRAGMA mmap_size", INT64_C(2147418112) },
};

START_TEST(connection_is_set_up)
{
	int64_t value = -1;

	store_begin(&s, STORE_ALL);
	s.ctx.db->enforcing = false;
	ck_assert_int_eq(sqlite_int(s.ctx.db->handle, settings[_i].pragma, &value), SQLITE_OK);
	ck_assert_msg(
	    value == settings[_i].expected, "%s = %lld", settings[_i].pragma, (long long)value);
	store_end(&s);
}
END_TEST

START_TEST(schema_cannot_be_written_by_hand)
{
	int is = 0;

	store_begin(&s, STORE_ALL);
	ck_assert_int_eq(
	    sqlite3_db_config(s.ctx.db->handle, SQLITE_DBCONFIG_DEFENSIVE, -1, &is), SQLITE_OK);
	ck_assert_int_eq(is, 1);
	store_end(&s);
}
END_TEST

START_TEST(journal_follows_configuration)
{
	store_begin(&s, STORE_ALL);
	db_close(s.ctx.db);
	ck_assert_int_eq(store_int(&s, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
	s.config.database.journal = JOURNAL_DELETE;
	store_open(&s, GRANT_USER_READ);
	ck_assert_int_eq(
	    store_int(&s, "SELECT journal_mode = 'delete' FROM pragma_journal_mode"), 1);
	store_end(&s);
}
END_TEST

/* How many pages the write-ahead log holds. (Looking moves them into the file, where no reader is
 * in the way.) */
static int
log_frames(void)
{
	int frames = -1;

	ck_assert_int_eq(sqlite3_wal_checkpoint_v2(
			     s.ctx.db->handle, "main", SQLITE_CHECKPOINT_PASSIVE, &frames, NULL),
	    SQLITE_OK);
	return frames;
}

/* One commit that writes about this many pages. */
static void
commit_pages(int pages)
{
	char sql[256];

	s.ctx.db->enforcing = false;
	snprintf(sql, sizeof(sql),
	    "PRAGMA synchronous = OFF; INSERT INTO audit (at, event, actor) WITH RECURSIVE n(i) AS "
	    "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
	    "SELECT i, hex(zeroblob(2040)), 'operator' FROM n",
	    pages);
	ck_assert_int_eq(sqlite3_exec(s.ctx.db->handle, sql, NULL, NULL, NULL), SQLITE_OK);
}

START_TEST(long_log_is_begun_anew)
{
	store_begin(&s, STORE_ALL);
	commit_pages(SQLITE_LOG_FRAMES / 2);
	commit_pages(SQLITE_LOG_FRAMES / 2);
	commit_pages(1);
	ck_assert_int_lt(log_frames(), 100);
	store_end(&s);
}
END_TEST

/* A reader that stays keeps the log, and costs the writers one short wait for it, not one each. */
START_TEST(long_log_waits_for_no_reader)
{
	sqlite3 *reader;

	store_begin(&s, STORE_ALL);
	reader = store_raw(&s);
	commit_pages(1);
	ck_assert_int_eq(
	    sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM audit", NULL, NULL, NULL), SQLITE_OK);
	slept = 0;
	commit_pages(SQLITE_LOG_FRAMES);
	for (int i = 0; i < 100; i++)
		commit_pages(1);
	ck_assert_int_gt(slept, 0);
	ck_assert_int_le(slept, (SQLITE_LOG_PATIENCE + 1) * 1000000);
	ck_assert_int_gt(log_frames(), SQLITE_LOG_FRAMES);
	ck_assert_int_eq(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(reader);
	commit_pages(SQLITE_LOG_FRAMES);
	commit_pages(1);
	ck_assert_int_lt(log_frames(), 100);
	store_end(&s);
}
END_TEST

/* What is left in the log has to be read by the next plain CGI process before it can answer. */
START_TEST(log_is_left_empty)
{
	struct stat status;

	store_begin(&s, STORE_ALL);
	store_user(&s, STORE_ID_A, "a@example.org", NULL, "");
	db_close(s.ctx.db);
	s.ctx.db = NULL;
	strcat(s.path, "-wal");
	ck_assert_int_eq(stat(s.path, &status), 0);
	ck_assert_int_eq(status.st_size, 0);
	store_end(&s);
}
END_TEST

START_TEST(statement_waits_until_it_is_asked_for)
{
	struct user user;

	store_begin(&s, STORE_ALL);
	store_user(&s, STORE_ID_A, "a@example.org", NULL, "");
	db_close(s.ctx.db);
	ck_assert_int_eq(db_open_once(&s.ctx.db, &s.config, GRANT_USER_READ, &s.fault), RC_OK);
	ck_assert(!db_writes(s.ctx.db));
	for (size_t i = 0; i < QUERIES; i++)
		ck_assert_ptr_null(s.ctx.db->queries[i].handle);
	ck_assert_int_eq(user_by_id(&s.ctx, SPAN(STORE_ID_A), &user), RC_OK);
	ck_assert_int_eq(user_by_id(&s.ctx, SPAN(STORE_ID_B), &user), RC_NO);
	ck_assert(s.ctx.db->enforcing);
	store_end(&s);
}
END_TEST

/* The table may have gone between the start and the request. */
START_TEST(statement_that_cannot_be_prepared_is_a_fault)
{
	struct user user;

	store_begin(&s, STORE_ALL);
	db_close(s.ctx.db);
	ck_assert_int_eq(db_open_once(&s.ctx.db, &s.config, GRANT_USER_READ, &s.fault), RC_OK);
	store_sql(&s, "DROP TABLE user_role");
	ck_assert_int_ne(user_by_id(&s.ctx, SPAN(STORE_ID_A), &user), RC_NO);
	ck_assert_int_ne(user_by_id(&s.ctx, SPAN(STORE_ID_A), &user), RC_OK);
	store_end(&s);
}
END_TEST

START_TEST(statement_asked_for_late_must_be_granted)
{
	int status;

	store_prepare(&s);
	store_migrate(&s);
	if (fork() == 0) {
		if (db_open_once(&s.ctx.db, &s.config, GRANT_USER_READ, &s.fault) == RC_OK)
			(void)db_query(s.ctx.db, QUERY_user_insert);
		_exit(0);
	}
	ck_assert_int_gt(wait(&status), 0);
	ck_assert(WIFSIGNALED(status));
	store_end(&s);
}
END_TEST

START_TEST(journal_that_cannot_change_refuses)
{
	sqlite3 *raw;
	int64_t value;

	store_prepare(&s);
	store_migrate(&s);
	raw = store_raw(&s);
	ck_assert_int_eq(sqlite_int(raw, "SELECT COUNT(*) FROM users", &value), SQLITE_OK);
	s.config.database.journal = JOURNAL_DELETE;
	s.config.database.busy_timeout = 50;
	ck_assert_int_eq(db_open(&s.ctx.db, &s.config, STORE_ALL, &s.fault), RC_UNAVAILABLE);
	ck_assert_ptr_null(s.ctx.db);
	sqlite3_close(raw);
	store_end(&s);
}
END_TEST

static void
break_missing(void)
{
	ck_assert_int_eq(unlink(s.path), 0);
}

static void
break_directory(void)
{
	break_missing();
	ck_assert_int_eq(mkdir(s.path, 0700), 0);
}

static void
break_symlink(void)
{
	char other[PATH_MAX + 8];

	snprintf(other, sizeof(other), "%s.real", s.path);
	ck_assert_int_eq(rename(s.path, other), 0);
	ck_assert_int_eq(symlink(other, s.path), 0);
}

static void
break_group(void)
{
	ck_assert_int_eq(chmod(s.path, 0640), 0);
}

static void
break_others(void)
{
	ck_assert_int_eq(chmod(s.path, 0602), 0);
}

static void
break_owner(void)
{
	/* Only root can give a file away; for others this row is like break_missing. */
	if (chown(s.path, 1, (gid_t)-1) != 0)
		break_missing();
}

static void
break_application(void)
{
	store_sql(&s, "PRAGMA application_id = 1");
}

static void
break_older(void)
{
	store_sql(&s, "PRAGMA user_version = 0");
}

static void
break_newer(void)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", migration_count + 1);
	store_sql(&s, sql);
}

static void
break_empty(void)
{
	ck_assert_int_eq(truncate(s.path, 0), 0);
}

static void
break_at(off_t offset, size_t count)
{
	int fd = open(s.path, O_WRONLY);

	ck_assert_int_ge(fd, 0);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(pwrite(fd, "\xff", 1, offset + (off_t)i), 1);
	close(fd);
}

static void
break_header(void)
{
	break_at(0, 16);
}

static void
break_schema(void)
{
	break_at(100, 300);
}

static const struct {
	void (*break_it)(void);
	const char *says;
} refusals[] = {
	{ break_missing, "run yettctl migrate" },
	{ break_directory, "not a regular file" },
	{ break_symlink, "not a regular file" },
	{ break_group, "open to other users" },
	{ break_others, "open to other users" },
	{ break_owner, "" },
	{ break_application, "not a database of Yett" },
	{ break_older, "older schema; run yettctl migrate" },
	{ break_newer, "newer schema" },
	{ break_empty, "not a database of Yett" },
	{ break_header, "damaged or no database" },
	{ break_schema, "damaged or no database" },
};

START_TEST(file_is_refused)
{
	store_prepare(&s);
	store_migrate(&s);
	refusals[_i].break_it();
	s.ctx.db = (struct db *)&s;
	ck_assert_int_eq(db_open(&s.ctx.db, &s.config, STORE_ALL, &s.fault), RC_NO);
	ck_assert_ptr_null(s.ctx.db);
	ck_assert_msg(strstr(s.fault.text, refusals[_i].says) != NULL, "%s", s.fault.text);
	ck_assert_ptr_nonnull(strstr(s.fault.text, "/yett.db: "));
	store_end(&s);
}
END_TEST

/* grants --------------------------------------------------------------------------------------- */

START_TEST(grant_alone_has_its_statements_only)
{
	unsigned grant = 1U << _i;

	store_begin(&s, grant);
	for (int i = 0; i < QUERIES; i++)
		ck_assert_msg(
		    (s.ctx.db->queries[i].handle != NULL) ==
			(query_table[i].grant == grant || query_table[i].grant == GRANT_NONE),
		    "%s", query_table[i].name);
	store_end(&s);
}
END_TEST

/* In a child of the test, which then still removes its directory. */
START_TEST(statement_not_granted_aborts)
{
	int status;

	store_prepare(&s);
	store_migrate(&s);
	if (fork() == 0) {
		store_open(&s, GRANT_USER_READ);
		(void)db_query(s.ctx.db, QUERY_user_insert);
		_exit(0);
	}
	ck_assert_int_gt(wait(&status), 0);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGABRT);
	store_end(&s);
}
END_TEST

START_TEST(reader_cannot_write)
{
	store_begin(&s, GRANT_USER_READ | GRANT_VERIFY | GRANT_CSRF);
	ck_assert_int_eq(db_begin(s.ctx.db), RC_INTERNAL);
	/* Not for lack of authority: query_only holds on its own. */
	s.ctx.db->enforcing = false;
	ck_assert_int_eq(
	    sqlite3_exec(s.ctx.db->handle, "DELETE FROM users", NULL, NULL, NULL), SQLITE_READONLY);
	store_end(&s);
}
END_TEST

static const struct {
	const char *sql;
	int expected;
} unrecorded[] = {
	{ "SELECT email FROM users", SQLITE_OK },
	{ "SELECT u.email FROM users u JOIN user_role r ON r.user_id = u.id", SQLITE_OK },
	{ "INSERT INTO audit (at, event, actor) VALUES (1, 'x', 'y')", SQLITE_OK },
	{ "SELECT password_hash FROM users", SQLITE_AUTH },
	{ "SELECT 1 FROM users WHERE password_hash > ''", SQLITE_AUTH },
	{ "SELECT digest FROM access_token", SQLITE_AUTH },
	{ "SELECT event FROM audit", SQLITE_AUTH },
	{ "DELETE FROM audit", SQLITE_AUTH },
	{ "UPDATE users SET is_active = 1", SQLITE_AUTH },
	{ "DELETE FROM users", SQLITE_AUTH },
	{ "SELECT upper(email) FROM users", SQLITE_ERROR }, /* so says SQLite of functions */
	{ "SELECT sql FROM sqlite_schema", SQLITE_AUTH },
	{ "CREATE TABLE mine (a)", SQLITE_AUTH },
	{ "CREATE TEMP TABLE users (email)", SQLITE_AUTH },
	{ "DROP TABLE users", SQLITE_AUTH },
	{ "ATTACH ':memory:' AS other", SQLITE_AUTH },
	{ "VACUUM INTO '/dev/null'", SQLITE_OK }, /* prepares; refused when it attaches */
	{ "PRAGMA user_version", SQLITE_OK },
	{ "PRAGMA user_version = 7", SQLITE_AUTH },
	{ "PRAGMA foreign_keys = OFF", SQLITE_AUTH },
	{ "PRAGMA writable_schema = ON", SQLITE_AUTH },
	{ "SAVEPOINT a", SQLITE_AUTH },
};

START_TEST(authorizer_lets_through_what_was_recorded)
{
	sqlite3_stmt *stmt = NULL;

	store_begin(&s, GRANT_USER_READ | GRANT_AUDIT);
	ck_assert_msg((sqlite3_prepare_v2(s.ctx.db->handle, unrecorded[_i].sql, -1, &stmt, NULL) &
			  0xff) == unrecorded[_i].expected,
	    "%s", unrecorded[_i].sql);
	sqlite3_finalize(stmt);
	store_end(&s);
}
END_TEST

START_TEST(database_cannot_be_copied_out)
{
	char sql[PATH_MAX + 32];
	struct stat status;

	store_begin(&s, GRANT_USER_READ | GRANT_AUDIT);
	snprintf(sql, sizeof(sql), "VACUUM INTO '%s/copy'", s.directory);
	ck_assert_int_ne(sqlite3_exec(s.ctx.db->handle, sql, NULL, NULL, NULL), SQLITE_OK);
	snprintf(sql, sizeof(sql), "%s/copy", s.directory);
	ck_assert_int_ne(stat(sql, &status), 0);
	store_end(&s);
}
END_TEST

/* Another process migrates while this one runs. */
START_TEST(statements_outlive_a_schema_change)
{
	struct user user;
	struct session_new new = { STORE_ID_B, 0, SPAN("web"), SPAN("agent"), { NULL, 0 },
		STORE_NOW + HOUR };
	int64_t row;

	store_begin(&s, STORE_ALL);
	store_user(&s, STORE_ID_A, "a@example.org", NULL, "h");
	ck_assert_int_eq(user_by_id(&s.ctx, SPAN(STORE_ID_A), &user), RC_OK);
	store_sql(&s, "ALTER TABLE users ADD COLUMN shoe_size INTEGER;"
		      "CREATE TABLE pet (id INTEGER PRIMARY KEY, name TEXT);"
		      "CREATE INDEX users_shoe ON users (shoe_size)");
	ck_assert_int_eq(user_by_id(&s.ctx, SPAN(STORE_ID_A), &user), RC_OK);
	ck_assert_int_gt(sqlite3_stmt_status(s.ctx.db->queries[QUERY_user_by_id].handle,
			     SQLITE_STMTSTATUS_REPREPARE, 0),
	    0);
	ck_assert_int_eq(db_begin(s.ctx.db), RC_OK);
	new.user_row = user.row;
	ck_assert_int_eq(session_insert(&s.ctx, &new, &row), RC_OK);
	ck_assert_int_eq(access_token_insert(&s.ctx, row, SPAN("digest"), STORE_NOW + 1), RC_OK);
	ck_assert_int_eq(user_bump_version(&s.ctx, &user), RC_OK);
	ck_assert_int_eq(session_end_all_but(&s.ctx, &user, SPAN_NONE), RC_OK);
	ck_assert_int_eq(db_end(s.ctx.db, RC_OK), RC_OK);
	store_end(&s);
}
END_TEST

/* Every statement is prepared again with the authorizer enforcing. */
START_TEST(every_statement_outlives_a_schema_change)
{
	store_begin(&s, STORE_ALL);
	store_sql(&s, "CREATE TABLE pet (id INTEGER PRIMARY KEY)");
	for (int i = 0; i < QUERIES; i++) {
		struct stmt *stmt = db_query(s.ctx.db, (enum query)i);
		sqlite3_exec(s.ctx.db->handle, "ROLLBACK", NULL, NULL, NULL);
		ck_assert_int_eq(db_begin(s.ctx.db), RC_OK);
		/* What comes back is of no matter here, as long as it is no lack of authority. */
		ck_assert_msg((sqlite3_step(stmt->handle) & 0xff) != SQLITE_AUTH, "%s", stmt->name);
		stmt_done(stmt);
		ck_assert_int_eq(db_end(s.ctx.db, RC_NO), RC_NO);
	}
	store_end(&s);
}
END_TEST

START_TEST(newer_schema_ends_the_process)
{
	store_begin(&s, GRANT_USER_READ);
	s.ctx.db->version_looked -= 2 * SECOND;
	ck_assert(!db_outdated(s.ctx.db));
	break_newer();
	ck_assert(!db_outdated(s.ctx.db)); /* looked a moment ago */
	s.ctx.db->version_looked -= 2 * SECOND;
	ck_assert(db_outdated(s.ctx.db));
	ck_assert(db_outdated(s.ctx.db));
	ck_assert(!db_rekeyed(s.ctx.db));
	store_end(&s);
}
END_TEST

START_TEST(changed_keys_end_the_process)
{
	struct db *running = NULL;

	store_begin(&s, GRANT_USER_READ);
	s.ctx.db->version_looked -= 2 * SECOND;
	ck_assert(!db_outdated(s.ctx.db));
	running = s.ctx.db;
	store_open(&s, GRANT_OPERATE);
	ck_assert_int_eq(db_begin(s.ctx.db), RC_OK);
	ck_assert_int_eq(db_end(s.ctx.db, operate_keys_changed(&s.ctx)), RC_OK);
	db_close(s.ctx.db);
	s.ctx.db = running;
	ck_assert(!db_outdated(s.ctx.db)); /* looked a moment ago */
	s.ctx.db->version_looked -= 2 * SECOND;
	ck_assert(db_outdated(s.ctx.db));
	ck_assert(db_rekeyed(s.ctx.db));
	db_close(s.ctx.db);
	store_open(&s, GRANT_USER_READ);
	s.ctx.db->version_looked -= 2 * SECOND;
	ck_assert(!db_outdated(s.ctx.db));
	/* Whoever answers one request does not even look. */
	db_close(s.ctx.db);
	store_sql(&s, "DELETE FROM generation");
	ck_assert_int_eq(db_open_once(&s.ctx.db, &s.config, GRANT_USER_READ, &s.fault), RC_OK);
	s.ctx.db->version_looked -= 2 * SECOND;
	ck_assert(!db_outdated(s.ctx.db));
	db_close(s.ctx.db);
	ck_assert_int_eq(db_open(&s.ctx.db, &s.config, GRANT_USER_READ, &s.fault), RC_NO);
	ck_assert_ptr_nonnull(strstr(s.fault.text, "which keys there are"));
	store_end(&s);
}
END_TEST

/* transactions --------------------------------------------------------------------------------- */

static const struct {
	bool keep;
	enum rc given, expected;
	int64_t rows;
} endings[] = {
	{ false, RC_OK, RC_OK, 1 },
	{ false, RC_NO, RC_NO, 0 },
	{ false, RC_UNAVAILABLE, RC_UNAVAILABLE, 0 },
	{ false, RC_INTERNAL, RC_INTERNAL, 0 },
	{ true, RC_OK, RC_OK, 1 },
	{ true, RC_NO, RC_NO, 1 },
};

START_TEST(transaction_ends_as_told)
{
	store_begin(&s, STORE_ALL);
	ck_assert_int_eq(db_begin(s.ctx.db), RC_OK);
	store_user(&s, STORE_ID_A, "a@example.org", NULL, "h");
	ck_assert_int_eq(endings[_i].keep ? db_keep(s.ctx.db, endings[_i].given)
					  : db_end(s.ctx.db, endings[_i].given),
	    endings[_i].expected);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM users"), endings[_i].rows);
	ck_assert_int_eq(db_begin(s.ctx.db), RC_OK);
	ck_assert_int_eq(db_end(s.ctx.db, RC_OK), RC_OK);
	store_end(&s);
}
END_TEST

START_TEST(transaction_in_a_transaction_is_a_defect)
{
	store_begin(&s, STORE_ALL);
	ck_assert_int_eq(db_end(s.ctx.db, RC_OK), RC_INTERNAL);
	ck_assert_int_eq(db_begin(s.ctx.db), RC_OK);
	ck_assert_int_eq(db_begin(s.ctx.db), RC_INTERNAL);
	ck_assert_int_eq(db_end(s.ctx.db, RC_OK), RC_OK);
	store_end(&s);
}
END_TEST

/* With a rollback journal, a reader keeps the writer from its commit. */
START_TEST(commit_that_fails_writes_nothing)
{
	sqlite3 *raw;

	store_prepare(&s);
	s.config.database.journal = JOURNAL_DELETE;
	s.config.database.busy_timeout = 50;
	store_migrate(&s);
	store_open(&s, STORE_ALL);
	raw = store_raw(&s);
	for (int keep = 0; keep < 2; keep++) {
		ck_assert_int_eq(
		    sqlite3_exec(raw, "BEGIN; SELECT * FROM users", NULL, NULL, NULL), SQLITE_OK);
		ck_assert_int_eq(db_begin(s.ctx.db), RC_OK);
		store_user(&s, STORE_ID_A, "a@example.org", NULL, "h");
		ck_assert_int_eq(
		    keep ? db_keep(s.ctx.db, RC_NO) : db_end(s.ctx.db, RC_OK), RC_UNAVAILABLE);
		ck_assert_int_eq(sqlite3_exec(raw, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
		ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM users"), 0);
	}
	ck_assert_int_eq(db_begin(s.ctx.db), RC_OK);
	ck_assert_int_eq(db_end(s.ctx.db, RC_OK), RC_OK);
	sqlite3_close(raw);
	store_end(&s);
}
END_TEST

/* faults from outside -------------------------------------------------------------------------- */

START_TEST(locked_beyond_busy_timeout_is_unavailable)
{
	sqlite3 *raw;
	struct db *second = NULL;
	int64_t start;

	store_begin(&s, STORE_ALL);
	s.ctx.db->wait.timeout = s.config.database.busy_timeout = 100;
	raw = store_raw(&s);
	ck_assert_int_eq(sqlite3_exec(raw, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	start = clock_monotonic(&clock_system);
	slept = 0;
	ck_assert_int_eq(db_begin(s.ctx.db), RC_UNAVAILABLE);
	ck_assert_int_ge(clock_monotonic(&clock_system) - start, 100);
	ck_assert_int_le(slept, INT64_C(200000000));
	ck_assert_int_eq(db_open(&second, &s.config, STORE_ALL, &s.fault), RC_UNAVAILABLE);
	ck_assert_int_eq(db_open(&second, &s.config, GRANT_VERIFY, &s.fault), RC_OK); /* reads on */
	db_close(second);
	ck_assert_int_eq(sqlite3_exec(raw, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(db_begin(s.ctx.db), RC_OK);
	ck_assert_int_eq(db_end(s.ctx.db, RC_OK), RC_OK);
	sqlite3_close(raw);
	store_end(&s);
}
END_TEST

/* A file size limit stands for the full disk: write() fails in the middle of a commit. */
START_TEST(full_disk_is_unavailable_and_leaves_nothing_half_written)
{
	struct rlimit limit, before;
	char wal[PATH_MAX + 8];
	char id[UUID_SIZE], email[64];
	struct stat status;
	enum rc rc = RC_OK;

	store_begin(&s, STORE_ALL);
	store_user(&s, STORE_ID_A, "a@example.org", NULL, "h");
	snprintf(wal, sizeof(wal), "%s-wal", s.path);
	ck_assert_int_eq(stat(wal, &status), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_IGN);
	limit = before;
	limit.rlim_cur = (rlim_t)status.st_size + 3 * 4096;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(db_begin(s.ctx.db), RC_OK);
	for (int i = 0; rc == RC_OK && i < 2000; i++) {
		struct user_new user = { id, { NULL, 0 }, { NULL, 0 }, "hash", true, false };
		snprintf(id, sizeof(id), "%036d", i);
		snprintf(email, sizeof(email), "%d@example.org", i);
		user.email = span_of(email);
		rc = user_insert(&s.ctx, &user);
	}
	ck_assert_int_eq(db_end(s.ctx.db, rc), RC_UNAVAILABLE);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM users"), 1);
	ck_assert_int_eq(
	    store_int(&s, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
	ck_assert_int_eq(db_begin(s.ctx.db), RC_OK);
	store_user(&s, STORE_ID_B, "b@example.org", NULL, "h");
	ck_assert_int_eq(db_end(s.ctx.db, RC_OK), RC_OK);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM users"), 2);
	store_end(&s);
}
END_TEST

/* A row for removal, one for another file in its place. */
START_TEST(vanished_file_is_unavailable)
{
	struct user user;
	char other[PATH_MAX + 8];

	store_begin(&s, STORE_ALL);
	store_user(&s, STORE_ID_A, "a@example.org", NULL, "h");
	if (_i == 0) {
		break_missing();
	} else {
		snprintf(other, sizeof(other), "%s.other", s.path);
		ck_assert_int_eq(close(open(other, O_CREAT | O_WRONLY, 0600)), 0);
		ck_assert_int_eq(rename(other, s.path), 0);
	}
	/* A read may be up to a second late. */
	ck_assert_int_eq(user_by_id(&s.ctx, SPAN(STORE_ID_A), &user), RC_OK);
	s.ctx.db->moved_looked -= 2 * SECOND;
	ck_assert_int_eq(user_by_id(&s.ctx, SPAN(STORE_ID_A), &user), RC_UNAVAILABLE);
	ck_assert_int_eq(db_begin(s.ctx.db), RC_UNAVAILABLE);
	ck_assert(db_outdated(s.ctx.db));
	store_end(&s);
}
END_TEST

START_TEST(writer_sees_a_vanished_file_at_once)
{
	store_begin(&s, STORE_ALL);
	break_missing();
	ck_assert_int_eq(db_begin(s.ctx.db), RC_UNAVAILABLE);
	store_end(&s);
}
END_TEST

START_TEST(process_asks_whether_the_file_vanished)
{
	store_begin(&s, GRANT_VERIFY);
	break_missing();
	s.ctx.db->version_looked -= 2 * SECOND;
	ck_assert(db_outdated(s.ctx.db));
	store_end(&s);
}
END_TEST

START_TEST(damage_met_later_is_unavailable)
{
	struct user user;

	store_prepare(&s);
	s.config.database.journal = JOURNAL_DELETE; /* no mapping, no log in front of the file */
	store_migrate(&s);
	store_open(&s, STORE_ALL);
	store_user(&s, STORE_ID_A, "a@example.org", NULL, "h");
	db_close(s.ctx.db);
	store_open(&s, STORE_ALL);
	break_at(4096, 30 * 4096);
	ck_assert_int_eq(user_by_id(&s.ctx, SPAN(STORE_ID_A), &user), RC_UNAVAILABLE);
	store_end(&s);
}
END_TEST

/* statements ----------------------------------------------------------------------------------- */

START_TEST(forgotten_parameter_is_a_defect)
{
	struct stmt *stmt;
	int64_t value;

	store_begin(&s, STORE_ALL);
	stmt = db_query(s.ctx.db, QUERY_username_taken);
	stmt_bind_text(stmt, SPAN("a"));
	ck_assert_int_eq(stmt_one_int(stmt, &value), RC_INTERNAL);
	stmt = db_query(s.ctx.db, QUERY_decoy_read);
	stmt_bind_text(stmt, SPAN("a"));
	ck_assert_int_eq(stmt_row(stmt), RC_INTERNAL);
	stmt_done(stmt);
	ck_assert_int_eq(stmt_row(stmt), RC_NO); /* the fault went with stmt_done */
	stmt_done(stmt);
	store_end(&s);
}
END_TEST

START_TEST(column_that_is_not_there_is_a_defect)
{
	struct stmt *stmt;

	store_begin(&s, STORE_ALL);
	stmt = db_query(s.ctx.db, QUERY_role_exists);
	stmt_bind_text(stmt, SPAN(SUPERUSER));
	ck_assert_int_eq(stmt_row(stmt), RC_OK);
	ck_assert_int_eq(stmt_get_int(stmt), 1);
	(void)stmt_get_int(stmt);
	ck_assert_int_eq(stmt_row(stmt), RC_INTERNAL);
	stmt_done(stmt);
	store_end(&s);
}
END_TEST

START_TEST(row_after_the_last_is_none)
{
	struct stmt *stmt;

	store_begin(&s, STORE_ALL);
	stmt = db_query(s.ctx.db, QUERY_role_exists);
	stmt_bind_text(stmt, SPAN(SUPERUSER));
	ck_assert_int_eq(stmt_row(stmt), RC_OK);
	ck_assert_int_eq(stmt_row(stmt), RC_NO);
	ck_assert_int_eq(stmt_row(stmt), RC_NO);
	stmt_done(stmt);
	store_end(&s);
}
END_TEST

START_TEST(broken_constraint_is_a_defect)
{
	struct session_new new = { STORE_ID_B, 4711, SPAN("web"), SPAN("agent"), { NULL, 0 },
		STORE_NOW + HOUR };
	int64_t row;

	store_begin(&s, STORE_ALL);
	ck_assert_int_eq(session_insert(&s.ctx, &new, &row), RC_INTERNAL);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM session"), 0);
	store_end(&s);
}
END_TEST

START_TEST(full_arena_is_unavailable)
{
	struct user user;

	store_begin(&s, STORE_ALL);
	store_user(&s, STORE_ID_A, "a@example.org", NULL, "h");
	ck_assert_ptr_nonnull(arena_alloc(s.ctx.arena, 64 * 1024 - 8));
	ck_assert_int_eq(user_by_id(&s.ctx, SPAN(STORE_ID_A), &user), RC_UNAVAILABLE);
	arena_reset(s.ctx.arena);
	ck_assert_int_eq(user_by_id(&s.ctx, SPAN(STORE_ID_A), &user), RC_OK);
	store_end(&s);
}
END_TEST

static const struct {
	int code;
	enum rc expected;
} codes[] = {
	{ SQLITE_OK, RC_OK },
	{ SQLITE_ROW, RC_OK },
	{ SQLITE_DONE, RC_OK },
	{ SQLITE_BUSY, RC_UNAVAILABLE },
	{ SQLITE_BUSY_SNAPSHOT, RC_UNAVAILABLE },
	{ SQLITE_LOCKED, RC_UNAVAILABLE },
	{ SQLITE_FULL, RC_UNAVAILABLE },
	{ SQLITE_IOERR_FSYNC, RC_UNAVAILABLE },
	{ SQLITE_IOERR_NOMEM, RC_UNAVAILABLE },
	{ SQLITE_CANTOPEN, RC_UNAVAILABLE },
	{ SQLITE_READONLY_DBMOVED, RC_UNAVAILABLE },
	{ SQLITE_NOMEM, RC_UNAVAILABLE },
	{ SQLITE_CORRUPT_INDEX, RC_UNAVAILABLE },
	{ SQLITE_NOTADB, RC_UNAVAILABLE },
	{ SQLITE_PROTOCOL, RC_UNAVAILABLE },
	{ SQLITE_CONSTRAINT_FOREIGNKEY, RC_INTERNAL },
	{ SQLITE_CONSTRAINT_UNIQUE, RC_INTERNAL },
	{ SQLITE_ERROR, RC_INTERNAL },
	{ SQLITE_MISUSE, RC_INTERNAL },
	{ SQLITE_AUTH, RC_INTERNAL },
	{ SQLITE_RANGE, RC_INTERNAL },
	{ SQLITE_TOOBIG, RC_INTERNAL },
};

START_TEST(code_is_an_answer)
{
	ck_assert_int_eq(sqlite_rc(codes[_i].code), codes[_i].expected);
}
END_TEST

/* several processes ---------------------------------------------------------------------------- */

#define PROCESSES 4
#define ROUNDS 100

/* Counts up in the password hash: reads it, then writes the next. */
static void
count_up(void)
{
	struct credential found;
	char next[HASH_TEXT_SIZE];
	enum rc rc = db_begin(s.ctx.db);

	ck_assert_int_eq(rc, RC_OK);
	rc = credential_by_id(&s.ctx, SPAN(STORE_ID_A), &found);
	if (rc == RC_OK) {
		snprintf(next, sizeof(next), "%d", atoi(found.hash) + 1);
		rc = user_set_password(&s.ctx, &found.user, next, found.hash);
	}
	ck_assert_int_eq(db_end(s.ctx.db, rc), RC_OK);
	arena_reset(s.ctx.arena);
}

START_TEST(parallel_writers_lose_nothing)
{
	int status;

	store_begin(&s, STORE_ALL);
	store_user(&s, STORE_ID_A, "a@example.org", NULL, "0");
	db_close(s.ctx.db);
	s.config.database.busy_timeout = 30 * SECOND;
	for (int i = 0; i < PROCESSES; i++) {
		if (fork() != 0)
			continue;
		store_open(&s, STORE_ALL);
		for (int round = 0; round < ROUNDS; round++)
			count_up();
		db_close(s.ctx.db);
		_exit(0);
	}
	for (int i = 0; i < PROCESSES; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(
	    store_int(&s, "SELECT CAST(password_hash AS INTEGER) FROM users"), PROCESSES * ROUNDS);
	s.ctx.db = NULL;
	store_end(&s);
}
END_TEST

/* plans ---------------------------------------------------------------------------------------- */

/* Statements that may scan a table, and why. */
static const struct {
	const char *name, *why;
} scans[] = {
	{ "health", "counts the roles, which are few" },
	{ "role_list", "roles are few, and all are asked for" },
	{ "audit_page", "reads from the end, as many rows as LIMIT says" },
	{ "outbox_next_due", "looks at all that waits, which is little unless mail is away" },
	{ "outbox_waiting", "counts them" },
	{ "outbox_sealed_with", "counts them too" },
	{ "factor_keys", "counts them by their keys, for the operator" },
	{ "factor_sealed_with", "the same" },
	{ "outbox_list", "and lists them, as many as LIMIT says" },
};

static bool
may_scan(const char *name)
{
	for (size_t i = 0; i < sizeof(scans) / sizeof(scans[0]); i++) {
		if (strcmp(scans[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Fails when a line of the plan goes through a whole table. */
static void
check_plan(sqlite3 *raw, const char *name, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
	bool scanned = false;

	ck_assert_msg(sqlite3_prepare_v2(raw, explain, -1, &stmt, NULL) == SQLITE_OK, "%s: %s",
	    name, sqlite3_errmsg(raw));
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *line = (const char *)sqlite3_column_text(stmt, 3);
		bool scan = strstr(line, "SCAN") == line && strcmp(line, "SCAN CONSTANT ROW") != 0;
		ck_assert_msg(!scan || may_scan(name), "%s: %s", name, line);
		scanned = scanned || scan;
	}
	ck_assert_msg(scanned || !may_scan(name), "%s needs no exception", name);
	sqlite3_finalize(stmt);
	sqlite3_free(explain);
}

START_TEST(statement_scans_no_table)
{
	sqlite3 *raw;

	store_prepare(&s);
	store_migrate(&s);
	raw = store_raw(&s);
	check_plan(raw, query_table[_i].name, query_table[_i].sql);
	sqlite3_close(raw);
	store_end(&s);
}
END_TEST

/* What a deletion drags along does not show in its plan. */
START_TEST(foreign_keys_scan_no_table)
{
	sqlite3 *raw;
	sqlite3_stmt *stmt = NULL;
	int count = 0;

	store_prepare(&s);
	store_migrate(&s);
	raw = store_raw(&s);
	ck_assert_int_eq(
	    sqlite3_prepare_v2(raw,
		"SELECT format('SELECT 1 FROM %s WHERE \"%s\" = ?1', t.name, k.\"from\")"
		" FROM sqlite_schema t, pragma_foreign_key_list(t.name) k"
		" WHERE t.type = 'table'",
		-1, &stmt, NULL),
	    SQLITE_OK);
	for (; sqlite3_step(stmt) == SQLITE_ROW; count++)
		check_plan(raw, "foreign key", (const char *)sqlite3_column_text(stmt, 0));
	ck_assert_int_ge(count, 5);
	sqlite3_finalize(stmt);
	sqlite3_close(raw);
	store_end(&s);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

static void
add_opening(TCase *c)
{
	tcase_add_loop_test(c, connection_is_set_up, 0, ROWS(settings));
	tcase_add_test(c, schema_cannot_be_written_by_hand);
	tcase_add_test(c, journal_follows_configuration);
	tcase_add_test(c, long_log_is_begun_anew);
	tcase_add_test(c, long_log_waits_for_no_reader);
	tcase_add_test(c, log_is_left_empty);
	tcase_add_test(c, statement_waits_until_it_is_asked_for);
	tcase_add_test(c, statement_that_cannot_be_prepared_is_a_fault);
	tcase_add_test(c, statement_asked_for_late_must_be_granted);
	tcase_add_test(c, journal_that_cannot_change_refuses);
	tcase_add_loop_test(c, file_is_refused, 0, ROWS(refusals));
	tcase_add_loop_test(c, grant_alone_has_its_statements_only, 0, GRANTS);
	tcase_add_test(c, statement_not_granted_aborts);
	tcase_add_test(c, reader_cannot_write);
	tcase_add_loop_test(c, authorizer_lets_through_what_was_recorded, 0, ROWS(unrecorded));
	tcase_add_test(c, database_cannot_be_copied_out);
	tcase_add_test(c, statements_outlive_a_schema_change);
	tcase_add_test(c, every_statement_outlives_a_schema_change);
	tcase_add_test(c, newer_schema_ends_the_process);
	tcase_add_test(c, changed_keys_end_the_process);
	tcase_add_loop_test(c, statement_scans_no_table, 0, QUERIES);
	tcase_add_test(c, foreign_keys_scan_no_table);
}

static void
add_running(TCase *c)
{
	tcase_add_loop_test(c, transaction_ends_as_told, 0, ROWS(endings));
	tcase_add_test(c, transaction_in_a_transaction_is_a_defect);
	tcase_add_test(c, commit_that_fails_writes_nothing);
	tcase_add_test(c, locked_beyond_busy_timeout_is_unavailable);
	tcase_add_test(c, full_disk_is_unavailable_and_leaves_nothing_half_written);
	tcase_add_loop_test(c, vanished_file_is_unavailable, 0, 2);
	tcase_add_test(c, writer_sees_a_vanished_file_at_once);
	tcase_add_test(c, process_asks_whether_the_file_vanished);
	tcase_add_test(c, damage_met_later_is_unavailable);
	tcase_add_test(c, forgotten_parameter_is_a_defect);
	tcase_add_test(c, column_that_is_not_there_is_a_defect);
	tcase_add_test(c, row_after_the_last_is_none);
	tcase_add_test(c, broken_constraint_is_a_defect);
	tcase_add_test(c, full_arena_is_unavailable);
	tcase_add_loop_test(c, code_is_an_answer, 0, ROWS(codes));
	tcase_add_test(c, parallel_writers_lose_nothing);
}

int
main(void)
{
	Suite *suite = suite_create("db");
	TCase *opening = tcase_create("opening");
	TCase *running = tcase_create("running");

	add_opening(opening);
	add_running(running);
	tcase_set_timeout(running, 60);
	suite_add_tcase(suite, opening);
	suite_add_tcase(suite, running);
	return fixture_run(suite);
}
