/* The life of a process of the site, around what it does: state directory, configuration, log,
 * keys, database. Routes and deliver share it. */
#ifndef YETT_ROUTE_PROCESS_H
#define YETT_ROUTE_PROCESS_H

#include <limits.h>

#include "route/route.h"

struct process {
	enum program program;
	bool once; /* it answers one request and ends: prepares nothing ahead */
	struct ctx ctx;
	struct config *config; /* the same as ctx.config, owned */
};

/* First of all: standard files, no root, no core files. RC_NO: it was refused, with a line on
 * stderr. */
enum rc process_begin(struct process *, enum program, bool once) RC_MUST;

/* The state directory of a program that a web server or deliver's starter started: YETT_STATE, the
 * place compiled in, or beside the executable. NULL when there is none; may point into "place". */
const char *process_state(char place[PATH_MAX]);

/* Reads the configuration in that directory (NULL: RC_NO) and opens the log. RC_NO and others with
 * *fault. */
enum rc process_configure(struct process *, const char *directory, struct config_fault *) RC_MUST;

/* Opens what the grants of the program name: keys, hash slots, the database. */
enum rc process_open(struct process *, struct config_fault *) RC_MUST;

/* Says on stderr why the program does not start; is EXIT_FAILURE. */
int process_refuse(const struct process *, const char *why);

/* Closes and frees, in whatever state it is; afterwards it may be configured once more. */
void process_close(struct process *);

#endif
