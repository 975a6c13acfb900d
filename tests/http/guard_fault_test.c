/* The guard fails closed, and the other routes say "not now": whatever breaks, nobody gets in, no
 * right password is called wrong, and nothing is half written. */
#include "http/storm.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static sqlite3 *
lock_take(const struct site *site, const char *sql)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open(text("%s/yett.db", site->state), &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	ck_assert_msg(
	    sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
	return db;
}

static void
lock_end(sqlite3 *db)
{
	ck_assert_int_eq(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

static const char *
rows(const struct site *site)
{
	return site_sql(site,
	    "SELECT (SELECT count(*) FROM session) || ' ' || (SELECT count(*) FROM access_token) "
	    "|| "
	    "' ' || (SELECT count(*) FROM consumed_refresh) || ' ' || (SELECT count(*) FROM audit) "
	    "|| ' ' || (SELECT count(*) FROM attempt) || ' ' || (SELECT count(*) FROM users)");
}

static void
must_be_unavailable(struct answer *answer, const char *code)
{
	ck_answer(answer, 503, code);
	ck_assert_ptr_nonnull(answer_header(answer, "Retry-After"));
	ck_assert_int_ge(atoi(answer_header(answer, "Retry-After")), 1);
}

/* Whoever has to write is told to come again. */
static void
writers_are_unavailable(const struct storm_member *at)
{
	const struct site *site = at->site;

	must_be_unavailable(
	    ASK(site, .path = "/auth/login", .json = site_credentials(at->email, SITE_PASSWORD)),
	    "SERVICE_UNAVAILABLE");
	must_be_unavailable(ASK(site, .path = "/auth/login",
				.json = site_credentials(at->email, SITE_OTHER_PASSWORD)),
	    "SERVICE_UNAVAILABLE");
	must_be_unavailable(
	    ASK(site, .path = "/auth/login", .json = site_credentials(site_email(), SITE_PASSWORD)),
	    "SERVICE_UNAVAILABLE");
	must_be_unavailable(
	    ASK(site, .path = "/auth/refresh", .json = storm_refresh_body(at->login.refresh)),
	    "SERVICE_UNAVAILABLE");
	must_be_unavailable(ASK(site, .path = "/auth/register",
				.json = text("{\"email\":\"%s\",\"password\":\"%s\"}", site_email(),
				    SITE_PASSWORD)),
	    "SERVICE_UNAVAILABLE");
}

static void
works_again(const struct storm_member *at)
{
	ck_assert_int_eq(storm_me(at->site, at->login.access), 200);
	ck_answer(ASK(at->site, .path = "/members/", .jar = at->jar), 200, NULL);
	ck_answer(
	    ASK(at->site, .path = "/auth/refresh", .json = storm_refresh_body(at->login.refresh)),
	    201, NULL);
	ck_answer(ASK(at->site, .path = "/auth/web/refresh", .method = "POST", .jar = at->jar,
		      .csrf = jar_csrf(at->jar)),
	    201, NULL);
	site_login_bearer(at->site, at->email, SITE_PASSWORD);
	ck_assert_str_eq(site_sql(at->site, "PRAGMA integrity_check"), "ok");
}

START_TEST(test_writer_elsewhere_wal)
{
	struct storm_member at = storm_member("wal");
	const char *before = rows(at.site);
	sqlite3 *db = lock_take(at.site, "BEGIN EXCLUSIVE");

	storm_guard_says(&at, 200, 200); /* readers go on */
	ck_assert_int_eq(storm_me(at.site, at.login.access), 200);
	writers_are_unavailable(&at);
	must_be_unavailable(
	    ASK(at.site, .path = "/auth/logout", .method = "POST", .bearer = at.login.access),
	    "TOKEN_PROCESSING_FAILED");
	must_be_unavailable(ASK(at.site, .path = "/auth/web/logout", .method = "POST",
				.jar = jar_copy(at.jar), .csrf = jar_csrf(at.jar)),
	    "TOKEN_PROCESSING_FAILED");
	lock_end(db);
	ck_assert_str_eq(rows(at.site), before);
	works_again(&at);
}
END_TEST

START_TEST(test_failed_logout_clears_no_cookie)
{
	struct storm_member at = storm_member("wal");
	sqlite3 *db = lock_take(at.site, "BEGIN EXCLUSIVE");
	struct answer *answer = ASK(at.site, .path = "/auth/web/logout", .method = "POST",
	    .jar = at.jar, .csrf = jar_csrf(at.jar));

	must_be_unavailable(answer, "TOKEN_PROCESSING_FAILED");
	ck_assert_uint_eq(answer_header_count(answer, "Set-Cookie"), 0);
	lock_end(db);
	works_again(&at);
}
END_TEST

START_TEST(test_writer_elsewhere_delete)
{
	struct storm_member at = storm_member("delete");
	const char *before = rows(at.site);
	sqlite3 *db = lock_take(at.site, "BEGIN EXCLUSIVE");

	storm_guard_says(&at, 500, 599);
	ck_assert_int_eq(storm_me(at.site, at.login.access), 503);
	writers_are_unavailable(&at);
	ck_assert_int_eq(
	    ASK(at.site, .path = "/auth/logout", .method = "POST", .bearer = at.login.access)
		->status,
	    503);
	lock_end(db);
	ck_assert_str_eq(rows(at.site), before);
	works_again(&at);
}
END_TEST

START_TEST(test_killed_processes)
{
	struct storm_member at = storm_member("wal");
	double until = storm_seconds() + 1.0;
	size_t refused = 0, passed = 0, broken = 0;
	pid_t killer = fork();

	if (killer == 0) {
		for (;;) {
			storm_signal(at.site, "guard", SIGKILL);
			storm_rest(15);
		}
	}
	while (storm_seconds() < until) {
		struct ask list[] = { { .path = "/members/" },
			{ .path = "/members/", .bearer = at.login.access }, { .path = "/members/" },
			{ .path = "/admin/", .bearer = at.login.access } };
		struct answer *answers[4];

		ask_all(at.site, list, 4, answers);
		ck_assert_int_ne(answers[0]->status, 200);
		ck_assert_int_ne(answers[2]->status, 200);
		ck_assert_int_ne(answers[3]->status, 200);
		refused += answers[0]->status == 401;
		broken += answers[0]->status >= 500;
		passed += answers[1]->status == 200;
	}
	kill(killer, SIGKILL);
	waitpid(killer, NULL, 0);
	ck_assert_msg(broken > 0, "no process was hit: %zu refused, %zu passed", refused, passed);
	for (int i = 0; i < 100 && ASK(at.site, .path = "/members/")->status != 401; i++)
		storm_rest(50);
	storm_guard_says(&at, 200, 200);
}
END_TEST

START_TEST(test_stopped_processes)
{
	struct storm_member at = storm_member("wal");
	const char *request =
	    text("GET /members/ HTTP/1.0\r\nAuthorization: Bearer %s\r\n\r\n", at.login.access);
	struct answer *answer;

	ck_assert_uint_gt(storm_signal(at.site, "guard", SIGSTOP), 0);
	answer = ask_raw(at.site, request, strlen(request));
	ck_assert_msg(answer->status == 0 || answer->status >= 500, "%s", answer->headers);
	storm_signal(at.site, "guard", SIGCONT);
	storm_rest(100);
	storm_guard_says(&at, 200, 200);
}
END_TEST

static void
nobody_signs_in(const struct storm_member *at)
{
	struct answer *answer = ASK(
	    at->site, .path = "/auth/login", .json = site_credentials(at->email, SITE_PASSWORD));

	ck_assert_msg(answer->status >= 500, "%s%s", answer->headers, answer->body);
}

START_TEST(test_removed_database)
{
	struct storm_member at = storm_member("wal");

	ck_assert_int_eq(
	    rename(text("%s/yett.db", at.site->state), text("%s/gone", at.site->state)), 0);
	storm_rest(1100); /* it looks once a second */
	storm_guard_says(&at, 500, 599);
	nobody_signs_in(&at);
}
END_TEST

/* Takes all content into the file, then writes over it from an offset. */
static void
database_spoil(const struct site *site, long from, bool truncate_it)
{
	const char *path = text("%s/yett.db", site->state);
	FILE *file;
	long size;

	site_sql(site, "PRAGMA wal_checkpoint(TRUNCATE)");
	if (truncate_it) {
		ck_assert_int_eq(truncate(path, from), 0);
		return;
	}
	file = fopen(path, "r+b");
	ck_assert_ptr_nonnull(file);
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	fseek(file, from, SEEK_SET);
	for (long i = from; i < size; i++)
		fputc(0xa5, file);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(test_overwritten_database)
{
	struct storm_member at = storm_member(_i < 2 ? "wal" : "delete");

	database_spoil(at.site, _i % 2 == 0 ? 0 : 4096, false);
	if (_i == 3) /* what a process has in its cache is still true */
		storm_guard_restart(at.site);
	storm_guard_says(&at, 500, 599);
	if (_i != 3)
		nobody_signs_in(&at);
}
END_TEST

START_TEST(test_truncated_database)
{
	struct storm_member at = storm_member(_i < 2 ? "wal" : "delete");

	database_spoil(at.site, _i % 2 == 0 ? 0 : 4096, true);
	storm_guard_says(&at, 500, 599);
	nobody_signs_in(&at);
	storm_guard_says(&at, 500, 599); /* and after the processes were started anew */
}
END_TEST

static bool
tell(const char *path, const char *words)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool told = fd >= 0 && write(fd, words, strlen(words)) == (ssize_t)strlen(words);

	if (fd >= 0)
		close(fd);
	return told;
}

/* A small file system of this test alone; false where that is not permitted. */
static bool
small_file_system(const char *place)
{
	const char *user = text("%u %u 1\n", geteuid(), geteuid());
	const char *group = text("%u %u 1\n", getegid(), getegid());

	if (unshare(CLONE_NEWNS) != 0 &&
	    (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 || !tell("/proc/self/uid_map", user) ||
		!tell("/proc/self/setgroups", "deny") || !tell("/proc/self/gid_map", group)))
		return false;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("small", place, "tmpfs", 0, "size=2m,mode=700") == 0;
}

static void
fill(const char *path)
{
	static const char block[4096];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	while (write(fd, block, sizeof(block)) > 0)
		continue;
	close(fd);
}

START_TEST(test_full_disk)
{
	char place[] = "/tmp/yett-full-XXXXXX";
	struct storm_member at;
	struct answer *answer = NULL;
	const char *before;
	int good = 0;

	ck_assert_ptr_nonnull(mkdtemp(place));
	if (!small_file_system(place)) {
		fprintf(stderr, "skipped: no file system can be mounted here\n");
		rmdir(place);
		return;
	}
	setenv("TMPDIR", place, 1);
	at = storm_member(_i == 0 ? "wal" : "delete");
	fill(text("%s/filler", place));
	do {
		before = rows(at.site);
		answer = ASK(at.site, .path = "/auth/login",
		    .json = site_credentials(at.email, SITE_PASSWORD));
		ck_assert_msg(answer->status == 201 || answer->status == 503, "%s%s",
		    answer->headers, answer->body);
	} while (answer->status == 201 && ++good < 400);
	must_be_unavailable(answer, "SERVICE_UNAVAILABLE");
	ck_assert_str_eq(rows(at.site), before);
	answer = ASK(at.site, .path = "/auth/logout", .method = "POST", .bearer = at.login.access);
	must_be_unavailable(answer, "TOKEN_PROCESSING_FAILED");
	storm_guard_says(&at, 200, 200);
	ck_assert_int_eq(unlink(text("%s/filler", place)), 0);
	works_again(&at);
	site_stop(at.site);
	umount2(place, MNT_DETACH);
	rmdir(place);
}
END_TEST

/* A process may not write any further in any file: not now, rather than a dead process. */
START_TEST(test_file_size_limit)
{
	static const char *const programs[] = { "login", "logout", "refresh", "register", "guard" };
	const struct rlimit little = { 4096, RLIM_INFINITY },
			    much = { RLIM_INFINITY, RLIM_INFINITY };
	struct storm_member at = storm_member("wal");
	const char *before = rows(at.site), *running = storm_pids(at.site);

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
			pid_t pids[STORM_PROCESSES];
			size_t count = site_processes(at.site, programs[i], pids, STORM_PROCESSES);

			for (size_t j = 0; j < count; j++)
				ck_assert_int_eq(prlimit(pids[j], RLIMIT_FSIZE,
						     round == 0 ? &little : &much, NULL),
				    0);
		}
		if (round == 1)
			break;
		storm_guard_says(&at, 200, 200);
		writers_are_unavailable(&at);
		must_be_unavailable(ASK(at.site, .path = "/auth/logout", .method = "POST",
					.bearer = at.login.access),
		    "TOKEN_PROCESSING_FAILED");
	}
	ck_assert_str_eq(storm_pids(at.site), running);
	ck_assert_str_eq(rows(at.site), before);
	works_again(&at);
}
END_TEST

/* ------------------------------------------------------------------ a web server that hangs */

#define HANG_KEEP 1 /* FCGI_KEEP_CONN */

static size_t
hang_put(unsigned char *to, const char *text, size_t size)
{
	memcpy(to, text, size);
	return size;
}

static size_t
hang_length(unsigned char *to, size_t size)
{
	if (size < 128) {
		to[0] = (unsigned char)size;
		return 1;
	}
	to[0] = (unsigned char)(0x80 | size >> 24);
	to[1] = (unsigned char)(size >> 16);
	to[2] = (unsigned char)(size >> 8);
	to[3] = (unsigned char)size;
	return 4;
}

/* A connection to a process, past lighttpd. */
static int
hang_connect(const struct site *site, const char *process)
{
	const struct timeval patience = { 5, 0 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_lt(snprintf(address.sun_path, sizeof(address.sun_path), "%s/run/%s",
			     site->directory, process),
	    (int)sizeof(address.sun_path));
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* A GET over FastCGI, past lighttpd, by a client that has not read anything yet. */
static int
hang_ask(const struct site *site, const char *process, unsigned char flags, const char *target,
    const char *bearer)
{
	const char *const pairs[][2] = { { "REQUEST_METHOD", "GET" }, { "REQUEST_URI", target },
		{ "REMOTE_ADDR", "127.0.0.1" },
		{ "HTTP_AUTHORIZATION", text("Bearer %s", bearer) } };
	unsigned char bytes[4096] = { 1, 1, 0, 1, 0, 8, 0, 0, 0, 1, flags, 0, 0, 0, 0, 0, 1, 4, 0,
		1 };
	size_t size = 24, length;
	int fd = hang_connect(site, process);

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		size += hang_length(bytes + size, strlen(pairs[i][0]));
		size += hang_length(bytes + size, strlen(pairs[i][1]));
		size += hang_put(bytes + size, pairs[i][0], strlen(pairs[i][0]));
		size += hang_put(bytes + size, pairs[i][1], strlen(pairs[i][1]));
	}
	length = size - 24;
	bytes[20] = (unsigned char)(length >> 8);
	bytes[21] = (unsigned char)length;
	size += hang_put(bytes + size, "\1\4\0\1\0\0\0\0\1\5\0\1\0\0\0\0", 16);
	ck_assert_int_eq(send(fd, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
	return fd;
}

/* One request a connection: a kept one would be read, blocking, before others are served. */
START_TEST(test_kept_connections_are_closed)
{
	struct storm_member at = storm_member("wal");
	int fds[8];

	for (int i = 0; i < 8; i++) {
		char answer[4096];
		size_t size = 0;
		ssize_t got = 1;

		fds[i] = hang_ask(at.site, i % 2 == 0 ? "guard-0" : "guard-1", HANG_KEEP,
		    "/auth/guard", at.login.access);
		while (got > 0 && size < sizeof(answer)) {
			got = recv(fds[i], answer + size, sizeof(answer) - size, 0);
			size += got > 0 ? (size_t)got : 0;
		}
		ck_assert_msg(got == 0, "the connection is still open after %zu bytes", size);
		ck_assert(storm_contains(answer, size, "Status: 200", 11));
		storm_guard_says(&at, 200, 200);
	}
	for (int i = 0; i < 8; i++)
		close(fds[i]);
}
END_TEST

/* An answer of more bytes than a socket takes, and nobody reads: it is given up, and who waited
 * behind it is served. */
START_TEST(test_answers_that_nobody_reads_are_given_up)
{
	struct storm_member at = storm_member("wal");
	struct login other = site_login_bearer(at.site, site_member(at.site), SITE_PASSWORD);
	const char *running;
	struct answer *answer;
	int fd;

	site_sql(at.site,
	    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) "
	    "INSERT INTO role (name, description, created_at) "
	    "SELECT printf('%%01000d', i), '', 0 FROM n");
	site_sql(at.site,
	    "INSERT INTO user_role (user_id, role_name) SELECT users.id, role.name FROM users, "
	    "role "
	    "WHERE email = %Q AND length(role.name) = 1000",
	    at.email);
	answer = ASK(at.site, .path = "/users/me", .bearer = at.login.access);
	ck_answer(answer, 200, NULL);
	ck_assert_uint_gt(answer->size, 250000);
	running = storm_pids(at.site);
	fd = hang_ask(at.site, "users-0", 0, "/users/me", at.login.access);
	storm_rest(200);
	answer = ASK(at.site, .path = "/users/me", .bearer = other.access);
	ck_answer(answer, 200, NULL);
	ck_assert_msg(answer->seconds > 5 && answer->seconds < 15, "after %f s", answer->seconds);
	ck_assert_str_eq(storm_pids(at.site), running);
	close(fd);
}
END_TEST

/* Half a record, and then nothing. */
START_TEST(test_requests_that_do_not_arrive_are_given_up)
{
	struct storm_member at = storm_member("wal");
	const char *running = storm_pids(at.site);
	int fd = hang_connect(at.site, "users-0");
	struct answer *answer;

	ck_assert_int_eq(send(fd, "\1\1\0\1\0\10\0\0\0\1\0", 11, MSG_NOSIGNAL), 11);
	storm_rest(200);
	answer = ASK(at.site, .path = "/users/me", .bearer = at.login.access);
	ck_answer(answer, 200, NULL);
	ck_assert_msg(answer->seconds > 5, "after %f s", answer->seconds);
	ck_assert_str_eq(storm_pids(at.site), running);
	close(fd);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("guard_fault");

	tcase_add_test(tests, test_writer_elsewhere_wal);
	tcase_add_test(tests, test_failed_logout_clears_no_cookie);
	tcase_add_test(tests, test_writer_elsewhere_delete);
	tcase_add_test(tests, test_killed_processes);
	tcase_add_test(tests, test_stopped_processes);
	tcase_add_test(tests, test_removed_database);
	tcase_add_loop_test(tests, test_overwritten_database, 0, 4);
	tcase_add_loop_test(tests, test_truncated_database, 0, 4);
	tcase_add_test(tests, test_file_size_limit);
	tcase_add_loop_test(tests, test_full_disk, 0, 2);
	tcase_add_test(tests, test_kept_connections_are_closed);
	tcase_add_test(tests, test_answers_that_nobody_reads_are_given_up);
	tcase_add_test(tests, test_requests_that_do_not_arrive_are_given_up);
	return site_run(tests);
}
