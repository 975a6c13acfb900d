/* What tests of sending share: a state directory with configuration, keys and database, and rows
 * that are put into its outbox. */
#ifndef YETT_TESTS_UNIT_POST_H
#define YETT_TESTS_UNIT_POST_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keyring.h"
#include "crypto/seal.h"
#include "store/migrate.h"
#include "store/outbox.h"
#include "store/sqlite.h"
#include "unit/fixture.h"

#define POST_TOKEN "Mc4rBq0tPq3VnVb5n0S6oXk2gq7l9x1cW8yZ3aD5eFh" /* as links have them */
#define POST_USER "aaaaaaaa-0000-4000-8000-000000000001"

struct post {
	char directory[256];
	struct config *config;
	struct ctx ctx;
};

static inline const char *
post_path(const struct post *post, const char *name)
{
	static char paths[8][600];
	static int next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", post->directory, name);
	return path;
}

static inline void
post_write(const struct post *post, const char *name, const char *text, mode_t mode)
{
	const char *path = post_path(post, name);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
}

/* The whole file; "" when there is none. */
static inline const char *
post_read(const struct post *post, const char *name)
{
	static char text[262144];
	FILE *file = fopen(post_path(post, name), "r");

	text[file == NULL ? 0 : fread(text, 1, sizeof(text) - 1, file)] = '\0';
	if (file != NULL)
		fclose(file);
	return text;
}

static inline void
post_load(struct post *post)
{
	struct config_fault fault = { "" };

	config_free(post->config);
	ck_assert_msg(
	    config_load(post->directory, &post->config, &fault) == RC_OK, "%s", fault.text);
	post->ctx.config = post->config;
}

/* Writes yett.conf: the usual, and these lines of [mail] and whatever sections follow them. */
static inline void
post_configure(struct post *post, const char *lines)
{
	struct buf text = BUF_INIT(CONFIG_SIZE_MAX);

	buf_text(&text,
	    "[site]\nurl = http://tower.example:8080\nname = The Tower\n[cookie]\nsecure = off\n"
	    "[database]\nbusy_timeout = 300ms\nsynchronous = normal\n"
	    "[backend api]\ntransport = bearer\nstrategy = jwt\n"
	    "[backend web]\ntransport = cookie\nstrategy = database\n[log]\nto = log\n[mail]\n");
	buf_text(&text, lines);
	post_write(post, CONFIG_FILE, text.data, 0600);
	buf_free(&text);
	post_load(post);
}

static inline void
post_begin(struct post *post, const char *lines)
{
	struct config_fault fault = { "" };
	size_t made;

	memset(post, 0, sizeof(*post));
	snprintf(post->directory, sizeof(post->directory), "%s", fixture_directory());
	post_configure(post, lines);
	ck_assert_int_eq(keyring_make(post->config, &random_system, &made, &fault), RC_OK);
	ck_assert_int_eq(migrate_run(post->config, NULL, NULL, &fault), RC_OK);
	post->ctx.clock = clock_system;
	post->ctx.random = random_system;
	post->ctx.now = clock_wall(&clock_system);
	post->ctx.arena = arena_new((size_t)1 << 20);
	ck_assert_int_eq(
	    keyring_open(&post->ctx.keys, post->config, KEYS_OF(PURPOSE_OUTBOX), JWT_NONE, &fault),
	    RC_OK);
	ck_assert_int_eq(
	    db_open(&post->ctx.db, post->config,
		GRANT_OUTBOX_SEND | GRANT_NOTICE | GRANT_OUTBOX_SEAL | GRANT_OPERATE, &fault),
	    RC_OK);
}

static inline void
post_end(struct post *post)
{
	db_close(post->ctx.db);
	keyring_free(post->ctx.keys);
	arena_free(post->ctx.arena);
	config_free(post->config);
}

static inline enum rc
post_seal(struct ctx *ctx, void *state, struct span public_id, struct span *sealed)
{
	struct buf out = BUF_INIT(512);
	char *copy = arena_alloc(ctx->arena, 512);
	enum rc rc = seal_put(&out, keyring_sealing(ctx->keys, PURPOSE_OUTBOX), ctx->now,
	    &ctx->random, span_of(state), public_id);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, out.data, out.len);
	*sealed = (struct span){ copy, out.len };
	buf_free(&out);
	return rc;
}

/* A row that lives for an hour. */
static inline void
post_put(struct post *post, const char *channel, const char *kind, bool link)
{
	static char token[] = POST_TOKEN;
	const struct outbox_new row = { .channel = channel,
		.kind = kind,
		.user = SPAN(POST_USER),
		.request = SPAN("0123456789abcdef0123456789abcdef"),
		.recipient = strcmp(channel, OUTBOX_MAIL) == 0 ? SPAN("ada@example.org") : SPAN(""),
		.language = SPAN("en"),
		.expires_at = post->ctx.now + HOUR };

	ck_assert_int_eq(outbox_insert(&post->ctx, &row, link ? post_seal : NULL, token), RC_OK);
	arena_reset(post->ctx.arena);
}

/* On a connection that knows no rules. */
static inline sqlite3 *
post_raw(const struct post *post)
{
	sqlite3 *raw = NULL;

	ck_assert_int_eq(sqlite3_open(post_path(post, "yett.db"), &raw), SQLITE_OK);
	sqlite3_busy_timeout(raw, 5000);
	return raw;
}

static inline void
post_sql(const struct post *post, const char *sql)
{
	sqlite3 *raw = post_raw(post);
	char *why = NULL;

	ck_assert_msg(sqlite3_exec(raw, sql, NULL, NULL, &why) == SQLITE_OK, "%s: %s", sql, why);
	sqlite3_close(raw);
}

static inline int64_t
post_int(const struct post *post, const char *sql)
{
	sqlite3 *raw = post_raw(post);
	int64_t value = -1;

	ck_assert_int_eq(sqlite_int(raw, sql, &value), SQLITE_OK);
	sqlite3_close(raw);
	return value;
}

/* The first column of the first row as a text; "" without one. */
static inline const char *
post_text(const struct post *post, const char *sql)
{
	static char text[1024];
	sqlite3 *raw = post_raw(post);
	sqlite3_stmt *stmt = NULL;

	text[0] = '\0';
	ck_assert_int_eq(sqlite3_prepare_v2(raw, sql, -1, &stmt, NULL), SQLITE_OK);
	if (sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0) != NULL)
		snprintf(text, sizeof(text), "%s", (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	sqlite3_close(raw);
	return text;
}

#define POST_WAITING "SELECT COUNT(*) FROM outbox WHERE state = 'waiting'"
#define POST_REFUSED "SELECT COUNT(*) FROM outbox WHERE state = 'refused'"
#define POST_ALL "SELECT COUNT(*) FROM outbox"
#define POST_REASON "SELECT reason FROM outbox"

/* How many files of mail the courier "directory" has made; the name of one of them. */
static inline size_t
post_mails(const struct post *post, char name[300])
{
	DIR *list = opendir(post_path(post, "mail"));
	const struct dirent *entry;
	size_t count = 0;

	while (list != NULL && (entry = readdir(list)) != NULL) {
		if (strstr(entry->d_name, ".eml") == NULL)
			continue;
		count++;
		if (name != NULL)
			snprintf(name, 300, "mail/%s", entry->d_name);
	}
	if (list != NULL)
		closedir(list);
	return count;
}

#endif
