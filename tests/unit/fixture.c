#include "unit/fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

static char fixture_path[256];
static pid_t fixture_owner;

static int64_t
fixture_wall(void *state)
{
	return ((struct fixture_clock *)state)->wall;
}

static int64_t
fixture_monotonic(void *state)
{
	return ((struct fixture_clock *)state)->monotonic;
}

struct clock
fixture_clock(struct fixture_clock *state)
{
	return (struct clock){ fixture_wall, fixture_monotonic, state };
}

static enum rc
fixture_fill(void *state, void *bytes, size_t count)
{
	unsigned char *next = state;

	for (size_t i = 0; i < count; i++)
		((unsigned char *)bytes)[i] = (*next)++;
	return RC_OK;
}

struct random_source
fixture_random(unsigned char *state)
{
	return (struct random_source){ fixture_fill, state };
}

static enum rc
fixture_fail(void *state, void *bytes, size_t count)
{
	(void)state;
	(void)bytes;
	(void)count;
	return RC_UNAVAILABLE;
}

struct random_source
fixture_random_broken(void)
{
	return (struct random_source){ fixture_fail, NULL };
}

static int
fixture_remove(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static void
fixture_clean(void)
{
	if (getpid() == fixture_owner)
		nftw(fixture_path, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
}

const char *
fixture_directory(void)
{
	const char *parent = getenv("TMPDIR");

	snprintf(fixture_path, sizeof(fixture_path), "%s/yett-unit-XXXXXX",
	    parent == NULL ? "/tmp" : parent);
	if (mkdtemp(fixture_path) == NULL)
		abort();
	fixture_owner = getpid();
	atexit(fixture_clean);
	return fixture_path;
}

int
fixture_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	/* What a test that aborts leaves goes with the directory of the whole. */
	if (fixture_owner == 0)
		setenv("TMPDIR", fixture_directory(), 1);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
