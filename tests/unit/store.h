/* What the store's unit tests share: a migrated database in a directory of its own, opened with
 * the grants of the test, and a second connection that knows no rules. */
#ifndef YETT_TESTS_UNIT_STORE_H
#define YETT_TESTS_UNIT_STORE_H

#include "store/migrate.h"
#include "store/sqlite.h"
#include "store/user.h"
#include "unit/fixture.h"

#define STORE_NOW INT64_C(1800000000000)
#define STORE_ALL ((1U << GRANTS) - 1)

struct store {
	struct config config;
	struct config_fault fault;
	struct fixture_clock time;
	unsigned char random;
	struct ctx ctx;
	char directory[256];
	char path[PATH_MAX];
};

/* A configuration and a directory, without a database. */
static inline void
store_prepare(struct store *s)
{
	memset(s, 0, sizeof(*s));
	snprintf(s->directory, sizeof(s->directory), "%s", fixture_directory());
	snprintf(s->path, sizeof(s->path), "%s/yett.db", s->directory);
	s->config.directory = s->directory;
	s->config.database.file = "yett.db";
	s->config.database.busy_timeout = 2000;
	s->config.account.requires_verification = true;
	s->config.totp.stepup_lifetime = 5 * MINUTE;
	s->config.account.unverified_lifetime = 7 * DAY;
	s->config.log.audit_lifetime = 365 * DAY;
	s->time.wall = STORE_NOW;
	s->ctx.clock = fixture_clock(&s->time);
	s->ctx.random = fixture_random(&s->random);
	s->ctx.config = &s->config;
	s->ctx.now = STORE_NOW;
	s->ctx.arena = arena_new(64 * 1024);
	ck_assert_ptr_nonnull(s->ctx.arena);
}

static inline void
store_migrate(struct store *s)
{
	enum rc rc = migrate_run(&s->config, NULL, NULL, &s->fault);

	ck_assert_msg(rc == RC_OK, "%s", s->fault.text);
}

static inline void
store_open(struct store *s, unsigned grants)
{
	enum rc rc = db_open(&s->ctx.db, &s->config, grants, &s->fault);

	ck_assert_msg(rc == RC_OK, "%s", s->fault.text);
}

static inline void
store_begin(struct store *s, unsigned grants)
{
	store_prepare(s);
	store_migrate(s);
	store_open(s, grants);
}

static inline void
store_end(struct store *s)
{
	db_close(s->ctx.db);
	s->ctx.db = NULL;
	arena_free(s->ctx.arena);
	s->ctx.arena = NULL;
}

/* Another connection, without any of our rules. */
static inline sqlite3 *
store_raw(struct store *s)
{
	sqlite3 *raw = NULL;

	ck_assert_int_eq(sqlite3_open(s->path, &raw), SQLITE_OK);
	return raw;
}

/* Runs SQL on a connection of its own. */
static inline void
store_sql(struct store *s, const char *sql)
{
	sqlite3 *raw = store_raw(s);
	char *why = NULL;

	sqlite3_exec(raw, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
	ck_assert_msg(sqlite3_exec(raw, sql, NULL, NULL, &why) == SQLITE_OK, "%s: %s", sql,
	    why == NULL ? "?" : why);
	sqlite3_close(raw);
}

/* The number that a query gives on a connection of its own. */
static inline int64_t
store_int(struct store *s, const char *sql)
{
	sqlite3 *raw = store_raw(s);
	int64_t value = -1;
	int code = sqlite_int(raw, sql, &value);

	ck_assert_msg(code == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(raw));
	sqlite3_close(raw);
	return value;
}

/* A new account: "ID", "NAME@example.org". */
static inline void
store_user(
    struct store *s, const char *id, const char *email, const char *username, const char *hash)
{
	struct user_new user = { id, span_of(email), span_of(username), hash, true, false };

	ck_assert_int_eq(user_insert(&s->ctx, &user), RC_OK);
}

#define STORE_ID_A "aaaaaaaa-0000-4000-8000-000000000001"
#define STORE_ID_B "bbbbbbbb-0000-4000-8000-000000000002"
#define STORE_ID_C "cccccccc-0000-4000-8000-000000000003"

#endif
