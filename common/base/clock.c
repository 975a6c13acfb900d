#include "base/clock.h"

#include <time.h>

static int64_t
clock_read(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * SECOND + now.tv_nsec / 1000000;
}

static int64_t
clock_system_wall(void *state)
{
	(void)state;
	return clock_read(CLOCK_REALTIME);
}

static int64_t
clock_system_monotonic(void *state)
{
	(void)state;
	return clock_read(CLOCK_MONOTONIC);
}

const struct clock clock_system = { clock_system_wall, clock_system_monotonic, NULL };

int64_t
clock_wall(const struct clock *clock)
{
	return clock->wall(clock->state);
}

int64_t
clock_monotonic(const struct clock *clock)
{
	return clock->monotonic(clock->state);
}

void
clock_text(int64_t wall, char text[CLOCK_TEXT_SIZE])
{
	time_t seconds = (time_t)(wall / SECOND);
	struct tm parts;

	text[0] = '\0';
	if (gmtime_r(&seconds, &parts) != NULL)
		strftime(text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts);
}
