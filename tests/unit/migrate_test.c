#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/store.h"

static struct store s;
static int ran_count;

static void
ran(void *state, const char *name)
{
	ck_assert_ptr_eq(state, &s);
	ck_assert_str_eq(name, migrations[ran_count].name);
	ran_count++;
}

START_TEST(missing_file_is_made_for_the_owner_alone)
{
	struct stat status;
	mode_t before = umask(0);
	int version = -1;

	store_prepare(&s);
	ck_assert_int_eq(migrate_run(&s.config, ran, &s, &s.fault), RC_OK);
	ck_assert_int_eq(ran_count, migration_count);
	ck_assert_int_eq(stat(s.path, &status), 0);
	ck_assert_int_eq(status.st_mode & 07777, 0600);
	ck_assert_int_eq(umask(before), 0);
	ck_assert_int_eq(migrate_version(&s.config, &version, &s.fault), RC_OK);
	ck_assert_int_eq(version, migration_count);
	ck_assert_int_eq(store_int(&s, "PRAGMA application_id"), DB_APPLICATION_ID);
	ck_assert_int_eq(store_int(&s, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM role WHERE name = 'superuser'"), 1);
	store_end(&s);
}
END_TEST

START_TEST(second_run_does_nothing)
{
	store_prepare(&s);
	store_migrate(&s);
	store_sql(&s, "INSERT INTO role VALUES ('editor', '', 0)");
	ck_assert_int_eq(migrate_run(&s.config, ran, &s, &s.fault), RC_OK);
	ck_assert_int_eq(ran_count, 0);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM role"), 2);
	store_end(&s);
}
END_TEST

/* As a process leaves it that ended between making the file and the first commit. */
START_TEST(interrupted_beginning_is_taken_up)
{
	store_prepare(&s);
	store_sql(&s, _i == 0 ? "" : "PRAGMA journal_mode = WAL");
	ck_assert_int_eq(chmod(s.path, 0600), 0);
	ck_assert_int_eq(migrate_run(&s.config, ran, &s, &s.fault), RC_OK);
	ck_assert_int_eq(ran_count, migration_count);
	store_end(&s);
}
END_TEST

/* The table that the migration makes is there already, so it fails in its middle. */
START_TEST(migration_that_fails_leaves_nothing)
{
	char sql[128];

	store_prepare(&s);
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; CREATE TABLE decoy (a)",
	    DB_APPLICATION_ID);
	store_sql(&s, sql);
	ck_assert_int_eq(chmod(s.path, 0600), 0);
	ck_assert_int_eq(migrate_run(&s.config, ran, &s, &s.fault), RC_INTERNAL);
	ck_assert_int_eq(ran_count, 0);
	ck_assert_int_eq(store_int(&s, "PRAGMA user_version"), 0);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM sqlite_schema"), 1);
	store_end(&s);
}
END_TEST

static const struct {
	const char *sql, *says;
	mode_t mode;
} refusals[] = {
	{ "CREATE TABLE theirs (a)", "not a database of Yett", 0600 },
	{ "PRAGMA application_id = 7", "not a database of Yett", 0600 },
	{ "PRAGMA user_version = 1", "not a database of Yett", 0600 },
	{ "PRAGMA application_id = 1499821172; PRAGMA user_version = 1000", "newer schema", 0600 },
	{ "", "open to other users", 0644 },
};

START_TEST(foreign_or_newer_file_is_refused)
{
	int64_t tables;
	int version = -1;

	store_prepare(&s);
	store_sql(&s, refusals[_i].sql);
	tables = store_int(&s, "SELECT COUNT(*) FROM sqlite_schema");
	ck_assert_int_eq(chmod(s.path, refusals[_i].mode), 0);
	ck_assert_int_eq(migrate_run(&s.config, ran, &s, &s.fault), RC_NO);
	ck_assert_msg(strstr(s.fault.text, refusals[_i].says) != NULL, "%s", s.fault.text);
	ck_assert_int_eq(migrate_version(&s.config, &version, &s.fault), RC_NO);
	ck_assert_int_eq(version, -1);
	ck_assert_int_eq(store_int(&s, "SELECT COUNT(*) FROM sqlite_schema"), tables);
	ck_assert_int_eq(
	    store_int(&s, "SELECT journal_mode = 'delete' FROM pragma_journal_mode"), 1);
	store_end(&s);
}
END_TEST

START_TEST(missing_file_has_no_version)
{
	int version = -1;

	store_prepare(&s);
	ck_assert_int_eq(migrate_version(&s.config, &version, &s.fault), RC_NO);
	ck_assert_ptr_nonnull(strstr(s.fault.text, "missing"));
	ck_assert_int_ne(access(s.path, F_OK), 0);
	store_end(&s);
}
END_TEST

START_TEST(locked_file_is_unavailable)
{
	sqlite3 *raw;

	store_prepare(&s);
	store_migrate(&s);
	store_sql(&s, "PRAGMA user_version = 0"); /* so that there is something to do */
	s.config.database.busy_timeout = 50;
	raw = store_raw(&s);
	ck_assert_int_eq(sqlite3_exec(raw, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(migrate_run(&s.config, NULL, NULL, &s.fault), RC_UNAVAILABLE);
	sqlite3_close(raw);
	store_end(&s);
}
END_TEST

START_TEST(parallel_runs_migrate_once)
{
	int status;

	store_prepare(&s);
	s.config.database.busy_timeout = 30 * SECOND;
	for (int i = 0; i < 4; i++) {
		if (fork() == 0) {
			enum rc rc = migrate_run(&s.config, NULL, NULL, &s.fault);

			if (rc != RC_OK)
				fprintf(stderr, "%s\n", s.fault.text);
			_exit(rc == RC_OK ? 0 : 1);
		}
	}
	for (int i = 0; i < 4; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(store_int(&s, "PRAGMA user_version"), migration_count);
	store_end(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("migrate");
	TCase *c = tcase_create("migrate");

	tcase_add_test(c, missing_file_is_made_for_the_owner_alone);
	tcase_add_test(c, second_run_does_nothing);
	tcase_add_loop_test(c, interrupted_beginning_is_taken_up, 0, 2);
	tcase_add_test(c, migration_that_fails_leaves_nothing);
	tcase_add_loop_test(
	    c, foreign_or_newer_file_is_refused, 0, (int)(sizeof(refusals) / sizeof(refusals[0])));
	tcase_add_test(c, missing_file_has_no_version);
	tcase_add_test(c, locked_file_is_unavailable);
	tcase_add_loop_test(c, parallel_runs_migrate_once, 0, 5); /* each may meet another moment */
	tcase_set_timeout(c, 60);
	suite_add_tcase(suite, c);
	return fixture_run(suite);
}
