/* Whatever a process refuses to start with, nobody gets in meanwhile. */
#include "http/storm.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *
key_file(const struct site *site)
{
	FILE *pipe = popen(
	    text("find %s/keys -type f | grep -E '/fingerprint' | head -n 1", site->state), "r");
	char line[256] = "";

	ck_assert_ptr_nonnull(pipe);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), pipe));
	pclose(pipe);
	line[strcspn(line, "\n")] = '\0';
	return text("%s", line);
}

enum start_fault {
	KEY_LOOSE,
	KEY_MISSING,
	KEY_EMPTY,
	CONFIG_LOOSE,
	CONFIG_BROKEN,
	STATE_LOOSE,
	DATABASE_LOOSE,
	SCHEMA_NEWER,
	SCHEMA_OLDER,
	OTHER_DATABASE,
	START_FAULTS
};

static void
start_spoil(const struct site *site, enum start_fault fault)
{
	const char *key = key_file(site);
	FILE *file;

	switch (fault) {
	case KEY_LOOSE:
		ck_assert_int_eq(chmod(key, 0644), 0);
		return;
	case KEY_MISSING:
		ck_assert_int_eq(unlink(key), 0);
		return;
	case KEY_EMPTY:
		ck_assert_int_eq(truncate(key, 0), 0);
		return;
	case CONFIG_LOOSE:
		ck_assert_int_eq(chmod(text("%s/yett.conf", site->state), 0666), 0);
		return;
	case CONFIG_BROKEN:
		file = fopen(text("%s/yett.conf", site->state), "a");
		ck_assert(file != NULL && fputs("\n[guard]\nunheard = of\n", file) >= 0);
		ck_assert_int_eq(fclose(file), 0);
		return;
	case STATE_LOOSE:
		ck_assert_int_eq(chmod(site->state, 0777), 0);
		return;
	case DATABASE_LOOSE:
		ck_assert_int_eq(chmod(text("%s/yett.db", site->state), 0644), 0);
		return;
	case SCHEMA_NEWER:
		site_sql(site, "PRAGMA user_version = 999");
		return;
	case SCHEMA_OLDER:
		site_sql(site, "PRAGMA user_version = 0");
		return;
	case OTHER_DATABASE:
		site_sql(site, "PRAGMA application_id = 1");
		return;
	case START_FAULTS:
		break;
	}
	ck_abort_msg("no such fault");
}

START_TEST(test_start_refused)
{
	struct storm_member at = storm_member("wal");
	size_t from = site_log_size(at.site);

	start_spoil(at.site, (enum start_fault)_i);
	storm_guard_restart(at.site);
	storm_guard_says(&at, 500, 599);
	site_log_wait(at.site, from, "yett guard: ");
	storm_guard_says(&at, 500, 599);
}
END_TEST

/* A running process notices another schema. */
START_TEST(test_migrated_meanwhile)
{
	struct storm_member at = storm_member("wal");

	site_sql(at.site, "PRAGMA user_version = 999");
	storm_rest(1200);
	/* each process ends after its next answer, which may still be one */
	for (int i = 0; i < 20; i++)
		STORM(at.site, 4, .path = "/members/");
	storm_guard_says(&at, 500, 599);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("start_fault");

	tcase_add_loop_test(tests, test_start_refused, 0, START_FAULTS);
	tcase_add_test(tests, test_migrated_meanwhile);
	return site_run(tests);
}
