/* Time as the program sees it. Always milliseconds in int64_t; a seam, so that tests set it. */
#ifndef YETT_BASE_CLOCK_H
#define YETT_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

struct clock {
	int64_t (*wall)(void *state);      /* milliseconds since 1970 UTC; for what is stored */
	int64_t (*monotonic)(void *state); /* milliseconds since some start; for waiting */
	void *state;
};

#define CLOCK_TEXT_SIZE 21 /* "2026-01-31T23:59:59Z" and its NUL */

/* The machine's clocks. */
extern const struct clock clock_system;

int64_t clock_wall(const struct clock *);
int64_t clock_monotonic(const struct clock *);

/* Writes a wall time as RFC 3339 in UTC with whole seconds. */
void clock_text(int64_t wall, char text[CLOCK_TEXT_SIZE]);

#endif
