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
/* Requests at once, so that waiting out the floors does not take hours; where each hashes, as many
 * as can within one. */
#define MAIL_BATCH 10
#define HASH_BATCH 2
#define MAIL_SLACK 0.002 /* seconds between medians */
#define MAIL_CHANCE 0.01 /* the least p of a difference */

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
	size_t batch;
	case_fn *first, *second;
} mails[] = {
	{ "register: new, taken", HASH_BATCH, case_new, case_taken },
	{ "forgot: unknown, known", MAIL_BATCH, case_forgot_unknown, case_forgot_known },
	{ "request-verify: unknown, unverified", MAIL_BATCH, case_verify_unknown,
	    case_verify_known },
};
#define MAILS ((int)(sizeof(mails) / sizeof(mails[0])))

/* One batch of interleaved requests; what comes first changes from batch to batch, because what
 * comes last may have to wait for the others. */
static void
gather(const struct site *site, int which, size_t batch, struct series series[2])
{
	struct ask asks[MAIL_BATCH];
	struct answer *answers[MAIL_BATCH];
	size_t count = mails[which].batch;

	for (size_t i = 0; i < count; i++)
		asks[i] =
		    ((batch + i + i / 2) % 2 == 0 ? mails[which].first : mails[which].second)(site);
	ask_all(site, asks, count, answers);
	for (size_t i = 0; i < count; i++) {
		struct series *one = &series[(batch + i + i / 2) % 2];
		ck_assert_msg(answers[i]->status == 201 || answers[i]->status == 202, "%s%s",
		    answers[i]->headers, answers[i]->body);
		if (one->count < MAIL_PAIRS)
			one->seconds[one->count++] = answers[i]->seconds;
	}
}

/* Whether time tells nothing; prints the figures. */
static bool
alike(const struct site *site, int which, const char *where)
{
	struct series series[2] = { { .count = 0 }, { .count = 0 } };
	double medians[2], p;

	for (size_t batch = 0; series[0].count < MAIL_PAIRS || series[1].count < MAIL_PAIRS;
	     batch++)
		gather(site, which, batch, series);
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
	accounts(floors);
	ck_assert_msg(alike(floors, _i, "with floor") || alike(floors, _i, "with floor, again"),
	    "%s", mails[_i].what);
}
END_TEST

/* Reported alone: it is the floor that hides the work. */
START_TEST(test_mail_without_the_floor)
{
	accounts(bare);
	(void)alike(bare, _i, "without floor");
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
	tcase_add_loop_test(tests, test_with_the_floor, 0, CASES);
	tcase_add_loop_test(tests, test_without_the_floor, 0, CASES);
	tcase_add_loop_test(tests, test_mail_with_the_floor, 0, MAILS);
	tcase_add_loop_test(tests, test_mail_without_the_floor, 0, MAILS);
	return site_run(tests);
}
