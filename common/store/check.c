#include "store/check.h"

#include "store/sqlite.h"

/* The first row of a PRAGMA as text into "row" (empty: none). */
static int
check_ask(sqlite3 *handle, const char *sql, char *row, size_t size)
{
	sqlite3_stmt *stmt = NULL;
	const char *text;
	int code = sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL);

	row[0] = '\0';
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW) {
		text = (const char *)sqlite3_column_text(stmt, 0);
		snprintf(row, size, "%s", text == NULL ? "" : text);
		code = text == NULL ? SQLITE_NOMEM : SQLITE_DONE;
	}
	sqlite3_finalize(stmt);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* quick_check gives the one row "ok" or a row for each damage; foreign_key_check a row for each
 * reference to nothing. */
static enum rc
check_content(sqlite3 *handle, const char *path, struct config_fault *fault)
{
	char row[200], what[300];
	int code = check_ask(handle, "PRAGMA quick_check(1)", row, sizeof(row));

	if (code == SQLITE_OK && strcmp(row, "ok") != 0) {
		snprintf(what, sizeof(what), "is damaged (%s); restore a backup", row);
		return sqlite_refuse(fault, RC_NO, path, what);
	}
	if (code == SQLITE_OK)
		code = check_ask(handle, "PRAGMA foreign_key_check", row, sizeof(row));
	if (code != SQLITE_OK)
		return sqlite_refuse_code(fault, path, code);
	if (row[0] == '\0')
		return RC_OK;
	snprintf(what, sizeof(what), "has rows in %s that refer to nothing; restore a backup", row);
	return sqlite_refuse(fault, RC_NO, path, what);
}

enum rc
check_integrity(const struct config *config, struct config_fault *fault)
{
	char path[PATH_MAX];
	struct sqlite_wait wait;
	sqlite3 *handle = NULL;
	enum rc rc = sqlite_path(config, path, fault);

	if (rc == RC_OK)
		rc = sqlite_connect(&handle, &wait, config, path, fault);
	if (rc == RC_OK)
		rc = check_content(handle, path, fault);
	sqlite3_close(handle);
	return rc;
}
