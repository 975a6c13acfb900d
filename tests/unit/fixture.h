/* What unit tests share: a clock that stands where it is put, randomness that is fixed or fails,
 * and a directory that is removed afterwards. */
#ifndef YETT_TESTS_UNIT_FIXTURE_H
#define YETT_TESTS_UNIT_FIXTURE_H

#include <check.h>
#include <stdlib.h>

#include "base/ctx.h"

/* SPAN for the rows of a static table, where ISO C takes constants only. */
#define SPAN_ROW(literal)                      \
	{                                      \
		(literal), sizeof(literal) - 1 \
	}

struct fixture_clock {
	int64_t wall;
	int64_t monotonic;
};

/* A clock that shows the values of *state. */
struct clock fixture_clock(struct fixture_clock *state);

/* Bytes counting up from *state; the same for every run. */
struct random_source fixture_random(unsigned char *state);

/* A source that always fails. */
struct random_source fixture_random_broken(void);

/* A new directory of mode 0700 under $TMPDIR or /tmp; removed with all in it at exit. */
const char *fixture_directory(void);

/* Runs the suite, prints Check's summary, and gives the exit status for main(). */
int fixture_run(Suite *);

#endif
