#include "base/problem.h"

static const struct problem_row problem_rows[PROBLEMS] = {
#define PROBLEM(name, status, code, level, title, detail) \
	[PROBLEM_##name] = { status, LOG_##level, code, title, detail },
#include "base/problem.def"
#undef PROBLEM
};

const struct problem_row *
problem_row(enum problem problem)
{
	return &problem_rows[problem];
}

enum problem
problem_of(enum rc rc)
{
	switch (rc) {
	case RC_OK:
		return PROBLEM_NONE;
	case RC_UNAVAILABLE:
		return PROBLEM_SERVICE_UNAVAILABLE;
	case RC_NO:
	case RC_INTERNAL:
		break;
	}
	return PROBLEM_INTERNAL_ERROR;
}
