#include "route/main.h"

#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "crypto/password.h"
#include "http/server.h"
#include "route/judge.h"
#include "route/process.h"
#include "route/sandbox.h"
#include "route/starter.h"
#include "store/clean.h"

#define SERVICE_NAMES 64 /* request ids for which randomness is fetched at a time */
#define SERVICE_NAME_SIZE ((REQUEST_ID_SIZE - 1) / 2)
#define CLEAN_EVERY (60 * SECOND)
#define CLEAN_ONE_IN 100 /* plain CGI requests */
#define OUTDATED_EVERY (1 * SECOND)

struct service {
	struct process process;
	struct starter starter;
	handler_fn *const *handlers;
	struct backends backends;
	unsigned char names[SERVICE_NAMES][SERVICE_NAME_SIZE]; /* of requests to come */
	size_t names_left;
	int64_t cleaned_at, looked_at; /* monotonic */
	bool tidy;                     /* nothing was served since it was cleaned */
	int64_t wake_at; /* when the first answer leaves that has put something into the outbox; 0:
			    none */
	bool outdated;
};

/* Who starts deliver later is there before the first key is read; all others give up for good what
 * it may. */
static enum rc
service_configure(struct service *service, struct config_fault *fault)
{
	char place[PATH_MAX];
	enum rc rc = process_configure(&service->process, process_state(place), fault);

	if (rc == RC_OK) {
		/* Where no process can be forked, mail has to wait, and signing in has not. */
		if (starter_open(&service->starter, &service->process) != RC_OK)
			log_line(LOG_WARN, "no process can be forked to start deliver; what is put "
					   "into the outbox waits for yettctl mail send");
		sandbox_renounce();
	}
	return rc;
}

/* The first hostile byte is read after the last privilege is gone. */
static enum rc
service_start(struct service *service, struct config_fault *fault)
{
	struct process *process = &service->process;
	unsigned grants = program_rows[process->program].grants;
	enum rc rc = service_configure(service, fault);

	if (rc == RC_OK)
		rc = process_open(process, fault);
	if (rc == RC_OK)
		rc = server_prepare();
	if (rc != RC_OK)
		return rc;
	backends_make(process->config, &service->backends);
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
service_just_ends(const struct process *process)
{
#ifdef YETT_SANITIZED
	return false;
#endif
	return process->once && process->ctx.db != NULL && !db_writes(process->ctx.db);
}

static void
service_stop(struct service *service)
{
	if (service_just_ends(&service->process)) {
		log_flush();
		_exit(EXIT_SUCCESS);
	}
	if (service->wake_at != 0 && starter_wake(&service->starter) != RC_OK)
		log_line(LOG_WARN, "the outbox has to wait for the next mail");
	starter_close(&service->starter);
	process_close(&service->process);
}

/* A request id: told to the client in errors and written in the log. */
static enum rc
service_name_request(struct service *service)
{
	struct ctx *ctx = &service->process.ctx;
	enum rc rc = RC_OK;

	if (service->names_left == 0) {
		rc = random_bytes(&ctx->random, service->names, sizeof(service->names));
		service->names_left = SERVICE_NAMES;
	}
	sodium_bin2hex(ctx->request_id, sizeof(ctx->request_id),
	    service->names[--service->names_left], SERVICE_NAME_SIZE);
	if (rc != RC_OK)
		service->names_left = 0;
	return rc;
}

static void
service_client(const struct request *request, struct client *client)
{
	client->address_len = address_limited(&request->client, client->address);
	client->language = request->variables[VARIABLE_HTTP_ACCEPT_LANGUAGE];
	client->user_agent = request->variables[VARIABLE_HTTP_USER_AGENT];
}

static void
service_log(const struct ctx *ctx, const struct route *route, const struct request *request,
    enum problem problem, int status, int64_t started)
{
	enum log_level level = problem == PROBLEM_NONE ? LOG_INFO : problem_row(problem)->level;
	int64_t took;

	if (!log_wants(level))
		return;
	took = clock_monotonic(&ctx->clock) - started;
	log_line(level, "id=%s route=%s method=%s status=%d ms=%lld", ctx->request_id,
	    route == NULL ? "-" : route->path, method_name(request->method), status,
	    (long long)took);
}

/* An answer that cannot be built is no answer: the process dies, so that no web server can take
 * silence for consent. */
static _Noreturn void
service_die(const char *why)
{
	log_line(LOG_ERROR, "no answer could be built: %s", why);
	log_flush();
	_exit(EXIT_FAILURE);
}

static void
service_serve(void *state, struct conn *conn)
{
	struct service *service = state;
	struct ctx *ctx = &service->process.ctx;
	int64_t started = clock_monotonic(&ctx->clock);
	struct request request = { .method = METHOD_OTHER };
	struct response response = RESPONSE_INIT;
	struct buf body = BUF_INIT(BODY_MAX);
	struct buf answer = BUF_INIT(RESPONSE_HEAD_MAX + RESPONSE_BODY_MAX);
	struct exchange x = { .ctx = ctx,
		.config = ctx->config,
		.backends = &service->backends,
		.request = &request,
		.response = &response };
	int64_t floor = started;
	enum problem problem;

	service->tidy = false;
	ctx->now = clock_wall(&ctx->clock);
	ctx->posted = false;
	problem = problem_of(service_name_request(service));
	if (problem == PROBLEM_NONE)
		problem = problem_of(request_read(ctx, conn_environment(conn), &request));
	if (problem == PROBLEM_NONE) {
		service_client(&request, &x.client);
		x.wants_page = request.wants_html && ctx->config->routes.pages;
		problem = judge_request(
		    &x, &request, conn, service->process.program, service->handlers, &body);
	}
	judge_answer(&x, problem);
	if (response_bytes(&response, request.method == METHOD_HEAD,
		response.is_page ? page_policy() : "", &answer) != RC_OK)
		service_die("out of memory, or a header that is not fit to be sent");
	if (x.route != NULL && x.route->kind == FLOOR && ctx->config->account.response_floor > 0)
		floor +=
		    ctx->config->account.response_floor + 1; /* "started" was cut to whole ms */
	conn_answer(conn, &answer, floor);
	if (ctx->posted && service->wake_at == 0)
		service->wake_at = floor;
	service_log(ctx, x.route, &request, problem, response.status, started);
	response_free(&response);
	buf_free(&body);
	arena_reset(ctx->arena);
}

/* Once a minute; of the processes that serve one request each, one in a hundred. */
static bool
service_should_clean(const struct service *service, int64_t now)
{
	if (service->process.once)
		return randombytes_uniform(CLEAN_ONE_IN) == 0;
	return !service->tidy && now - service->cleaned_at >= CLEAN_EVERY;
}

/* Nothing is started for an answer that still waits for its time, because it would share the
 * machine with a mail that only some of them cause. Whoever sends already may take the mail along.
 */
static void
service_wake(struct service *service, int64_t now)
{
	if (service->wake_at == 0 || now < service->wake_at)
		return;
	service->wake_at = 0;
	if (starter_wake(&service->starter) != RC_OK)
		service->outdated = true; /* the web server starts us anew, with a starter */
}

/* House-keeping between answers; and the end, once the schema or the keys are others. */
static bool
service_pause(void *state)
{
	struct service *service = state;
	struct ctx *ctx = &service->process.ctx;
	int64_t now = clock_monotonic(&ctx->clock);
	int64_t deleted;

	service_wake(service, now);
	if (now - service->looked_at >= OUTDATED_EVERY) {
		service->looked_at = now;
		if (db_outdated(ctx->db)) {
			service->outdated = true;
			log_line(LOG_NOTICE, "%s; ending",
			    db_rekeyed(ctx->db) ? "keys have changed"
						: "the database was migrated or moved");
		}
	}
	if ((program_rows[service->process.program].grants & GRANT_CLEAN) != 0 &&
	    !service->outdated && service_should_clean(service, now)) {
		service->cleaned_at = now;
		service->tidy = true;
		ctx->now = clock_wall(&ctx->clock);
		if (clean_run(ctx, CLEAN_BATCH, &deleted) != RC_OK)
			log_line(LOG_WARN, "house-keeping failed; it will be tried again");
		arena_reset(ctx->arena);
	}
	log_flush();
	return !service->outdated;
}

/* Every row of the program must have its handler, or a route would be a null pointer. */
static bool
service_is_whole(enum program program, handler_fn *const *handlers)
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
	struct service service = { .starter = { -1 }, .handlers = handlers };
	struct process *process = &service.process;
	struct config_fault fault = { "" };
	int status = EXIT_SUCCESS;

	if (process_begin(process, program, server_is_cgi()) != RC_OK)
		return EXIT_FAILURE;
	if (!service_is_whole(program, handlers))
		return process_refuse(process, "a route has no handler; this is a defect");
	if (service_start(&service, &fault) != RC_OK)
		status = process_refuse(process, fault.text);
	else
		server_run(service_serve, service_pause, &service, &process->ctx.clock);
	service_stop(&service);
	return status;
}
