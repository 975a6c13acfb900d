#include "http/site.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SITE_PATIENCE 15000 /* milliseconds for a server to start, */
#define SITE_GRACE 5000     /* to stop */
#define SITE_STEP 20
#define SITE_PORTS 5          /* free ports that may be taken before the server has them */
#define SITE_DIRECTORY_MAX 50 /* sockets two levels below have paths of at most 107 bytes */
#define SITE_CHILDREN_MAX 64
#define SITE_LOG_SHOWN 4096
#define SITE_ROUNDS 100 /* of looking for processes that were left behind */

static struct site *sites;

static const char *const site_fast[] = { "account.response_floor", "off", "password.memory",
	"64KiB", "password.passes", "1", "limit.login", "off", "limit.login_address", "off",
	"limit.refresh", "off", "limit.register", "off", "limit.password_proof", "off",
	"limit.forgot", "off", "limit.request_verify", "off", "limit.reset", "off", "limit.verify",
	"off", "limit.recipient", "off", "mail.transport", "directory", NULL };

/* No mail leaves a test. */
static const char *const site_rules[] = { "protect /members.require", "verified",
	"protect /admin.require", "superuser", "mail.transport", "directory", NULL };

static void
site_rest(long milliseconds)
{
	const struct timespec rest = { milliseconds / 1000, (milliseconds % 1000) * 1000000 };

	nanosleep(&rest, NULL);
}

static _Noreturn void
site_fail(const struct site *site, const char *why)
{
	fprintf(stderr, "tests/http: %s (%s)\n", why, strerror(errno));
	if (site != NULL && site->directory[0] != '\0') {
		fprintf(stderr, "%s", site_log_end(site));
	}
	exit(EXIT_FAILURE);
}

static const char *
site_build(void)
{
	const char *build = getenv("YETT_BUILD");

	return build == NULL || build[0] == '\0' ? "build" : build;
}

/* ------------------------------------------------------------------ children */

/* Starts a program in a process group of its own, which ends with this process. */
static pid_t
child_start(const char *const *words, int in, int out, int err)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(126);
	execvp(words[0], (char *const *)(uintptr_t)words);
	_exit(127);
}

static int
child_wait(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* All of a file, kept like answers are. */
static char *
file_text(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *bytes = calloc(1, (size_t)size + 1);
	ssize_t got = bytes == NULL ? -1 : pread(fd, bytes, (size_t)size, 0);
	const char *copy;

	if (got < 0)
		site_fail(NULL, "cannot read a file");
	copy = text("%s", bytes);
	free(bytes);
	return (char *)(uintptr_t)copy;
}

/* Runs a program to its end with this input; output goes through unlinked files, so that neither
 * side waits for the other. */
static struct ctl_result
child_run(const char *const *words, const char *input)
{
	struct ctl_result result;
	FILE *in = tmpfile(), *out = tmpfile(), *err = tmpfile();

	if (in == NULL || out == NULL || err == NULL || fputs(input == NULL ? "" : input, in) < 0 ||
	    fflush(in) != 0)
		site_fail(NULL, "cannot make a file");
	rewind(in);
	lseek(fileno(in), 0, SEEK_SET);
	result.status = child_wait(child_start(words, fileno(in), fileno(out), fileno(err)));
	result.out = file_text(fileno(out));
	result.err = file_text(fileno(err));
	fclose(in);
	fclose(out);
	fclose(err);
	return result;
}

static void
child_must(const char *const *words)
{
	struct ctl_result result = child_run(words, NULL);

	if (result.status != 0) {
		errno = 0;
		site_fail(NULL,
		    text("%s %s: status %d\n%s", words[0], words[1], result.status, result.err));
	}
}

struct ctl_result
site_ctl(const struct site *site, const char *input, const char *const *words)
{
	const char *line[32] = { text("%s/bin/yettctl", site_build()), "--state", site->state };

	for (size_t i = 0; words[i] != NULL && i < 28; i++)
		line[3 + i] = words[i];
	return child_run(line, input);
}

/* ------------------------------------------------------------------ start */

static int
site_free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		site_fail(NULL, "no free port");
	close(fd);
	return ntohs(address.sin_port);
}

/* A site that a test starts for itself lies in the first site's directory, which is removed
 * however that test ends. */
static const char *
site_parent(void)
{
	const char *parent = getenv("TMPDIR");
	const struct site *first = sites;

	while (first != NULL && first->next != NULL)
		first = first->next;
	if (first != NULL && first->owner != getpid())
		return first->directory;
	return parent == NULL || parent[0] != '/' || strlen(parent) > SITE_DIRECTORY_MAX ? "/tmp"
											 : parent;
}

static void
site_place(struct site *site)
{
	snprintf(site->directory, sizeof(site->directory), "%.*s/yett-http-XXXXXX",
	    SITE_DIRECTORY_MAX * 2, site_parent());
	if (mkdtemp(site->directory) == NULL)
		site_fail(NULL, site->directory);
	snprintf(site->state, sizeof(site->state), "%s/state", site->directory);
	if (mkdir(text("%s/run", site->directory), 0700) != 0)
		site_fail(site, "no directory for sockets");
	child_must(
	    (const char *[]){ "cp", "-R", "tools/demo", text("%s/site", site->directory), NULL });
}

static void
site_set(const struct site *site, const char *const *settings)
{
	for (; settings[0] != NULL; settings += 2) {
		struct ctl_result result = site_ctl(
		    site, NULL, (const char *const[]){ "set", settings[0], settings[1], NULL });
		if (result.status != 0)
			site_fail(
			    site, text("set %s %s: %s", settings[0], settings[1], result.err));
	}
}

static void
site_configure(struct site *site, const struct site_options *options)
{
	site->port = site_free_port();
	snprintf(site->url, sizeof(site->url), "http://127.0.0.1:%d", site->port);
	child_must((const char *[]){
	    text("%s/bin/yettctl", site_build()), "init", site->state, "--url", site->url, NULL });
	if (!options->defaults)
		site_set(site, site_fast);
	site_set(site, site_rules);
	site_set(site, options->settings);
	child_must((const char *[]){
	    text("%s/bin/yettctl", site_build()), "--state", site->state, "migrate", NULL });
}

static void
site_write_conf(const struct site *site, const struct site_options *options)
{
	char programs[PATH_MAX];
	struct ctl_result made;
	FILE *file = fopen(text("%s/lighttpd.conf", site->directory), "w");

	if (realpath(text("%s/cgi-bin", site_build()), programs) == NULL)
		site_fail(site, text("%s/cgi-bin", site_build()));
	made = child_run((const char *[]){ "tools/lighttpd-conf", programs, site->state,
			     text("%s/run", site->directory), text("%s/site", site->directory),
			     text("%d", site->port), NULL },
	    NULL);
	if (made.status != 0 || file == NULL ||
	    fprintf(file, "%s\n%s\n", made.out,
		options->lighttpd == NULL ? "" : options->lighttpd) < 0 ||
	    fclose(file) != 0)
		site_fail(site, "no lighttpd.conf");
}

static bool
site_answers(const struct site *site, const char *path)
{
	CURL *curl = curl_easy_init();
	long status = 0;

	curl_easy_setopt(
	    curl, CURLOPT_URL, text("%s%s", site->url, path == NULL ? "/auth/health" : path));
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 5L);
	if (curl_easy_perform(curl) == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(curl);
	return status == 200;
}

/* Whether the server runs and answers; false when it has ended, as it does where its port was
 * taken meanwhile. */
static bool
site_serve(struct site *site, const struct site_options *options)
{
	const char *const words[] = { "lighttpd", "-D", "-f",
		text("%s/lighttpd.conf", site->directory), NULL };
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int log =
	    open(text("%s/log", site->directory), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (in < 0 || log < 0)
		site_fail(site, "no log file");
	site->server = child_start(words, in, log, log);
	close(in);
	close(log);
	for (int waited = 0; waited < SITE_PATIENCE; waited += SITE_STEP) {
		if (waitpid(site->server, NULL, WNOHANG) == site->server)
			return false;
		if (site_answers(site, options->health))
			return true;
		site_rest(SITE_STEP);
	}
	site_fail(site, "the server does not answer");
}

static size_t
site_children(pid_t parent, pid_t *pids, size_t max)
{
	FILE *file = fopen(text("/proc/%d/task/%d/children", (int)parent, (int)parent), "r");
	size_t count = 0;
	int pid;

	while (file != NULL && count < max && fscanf(file, "%d", &pid) == 1)
		pids[count++] = (pid_t)pid;
	if (file != NULL)
		fclose(file);
	return count;
}

/* Whatever else is a child of this process: the servers of tests that crashed come to it, and what
 * those leave behind. */
static void
site_end_orphans(void)
{
	pid_t pids[SITE_CHILDREN_MAX];
	size_t count;

	for (int round = 0; round < SITE_ROUNDS; round++) {
		count = site_children(getpid(), pids, SITE_CHILDREN_MAX);
		for (size_t i = 0; i < count; i++)
			kill(pids[i], SIGKILL);
		for (size_t i = 0; i < count; i++)
			waitpid(pids[i], NULL, 0);
		if (count == 0)
			break;
	}
}

static void
site_stop_all(void)
{
	for (struct site *site = sites; site != NULL; site = site->next)
		site_stop(site);
	site_end_orphans();
}

static void
site_on_signal(int signal_number)
{
	(void)signal_number;
	exit(EXIT_FAILURE); /* a test program that is ended may be cut short, its site may not stay
			     */
}

/* Orphaned route processes come to this process, which then ends them. */
static void
site_prepare(void)
{
	const char *path = getenv("PATH");

	if (sites != NULL && sites->owner != getpid())
		prctl(PR_SET_PDEATHSIG, SIGTERM); /* a test ends with its program */
	if (sites != NULL)
		return;
	setenv(
	    "PATH", text("%s:/usr/sbin:/usr/local/sbin", path == NULL ? "/usr/bin:/bin" : path), 1);
	if (geteuid() == 0)
		setenv("YETT_ALLOW_ROOT", "1", 1);
	unsetenv("YETT_STATE");
	prctl(PR_SET_CHILD_SUBREAPER, 1L);
	signal(SIGTERM, site_on_signal);
	signal(SIGINT, site_on_signal);
	signal(SIGHUP, site_on_signal);
	atexit(site_stop_all);
}

struct site *
site_start(const struct site_options *options)
{
	struct site *site = calloc(1, sizeof(*site));
	int tries = 0;

	if (site == NULL)
		site_fail(NULL, "no memory");
	site_prepare();
	site->owner = getpid();
	site_place(site);
	site->next = sites;
	sites = site;
	site_configure(site, options);
	site_write_conf(site, options);
	while (!site_serve(site, options)) {
		site->server = 0;
		if (++tries == SITE_PORTS)
			site_fail(site, "the server does not start");
		site->port = site_free_port();
		snprintf(site->url, sizeof(site->url), "http://127.0.0.1:%d", site->port);
		site_set(site, (const char *const[]){ "site.url", site->url, NULL });
		site_write_conf(site, options);
	}
	return site;
}

/* ------------------------------------------------------------------ stop */

size_t
site_processes(const struct site *site, const char *program, pid_t *pids, size_t max)
{
	pid_t all[SITE_CHILDREN_MAX];
	size_t count = site_children(site->server, all, SITE_CHILDREN_MAX), found = 0;

	for (size_t i = 0; i < count && found < max; i++) {
		/* Anybody may read this, even of a process that may not be dumped. */
		int fd = open(text("/proc/%d/comm", (int)all[i]), O_RDONLY | O_CLOEXEC);
		char name[32] = "";

		if (fd < 0)
			continue;
		if (read(fd, name, sizeof(name) - 1) > 0 &&
		    strcmp(name, text("%s\n", program)) == 0)
			pids[found++] = all[i];
		close(fd);
	}
	return found;
}

/* Waits until no child of ours is left in the group; true when that was in time. What lighttpd
 * left behind is a child of this process. */
static bool
site_gone(pid_t group, int patience)
{
	for (int waited = 0; waited < patience; waited += SITE_STEP) {
		pid_t pid = waitpid(-group, NULL, WNOHANG);

		if (pid < 0)
			return true;
		if (pid == 0)
			site_rest(SITE_STEP);
	}
	return false;
}

static int
site_remove(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

void
site_stop(struct site *site)
{
	if (site->owner != getpid())
		return;
	if (site->server > 0) {
		kill(site->server, SIGINT);
		if (!site_gone(site->server, SITE_GRACE)) {
			kill(-site->server, SIGKILL);
			(void)site_gone(site->server, SITE_GRACE);
		}
	}
	site->server = 0;
	if (getenv("YETT_KEEP") != NULL)
		fprintf(stderr, "kept: %s\n", site->directory);
	else if (site->directory[0] != '\0')
		nftw(site->directory, site_remove, 16, FTW_DEPTH | FTW_PHYS);
	site->directory[0] = '\0';
}

int
site_run(TCase *tests)
{
	Suite *suite = suite_create("http");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 60);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	site_stop_all();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ------------------------------------------------------------------ its contents */

const char *
site_sql(const struct site *site, const char *format, ...)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;
	const char *value = NULL;
	va_list list;
	char *sql;
	int rc;

	va_start(list, format);
	sql = sqlite3_vmprintf(format, list);
	va_end(list);
	rc = sqlite3_open(text("%s/yett.db", site->state), &db);
	if (rc == SQLITE_OK) {
		sqlite3_busy_timeout(db, 5000);
		rc = sqlite3_exec(db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
	}
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW && sqlite3_column_text(statement, 0) != NULL)
		value = text("%s", (const char *)sqlite3_column_text(statement, 0));
	while (rc == SQLITE_ROW)
		rc = sqlite3_step(statement);
	ck_assert_msg(rc == SQLITE_DONE, "%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_finalize(statement);
	sqlite3_free(sql);
	sqlite3_close(db);
	return value;
}

struct sqlite3 *
site_lock(const struct site *site)
{
	sqlite3 *db = NULL;
	int rc = sqlite3_open(text("%s/yett.db", site->state), &db);

	if (rc == SQLITE_OK) {
		sqlite3_busy_timeout(db, 5000);
		rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	}
	ck_assert_int_eq(rc, SQLITE_OK);
	return db;
}

void
site_unlock(struct sqlite3 *lock)
{
	sqlite3_close(lock);
}

void
site_unlock_changed(struct sqlite3 *lock, const char *sql)
{
	ck_assert_int_eq(sqlite3_exec(lock, sql, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(lock, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	site_unlock(lock);
}

/* Every test is a process of its own, so the process id tells them apart. */
const char *
site_email(void)
{
	static int count;

	return text("user-%d-%d@example.org", (int)getpid(), ++count);
}

const char *
site_user(const struct site *site, const char *email, const char *password, bool verified)
{
	struct ctl_result made = site_ctl(site, text("%s\n", password),
	    (const char *const[]){
		"user", "add", email, "--password-stdin", verified ? "--verified" : NULL, NULL });

	ck_assert_msg(made.status == 0, "user add: %s", made.err);
	return site_sql(site, "SELECT public_id FROM users WHERE email = %Q", email);
}

const char *
site_member(const struct site *site)
{
	const char *email = site_email();

	site_user(site, email, SITE_PASSWORD, true);
	return email;
}

const char *
site_credentials(const char *email, const char *password)
{
	return text("{\"identifier\":\"%s\",\"password\":\"%s\"}", email, password);
}

struct login
site_login_bearer(const struct site *site, const char *email, const char *password)
{
	struct answer *answer =
	    ASK(site, .path = "/auth/login", .json = site_credentials(email, password));

	ck_answer(answer, 201, NULL);
	return (struct login){ answer_value(answer, "access_token"),
		answer_value(answer, "refresh_token") };
}

struct jar *
site_login_cookie(const struct site *site, const char *email, const char *password)
{
	struct jar *jar = jar_new();

	ck_answer(ASK(site, .path = "/auth/web/login", .jar = jar), 200, NULL);
	ck_answer(ASK(site, .path = "/auth/web/login", .jar = jar, .csrf = jar_csrf(jar),
		      .json = site_credentials(email, password)),
	    201, NULL);
	return jar;
}

size_t
site_log_size(const struct site *site)
{
	return strlen(site_log(site, 0));
}

const char *
site_log(const struct site *site, size_t from)
{
	int fd = open(text("%s/log", site->directory), O_RDONLY | O_CLOEXEC);
	const char *log = fd < 0 ? "" : file_text(fd);

	if (fd >= 0)
		close(fd);
	return strlen(log) < from ? "" : log + from;
}

const char *
site_log_end(const struct site *site)
{
	size_t size = site_log_size(site);

	return site_log(site, size > SITE_LOG_SHOWN ? size - SITE_LOG_SHOWN : 0);
}

const char *
site_log_wait(const struct site *site, size_t from, const char *needle)
{
	const char *log = site_log(site, from);

	for (int waited = 0; waited < 30000 && strstr(log, needle) == NULL; waited += SITE_STEP) {
		site_rest(SITE_STEP);
		log = site_log(site, from);
	}
	ck_assert_msg(strstr(log, needle) != NULL, "not in the log: %s\n%s", needle, log);
	return log;
}
