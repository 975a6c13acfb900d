/* Running a prepared statement: bind in order, read rows, end. Faults stick until it is ended. */
#ifndef YETT_STORE_STMT_H
#define YETT_STORE_STMT_H

#include "base/arena.h"
#include "base/rc.h"

struct stmt;

/* Binds the next parameter, from the first on. Faults stick until the statement runs. What is
 * bound is not copied: it must live until the statement is done. */
void stmt_bind_int(struct stmt *, int64_t);
void stmt_bind_text(struct stmt *, struct span); /* "not given" binds NULL */
void stmt_bind_blob(struct stmt *, const void *, size_t);

/* The next row: RC_OK; RC_NO after the last one. The statement must be ended by stmt_done. */
enum rc stmt_row(struct stmt *) RC_MUST;

/* Reads the next column of the row. Texts and blobs are copied into the arena; "not given" for
 * NULL. When the arena is full, the next stmt_row is RC_UNAVAILABLE; so always read on until RC_NO.
 */
int64_t stmt_get_int(struct stmt *);
struct span stmt_get_text(struct stmt *, struct arena *);
struct span stmt_get_blob(struct stmt *, struct arena *);
/* Copies into a C string; RC_INTERNAL when it does not fit. */
enum rc stmt_get_chars(struct stmt *, char *to, size_t size) RC_MUST;

/* Leaves out columns. */
void stmt_skip(struct stmt *, int columns);

/* Resets, so that the statement can be used again. Must follow stmt_row. */
void stmt_done(struct stmt *);

/* Runs a statement that gives no rows, and resets it. *changed counts rows; may be NULL. */
enum rc stmt_run(struct stmt *, int64_t *changed) RC_MUST;

/* Runs a statement that must change exactly one row: RC_NO when it changed none. */
enum rc stmt_run_one(struct stmt *) RC_MUST;

/* Runs a query for the first column of its only row: RC_NO when there is none. */
enum rc stmt_one_int(struct stmt *, int64_t *value) RC_MUST;

#endif
