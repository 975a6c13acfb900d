/* A site under test: a fresh state directory, and a real lighttpd with all executables in front
 * of it on a free loopback port.
 *
 *	static struct site *site;
 *
 *	START_TEST(test_wrong_password)
 *	{
 *		const char *email = site_email();
 *		site_user(site, email, SITE_PASSWORD, true);
 *		ck_answer(ASK(site, .path = "/auth/login", .json = text(...)), 400, "LOGIN_...");
 *	}
 *	END_TEST
 *
 *	int
 *	main(void)
 *	{
 *		TCase *tests = tcase_create("login");
 *		site = site_start(&(struct site_options){ .settings = { "limit.login", "5/5m" } });
 *		tcase_add_test(tests, test_wrong_password);
 *		return site_run(tests);
 *	}
 *
 * One site serves all tests of a program; Check runs each test in a process of its own. What was
 * started ends with the process that started it, however that ends. The programs are those of
 * $YETT_BUILD (default "build"); YETT_KEEP=1 keeps the directory of the site. */
#ifndef YETT_TESTS_HTTP_SITE_H
#define YETT_TESTS_HTTP_SITE_H

#include <check.h>
#include <string.h>
#include <sys/types.h>

#include "http/ask.h"

#define SITE_PASSWORD "violet-harbour-42-lantern"
#define SITE_OTHER_PASSWORD "copper-meadow-77-whistle"
#define SITE_SETTINGS_MAX 64

struct site_options {
	/* "section.key", "value" in turns, set by yettctl after what makes tests fast: cheap
	 * password hashes, account.response_floor = off, all of [limit] off. "/members" needs
	 * verified, "/admin" superuser. Then yettctl migrate makes the keys that are missing. */
	const char *settings[SITE_SETTINGS_MAX];
	const char *lighttpd; /* added at the end of lighttpd.conf */
	const char *health;   /* where it answers when ready; "/auth/health" */
	bool defaults;        /* without what makes tests fast */
};

struct site {
	int port;
	char url[64];
	char directory[128]; /* holds state/ site/ run/ log lighttpd.conf */
	char state[160];
	pid_t server;
	pid_t owner; /* the process that started it */
	struct site *next;
};

/* Returns once /auth/health answers; ends the program with the server's log when that fails. */
struct site *site_start(const struct site_options *);

/* Stops the server and all route processes, and removes the directory. Done at exit too. */
void site_stop(struct site *);

/* Runs the tests with a time-out of 60 s each, stops all sites; the exit status of main(). */
int site_run(TCase *tests);

/* The process ids of the route processes of that name; how many there are (at most "max"). */
size_t site_processes(const struct site *, const char *program, pid_t *pids, size_t max);

/* What a run of yettctl gave. */
struct ctl_result {
	int status;
	char *out, *err;
};
struct ctl_result site_ctl(const struct site *, const char *input, const char *const *words);
/* CTL(site, "user", "verify", email), which must succeed. */
#define CTL(site, ...)                                                                  \
	do {                                                                            \
		struct ctl_result ctl_done =                                            \
		    site_ctl((site), NULL, (const char *const[]){ __VA_ARGS__, NULL }); \
		ck_assert_msg(ctl_done.status == 0, "yettctl: %s", ctl_done.err);       \
	} while (0)

/* Runs one statement on the site's database: format as of sqlite3_mprintf (%Q quotes). The first
 * value of the first row as text; NULL when there is no row or it is NULL. */
const char *site_sql(const struct site *, const char *format, ...);

/* Takes the write lock of the site's database, so that no route can write, and gives it back. */
struct sqlite3 *site_lock(const struct site *);
void site_unlock(struct sqlite3 *);
/* The same, with a change of the database that is committed before. */
void site_unlock_changed(struct sqlite3 *, const char *sql);

/* An address that no other test of this program uses. */
const char *site_email(void);
/* A new user; its id. */
const char *site_user(const struct site *, const char *email, const char *password, bool verified);
/* A new verified user with SITE_PASSWORD; its address. */
const char *site_member(const struct site *);

/* The JSON body of a login. */
const char *site_credentials(const char *email, const char *password);

struct login {
	const char *access, *refresh;
};
/* Signs in at the bearer backend or at the cookie backend; both must succeed. */
struct login site_login_bearer(const struct site *, const char *email, const char *password);
struct jar *site_login_cookie(const struct site *, const char *email, const char *password);

/* What server and route processes have written so far, and a place in it to look from. */
size_t site_log_size(const struct site *);
const char *site_log(const struct site *, size_t from);
/* Its last lines, to be shown where a test fails. */
const char *site_log_end(const struct site *);
/* Waits some seconds until the text stands after "from"; the log from there on. */
const char *site_log_wait(const struct site *, size_t from, const char *needle);

#endif
