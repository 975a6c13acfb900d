/* What a client is told when a request does not succeed; the rows are in problem.def. */
#ifndef YETT_BASE_PROBLEM_H
#define YETT_BASE_PROBLEM_H

#include "base/log.h"
#include "base/rc.h"

enum problem {
	PROBLEM_NONE, /* no problem */
#define PROBLEM(name, status, code, level, title, detail) PROBLEM_##name,
#include "base/problem.def"
#undef PROBLEM
	PROBLEMS
};

struct problem_row {
	int status;
	enum log_level level;
	const char *code;
	const char *title;
	const char *detail;
};

/* The row of a problem; PROBLEM_NONE has none. */
const struct problem_row *problem_row(enum problem);

/* A fault as a problem: RC_OK is PROBLEM_NONE, RC_UNAVAILABLE is 503. RC_NO means something else
 * at every place, so whoever got it translates it first; here it counts as a defect, like
 * RC_INTERNAL. */
enum problem problem_of(enum rc);

#endif
