/*
 * fill STATE USERS SESSIONS KNOWN: fills a state directory that yettctl has just made with accounts
 * and sessions, and prints a line for each of the KNOWN sessions: backend, access token, refresh
 * token. The rows go straight through SQLite, in the order of their keys, with the site's own keys
 * and digests; the tokens of the other sessions are random bytes that nobody knows.
 *
 * Known sessions are of each backend in turn, all others of the first one with database strategy.
 * All accounts are verified and share one password, FILL_PASSWORD.
 */
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth/issuer.h"
#include "crypto/keyring.h"
#include "crypto/token.h"

#define FILL_PASSWORD "the bench has one password"
#define FILL_LIFETIME (30 * DAY)
#define FILL_INDEXES_MAX 64
#define FILL_USER_AGENT                                                           \
	"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) " \
	"Chrome/120.0.0.0 Safari/537.36"

/* What of one session is found again by its digest. */
struct fill_row {
	unsigned char digest[DIGEST_SIZE];
	uint32_t known; /* place in fill.known + 1; 0: nobody knows the token */
	uint32_t session;
};

struct fill_known {
	const struct backend *backend;
	struct token access, refresh; /* access is empty where it is a JWT */
	uint32_t session;
};

struct fill {
	struct ctx ctx;
	struct config *config;
	struct backends backends;
	const struct backend *other; /* of the sessions that nobody knows */
	sqlite3 *db;
	uint32_t users, sessions, knowns;
	struct fill_known *known;
	char *indexes[FILL_INDEXES_MAX]; /* how they are made again */
	size_t index_count;
};

static _Noreturn void
fill_fail(const struct fill *fill, const char *what)
{
	fprintf(stderr, "fill: %s%s%s\n", what, fill->db == NULL ? "" : ": ",
	    fill->db == NULL ? "" : sqlite3_errmsg(fill->db));
	exit(EXIT_FAILURE);
}

static void
fill_sql(const struct fill *fill, const char *sql)
{
	if (sqlite3_exec(fill->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fill_fail(fill, sql);
}

static sqlite3_stmt *
fill_prepare(const struct fill *fill, const char *sql)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(fill->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fill_fail(fill, sql);
	return stmt;
}

static void
fill_step(const struct fill *fill, sqlite3_stmt *stmt)
{
	if (sqlite3_step(stmt) != SQLITE_DONE || sqlite3_reset(stmt) != SQLITE_OK)
		fill_fail(fill, "insert");
}

static void
fill_text(sqlite3_stmt *stmt, int place, const char *text)
{
	sqlite3_bind_text(stmt, place, text, -1, SQLITE_STATIC);
}

static void *
fill_memory(const struct fill *fill, size_t count, size_t size)
{
	void *memory = calloc(count == 0 ? 1 : count, size);

	if (memory == NULL)
		fill_fail(fill, "out of memory");
	return memory;
}

/* A public id for a row, the same each time; in the order of the rows, so that indexes grow at
 * their end. */
static void
fill_uuid(char text[UUID_SIZE], unsigned kind, uint32_t row, uint32_t rows)
{
	uint64_t place = ((uint64_t)row << 32) / ((uint64_t)rows + 1);
	uint64_t noise = (uint64_t)row * UINT64_C(0x9e3779b97f4a7c15) + kind;

	snprintf(text, UUID_SIZE, "%08x-%04x-4%03x-8%03x-%012llx", (unsigned)place,
	    (unsigned)(noise >> 48), kind & 0xfff, (unsigned)(noise >> 36) & 0xfff,
	    (unsigned long long)(noise & UINT64_C(0xffffffffffff)));
}

static uint32_t
fill_user_of(const struct fill *fill, uint32_t session)
{
	return 1 + (uint32_t)((uint64_t)(session - 1) * fill->users / fill->sessions);
}

static void
fill_email(char text[64], uint32_t user)
{
	snprintf(text, 64, "user%07u@example.org", user);
}

static void
fill_open(struct fill *fill, const char *directory)
{
	const unsigned purposes =
	    KEYS_OF(PURPOSE_ACCESS) | KEYS_OF(PURPOSE_REFRESH) | KEYS_OF(PURPOSE_FINGERPRINT);
	struct config_fault fault = { "" };
	char path[4096];

	if (config_load(directory, &fill->config, &fault) != RC_OK ||
	    keyring_open(&fill->ctx.keys, fill->config, purposes, JWT_SIGN, &fault) != RC_OK)
		fill_fail(fill, fault.text);
	fill->ctx.config = fill->config;
	fill->ctx.clock = clock_system;
	fill->ctx.random = random_system;
	fill->ctx.now = clock_wall(&clock_system);
	backends_make(fill->config, &fill->backends);
	for (size_t i = fill->backends.count; i-- > 0;) {
		if (fill->backends.items[i].config->strategy == STRATEGY_DATABASE)
			fill->other = &fill->backends.items[i];
	}
	if (fill->other == NULL)
		fill->other = &fill->backends.items[0];
	snprintf(path, sizeof(path), "%s/%s", fill->config->directory, fill->config->database.file);
	if (sqlite3_open_v2(path, &fill->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		fill_fail(fill, path);
}

/* Indexes are made at the end, from sorted rows; those that stand for UNIQUE must stay. */
static void
fill_begin(struct fill *fill)
{
	sqlite3_stmt *stmt;
	char *drop;

	fill_sql(fill,
	    "PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
	    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -400000");
	stmt = fill_prepare(fill, "SELECT sql, 'DROP INDEX ' || name FROM sqlite_schema "
				  "WHERE type = 'index' AND sql IS NOT NULL "
				  "AND tbl_name IN ('users', 'session', 'access_token')");
	while (sqlite3_step(stmt) == SQLITE_ROW && fill->index_count + 2 <= FILL_INDEXES_MAX) {
		fill->indexes[fill->index_count++] =
		    strdup((const char *)sqlite3_column_text(stmt, 0));
		fill->indexes[fill->index_count++] =
		    strdup((const char *)sqlite3_column_text(stmt, 1));
	}
	sqlite3_finalize(stmt);
	for (size_t i = 0; i < fill->index_count; i += 2) {
		drop = fill->indexes[i + 1];
		if (fill->indexes[i] == NULL || drop == NULL)
			fill_fail(fill, "out of memory");
		fill_sql(fill, drop);
		free(drop);
	}
	fill_sql(fill, "BEGIN");
}

static void
fill_end(struct fill *fill)
{
	fill_sql(fill, "COMMIT");
	for (size_t i = 0; i < fill->index_count; i += 2) {
		fill_sql(fill, fill->indexes[i]);
		free(fill->indexes[i]);
	}
	fill_sql(fill, "PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = WAL");
	if (sqlite3_close(fill->db) != SQLITE_OK)
		fill_fail(fill, "close");
	fill->db = NULL;
}

static void
fill_users(const struct fill *fill)
{
	sqlite3_stmt *stmt = fill_prepare(fill,
	    "INSERT INTO users (id, public_id, email, username, password_hash, is_active, "
	    "is_verified, self_registered, security_version, created_at) "
	    "VALUES (?1, ?2, ?3, NULL, ?4, 1, 1, 1, 1, ?5)");
	char hash[crypto_pwhash_STRBYTES];
	char id[UUID_SIZE];
	char email[64];

	if (crypto_pwhash_str_alg(hash, FILL_PASSWORD, strlen(FILL_PASSWORD),
		(unsigned long long)fill->config->password.passes,
		(size_t)fill->config->password.memory, crypto_pwhash_ALG_ARGON2ID13) != 0)
		fill_fail(fill, "no memory for a hash");
	for (uint32_t i = 1; i <= fill->users; i++) {
		fill_uuid(id, 1, i, fill->users);
		fill_email(email, i);
		sqlite3_bind_int64(stmt, 1, i);
		fill_text(stmt, 2, id);
		fill_text(stmt, 3, email);
		fill_text(stmt, 4, hash);
		sqlite3_bind_int64(stmt, 5, fill->ctx.now - (int64_t)(fill->users - i));
		fill_step(fill, stmt);
	}
	sqlite3_finalize(stmt);
}

static int
fill_compare(const void *a, const void *b)
{
	return memcmp(a, b, DIGEST_SIZE);
}

/* Random digests, those of known tokens among them. */
static struct fill_row *
fill_rows(const struct fill *fill, enum purpose purpose)
{
	const struct key *key = keyring_key(fill->ctx.keys, purpose);
	struct fill_row *rows = fill_memory(fill, fill->sessions, sizeof(*rows));
	struct digest digest;

	randombytes_buf(rows, fill->sessions * sizeof(*rows));
	for (uint32_t i = 0; i < fill->sessions; i++) {
		rows[i].known = 0;
		rows[i].session = i + 1;
	}
	for (uint32_t i = 0; i < fill->knowns; i++) {
		struct fill_known *known = &fill->known[i];
		bool refresh = purpose == PURPOSE_REFRESH;
		struct token *token = refresh ? &known->refresh : &known->access;
		uint32_t place = refresh ? i : known->session - 1;

		if (token_new(&fill->ctx.random, token) != RC_OK ||
		    token_digest(key, token_span(token), &digest) != RC_OK)
			fill_fail(fill, "no randomness");
		memcpy(rows[place].digest, digest.bytes, DIGEST_SIZE);
		rows[place].known = i + 1;
	}
	qsort(rows, fill->sessions, sizeof(*rows), fill_compare);
	return rows;
}

/* In the order of the refresh tokens' digests, which scatters the known sessions. */
static void
fill_sessions(const struct fill *fill)
{
	struct fill_row *rows = fill_rows(fill, PURPOSE_REFRESH);
	sqlite3_stmt *stmt = fill_prepare(fill,
	    "INSERT INTO session (id, public_id, user_id, backend, user_agent, refresh_digest, "
	    "created_at, last_used_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8)");
	char id[UUID_SIZE];

	for (uint32_t i = 1; i <= fill->sessions; i++) {
		const struct fill_row *row = &rows[i - 1];
		const struct backend *backend = fill->other;

		if (row->known > 0) {
			fill->known[row->known - 1].session = i;
			backend = fill->known[row->known - 1].backend;
		}
		fill_uuid(id, 2, i, fill->sessions);
		sqlite3_bind_int64(stmt, 1, i);
		fill_text(stmt, 2, id);
		sqlite3_bind_int64(stmt, 3, fill_user_of(fill, i));
		fill_text(stmt, 4, backend->config->name);
		fill_text(stmt, 5, FILL_USER_AGENT);
		sqlite3_bind_blob(stmt, 6, row->digest, DIGEST_SIZE, SQLITE_STATIC);
		sqlite3_bind_int64(stmt, 7, fill->ctx.now - (int64_t)(fill->sessions - i));
		sqlite3_bind_int64(stmt, 8, fill->ctx.now + FILL_LIFETIME + i);
		fill_step(fill, stmt);
	}
	sqlite3_finalize(stmt);
	free(rows);
}

/* An access token for each session, but not where it is a JWT. */
static void
fill_access_tokens(const struct fill *fill)
{
	struct fill_row *rows = fill_rows(fill, PURPOSE_ACCESS);
	sqlite3_stmt *stmt = fill_prepare(
	    fill, "INSERT INTO access_token (digest, session_id, expires_at) VALUES (?1, ?2, ?3)");

	for (uint32_t i = 0; i < fill->sessions; i++) {
		const struct fill_row *row = &rows[i];
		const struct backend *backend =
		    row->known == 0 ? fill->other : fill->known[row->known - 1].backend;

		if (backend->config->strategy != STRATEGY_DATABASE)
			continue;
		sqlite3_bind_blob(stmt, 1, row->digest, DIGEST_SIZE, SQLITE_STATIC);
		sqlite3_bind_int64(stmt, 2, row->session);
		sqlite3_bind_int64(stmt, 3, fill->ctx.now + FILL_LIFETIME + row->session);
		fill_step(fill, stmt);
	}
	sqlite3_finalize(stmt);
	free(rows);
}

/* The JWT that a sign-in would have issued. */
static void
fill_print_jwt(struct fill *fill, const struct fill_known *known)
{
	struct tokens tokens = TOKENS_INIT;
	uint32_t owner = fill_user_of(fill, known->session);
	char email[64];
	struct user user = { .row = owner, .security_version = 1 };
	struct session session = { .row = known->session,
		.expires_at = fill->ctx.now + FILL_LIFETIME };

	fill_email(email, owner);
	user.email = span_of(email);
	fill_uuid(user.id, 1, owner, fill->users);
	fill_uuid(session.id, 2, known->session, fill->sessions);
	if (issuer_of(known->backend)
		->renew(&fill->ctx, known->backend, &user, &session, &tokens) != RC_OK)
		fill_fail(fill, "no JWT could be signed");
	fputs(tokens.access.data, stdout);
	tokens_wipe(&tokens);
}

static void
fill_print(struct fill *fill)
{
	for (uint32_t i = 0; i < fill->knowns; i++) {
		const struct fill_known *known = &fill->known[i];

		printf("%s ", known->backend->config->name);
		if (known->backend->config->strategy == STRATEGY_JWT)
			fill_print_jwt(fill, known);
		else
			fputs(known->access.text, stdout);
		printf(" %s\n", known->refresh.text);
	}
	if (fflush(stdout) != 0)
		fill_fail(fill, "cannot print the tokens");
}

int
main(int argc, char **argv)
{
	struct fill fill = { .db = NULL };

	if (argc == 5) {
		fill.users = (uint32_t)strtoul(argv[2], NULL, 10);
		fill.sessions = (uint32_t)strtoul(argv[3], NULL, 10);
		fill.knowns = (uint32_t)strtoul(argv[4], NULL, 10);
	}
	if (fill.users == 0 || fill.sessions < fill.users || fill.knowns > fill.sessions) {
		fprintf(stderr, "usage: fill STATE USERS SESSIONS KNOWN\n");
		return 2;
	}
	if (sodium_init() < 0)
		fill_fail(&fill, "libsodium cannot start");
	fill_open(&fill, argv[1]);
	fill.known = fill_memory(&fill, fill.knowns, sizeof(*fill.known));
	for (uint32_t i = 0; i < fill.knowns; i++)
		fill.known[i].backend = &fill.backends.items[i % fill.backends.count];
	fill_begin(&fill);
	fill_users(&fill);
	fill_sessions(&fill);
	fill_access_tokens(&fill);
	fill_end(&fill);
	fill_print(&fill);
	free(fill.known);
	keyring_free(fill.ctx.keys);
	config_free(fill.config);
	return EXIT_SUCCESS;
}
