/* Migrations: schema/NNN_name.sql, each in a transaction of its own, run by the operator's tool. */
#ifndef YETT_STORE_MIGRATE_H
#define YETT_STORE_MIGRATE_H

#include "base/config.h"

struct migration {
	const char *name; /* "001_foundation" */
	const char *sql;
};

/* Generated from schema/NNN_name.sql; the schema's version is their number. */
extern const struct migration migrations[];
extern const int migration_count;

/* Brings the database to this version, creating the file (0600) when it is missing. "ran" is told
 * the name of each migration after its commit. Refuses a foreign or newer file. */
enum rc migrate_run(const struct config *, void (*ran)(void *state, const char *name), void *state,
    struct config_fault *fault) RC_MUST;

/* The version of an existing file; RC_NO with *fault when it cannot be read. */
enum rc migrate_version(const struct config *, int *version, struct config_fault *fault) RC_MUST;

#endif
