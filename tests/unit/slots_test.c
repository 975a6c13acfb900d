/* Slots without waiting; that waiting for them is fair and outlives kill -9 is said in
 * hash_slots_test. */
#include "base/slots.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "unit/fixture.h"

static const char *directory;

static void
make_directory(void)
{
	directory = fixture_directory();
}

static struct slots *
open_slots(const char *name, int64_t count)
{
	struct slots *slots;

	ck_assert_int_eq(slots_open(&slots, directory, name, count), RC_OK);
	return slots;
}

START_TEST(each_is_taken_once)
{
	struct slots *mine = open_slots("work", 2), *theirs = open_slots("work", 2);
	struct slots *late = open_slots("work", 2);
	int first, second, third;

	ck_assert_int_eq(slots_try(mine, &first), RC_OK);
	ck_assert_int_eq(slots_try(theirs, &second), RC_OK);
	ck_assert_int_ne(first, second);
	ck_assert_int_eq(slots_try(late, &third), RC_NO);
	ck_assert_int_eq(third, -1);
	slots_release(late, third);
	slots_release(mine, first);
	ck_assert_int_eq(slots_try(late, &third), RC_OK);
	ck_assert_int_eq(third, first);
	slots_close(late);
	slots_close(theirs);
	ck_assert_int_eq(slots_try(mine, &first), RC_OK);
	slots_close(mine);
}
END_TEST

START_TEST(names_do_not_meet)
{
	struct slots *one = open_slots("one", 1), *other = open_slots("other", 1);
	char path[512];
	int slot;

	ck_assert_int_eq(slots_try(one, &slot), RC_OK);
	ck_assert_int_eq(slots_try(other, &slot), RC_OK);
	snprintf(path, sizeof(path), "%s/locks/one", directory);
	ck_assert_int_eq(access(path, F_OK), 0);
	slots_close(one);
	slots_close(other);
}
END_TEST

/* What a holder executes does not hold it. */
START_TEST(nothing_is_left_to_children)
{
	struct slots *slots = open_slots("work", 1);
	pid_t child;
	int slot;

	ck_assert_int_eq(slots_try(slots, &slot), RC_OK);
	child = fork();
	if (child == 0) {
		execl("/bin/sleep", "sleep", "30", NULL);
		_exit(1);
	}
	slots_close(slots);
	slots = open_slots("work", 1);
	/* Until it executes, the child holds it. */
	ck_assert_int_eq(
	    slots_take(slots, clock_monotonic(&clock_system) + 10 * SECOND, &slot), RC_OK);
	slots_close(slots);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}
END_TEST

START_TEST(waiting_has_an_end)
{
	struct slots *mine = open_slots("work", 1), *theirs = open_slots("work", 1);
	int64_t now = clock_monotonic(&clock_system);
	int slot;

	ck_assert_int_eq(slots_try(mine, &slot), RC_OK);
	ck_assert_int_eq(slots_take(theirs, now + 50, &slot), RC_NO);
	ck_assert_int_ge(clock_monotonic(&clock_system), now + 50);
	slots_close(theirs);
	slots_close(mine);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("slots");
	TCase *tests = tcase_create("slots");

	tcase_add_checked_fixture(tests, make_directory, NULL);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, each_is_taken_once);
	tcase_add_test(tests, names_do_not_meet);
	tcase_add_test(tests, nothing_is_left_to_children);
	tcase_add_test(tests, waiting_has_an_end);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
