#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crypto/hash_slots.h"
#include "unit/fixture.h"

#define PROCESSES 8
#define ROUNDS 12

/* What all processes of a test see. */
struct board {
	atomic_int inside;
	atomic_int most;
	atomic_int done;
	atomic_int failed;
};

static struct board *board;
static const char *directory;

static void
make_board(void)
{
	directory = fixture_directory();
	board =
	    mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(board != MAP_FAILED);
}

static void
pause_ms(long ms)
{
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

static void
work(int count)
{
	struct hash_slots *slots;
	int slot, now, most;

	if (hash_slots_open(&slots, directory, count) != RC_OK)
		_exit(1);
	for (int i = 0; i < ROUNDS; i++) {
		if (hash_slots_take(slots, &slot) != RC_OK) {
			atomic_fetch_add(&board->failed, 1);
			continue;
		}
		now = atomic_fetch_add(&board->inside, 1) + 1;
		most = atomic_load(&board->most);
		while (now > most && !atomic_compare_exchange_weak(&board->most, &most, now))
			;
		pause_ms(3);
		atomic_fetch_sub(&board->inside, 1);
		hash_slots_release(slots, slot);
		atomic_fetch_add(&board->done, 1);
	}
	_exit(0);
}

/* One slot, two, and more than there are processes. */
static const int counts[] = { 1, 2, HASH_SLOTS_MAX };

START_TEST(never_more_inside_than_slots)
{
	int count = counts[_i];

	for (int i = 0; i < PROCESSES; i++) {
		if (fork() == 0)
			work(count);
	}
	while (wait(NULL) > 0)
		;
	ck_assert_int_eq(atomic_load(&board->failed), 0);
	ck_assert_int_eq(atomic_load(&board->done), PROCESSES * ROUNDS);
	ck_assert_int_le(atomic_load(&board->most), count);
	/* All the slots are used, too. */
	ck_assert_int_ge(atomic_load(&board->most), count < PROCESSES ? count : 3);
}
END_TEST

/* A process that takes the slot, says so, and never gives it back. */
static pid_t
start_holder(void)
{
	pid_t child = fork();

	if (child == 0) {
		struct hash_slots *slots;
		int slot;

		if (hash_slots_open(&slots, directory, 1) != RC_OK ||
		    hash_slots_take(slots, &slot) != RC_OK)
			_exit(1);
		atomic_store(&board->inside, 1);
		for (;;)
			pause();
	}
	while (atomic_load(&board->inside) == 0)
		pause_ms(1);
	return child;
}

START_TEST(a_killed_holder_leaves_its_slot)
{
	struct hash_slots *slots;
	pid_t holder = start_holder();
	int slot;

	ck_assert_int_eq(hash_slots_open(&slots, directory, 1), RC_OK);
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	ck_assert_int_eq(hash_slots_take(slots, &slot), RC_OK);
	ck_assert_int_eq(slot, 0);
	hash_slots_release(slots, slot);
	hash_slots_close(slots);
}
END_TEST

START_TEST(waiting_ends)
{
	struct timespec before, after;
	struct hash_slots *slots;
	pid_t holder = start_holder();
	int slot;

	ck_assert_int_eq(hash_slots_open(&slots, directory, 1), RC_OK);
	clock_gettime(CLOCK_MONOTONIC, &before);
	ck_assert_int_eq(hash_slots_take(slots, &slot), RC_UNAVAILABLE);
	clock_gettime(CLOCK_MONOTONIC, &after);
	ck_assert_int_ge(
	    (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000,
	    HASH_SLOTS_WAIT - 1);
	/* The turnstile was given back: once the holder is gone, there is no further wait. */
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	ck_assert_int_eq(hash_slots_take(slots, &slot), RC_OK);
	hash_slots_close(slots);
}
END_TEST

START_TEST(released_slots_are_taken_again)
{
	struct hash_slots *slots;
	int first, second, third;

	ck_assert_int_eq(hash_slots_open(&slots, directory, 2), RC_OK);
	ck_assert_int_eq(hash_slots_take(slots, &first), RC_OK);
	hash_slots_release(slots, first);
	hash_slots_release(slots, -1);
	hash_slots_release(slots, 2);
	ck_assert_int_eq(hash_slots_take(slots, &third), RC_OK);
	ck_assert_int_eq(third, first);
	hash_slots_close(slots);
	ck_assert_int_eq(hash_slots_open(&slots, directory, 2), RC_OK);
	ck_assert_int_eq(hash_slots_take(slots, &second), RC_OK);
	hash_slots_close(slots);
}
END_TEST

START_TEST(files_are_for_the_owner_alone)
{
	static const char *const names[] = { "locks/turnstile", "locks/slot-0", "locks/slot-2" };
	struct hash_slots *slots;
	struct stat status;
	char path[512];

	umask(0);
	ck_assert_int_eq(hash_slots_open(&slots, directory, 3), RC_OK);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		ck_assert_int_eq(stat(path, &status), 0);
		ck_assert_uint_eq(status.st_mode & 07777, 0600);
	}
	snprintf(path, sizeof(path), "%s/locks", directory);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0700);
	hash_slots_close(slots);
}
END_TEST

START_TEST(symbolic_links_and_odd_counts_are_refused)
{
	struct hash_slots *slots;
	char path[512];

	ck_assert_int_eq(hash_slots_open(&slots, directory, 0), RC_INTERNAL);
	ck_assert_int_eq(hash_slots_open(&slots, directory, HASH_SLOTS_MAX + 1), RC_INTERNAL);
	ck_assert_int_eq(hash_slots_open(&slots, "/nonexistent/yett", 1), RC_INTERNAL);
	ck_assert_ptr_null(slots);
	snprintf(path, sizeof(path), "%s/locks", directory);
	ck_assert_int_eq(symlink("/tmp", path), 0);
	ck_assert_int_eq(hash_slots_open(&slots, directory, 1), RC_INTERNAL);
	hash_slots_close(NULL);
	ck_assert_int_eq(hash_slots_take(NULL, &(int){ 0 }), RC_INTERNAL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hash_slots");
	TCase *tests = tcase_create("hash_slots");

	tcase_add_checked_fixture(tests, make_board, NULL);
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(
	    tests, never_more_inside_than_slots, 0, sizeof(counts) / sizeof(counts[0]));
	tcase_add_test(tests, a_killed_holder_leaves_its_slot);
	tcase_add_test(tests, waiting_ends);
	tcase_add_test(tests, released_slots_are_taken_again);
	tcase_add_test(tests, files_are_for_the_owner_alone);
	tcase_add_test(tests, symbolic_links_and_odd_counts_are_refused);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
