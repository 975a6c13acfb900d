#include "route/process.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/self.h"
#include "crypto/hash_slots.h"
#include "crypto/keyring.h"
#include "crypto/password.h"
#include "route/sandbox.h"
#include "store/db.h"
#include "store/user.h"

#define PROCESS_ARENA (512 * 1024) /* of one request: its body, what was parsed, rows */

#ifndef YETT_STATE_DIRECTORY
#define YETT_STATE_DIRECTORY ""
#endif

/* What the grants of a program open. */
struct process_rights {
	unsigned purposes;
	enum jwt_access jwt;
};

static struct process_rights
process_rights(unsigned grants)
{
	static const struct process_rights rows[GRANTS] = {
#define GRANT(name, purposes, jwt, database, words) [GRANT_INDEX_##name] = { purposes, jwt },
#include "base/grant.def"
#undef GRANT
	};
	struct process_rights rights = { 0, JWT_NONE };

	for (int i = 0; i < GRANTS; i++) {
		if ((grants & (1u << i)) == 0)
			continue;
		rights.purposes |= rows[i].purposes;
		if (rows[i].jwt > rights.jwt)
			rights.jwt = rows[i].jwt;
	}
	return rights;
}

int
process_refuse(const struct process *process, const char *why)
{
	fprintf(stderr, "yett %s: %s\n", program_rows[process->program].name, why);
	return EXIT_FAILURE;
}

static bool
process_may_be_root(void)
{
	const char *allowed = getenv("YETT_ALLOW_ROOT");

	return allowed != NULL && strcmp(allowed, "1") == 0;
}

enum rc
process_begin(struct process *process, enum program program, bool once)
{
	process->program = program;
	process->once = once;
	process->ctx.clock = clock_system;
	process->ctx.random = random_system;
	if (sandbox_standard_files() != RC_OK)
		return RC_NO;
	if (geteuid() == 0 && !process_may_be_root()) {
		process_refuse(process,
		    "refuses to run as root; start it as an ordinary user (YETT_ALLOW_ROOT=1 is "
		    "for trying it out)");
		return RC_NO;
	}
	sandbox_harden(once);
	return RC_OK;
}

static bool
process_is_state(const char *directory)
{
	char file[PATH_MAX];
	int length = snprintf(file, sizeof(file), "%s/" CONFIG_FILE, directory);

	return length > 0 && (size_t)length < sizeof(file) && access(file, F_OK) == 0;
}

/* YETT_STATE, the place named at build time, or beside the executable; suexec hosts drop the
 * environment, so the last one matters. */
const char *
process_state(char place[PATH_MAX])
{
	static const char *const beside[] = { "../state", "state" };
	const char *named = getenv("YETT_STATE");

	if (named != NULL && named[0] != '\0')
		return named;
	if (YETT_STATE_DIRECTORY[0] != '\0')
		return YETT_STATE_DIRECTORY;
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		if (self_beside(beside[i], place, PATH_MAX) == RC_OK && process_is_state(place))
			return place;
	}
	return NULL;
}

/* "to" of [log]: a file is relative to the state directory. */
static enum rc
process_open_log(const struct process *process)
{
	const struct config *config = process->config;
	const char *to = config->log.to;
	char file[PATH_MAX];
	bool relative = to[0] != '/' && strcmp(to, "stderr") != 0 && strcmp(to, "syslog") != 0;
	int length = snprintf(file, sizeof(file), "%s%s%s", relative ? config->directory : "",
	    relative ? "/" : "", to);

	if (length < 0 || (size_t)length >= sizeof(file))
		return RC_INTERNAL;
	return log_open(
	    file, (enum log_level)config->log.level, program_rows[process->program].name);
}

/* For what names no fault of its own; a good configuration leaves none. */
static void
process_foresee(struct config_fault *fault)
{
	snprintf(fault->text, sizeof(fault->text),
	    "cannot start: no memory, or log or locks/ in the state directory cannot be opened; "
	    "run yettctl doctor");
}

enum rc
process_configure(struct process *process, const char *directory, struct config_fault *fault)
{
	enum rc rc;

	snprintf(fault->text, sizeof(fault->text), "cannot start: out of memory");
	if (directory == NULL) {
		snprintf(fault->text, sizeof(fault->text),
		    "no state directory: set YETT_STATE to the one that yettctl init made");
		return RC_NO;
	}
	rc = config_load(directory, &process->config, fault);
	if (rc != RC_OK)
		return rc;
	process->ctx.config = process->config;
	process_foresee(fault);
	return process_open_log(process);
}

/* A decoy of other parameters than the configured ones takes another time than an account's hash,
 * and would tell that there is no account. */
static enum rc
process_check_decoy(struct process *process, struct config_fault *fault)
{
	char decoy[HASH_TEXT_SIZE];
	enum rc rc = user_decoy(&process->ctx, decoy);

	if (rc == RC_OK && password_outdated(&process->config->password, decoy))
		rc = RC_NO;
	if (rc == RC_NO)
		snprintf(fault->text, sizeof(fault->text),
		    "[password] was changed without its decoy hash; run yettctl migrate");
	return rc;
}

static enum rc
process_open_files(struct process *process, struct config_fault *fault)
{
	unsigned grants = program_rows[process->program].grants;
	struct process_rights rights = process_rights(grants);
	struct ctx *ctx = &process->ctx;
	enum rc rc = process->once ? db_open_once(&ctx->db, ctx->config, grants, fault)
				   : db_open(&ctx->db, ctx->config, grants, fault);

	/* After the database: what changes from here on it will notice. */
	if (rc == RC_OK)
		rc = keyring_open(&ctx->keys, ctx->config, rights.purposes, rights.jwt, fault);
	if (rc == RC_OK && (grants & GRANT_HASH) != 0)
		rc = hash_slots_open(
		    &ctx->slots, ctx->config->directory, ctx->config->password.max_concurrent);
	return rc;
}

enum rc
process_open(struct process *process, struct config_fault *fault)
{
	unsigned grants = program_rows[process->program].grants;
	enum rc rc;

	process_foresee(fault);
	process->ctx.arena = arena_new(PROCESS_ARENA);
	if (process->ctx.arena == NULL || sodium_init() < 0)
		return RC_UNAVAILABLE;
	rc = process_open_files(process, fault);
	if (rc == RC_OK && (grants & GRANT_CRED_READ) != 0)
		rc = process_check_decoy(process, fault);
	return rc;
}

void
process_close(struct process *process)
{
	db_close(process->ctx.db);
	keyring_free(process->ctx.keys);
	hash_slots_close(process->ctx.slots);
	arena_free(process->ctx.arena);
	config_free(process->config);
	process->config = NULL;
	process->ctx = (struct ctx){ .clock = clock_system, .random = random_system };
	log_close();
}
