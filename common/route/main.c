#include "route/main.h"

#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "crypto/hash_slots.h"
#include "crypto/keyring.h"
#include "crypto/password.h"
#include "http/server.h"
#include "route/judge.h"
#include "route/sandbox.h"
#include "store/clean.h"
#include "store/user.h"

#define PROCESS_ARENA (512 * 1024) /* of one request: its body, what was parsed, rows */
#define PROCESS_NAMES 64           /* request ids for which randomness is fetched at a time */
#define PROCESS_NAME_SIZE ((REQUEST_ID_SIZE - 1) / 2)
#define CLEAN_EVERY (60 * SECOND)
#define CLEAN_ONE_IN 100 /* plain CGI requests */
#define OUTDATED_EVERY (1 * SECOND)

#ifndef YETT_STATE_DIRECTORY
#define YETT_STATE_DIRECTORY ""
#endif

struct process {
	enum program program;
	handler_fn *const *handlers;
	struct ctx ctx;
	struct config *config;
	struct backends backends;
	unsigned char names[PROCESS_NAMES][PROCESS_NAME_SIZE]; /* of requests to come */
	size_t names_left;
	int64_t cleaned_at, looked_at; /* monotonic */
	bool outdated;
};

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

static int
process_refuse(const struct process *process, const char *why)
{
	fprintf(stderr, "yett %s: %s\n", program_rows[process->program].name, why);
	return EXIT_FAILURE;
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
static const char *
process_state(char place[PATH_MAX])
{
	static const char *const beside[] = { "/../state", "/state" };
	const char *named = getenv("YETT_STATE");
	char self[PATH_MAX / 2];
	ssize_t length;
	char *slash;

	if (named != NULL && named[0] != '\0')
		return named;
	if (YETT_STATE_DIRECTORY[0] != '\0')
		return YETT_STATE_DIRECTORY;
	length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (length <= 0)
		return NULL;
	self[length] = '\0';
	slash = strrchr(self, '/');
	if (slash != NULL)
		*slash = '\0';
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		snprintf(place, PATH_MAX, "%s%s", self, beside[i]);
		if (process_is_state(place))
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

static enum rc
process_open_files(struct process *process, const char *directory, struct config_fault *fault)
{
	unsigned grants = program_rows[process->program].grants;
	struct process_rights rights = process_rights(grants);
	struct ctx *ctx = &process->ctx;
	enum rc rc = config_load(directory, &process->config, fault);

	if (rc != RC_OK)
		return rc;
	/* For what names no fault of its own; a good configuration leaves none. */
	snprintf(fault->text, sizeof(fault->text),
	    "cannot start: no memory, or log or locks/ in the state directory cannot be opened; "
	    "run yettctl doctor");
	ctx->config = process->config;
	backends_make(ctx->config, &process->backends);
	rc = process_open_log(process);
	if (rc == RC_OK)
		rc = keyring_open(&ctx->keys, ctx->config, rights.purposes, rights.jwt, fault);
	if (rc == RC_OK && (grants & GRANT_HASH) != 0)
		rc = hash_slots_open(
		    &ctx->slots, ctx->config->directory, ctx->config->password.max_concurrent);
	if (rc == RC_OK)
		rc = server_is_cgi() ? db_open_once(&ctx->db, ctx->config, grants, fault)
				     : db_open(&ctx->db, ctx->config, grants, fault);
	return rc;
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

/* config, log, keys, database, sandbox: the first hostile byte is read after the last privilege
 * is gone. */
static enum rc
process_start(struct process *process, struct config_fault *fault)
{
	char place[PATH_MAX];
	const char *directory = process_state(place);
	unsigned grants = program_rows[process->program].grants;
	enum rc rc;

	snprintf(fault->text, sizeof(fault->text), "cannot start: out of memory");
	if (directory == NULL) {
		snprintf(fault->text, sizeof(fault->text),
		    "no state directory: set YETT_STATE to the one that yettctl init made");
		return RC_NO;
	}
	process->ctx.arena = arena_new(PROCESS_ARENA);
	if (process->ctx.arena == NULL || sodium_init() < 0)
		return RC_UNAVAILABLE;
	rc = process_open_files(process, directory, fault);
	if (rc == RC_OK && (grants & GRANT_CRED_READ) != 0)
		rc = process_check_decoy(process, fault);
	if (rc == RC_OK)
		rc = server_prepare();
	if (rc != RC_OK)
		return rc;
	sandbox_bound_memory((grants & GRANT_HASH) != 0 ? PASSWORD_MEMORY_MAX : 0);
	rc = sandbox_enter(db_journal(process->ctx.db));
	if (rc != RC_OK)
		snprintf(fault->text, sizeof(fault->text),
		    "the kernel refuses the sandbox; run yettctl doctor");
	return rc;
}

/* After one request the kernel takes all back sooner than we could, unless there is a log to empty.
 */
static bool
process_just_ends(const struct process *process)
{
#ifdef YETT_SANITIZED
	return false;
#endif
	return server_is_cgi() && process->ctx.db != NULL && !db_writes(process->ctx.db);
}

static void
process_stop(struct process *process)
{
	if (process_just_ends(process)) {
		log_flush();
		_exit(EXIT_SUCCESS);
	}
	db_close(process->ctx.db);
	keyring_free(process->ctx.keys);
	hash_slots_close(process->ctx.slots);
	arena_free(process->ctx.arena);
	config_free(process->config);
	log_close();
}

/* A request id: told to the client in errors and written in the log. */
static enum rc
process_name_request(struct process *process)
{
	struct ctx *ctx = &process->ctx;
	enum rc rc = RC_OK;

	if (process->names_left == 0) {
		rc = random_bytes(&ctx->random, process->names, sizeof(process->names));
		process->names_left = PROCESS_NAMES;
	}
	sodium_bin2hex(ctx->request_id, sizeof(ctx->request_id),
	    process->names[--process->names_left], PROCESS_NAME_SIZE);
	if (rc != RC_OK)
		process->names_left = 0;
	return rc;
}

static void
process_client(const struct request *request, struct client *client)
{
	client->address_len = address_limited(&request->client, client->address);
	client->user_agent = request->variables[VARIABLE_HTTP_USER_AGENT];
}

static void
process_log(const struct process *process, const struct route *route, const struct request *request,
    enum problem problem, int status, int64_t started)
{
	enum log_level level = problem == PROBLEM_NONE ? LOG_INFO : problem_row(problem)->level;
	int64_t took;

	if (!log_wants(level))
		return;
	took = clock_monotonic(&process->ctx.clock) - started;
	log_line(level, "id=%s route=%s method=%s status=%d ms=%lld", process->ctx.request_id,
	    route == NULL ? "-" : route->path, method_name(request->method), status,
	    (long long)took);
}

/* An answer that cannot be built is no answer: the process dies, so that no web server can take
 * silence for consent. */
static _Noreturn void
process_die(const char *why)
{
	log_line(LOG_ERROR, "no answer could be built: %s", why);
	log_flush();
	_exit(EXIT_FAILURE);
}

static void
process_serve(void *state, struct conn *conn)
{
	struct process *process = state;
	struct ctx *ctx = &process->ctx;
	int64_t started = clock_monotonic(&ctx->clock);
	struct request request = { .method = METHOD_OTHER };
	struct response response = RESPONSE_INIT;
	struct buf body = BUF_INIT(BODY_MAX);
	struct buf answer = BUF_INIT(RESPONSE_HEAD_MAX + RESPONSE_BODY_MAX);
	struct exchange x = { .ctx = ctx,
		.config = ctx->config,
		.backends = &process->backends,
		.request = &request,
		.response = &response };
	const struct route *route = NULL;
	int64_t floor = started;
	enum problem problem;

	ctx->now = clock_wall(&ctx->clock);
	problem = problem_of(process_name_request(process));
	if (problem == PROBLEM_NONE)
		problem = problem_of(request_read(ctx, conn_environment(conn), &request));
	if (problem == PROBLEM_NONE) {
		process_client(&request, &x.client);
		x.wants_page = request.wants_html && ctx->config->routes.pages;
		problem = judge_request(
		    &x, &request, conn, process->program, process->handlers, &body, &route);
	}
	judge_answer(&x, problem);
	if (response_bytes(&response, request.method == METHOD_HEAD,
		response.is_page ? page_policy() : "", &answer) != RC_OK)
		process_die("out of memory, or a header that is not fit to be sent");
	if (route != NULL && route->kind == FLOOR && ctx->config->account.response_floor > 0)
		floor +=
		    ctx->config->account.response_floor + 1; /* "started" was cut to whole ms */
	conn_answer(conn, &answer, floor);
	process_log(process, route, &request, problem, response.status, started);
	response_free(&response);
	buf_free(&body);
	arena_reset(ctx->arena);
}

/* Once a minute; of the processes that serve one request each, one in a hundred. */
static bool
process_should_clean(const struct process *process, int64_t now)
{
	if (server_is_cgi())
		return randombytes_uniform(CLEAN_ONE_IN) == 0;
	return now - process->cleaned_at >= CLEAN_EVERY;
}

/* House-keeping between answers; and the end, once another version has changed the schema. */
static bool
process_pause(void *state)
{
	struct process *process = state;
	struct ctx *ctx = &process->ctx;
	int64_t now = clock_monotonic(&ctx->clock);
	int64_t deleted;

	if (now - process->looked_at >= OUTDATED_EVERY) {
		process->looked_at = now;
		process->outdated = db_outdated(ctx->db);
		if (process->outdated)
			log_line(LOG_NOTICE, "the database was migrated or moved; ending");
	}
	if ((program_rows[process->program].grants & GRANT_CLEAN) != 0 && !process->outdated &&
	    process_should_clean(process, now)) {
		process->cleaned_at = now;
		ctx->now = clock_wall(&ctx->clock);
		if (clean_run(ctx, CLEAN_BATCH, &deleted) != RC_OK)
			log_line(LOG_WARN, "house-keeping failed; it will be tried again");
		arena_reset(ctx->arena);
	}
	log_flush();
	return !process->outdated;
}

/* Every row of the program must have its handler, or a route would be a null pointer. */
static bool
process_is_whole(enum program program, handler_fn *const *handlers)
{
	for (int i = 0; i < HANDLERS; i++) {
		if (route_table[i].program == program && handlers[i] == NULL)
			return false;
	}
	return true;
}

int
route_main(enum program program, handler_fn *const *handlers)
{
	struct process process = { .program = program, .handlers = handlers };
	struct config_fault fault = { "" };
	const char *allowed = getenv("YETT_ALLOW_ROOT");
	int status = EXIT_SUCCESS;

	if (sandbox_standard_files() != RC_OK)
		return EXIT_FAILURE;
	process.ctx.clock = clock_system;
	process.ctx.random = random_system;
	if (!process_is_whole(program, handlers))
		return process_refuse(&process, "a route has no handler; this is a defect");
	if (geteuid() == 0 && (allowed == NULL || strcmp(allowed, "1") != 0))
		return process_refuse(&process,
		    "refuses to run as root; start it as an ordinary user (YETT_ALLOW_ROOT=1 is "
		    "for trying it out)");
	sandbox_harden(server_is_cgi());
	if (process_start(&process, &fault) != RC_OK)
		status = process_refuse(&process, fault.text);
	else
		server_run(process_serve, process_pause, &process, &process.ctx.clock);
	process_stop(&process);
	return status;
}
