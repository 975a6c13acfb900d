/* Whether time tells what the answer does not: interleaved pairs, their medians, and the
 * Mann-Whitney test over both. With the floor, and without it, where the work itself must be the
 * same. The figures are printed; what is asserted leaves room for a noisy machine. */
#include "http/storm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PAIRS_MAX 400
#define WITH_FLOOR 40
#define WITHOUT_FLOOR 200
#define FLOOR_SLACK 0.010 /* seconds between medians, with the floor */
#define WORK_SLACK 0.15   /* of the median, without it */

static struct site *floors; /* everything as it comes, without limits */
static struct site *bare;   /* the same without a floor */

struct series {
	double seconds[PAIRS_MAX];
	size_t count;
};

static int
series_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
series_median(const struct series *series)
{
	struct series copy = *series;

	qsort(copy.seconds, copy.count, sizeof(copy.seconds[0]), series_order);
	return copy.seconds[copy.count / 2];
}

/* The chance that a difference like this one is none: two-sided, normal approximation. */
static double
series_mann_whitney(const struct series *a, const struct series *b)
{
	double u = 0, n = (double)a->count, m = (double)b->count;

	for (size_t i = 0; i < a->count; i++) {
		for (size_t j = 0; j < b->count; j++)
			u += a->seconds[i] > b->seconds[j]   ? 1
			     : a->seconds[i] < b->seconds[j] ? 0
							     : 0.5;
	}
	return erfc(fabs(u - n * m / 2) / sqrt(n * m * (n + m + 1) / 12) / sqrt(2));
}

typedef struct ask case_fn(const struct site *);

static void
compare(const struct site *site, size_t pairs, const char *what, case_fn *first, case_fn *second)
{
	struct series series[2] = { { .count = 0 }, { .count = 0 } };
	double medians[2], p;

	for (size_t i = 0; i < 2 * pairs + 4; i++) {
		size_t which = (i + i / 2) % 2; /* A B B A A B ... */
		struct ask one = (which == 0 ? first : second)(site);
		struct answer *answer = ask(site, &one);

		ck_assert_msg(answer->status == 400 || answer->status == 201, "%s%s",
		    answer->headers, answer->body);
		if (i >= 4)
			series[which].seconds[series[which].count++] = answer->seconds;
	}
	medians[0] = series_median(&series[0]);
	medians[1] = series_median(&series[1]);
	p = series_mann_whitney(&series[0], &series[1]);
	printf("%-40s %9.3f ms %9.3f ms  difference %+7.3f ms  p = %.3f  (%zu pairs)\n", what,
	    medians[0] * 1e3, medians[1] * 1e3, (medians[0] - medians[1]) * 1e3, p, pairs);
	fflush(stdout);
	if (site == floors)
		ck_assert_msg(fabs(medians[0] - medians[1]) < FLOOR_SLACK, "%s", what);
	else
		ck_assert_msg(fabs(medians[0] - medians[1]) < WORK_SLACK * medians[1], "%s", what);
}

/* ------------------------------------------------------------------ what is compared */

static const char *known, *inactive, *unverified, *unusable;

static struct ask
try_as(const char *email, const char *password)
{
	return (struct ask){ .path = "/auth/login", .json = site_credentials(email, password) };
}

static struct ask
case_wrong(const struct site *site)
{
	(void)site;
	return try_as(known, SITE_OTHER_PASSWORD);
}

static struct ask
case_unknown(const struct site *site)
{
	(void)site;
	return try_as(site_email(), SITE_OTHER_PASSWORD);
}

static struct ask
case_inactive(const struct site *site)
{
	(void)site;
	return try_as(inactive, SITE_PASSWORD);
}

static struct ask
case_unverified(const struct site *site)
{
	(void)site;
	return try_as(unverified, SITE_PASSWORD);
}

static struct ask
case_unusable(const struct site *site)
{
	(void)site;
	return try_as(unusable, SITE_PASSWORD);
}

static struct ask
registration(const char *email)
{
	return (struct ask){ .path = "/auth/register",
		.json = text("{\"email\":\"%s\",\"password\":\"%s\"}", email, SITE_PASSWORD) };
}

static struct ask
case_new(const struct site *site)
{
	(void)site;
	return registration(site_email());
}

static struct ask
case_taken(const struct site *site)
{
	(void)site;
	return registration(known);
}

static void
accounts(const struct site *site)
{
	known = site_member(site);
	inactive = site_member(site);
	CTL(site, "user", "deactivate", inactive);
	unverified = site_email();
	site_user(site, unverified, SITE_PASSWORD, false);
	unusable = site_member(site);
	site_sql(site, "UPDATE users SET password_hash = '' WHERE email = %Q", unusable);
}

static const struct {
	const char *what;
	case_fn *first, *second;
} cases[] = {
	{ "unknown, wrong", case_unknown, case_wrong },
	{ "inactive, wrong", case_inactive, case_wrong },
	{ "unverified, wrong", case_unverified, case_wrong },
	{ "unusable hash, wrong", case_unusable, case_wrong },
	{ "new address, taken", case_new, case_taken },
};
#define CASES ((int)(sizeof(cases) / sizeof(cases[0])))

START_TEST(test_with_the_floor)
{
	accounts(floors);
	compare(floors, WITH_FLOOR, text("with floor: %s", cases[_i].what), cases[_i].first,
	    cases[_i].second);
}
END_TEST

START_TEST(test_without_the_floor)
{
	accounts(bare);
	compare(bare, WITHOUT_FLOOR, text("without floor: %s", cases[_i].what), cases[_i].first,
	    cases[_i].second);
}
END_TEST

#define UNLIMITED "limit.login", "off", "limit.login_address", "off", "limit.register", "off"

/* Where a state costs no disk. A new address is written, a taken one is not: without the floor that
 * tells them apart as far as the disk is slow, and only the work before it can be the same. */
static struct site *
start_in_memory(const struct site_options *options)
{
	const char *usual = getenv("TMPDIR");
	char *kept = usual == NULL ? NULL : strdup(usual);
	struct site *site;

	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	site = site_start(options);
	if (kept == NULL)
		unsetenv("TMPDIR");
	else
		setenv("TMPDIR", kept, 1);
	free(kept);
	return site;
}

int
main(void)
{
	TCase *tests = tcase_create("timing");

	floors = site_start(&(struct site_options){ .defaults = true, .settings = { UNLIMITED } });
	bare = start_in_memory(&(struct site_options){
	    .defaults = true, .settings = { UNLIMITED, "account.response_floor", "off" } });
	tcase_add_loop_test(tests, test_with_the_floor, 0, CASES);
	tcase_add_loop_test(tests, test_without_the_floor, 0, CASES);
	return site_run(tests);
}
