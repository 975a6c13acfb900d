/*
 * The bare work of two routes, without any program around it, in one process; prints how often it
 * was done in a second, the first "warm" seconds left out.
 *
 * bare hash WARM SECONDS MEMORY PASSES  verifies an Argon2id hash: what a sign-in cannot do without
 * bare refresh WARM SECONDS DATABASE    commits what a refresh writes: a new digest in the
 * session's row, the consumed one, a new access token
 */
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BARE_DIGEST 32
#define BARE_HOUR 3600000

static const char bare_password[] = "the bench has one password";

struct bare {
	const char *file;
	size_t memory;
	unsigned long long passes;
	char hash[crypto_pwhash_STRBYTES];
	sqlite3 *db;
	sqlite3_stmt *begin, *rotate, *consume, *issue, *commit;
	uint32_t sessions;
};

typedef void bare_work(struct bare *);

static double
bare_now(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static _Noreturn void
bare_fail(const struct bare *bare, const char *what)
{
	fprintf(stderr, "bare: %s: %s\n", what, bare->db == NULL ? "" : sqlite3_errmsg(bare->db));
	exit(EXIT_FAILURE);
}

static void
bare_hash_start(struct bare *bare)
{
	if (crypto_pwhash_str_alg(bare->hash, bare_password, strlen(bare_password), bare->passes,
		bare->memory, crypto_pwhash_ALG_ARGON2ID13) != 0)
		bare_fail(bare, "no memory for a hash");
}

static void
bare_hash(struct bare *bare)
{
	if (crypto_pwhash_str_verify(bare->hash, bare_password, strlen(bare_password)) != 0)
		bare_fail(bare, "the hash does not verify");
}

static sqlite3_stmt *
bare_prepare(const struct bare *bare, const char *sql)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v3(bare->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) !=
	    SQLITE_OK)
		bare_fail(bare, sql);
	return stmt;
}

static void
bare_step(const struct bare *bare, sqlite3_stmt *stmt)
{
	if (sqlite3_step(stmt) != SQLITE_DONE)
		bare_fail(bare, sqlite3_sql(stmt));
	sqlite3_reset(stmt);
}

static void
bare_refresh_start(struct bare *bare)
{
	sqlite3_stmt *count;

	if (sqlite3_open_v2(bare->file, &bare->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
	    sqlite3_busy_timeout(bare->db, 5000) != SQLITE_OK ||
	    sqlite3_exec(bare->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", NULL,
		NULL, NULL) != SQLITE_OK)
		bare_fail(bare, bare->file);
	bare->begin = bare_prepare(bare, "BEGIN IMMEDIATE");
	bare->rotate = bare_prepare(
	    bare, "UPDATE session SET refresh_digest = ?1, last_used_at = ?2 WHERE id = ?3");
	bare->consume = bare_prepare(bare,
	    "INSERT INTO consumed_refresh (digest, session_id, consumed_at) VALUES (?1, ?2, ?3)");
	bare->issue = bare_prepare(
	    bare, "INSERT INTO access_token (digest, session_id, expires_at) VALUES (?1, ?2, ?3)");
	bare->commit = bare_prepare(bare, "COMMIT");
	count = bare_prepare(bare, "SELECT count(*) FROM session");
	if (sqlite3_step(count) == SQLITE_ROW)
		bare->sessions = (uint32_t)sqlite3_column_int(count, 0);
	sqlite3_finalize(count);
	if (bare->sessions == 0)
		bare_fail(bare, "no sessions");
}

static void
bare_refresh(struct bare *bare)
{
	unsigned char digests[3][BARE_DIGEST];
	sqlite3_int64 now = (sqlite3_int64)(bare_now(CLOCK_REALTIME) * 1000);
	sqlite3_int64 session = 1 + (sqlite3_int64)randombytes_uniform(bare->sessions);

	randombytes_buf(digests, sizeof(digests));
	bare_step(bare, bare->begin);
	sqlite3_bind_blob(bare->rotate, 1, digests[0], BARE_DIGEST, SQLITE_STATIC);
	sqlite3_bind_int64(bare->rotate, 2, now);
	sqlite3_bind_int64(bare->rotate, 3, session);
	bare_step(bare, bare->rotate);
	sqlite3_bind_blob(bare->consume, 1, digests[1], BARE_DIGEST, SQLITE_STATIC);
	sqlite3_bind_int64(bare->consume, 2, session);
	sqlite3_bind_int64(bare->consume, 3, now);
	bare_step(bare, bare->consume);
	sqlite3_bind_blob(bare->issue, 1, digests[2], BARE_DIGEST, SQLITE_STATIC);
	sqlite3_bind_int64(bare->issue, 2, session);
	sqlite3_bind_int64(bare->issue, 3, now + BARE_HOUR);
	bare_step(bare, bare->issue);
	bare_step(bare, bare->commit);
}

static double
bare_measure(struct bare *bare, bare_work *work, double warm, double seconds)
{
	double from = bare_now(CLOCK_MONOTONIC) + warm;
	double done = 0;

	while (bare_now(CLOCK_MONOTONIC) < from)
		work(bare);
	from = bare_now(CLOCK_MONOTONIC);
	while (bare_now(CLOCK_MONOTONIC) < from + seconds) {
		work(bare);
		done++;
	}
	return done / (bare_now(CLOCK_MONOTONIC) - from);
}

int
main(int argc, char **argv)
{
	struct bare bare = { .db = NULL };
	bare_work *work = NULL;

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	if (argc == 6 && strcmp(argv[1], "hash") == 0) {
		bare.memory = (size_t)strtoul(argv[4], NULL, 10);
		bare.passes = strtoull(argv[5], NULL, 10);
		bare_hash_start(&bare);
		work = bare_hash;
	} else if (argc == 5 && strcmp(argv[1], "refresh") == 0) {
		bare.file = argv[4];
		bare_refresh_start(&bare);
		work = bare_refresh;
	} else {
		fprintf(stderr, "usage: bare hash WARM SECONDS MEMORY PASSES\n"
				"       bare refresh WARM SECONDS DATABASE\n");
		return 2;
	}
	printf("%.1f\n", bare_measure(&bare, work, atof(argv[2]), atof(argv[3])));
	return EXIT_SUCCESS;
}
