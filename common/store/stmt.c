#include "base/log.h"
#include "store/sqlite.h"

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
	else if (!sqlite_in_transaction(db) && sqlite_is_moved(db))
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
