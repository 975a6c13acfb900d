/* Whether time tells what the answer does not: interleaved pairs, their medians, and the
 * Mann-Whitney test over both. With the floor, and without it, where the work itself must be the
 * same. The figures are printed; what is asserted leaves room for a noisy machine. */
#include "http/storm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PAIRS_MAX 512
#define WITH_FLOOR 40
#define WITHOUT_FLOOR 200
#define FLOOR_SLACK 0.010 /* seconds between medians, with the floor */
#define WORK_SLACK 0.15   /* of the median, without it */
#define MAIL_PAIRS 500
#define LANES \
	4 /* sites of their own, each asked by one client: else one request waits for another */
#define LANE_PAIRS (MAIL_PAIRS / LANES)
#define MAIL_SLACK 0.002 /* seconds between medians */
#define MAIL_CHANCE 0.01 /* the least p of a difference */

static struct site *floors;          /* everything as it comes, without limits */
static struct site *bare;            /* the same without a floor */
static struct site *lanes[2][LANES]; /* without and with a floor */

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

static struct ask
request_for(const char *path, const char *email)
{
	return (struct ask){ .path = path, .json = text("{\"email\":\"%s\"}", email) };
}

static struct ask
case_forgot_known(const struct site *site)
{
	(void)site;
	return request_for("/auth/forgot-password", known);
}

static struct ask
case_forgot_unknown(const struct site *site)
{
	(void)site;
	return request_for("/auth/forgot-password", site_email());
}

static struct ask
case_verify_known(const struct site *site)
{
	(void)site;
	return request_for("/auth/request-verify-token", unverified);
}

static struct ask
case_verify_unknown(const struct site *site)
{
	(void)site;
	return request_for("/auth/request-verify-token", site_email());
}

/* Where a mail is sent, or is not. */
static const struct {
	const char *what;
	case_fn *first, *second;
} mails[] = {
	{ "register: new, taken", case_new, case_taken },
	{ "forgot: unknown, known", case_forgot_unknown, case_forgot_known },
	{ "request-verify: unknown, unverified", case_verify_unknown, case_verify_known },
};
#define MAILS ((int)(sizeof(mails) / sizeof(mails[0])))

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

/* One client's pairs, A B B A A B ..., into the pipe. Every other client begins with B: they stay
 * in step, and what all of them ask at once would slow that kind alone. */
static _Noreturn void
lane_run(int lane, const struct site *site, int which, int out)
{
	struct series series[2] = { { .count = 0 }, { .count = 0 } };

	accounts(site);
	for (size_t i = 0; i < 2 * LANE_PAIRS; i++) {
		size_t kind = (i + i / 2 + (size_t)lane) % 2;
		struct series *one = &series[kind];
		struct ask asked = (kind == 0 ? mails[which].first : mails[which].second)(site);
		struct answer *answer = ask(site, &asked);

		if (answer->status != 201 && answer->status != 202)
			_exit(EXIT_FAILURE);
		one->seconds[one->count++] = answer->seconds;
	}
	_exit(write(out, series, sizeof(series)) == sizeof(series) ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* Adds what a lane has measured. */
static void
lane_take(int in, struct series series[2])
{
	struct series got[2];
	size_t have = 0;
	ssize_t more;

	while (have < sizeof(got) && (more = read(in, (char *)got + have, sizeof(got) - have)) > 0)
		have += (size_t)more;
	ck_assert_msg(have == sizeof(got), "a request was answered wrongly");
	close(in);
	for (int k = 0; k < 2; k++) {
		memcpy(series[k].seconds + series[k].count, got[k].seconds,
		    got[k].count * sizeof(got[k].seconds[0]));
		series[k].count += got[k].count;
	}
}

/* Whether time tells nothing; prints the figures. */
static bool
alike(bool floor, int which, const char *where)
{
	struct series series[2] = { { .count = 0 }, { .count = 0 } };
	int ends[LANES][2];
	double medians[2], p;

	for (int i = 0; i < LANES; i++) {
		ck_assert_int_eq(pipe(ends[i]), 0);
		if (fork() == 0)
			lane_run(i, lanes[floor][i], which, ends[i][1]);
		close(ends[i][1]);
	}
	for (int i = 0; i < LANES; i++)
		lane_take(ends[i][0], series);
	medians[0] = series_median(&series[0]);
	medians[1] = series_median(&series[1]);
	p = series_mann_whitney(&series[0], &series[1]);
	printf("%s: %-40s %9.3f ms %9.3f ms  difference %+7.3f ms  p = %.3f  (%d pairs)\n", where,
	    mails[which].what, medians[0] * 1e3, medians[1] * 1e3, (medians[0] - medians[1]) * 1e3,
	    p, MAIL_PAIRS);
	fflush(stdout);
	return fabs(medians[0] - medians[1]) < MAIL_SLACK && p >= MAIL_CHANCE;
}

/* A difference that is none shows once in a hundred times, so once more may be tried. */
START_TEST(test_mail_with_the_floor)
{
	ck_assert_msg(alike(true, _i, "with floor") || alike(true, _i, "with floor, again"), "%s",
	    mails[_i].what);
}
END_TEST

/* Reported alone: it is the floor that hides the work. */
START_TEST(test_mail_without_the_floor)
{
	(void)alike(false, _i, "without floor");
}
END_TEST

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

#define UNLIMITED                                                                           \
	"limit.login", "off", "limit.login_address", "off", "limit.register", "off",        \
	    "limit.forgot", "off", "limit.request_verify", "off", "limit.recipient", "off", \
	    "mail.transport", "directory"

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

	setenv("CK_TIMEOUT_MULTIPLIER", "20", 0); /* five hundred floors take their time */
	floors = site_start(&(struct site_options){ .defaults = true, .settings = { UNLIMITED } });
	bare = start_in_memory(&(struct site_options){
	    .defaults = true, .settings = { UNLIMITED, "account.response_floor", "off" } });
	for (int i = 0; i < LANES; i++) {
		lanes[1][i] = site_start(
		    &(struct site_options){ .defaults = true, .settings = { UNLIMITED } });
		lanes[0][i] = site_start(&(struct site_options){
		    .defaults = true, .settings = { UNLIMITED, "account.response_floor", "off" } });
	}
	tcase_add_loop_test(tests, test_with_the_floor, 0, CASES);
	tcase_add_loop_test(tests, test_without_the_floor, 0, CASES);
	tcase_add_loop_test(tests, test_mail_with_the_floor, 0, MAILS);
	tcase_add_loop_test(tests, test_mail_without_the_floor, 0, MAILS);
	return site_run(tests);
}
