/* Where secrets must not be: database, log, command lines, environments, and the memory of
 * processes that have answered. */
#include "http/holder.h"
#include "http/mail.h"
#include "http/storm.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEEDLES 64
#define CLIENT "127.0.77.3"

static const char *const programs[] = { "login", "logout", "refresh", "sessions", "register",
	"verify", "password", "users", "2fa", "guard", "meta" };
#define PROGRAMS (sizeof(programs) / sizeof(programs[0]))

static struct site *site;
static struct site *waiting; /* answers after two seconds */

struct needle {
	const char *name;
	const char *bytes;
	size_t size;
};

static struct needle needles[NEEDLES];
static size_t needle_count;
static const char *findings;

static void
needle_add(const char *name, const void *bytes, size_t size)
{
	char *copy = malloc(size);

	ck_assert(needle_count < NEEDLES && copy != NULL && size > 0);
	memcpy(copy, bytes, size);
	needles[needle_count++] = (struct needle){ name, copy, size };
}

static const char *
needle_text(const char *name, const char *value)
{
	ck_assert_msg(value != NULL && strlen(value) >= 10, "%s: %s", name, value);
	needle_add(name, value, strlen(value));
	return value;
}

static void
search(const char *place, const char *bytes, size_t size)
{
	for (size_t i = 0; i < needle_count; i++) {
		if (storm_contains(bytes, size, needles[i].bytes, needles[i].size))
			findings = text("%s%s in %s\n", findings, needles[i].name, place);
	}
}

/* The bytes that were searched. */
static size_t
search_file(const char *path)
{
	size_t size;
	const char *bytes = storm_file(path, &size);

	search(path, bytes, size);
	return size;
}

static void
search_filled_file(const char *path)
{
	ck_assert_msg(search_file(path) > 0, "%s cannot be read, or is empty", path);
}

static void
search_state(void)
{
	search_filled_file(text("%s/yett.db", site->state));
	search_file(text("%s/yett.db-wal", site->state));
	search_file(text("%s/yett.db-shm", site->state));
	search_filled_file(text("%s/log", site->directory));
}

/* Everything that a process may write, and what it had on its way in. */
static void
search_memory(const char *program, pid_t pid)
{
	FILE *maps = fopen(text("/proc/%d/maps", (int)pid), "r");
	int memory = open(text("/proc/%d/mem", (int)pid), O_RDONLY | O_CLOEXEC);
	char line[512];
	size_t searched = 0;

	ck_assert(maps != NULL && memory >= 0);
	while (fgets(line, sizeof(line), maps) != NULL) {
		unsigned long from, to;
		char rights[8];
		char *block;
		ssize_t got;

		if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[1] != 'w' ||
		    strstr(line, "yett.db") != NULL)
			continue;
		block = malloc(to - from);
		ck_assert_ptr_nonnull(block);
		got = pread(memory, block, to - from, (off_t)from);
		if (got > 0) {
			line[strcspn(line, "\n")] = '\0';
			search(text("memory of %s: %s", program, line), block, (size_t)got);
			searched += (size_t)got;
		}
		free(block);
	}
	fclose(maps);
	close(memory);
	ck_assert_uint_gt(searched, 100000);
}

static bool
can_read_memory(void)
{
	pid_t pid;
	int fd;

	ck_assert_uint_eq(site_processes(site, "meta", &pid, 1), 1);
	fd = open(text("/proc/%d/mem", (int)pid), O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool
skips_memory(void)
{
	if (can_read_memory())
		return false;
	fprintf(stderr, "skipped: no memory can be read here (route processes are not dumpable)\n");
	return true;
}

/* The environment, too, is closed to all but root, where the memory is. */
static void
search_processes(bool memory)
{
	bool readable = can_read_memory();

	for (size_t i = 0; i < PROGRAMS; i++) {
		pid_t pids[STORM_PROCESSES];
		size_t count = site_processes(site, programs[i], pids, STORM_PROCESSES);

		ck_assert_uint_gt(count, 0);
		for (size_t j = 0; j < count; j++) {
			search_filled_file(text("/proc/%d/cmdline", (int)pids[j]));
			if (readable)
				search_filled_file(text("/proc/%d/environ", (int)pids[j]));
			if (readable && memory)
				search_memory(programs[i], pids[j]);
		}
	}
}

/* ------------------------------------------------------------------ what is searched for */

static void
needle_encoded(const char *name, const unsigned char *bytes, size_t size)
{
	char encoded[1024];

	needle_add(text("%s (bytes)", name), bytes, size);
	sodium_bin2hex(encoded, sizeof(encoded), bytes, size);
	needle_add(text("%s (hex)", name), encoded, strlen(encoded));
	sodium_bin2base64(
	    encoded, sizeof(encoded), bytes, size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	needle_add(text("%s (base64url)", name), encoded, strlen(encoded));
}

/* A key file: bare bytes, or PEM whose last 32 bytes are the key. */
static int
needle_key(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	size_t size, decoded = 0;
	const char *bytes;
	unsigned char der[512];
	const char *start, *end;

	(void)status;
	(void)walk;
	if (type != FTW_F || strstr(path, "/public/") != NULL)
		return 0;
	bytes = storm_file(path, &size);
	path = strstr(path, "/keys/");
	if (size < 16 || size > 500)
		return 0;
	if (memmem(bytes, size, "-----BEGIN", 10) == NULL) {
		needle_encoded(path, (const unsigned char *)bytes, size);
		return 0;
	}
	start = memchr(bytes, '\n', size);
	ck_assert_ptr_nonnull(start);
	ck_assert_int_eq(sodium_base642bin(der, sizeof(der), start, size - (size_t)(start - bytes),
			     "\n", &decoded, &end, sodium_base64_VARIANT_ORIGINAL),
	    0);
	ck_assert_uint_gt(decoded, 32);
	needle_encoded(path, der + decoded - 32, 32);
	return 0;
}

/* ------------------------------------------------------------------ what is done */

static void
bearer_life(const char *email, const char *password)
{
	struct answer *answer = ASK(site, .path = "/auth/login", .address = CLIENT,
	    .json = site_credentials(email, password));
	const char *access, *refresh;

	ck_answer(answer, 201, NULL);
	access = needle_text("access JWT", answer_value(answer, "access_token"));
	needle_text("signature of a JWT", strrchr(access, '.') + 1);
	refresh = needle_text("refresh token", answer_value(answer, "refresh_token"));
	ck_answer(ASK(site, .path = "/users/me", .bearer = access), 200, NULL);
	ck_answer(ASK(site, .path = "/members/", .bearer = access), 200, NULL);
	ck_answer(ASK(site, .path = "/auth/sessions", .bearer = access,
		      .json = storm_refresh_body(refresh)),
	    200, NULL);
	answer = ASK(site, .path = "/auth/refresh", .json = storm_refresh_body(refresh));
	ck_answer(answer, 201, NULL);
	refresh = needle_text("successor", answer_value(answer, "refresh_token"));
	access = needle_text("second access JWT", answer_value(answer, "access_token"));
	ck_answer(
	    ASK(site, .path = "/auth/refresh", .json = storm_refresh_body(refresh)), 201, NULL);
	ck_answer(ASK(site, .path = "/auth/logout", .method = "POST", .bearer = access), 201, NULL);
}

static void
cookie_life(const char *email, const char *password)
{
	struct jar *jar = jar_new();

	ck_answer(ASK(site, .path = "/auth/web/login", .jar = jar, .browser = true), 200, NULL);
	needle_text("first CSRF token", jar_csrf(jar));
	ck_answer(
	    ASK(site, .path = "/auth/web/login", .jar = jar, .address = CLIENT, .browser = true,
		.form = form(
		    "identifier", email, "password", password, "csrf_token", jar_csrf(jar), NULL)),
	    303, NULL);
	needle_text("access cookie", jar_value(jar, ""));
	needle_text("refresh cookie", jar_value(jar, "_refresh"));
	needle_text("CSRF token", jar_csrf(jar));
	ck_answer(ASK(site, .path = "/users/me", .jar = jar), 200, NULL);
	ck_answer(ASK(site, .path = "/members/", .jar = jar), 200, NULL);
	ck_answer(ASK(site, .path = "/auth/web/sessions", .jar = jar), 200, NULL);
	ck_answer(ASK(site, .path = "/auth/web/refresh", .method = "POST", .jar = jar,
		      .csrf = jar_csrf(jar)),
	    201, NULL);
	needle_text("second access cookie", jar_value(jar, ""));
	needle_text("second refresh cookie", jar_value(jar, "_refresh"));
	ck_answer(ASK(site, .path = "/auth/web/logout", .method = "POST", .jar = jar,
		      .csrf = jar_csrf(jar)),
	    201, NULL);
}

/* Requests that are refused at every stage carry secrets too. */
static void
refused_life(const char *email)
{
	const char *wrong = needle_text("wrong password", "wrong-ostrich-58-cathedral");
	const char *early = needle_text("password in a broken body", "early-walnut-31-parachute");
	const char *fresh = needle_text("password at registration", "fresh-tundra-64-clarinet");
	const char *weak = needle_text("refused password", "weaksecretxyz@example");
	const char *token =
	    needle_text("made-up token", "madeup0123456789abcdefMADEUP0123456789abcd");

	ASK(site, .path = "/auth/login", .json = site_credentials(email, wrong), .address = CLIENT);
	ASK(site, .path = "/auth/login", .address = CLIENT,
	    .json =
		site_credentials(needle_text("unknown address", "nobody-zq@example.org"), wrong));
	ASK(site, .path = "/auth/login",
	    .json = text("{\"identifier\":1,\"password\":\"%s\"}", early));
	ASK(site, .path = "/auth/login",
	    .json = text("{\"identifier\":\"%s\",\"password\":\"%s", email, early));
	ASK(site, .path = "/auth/login",
	    .form = form("identifier", email, "password", early, "x", "y", NULL));
	ASK(site, .path = "/auth/web/login", .json = site_credentials(email, early));
	ASK(site, .path = "/auth/register", .address = CLIENT,
	    .json = text("{\"email\":\"%s\",\"password\":\"%s\"}", site_email(), fresh));
	ASK(site, .path = "/auth/register",
	    .json = text("{\"email\":\"weaksecretxyz@example.org\",\"password\":\"%s\"}", weak));
	ASK(site, .path = "/auth/refresh", .json = storm_refresh_body(token));
	ASK(site, .path = "/users/me", .bearer = token);
	ASK(site, .path = "/members/", .bearer = token);
	ASK(site, .path = "/members/", .headers = { text("Cookie: yett=%s", token) });
	ASK(site, .path = "/auth/logout", .method = "POST", .bearer = token);
}

static void
password_life(const char *email, const char *password)
{
	struct login login = site_login_bearer(site, email, password);
	const char *next = needle_text("new password", "later-glacier-19-mandolin");

	needle_text("third access JWT", login.access);
	ck_answer(ASK(site, .path = "/users/me/change-password", .bearer = login.access,
		      .json = text(
			  "{\"current_password\":\"%s\",\"new_password\":\"%s\"}", password, next)),
	    204, NULL);
}

/* Links of mails: asked for, looked at and used by a browser, refused. */
static void
mail_life(void)
{
	const char *email = site_email(), *token;
	const char *first = needle_text("password of a new account", "amber-falcon-27-violin");
	const char *last = needle_text("password set by a link", "silver-otter-88-trumpet");
	struct jar *jar = jar_new();
	struct mail mail;

	ASK(site, .path = "/auth/register",
	    .json = text("{\"email\":\"%s\",\"password\":\"%s\"}", email, first));
	mail = mail_wait(site, email, 1);
	token = needle_text("token that confirms", mail_token(site, &mail, "verify"));
	ck_answer(
	    ASK(site, .path = text("/auth/verify?token=%s", token), .browser = true, .jar = jar),
	    200, NULL);
	ck_answer(ASK(site, .path = "/auth/verify", .browser = true, .jar = jar,
		      .form = form("token", token, "csrf_token", jar_csrf(jar), NULL),
		      .headers = { text("Referer: %s/auth/verify?token=%s", site->url, token) }),
	    200, NULL);
	ASK(site, .path = "/auth/forgot-password", .json = text("{\"email\":\"%s\"}", email));
	mail = mail_wait(site, email, 2);
	token = needle_text("token that sets", mail_token(site, &mail, "reset-password"));
	ASK(site, .path = text("/auth/reset-password?token=%s", token), .browser = true,
	    .jar = jar);
	ck_answer(ASK(site, .path = "/auth/reset-password",
		      .json = text("{\"token\":\"%s\",\"password\":\"%s\"}", token, last)),
	    200, NULL);
}

/* A second factor: set up, signed in with, stepped up by, renewed and taken away. */
static void
factor_life(void)
{
	const char *email = site_member(site), *secret, *token, *pending;
	const char *access = site_login_bearer(site, email, SITE_PASSWORD).access;
	struct answer *answer = factor_enable(site, access, SITE_PASSWORD);

	ck_answer(answer, 201, NULL);
	secret = needle_text("secret of an app", answer_value(answer, "secret"));
	token = needle_text("token of a set-up", answer_value(answer, "enrollment_token"));
	answer = factor_confirm(site, access, token, app_code(secret, -1));
	ck_answer(answer, 201, NULL);
	token = needle_text("recovery code", answer_value(answer, "recovery_codes.0"));
	needle_text("recovery code that is left", answer_value(answer, "recovery_codes.9"));
	pending = needle_text("token that waits", factor_pending(site, email));
	ck_answer(factor_verify(site, pending, token), 201, NULL);
	pending = needle_text("token that waits no more", factor_pending(site, email));
	answer = factor_verify(site, pending, app_code(secret, 0));
	ck_answer(answer, 201, NULL);
	access = needle_text("access JWT of both factors", answer_value(answer, "access_token"));
	ck_answer(ASK(site, .path = "/users/me", .method = "PATCH", .bearer = access,
		      .json = text("{\"email\":\"%s\",\"current_password\":\"%s\","
				   "\"totp_code\":\"%s\"}",
			  email, SITE_PASSWORD, app_code(secret, 1))),
	    200, NULL);
}

START_TEST(test_secrets_stay_where_they_belong)
{
	const char *email = site_email();
	const char *password = needle_text("password", "sunny-badger-73-umbrella");

	findings = "";
	site_user(site, email, password, true);
	bearer_life(email, password);
	cookie_life(email, password);
	refused_life(email);
	password_life(email, password);
	mail_life();
	factor_life();
	needle_text("client address", CLIENT);
	storm_rest(200);
	search_processes(true);
	search_state();
	site_sql(site, "PRAGMA wal_checkpoint(TRUNCATE)");
	search_state();
	if (!can_read_memory())
		fprintf(stderr, "not searched: memory (route processes are not dumpable)\n");
	ck_assert_msg(findings[0] == '\0', "found:\n%s", findings);
}
END_TEST

/* The picture is drawn by a library that frees the secret as it is. */
START_TEST(test_picture_leaves_no_secret)
{
	const char *access = site_login_bearer(site, site_member(site), SITE_PASSWORD).access;
	pid_t pids[STORM_PROCESSES];
	size_t count;
	struct answer *answer;

	findings = "";
	if (skips_memory())
		return;
	answer = factor_enable(site, access, SITE_PASSWORD);
	ck_answer(answer, 201, NULL);
	needle_text("secret of an app", answer_value(answer, "secret"));
	storm_rest(200);
	count = site_processes(site, "2fa", pids, STORM_PROCESSES);
	for (size_t i = 0; i < count; i++)
		search_memory("2fa", pids[i]);
	ck_assert_uint_gt(count, 0);
	ck_assert_msg(findings[0] == '\0', "found:\n%s", findings);
}
END_TEST

/* An answer that waits for its time keeps nothing of what was asked. */
START_TEST(test_waiting_answers_keep_no_password)
{
	const char *email = site_email();
	const char *password = needle_text("password", "patient-heron-46-accordion");
	pid_t pids[STORM_PROCESSES], asker;
	size_t count = site_processes(waiting, "login", pids, STORM_PROCESSES);

	findings = "";
	site_user(waiting, email, password, true);
	if (skips_memory())
		return;
	asker = fork();
	if (asker == 0) {
		struct answer *answer =
		    ASK(waiting, .path = "/auth/login", .json = site_credentials(email, password));

		_exit(answer->status == 201 && answer->seconds >= 1.9 ? 0 : 1);
	}
	storm_rest(1000);
	for (size_t i = 0; i < count; i++)
		search_memory("login, waiting", pids[i]);
	storm_wait(asker);
	ck_assert_uint_gt(count, 0);
	ck_assert_msg(findings[0] == '\0', "found:\n%s", findings);
}
END_TEST

/* Keys are in the memory of those who use them, and nowhere else. */
START_TEST(test_keys_stay_in_their_files)
{
	const char *email = site_member(site);

	findings = "";
	ck_assert_int_eq(nftw(text("%s/keys", site->state), needle_key, 8, FTW_PHYS), 0);
	ck_assert_uint_ge(needle_count, 3 * 5);
	site_login_bearer(site, email, SITE_PASSWORD);
	site_login_cookie(site, email, SITE_PASSWORD);
	search_state();
	search_processes(false);
	ck_assert_msg(findings[0] == '\0', "found:\n%s", findings);
}
END_TEST

/* The guard, which only verifies, has no key that signs. */
START_TEST(test_verifiers_hold_no_signing_key)
{
	static const char *const verifiers[] = { "guard", "users", "logout", "sessions", "meta" };
	struct login login = site_login_bearer(site, site_member(site), SITE_PASSWORD);
	struct site all = *site;

	if (skips_memory())
		return;
	findings = "";
	ck_answer(ASK(site, .path = "/members/", .bearer = login.access), 200, NULL);
	ck_assert_int_eq(nftw(text("%s/keys", all.state), needle_key, 8, FTW_PHYS), 0);
	for (size_t i = 0; i < needle_count; i++) {
		if (strstr(needles[i].name, "/private/") == NULL)
			needles[i].bytes = needles[i].name; /* not these */
	}
	for (size_t i = 0; i < needle_count; i++) {
		if (needles[i].bytes == needles[i].name)
			needles[i--] = needles[--needle_count];
	}
	ck_assert_uint_gt(needle_count, 0);
	for (size_t i = 0; i < sizeof(verifiers) / sizeof(verifiers[0]); i++) {
		pid_t pids[STORM_PROCESSES];
		size_t count = site_processes(site, verifiers[i], pids, STORM_PROCESSES);

		ck_assert_uint_gt(count, 0);
		for (size_t j = 0; j < count; j++)
			search_memory(verifiers[i], pids[j]);
	}
	ck_assert_msg(findings[0] == '\0', "found:\n%s", findings);
	/* and the search would find it */
	{
		pid_t pid;

		ck_assert_uint_ge(site_processes(site, "login", &pid, 1), 1);
		search_memory("login", pid);
		ck_assert_msg(findings[0] != '\0', "not even where it is");
	}
}
END_TEST

START_TEST(test_processes_leave_no_core)
{
	for (size_t i = 0; i < PROGRAMS; i++) {
		pid_t pid;
		size_t size;
		const char *limits;

		ck_assert_uint_ge(site_processes(site, programs[i], &pid, 1), 1);
		limits = storm_file(text("/proc/%d/limits", (int)pid), &size);
		limits = text("%.*s", (int)size, limits);
		limits = strstr(limits, "Max core file size");
		ck_assert_ptr_nonnull(limits);
		limits += strlen("Max core file size");
		limits += strspn(limits, " ");
		ck_assert_msg(strncmp(limits, "0 ", 2) == 0, "%s: %.40s", programs[i], limits);
	}
}
END_TEST

/* What the kernel says of it; "" where there is no such line. */
static const char *
status_of(pid_t pid, const char *name)
{
	size_t size;
	const char *line =
	    strstr(storm_file(text("/proc/%d/status", (int)pid), &size), text("\n%s:\t", name));

	line = line == NULL ? "" : line + strlen(name) + 3;
	return text("%.*s", (int)strcspn(line, "\n"), line);
}

/* How many processes of the program there are, if all of them are in the sandbox; else 0. */
static size_t
confined(const char *program)
{
	pid_t pids[STORM_PROCESSES];
	size_t count = site_processes(site, program, pids, STORM_PROCESSES);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(status_of(pids[i], "NoNewPrivs"), "1") != 0 ||
		    strcmp(status_of(pids[i], "Seccomp"), "2") != 0)
			return 0;
	}
	return count;
}

START_TEST(test_processes_are_in_the_sandbox)
{
	double until = storm_seconds() + MAIL_PATIENCE;

	if (*status_of(getpid(), "Seccomp") == '\0') {
		fprintf(stderr, "skipped: the kernel has no seccomp\n");
		return;
	}
	for (size_t i = 0; i < PROGRAMS; i++) {
		while (confined(programs[i]) == 0 && storm_seconds() < until)
			storm_rest(20); /* it starts */
		ck_assert_msg(confined(programs[i]) > 0, "%s is not", programs[i]);
	}
}
END_TEST

int
main(void)
{
	const struct rlimit cores = { RLIM_INFINITY, RLIM_INFINITY };
	TCase *tests = tcase_create("secrets");

	(void)setrlimit(RLIMIT_CORE, &cores); /* so that it is not here that they are forbidden */

	site = site_start(&(struct site_options){
	    .settings = { "account.lockout_failures", "100", "limit.login", "50/5m",
		"limit.login_address", "100/5m", "limit.refresh", "100/5m", "limit.register",
		"100/1h", "limit.password_proof", "50/5m", "totp.drift", "4" } });
	waiting =
	    site_start(&(struct site_options){ .settings = { "account.response_floor", "2s" } });
#ifdef YETT_SANITIZED
	puts("skipped: searching memory, of which a sanitizer keeps copies; and the sandbox");
#else
	tcase_add_test(tests, test_picture_leaves_no_secret);
	tcase_add_test(tests, test_waiting_answers_keep_no_password);
	tcase_add_test(tests, test_secrets_stay_where_they_belong);
	tcase_add_test(tests, test_verifiers_hold_no_signing_key);
	tcase_add_test(tests, test_processes_are_in_the_sandbox);
#endif
	tcase_add_test(tests, test_keys_stay_in_their_files);
	tcase_add_test(tests, test_processes_leave_no_core);
	return site_run(tests);
}
