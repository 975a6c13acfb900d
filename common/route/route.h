/* The route table and what follows from it: which row answers a request. */
#ifndef YETT_ROUTE_ROUTE_H
#define YETT_ROUTE_ROUTE_H

#include "auth/backend.h"
#include "base/grant.h"
#include "http/request.h"

enum program {
#define PROGRAM(name, grants) PROGRAM_##name,
#define ROUTE(program, method, path, body, caller, kind, when, handler, words)
#include "route/routes.def"
#undef PROGRAM
#undef ROUTE
	PROGRAMS
};

enum handler {
#define PROGRAM(name, grants)
#define ROUTE(program, method, path, body, caller, kind, when, handler, words) HANDLER_##handler,
#include "route/routes.def"
#undef PROGRAM
#undef ROUTE
	HANDLERS
};

struct program_row {
	const char *name;
	unsigned grants;
};

enum route_body { BODY_READ, BODY_PROOF, BODY_NEVER };
enum route_caller { ANYONE, SESSION = 1, ANY_SESSION = 2, ENROLLING = 4 };
enum route_kind { PROMPT, FLOOR, PAGE, QUESTION };

#define ROUTE_ALWAYS SIZE_MAX

struct route {
	enum program program;
	enum method method;
	const char *path;
	enum route_body body;
	unsigned caller; /* one of the first three; with ENROLLING also somebody who has to enrol */
	enum route_kind kind;
	size_t when; /* offset of a flag in struct config, or ROUTE_ALWAYS */
	const char *words;
};

/* By enum program, and by enum handler. */
extern const struct program_row program_rows[PROGRAMS];
extern const struct route route_table[HANDLERS];

/* What answers a request at one program. */
struct route_match {
	enum handler handler;          /* HANDLERS: none */
	const struct backend *backend; /* of {backend} and {cookie} paths; else NULL */
	struct span segment;           /* what stood for the '*' */
	unsigned allowed;              /* a bit per method that the path answers */
};

/* Finds the row of this program for the request's path and method. "methods" without a handler
 * means 405; neither means 404. The path is looked for in REQUEST_URI, then in PATH_INFO, then as
 * program name plus PATH_INFO, so that the same binary works under every mount. */
void route_find(const struct config *, const struct backends *, enum program,
    const struct request *, struct ctx *, struct route_match *);

/* Whether the row is switched on. */
bool route_is_on(const struct config *, const struct route *);

/* The path of a row as clients see it: prefixes filled in, for a backend where it has one. */
void route_path(const struct config *, const struct route *, const struct backend *, struct buf *);

/* The name of a method; "Allow" writes all of a mask. */
const char *method_name(enum method);

/* "{auth}" or "{auth}/NAME". */
void route_mount(const struct config *, const struct backend *, struct buf *);

#endif
