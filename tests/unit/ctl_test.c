/* yettctl as its users see it: the real binary, its exit status, what it prints, what it leaves. */
#include "unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/json.h"
#include "store/db.h"
#include "store/session.h"
#include "store/user.h"

#define WORDS_MAX 12
#define OUTPUT_MAX ((size_t)1 << 20)
#define GOOD "an elk under 7 umbrellas\n"
#define OTHER "nine kettles sing at dawn\n"

static char ctl_binary[4096];
static const char *ctl_place; /* temporary files */
static char *ctl_out, *ctl_err;

static void
ctl_path(char path[4096], const char *name)
{
	snprintf(path, 4096, "%s/%s", ctl_place, name);
}

static char *
ctl_slurp(const char *path)
{
	char *text = calloc(1, OUTPUT_MAX);
	FILE *file = fopen(path, "r");

	ck_assert_ptr_nonnull(text);
	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	ck_assert_uint_lt(fread(text, 1, OUTPUT_MAX, file), OUTPUT_MAX);
	fclose(file);
	return text;
}

static void
ctl_spill(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

/* Words are separated by '|', since addresses and sections hold spaces. */
static void
ctl_exec(const char *line)
{
	char copy[1024], *words[WORDS_MAX + 2] = { ctl_binary };
	char *rest = copy;
	int count = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	while (copy[0] != '\0' && rest != NULL && count <= WORDS_MAX)
		words[count++] = strsep(&rest, "|");
	execv(ctl_binary, words);
	_exit(127);
}

static void
ctl_redirect(int to, const char *name, int flags)
{
	char path[4096];
	int fd;

	ctl_path(path, name);
	fd = open(path, flags, 0600);
	if (fd < 0 || dup2(fd, to) != to)
		_exit(126);
	close(fd);
}

static pid_t
ctl_start(const char *line, const char *input)
{
	char path[4096];
	pid_t child;

	ctl_path(path, "in");
	ctl_spill(path, input == NULL ? "" : input);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		ctl_redirect(STDIN_FILENO, "in", O_RDONLY);
		ctl_redirect(STDOUT_FILENO, "out", O_WRONLY | O_CREAT | O_TRUNC);
		ctl_redirect(STDERR_FILENO, "err", O_WRONLY | O_CREAT | O_TRUNC);
		ctl_exec(line);
	}
	return child;
}

static int
ctl_wait(pid_t child)
{
	int status;

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status), "yettctl was killed by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

/* Runs a command line; what it printed is in ctl_out and ctl_err until the next. */
static int
ctl_run(const char *line, const char *input)
{
	int status = ctl_wait(ctl_start(line, input));
	char path[4096];

	free(ctl_out);
	free(ctl_err);
	ctl_path(path, "out");
	ctl_out = ctl_slurp(path);
	ctl_path(path, "err");
	ctl_err = ctl_slurp(path);
	return status;
}

static void
ctl_must(const char *line, const char *input)
{
	int status = ctl_run(line, input);

	ck_assert_msg(status == 0, "%s: exit %d: %s", line, status, ctl_err);
}

static const char *
ctl_state(void)
{
	return getenv("YETT_STATE");
}

/* A new state directory with a superuser, as YETT_STATE. */
static void
setup(void)
{
	static int number;
	char path[4096], line[8192];

	snprintf(path, sizeof(path), "%s/state-%d-%d", ctl_place, (int)getpid(), number++);
	setenv("YETT_STATE", path, 1);
	snprintf(line, sizeof(line), "init|%s", path);
	ctl_must(line, NULL);
	ctl_must("set|mail.transport|directory", NULL); /* nothing leaves a test */
	ctl_must("user|add|root@example.org|--verified|--superuser|--password-stdin", GOOD);
}

static void
teardown(void)
{
	free(ctl_out);
	free(ctl_err);
	ctl_out = ctl_err = NULL;
}

/* Puts lines after the one that begins with "[section]". */
static void
ctl_insert(const char *path, const char *section, const char *lines)
{
	char *text = ctl_slurp(path), *at = strstr(text, section);
	char *edited = calloc(1, OUTPUT_MAX);

	ck_assert_ptr_nonnull(at);
	ck_assert_ptr_nonnull(edited);
	at = strchr(at + 1, '\n') + 1;
	snprintf(edited, OUTPUT_MAX, "%.*s%s%s", (int)(at - text), text, lines, at);
	ctl_spill(path, edited);
	free(edited);
	free(text);
}

/* In this order, on one state directory. "out" and "err" must be parts of what is printed. */
static const struct {
	const char *line, *input;
	int status;
	const char *out, *err;
} command_rows[] = {
	/* usage */
	{ "", NULL, 2, "", "usage: yettctl" },
	{ "--help", NULL, 0, "session revoke", "" },
	{ "help", NULL, 0, "session revoke", "" },
	{ "user|--help", NULL, 0, "user passwd", "" },
	{ "user|add|--help", NULL, 0, "never from the command line", "" },
	{ "user|add|x@example.org|--help", NULL, 0, "usage:", "" },
	{ "user", NULL, 2, "", "user passwd" },
	{ "users", NULL, 2, "", "no command users" },
	{ "user|frob", NULL, 2, "", "no command user frob" },
	{ "user|show", NULL, 2, "", "something is missing" },
	{ "user|show|a|b", NULL, 2, "", "too many words" },
	{ "user|list|--frob", NULL, 2, "", "--frob is not understood" },
	{ "user|list|--json|--json", NULL, 2, "", "twice" },
	{ "user|list|--json=1", NULL, 2, "", "takes no value" },
	{ "user|list|--state", NULL, 2, "", "needs a value" },
	{ "--verified|user|list", NULL, 2, "", "not understood" },
	{ "session|revoke", NULL, 2, "", "either ID or --all" },
	{ "session|revoke|x|--all|y", NULL, 2, "", "either ID or --all" },
	{ "audit|--limit|0", NULL, 2, "", "--limit takes" },
	{ "audit|--limit|-1", NULL, 2, "", "--limit takes" },
	{ "audit|--limit|9x", NULL, 2, "", "--limit takes" },
	{ "set|url|x", NULL, 2, "", "SECTION.KEY" },
	{ "init", NULL, 2, "", "something is missing" },
	{ "init|x|--state|y", NULL, 2, "", "as a word" },
	/* which state directory */
	{ "--state|/nonexistent|user|list", NULL, 1, "", "yettctl init" },
	/* accounts */
	{ "user|add|invited@example.org", NULL, 0, "a mail with a link", "" },
	{ "user|add|invited@example.org|--yes", NULL, 1, "", "already" },
	{ "user|passwd|invited@example.org", NULL, 1, "", "--password-stdin" },
	{ "user|delete|invited@example.org|--yes", NULL, 0, "is deleted", "" },
	{ "user|add|a.example.org|--password-stdin", GOOD, 1, "", "no address" },
	{ "user|add|a@example.org|--password-stdin", "", 1, "", "no password" },
	{ "user|add|a@example.org|--password-stdin", "\n", 1, "", "refused:" },
	{ "user|add|a@example.org|--password-stdin", "short\n", 1, "", "refused:" },
	{ "user|add|a@example.org|--password-stdin", "tab\tis a control character\n", 1, "",
	    "control characters" },
	{ "user|add|a@example.org|--password-stdin", "not utf-8: \xff and so on\n", 1, "",
	    "UTF-8" },
	{ "user|add|elkhunter@example.org|--password-stdin", "elkhunter@example.org\n", 1, "",
	    "refused:" },
	{ "user|add|\033[2J@example|--password-stdin", GOOD, 1, "", "\\x1b[2J@example" },
	{ "user|add| A@Example.ORG |--password-stdin|--username|Ann", GOOD, 0,
	    "created a@example.org\n", "" },
	{ "user|add|a@example.org|--password-stdin", GOOD, 1, "", "address a@example.org already" },
	{ "user|add|b@example.org|--password-stdin|--username|ann", GOOD, 1, "",
	    "user name ann already" },
	{ "user|add|b@example.org|--password-stdin|--username|a b", GOOD, 1, "", "no user name" },
	{ "user|show|b@example.org", NULL, 1, "", "no account b@example.org" },
	{ "user|show|a@example.org|--json", NULL, 0, "\"email\":\"a@example.org\"", "" },
	{ "user|show|a@example.org|--json", NULL, 0,
	    "\"username\":\"ann\",\"is_active\":true,\"is_verified\":false,\"is_superuser\":false,"
	    "\"roles\":[]}",
	    "" },
	{ "user|passwd|b@example.org|--password-stdin", OTHER, 1, "", "no account" },
	{ "user|passwd|a@example.org|--password-stdin", "short\n", 1, "", "refused:" },
	{ "user|passwd|a@example.org|--password-stdin", OTHER, 0, "changed", "" },
	{ "user|verify|a@example.org", NULL, 0, "verified", "" },
	{ "user|show|a@example.org|--json", NULL, 0, "\"is_verified\":true", "" },
	{ "user|activate|a@example.org", NULL, 1, "", "active already" },
	{ "user|deactivate|a@example.org", NULL, 0, "deactivated", "" },
	{ "user|show|a@example.org|--json", NULL, 0, "\"is_active\":false", "" },
	{ "user|activate|a@example.org", NULL, 0, "active again", "" },
	/* roles */
	{ "role|create|Editor|--description|Edits.", NULL, 0, "role editor is created", "" },
	{ "role|create|editor", NULL, 1, "", "already" },
	{ "role|create|a,b", NULL, 1, "", "no role name" },
	{ "role|assign|nope|a@example.org", NULL, 1, "", "no role nope" },
	{ "role|assign|editor|b@example.org", NULL, 1, "", "no account" },
	{ "role|assign|editor|a@example.org", NULL, 0, "editor", "" },
	{ "role|assign|editor|a@example.org", NULL, 0, "editor", "" },
	{ "user|show|a@example.org|--json", NULL, 0, "\"roles\":[\"editor\"]", "" },
	{ "role|delete|editor", NULL, 1, "", "somebody has" },
	{ "role|delete|superuser", NULL, 1, "", "stays" },
	{ "role|list|--json", NULL, 0,
	    "{\"name\":\"editor\",\"members\":1,\"description\":\"Edits.\"}", "" },
	{ "role|unassign|editor|a@example.org", NULL, 0, "no longer", "" },
	{ "role|unassign|editor|a@example.org", NULL, 1, "", "does not have" },
	{ "role|delete|editor", NULL, 0, "deleted", "" },
	{ "role|delete|editor", NULL, 1, "", "no role" },
	/* the last active superuser */
	{ "user|deactivate|root@example.org", NULL, 1, "", "last superuser that can sign in" },
	{ "user|delete|root@example.org", NULL, 1, "", "last superuser that can sign in" },
	{ "role|unassign|superuser|root@example.org", NULL, 1, "",
	    "last superuser that can sign in" },
	{ "user|show|root@example.org|--json", NULL, 0,
	    "\"is_active\":true,\"is_verified\":true,\"is_superuser\":true", "" },
	{ "role|assign|superuser|a@example.org", NULL, 0, "superuser", "" },
	{ "user|deactivate|a@example.org", NULL, 0, "", "" },
	{ "user|deactivate|root@example.org", NULL, 1, "", "last superuser that can sign in" },
	{ "role|unassign|superuser|a@example.org", NULL, 0, "", "" },
	{ "user|delete|a@example.org", NULL, 0, "is deleted", "" },
	{ "user|delete|a@example.org", NULL, 1, "", "no account" },
	/* sessions */
	{ "session|list|b@example.org", NULL, 1, "", "no account" },
	{ "session|list|root@example.org|--json", NULL, 0, "[]", "" },
	{ "session|revoke|x", NULL, 1, "", "no session id" },
	{ "session|revoke|00000000-0000-4000-8000-000000000000", NULL, 1, "", "no session" },
	{ "session|revoke|--all|b@example.org", NULL, 1, "", "no account" },
	{ "session|revoke|--all|root@example.org", NULL, 0, "0 sessions", "" },
	/* settings */
	{ "set|site.nope|1", NULL, 1, "", "site.nope" },
	{ "set|password.min_length|2", NULL, 1, "", "password.min_length" },
	{ "set|password.passes|1", NULL, 0, "decoy hash: made", "" },
	{ "set|account.requires_verification|off", NULL, 0, "next start of a process", "" },
	{ "set|backend web.refresh_grace|0", NULL, 0, "next start", "" },
	{ "set|protect /admin.require|superuser", NULL, 0, "next start", "" },
	{ "config", NULL, 0, "requires_verification = off", "" },
	{ "config", NULL, 0, "[protect /admin]", "" },
	{ "config|--document", NULL, 0, "requires_verification", "" },
	{ "set|account.login_identifier|username", NULL, 0, "", "" },
	{ "user|add|b@example.org|--password-stdin", GOOD, 1, "", "--username" },
	/* the rest */
	{ "routes|--json", NULL, 0, "\"path\":\"/auth/login\",\"program\":\"login\"", "" },
	{ "keys|list|--json", NULL, 0, "\"kind\":\"EdDSA\",\"is_current\":true", "" },
	{ "keys|list|--json", NULL, 0, "\"kind\":\"seal\",\"is_current\":true", "" },
	{ "keys|rotate", NULL, 2, "", "something is missing" },
	{ "keys|rotate|csrf", NULL, 1, "", "csrf is no purpose that seals" },
	{ "keys|rotate|api", NULL, 1, "", "api is no purpose that seals" },
	{ "keys|rotate|outbox", NULL, 0, "is made for outbox; it seals from 20", "" },
	{ "keys|list|--json", NULL, 0, "\"is_current\":false,\"state\":\"coming\"", "" },
	{ "keys|retire", NULL, 2, "", "something is missing" },
	{ "keys|retire|outbox|x", NULL, 2, "", "too many words" },
	{ "keys|retire|../x", NULL, 1, "", "../x is no key here" },
	{ "keys|retire|outbox", NULL, 1, "", "outbox is no key here" },
	{ "keys|retire|", NULL, 1, "", "is no key here" },
	{ "audit|--limit|1|--json", NULL, 0, "\"event\":\"keys.rotated\"", "" },
	{ "audit|--limit|1000|--json", NULL, 0, "\"event\":\"user.deleted\"", "" },
	{ "audit|--user|b@example.org", NULL, 1, "", "no account" },
	{ "clean", NULL, 0, "0 rows deleted", "" },
	{ "migrate", NULL, 0, "of this version", "" },
	{ "doctor", NULL, 0, "ok       keys: complete", "" },
};

START_TEST(every_command_answers_as_documented)
{
	for (size_t i = 0; i < sizeof(command_rows) / sizeof(command_rows[0]); i++) {
		int status = ctl_run(command_rows[i].line, command_rows[i].input);

		ck_assert_msg(status == command_rows[i].status, "%s: exit %d, not %d: %s%s",
		    command_rows[i].line, status, command_rows[i].status, ctl_out, ctl_err);
		ck_assert_msg(strstr(ctl_out, command_rows[i].out) != NULL, "%s: stdout: %s",
		    command_rows[i].line, ctl_out);
		ck_assert_msg(strstr(ctl_err, command_rows[i].err) != NULL, "%s: stderr: %s",
		    command_rows[i].line, ctl_err);
		ck_assert_msg(status != 0 || ctl_err[0] == '\0', "%s: stderr: %s",
		    command_rows[i].line, ctl_err);
		ck_assert_msg(status != 1 || strchr(ctl_err, '\n') == strrchr(ctl_err, '\n'),
		    "%s: more than one line: %s", command_rows[i].line, ctl_err);
	}
}
END_TEST

static const char *const listing_rows[] = { "user|list", "role|list",
	"session|list|root@example.org", "keys|list", "audit", "routes", "doctor" };

START_TEST(every_listing_is_an_array_of_objects)
{
	char line[256];
	struct json *json = NULL;

	snprintf(line, sizeof(line), "%s|--json", listing_rows[_i]);
	ck_assert_int_eq(ctl_run(line, NULL), 0);
	ck_assert_msg(json_read(span_of(ctl_out), &json) == RC_OK, "%s: %s", line, ctl_out);
	ck_assert_int_eq(json_kind(json), JSON_ARRAY);
	for (const struct json *row = json_first(json); row != NULL; row = json_next(row))
		ck_assert_int_eq(json_kind(row), JSON_OBJECT);
	json_free(json);
}
END_TEST

START_TEST(a_user_is_shown_as_one_object)
{
	static const char *const members[] = { "id", "email", "username", "is_active",
		"is_verified", "is_superuser", "roles" };
	const struct json *child;
	struct json *json = NULL;
	size_t count = 0;

	ck_assert_int_eq(ctl_run("user|show|root@example.org|--json", NULL), 0);
	ck_assert_int_eq(json_read(span_of(ctl_out), &json), RC_OK);
	for (child = json_first(json); child != NULL; child = json_next(child), count++) {
		ck_assert_uint_lt(count, sizeof(members) / sizeof(members[0]));
		ck_assert(span_equal(json_name(child), span_of(members[count])));
	}
	ck_assert_uint_eq(count, sizeof(members) / sizeof(members[0]));
	json_free(json);
}
END_TEST

/* The list comes in pages of 100. */
START_TEST(a_long_list_is_complete_and_sorted)
{
	char line[256];

	ctl_must("set|password.memory|8KiB", NULL);
	ctl_must("set|password.passes|1", NULL);
	for (int i = 0; i < 200; i++) {
		snprintf(line, sizeof(line), "user|add|u%03d@example.org|--password-stdin", i);
		ctl_must(line, GOOD);
	}
	ctl_must("user|list", NULL);
	for (int i = 0; i < 200; i++) {
		const char *found;

		snprintf(line, sizeof(line), " u%03d@example.org ", i);
		found = strstr(ctl_out, line);
		ck_assert_msg(found != NULL, "%s is missing", line);
		ck_assert_msg(strstr(found + 1, line) == NULL, "%s is there twice", line);
	}
}
END_TEST

START_TEST(no_option_takes_a_password)
{
	static const char *const arguments[] = {
#define COMMAND(function, name, args, text) args,
#include "../../ctl/commands.def"
#undef COMMAND
	};

	for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
		const char *at = strstr(arguments[i], "assw");

		ck_assert_msg(
		    at == NULL || strncmp(at, "assword-stdin]", 14) == 0, "%s", arguments[i]);
	}
	ck_assert_int_eq(ctl_run("user|add|x@example.org|--password=sesame", NULL), 2);
	ck_assert_ptr_null(strstr(ctl_err, "sesame"));
}
END_TEST

START_TEST(set_keeps_comments_and_mode)
{
	char path[4096], *text;
	struct stat status;

	snprintf(path, sizeof(path), "%s/yett.conf", ctl_state());
	ctl_insert(path, "\n[limit]", "; a remark of the operator\n");
	ctl_must("set|limit.refresh|9/9m", NULL);
	text = ctl_slurp(path);
	ck_assert_ptr_nonnull(strstr(text, "; a remark of the operator"));
	ck_assert_ptr_nonnull(strstr(text, "refresh = 9/9m"));
	free(text);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	ck_assert_int_eq(ctl_run("set|limit.refresh|lots", NULL), 1);
	text = ctl_slurp(path);
	ck_assert_ptr_nonnull(strstr(text, "refresh = 9/9m"));
	free(text);
}
END_TEST

/* Without the decoy hash that belongs to it, nobody could sign in. */
START_TEST(set_takes_back_what_cannot_hold)
{
	char path[4096], *before, *after;
	sqlite3 *lock;

	snprintf(path, sizeof(path), "%s/yett.conf", ctl_state());
	before = ctl_slurp(path);
	snprintf(path, sizeof(path), "%s/yett.db", ctl_state());
	ck_assert_int_eq(sqlite3_open(path, &lock), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(lock, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_ne(ctl_run("set|password.passes|3", NULL), 0);
	ck_assert_str_eq(ctl_out, "");
	sqlite3_close(lock);
	snprintf(path, sizeof(path), "%s/yett.conf", ctl_state());
	after = ctl_slurp(path);
	ck_assert_str_eq(after, before);
	free(before);
	free(after);
	ctl_must("doctor", NULL);
}
END_TEST

START_TEST(set_mends_a_faulty_file)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/yett.conf", ctl_state());
	ctl_insert(path, "\n[guard]", "deny_style = nonsense\n");
	ck_assert_int_eq(ctl_run("config", NULL), 1);
	ck_assert_ptr_nonnull(strstr(ctl_err, "guard.deny_style"));
	ctl_must("set|guard.deny_style|codes", NULL);
	ctl_must("config", NULL);
	ck_assert_ptr_nonnull(strstr(ctl_out, "deny_style = codes"));
}
END_TEST

START_TEST(init_never_overwrites)
{
	char line[8192], path[4096], *before, *after;

	snprintf(path, sizeof(path), "%s/yett.conf", ctl_state());
	before = ctl_slurp(path);
	snprintf(line, sizeof(line), "init|%s|--url|https://www.example.org", ctl_state());
	ck_assert_int_eq(ctl_run(line, NULL), 1);
	ck_assert_ptr_nonnull(strstr(ctl_err, "a state directory already"));
	after = ctl_slurp(path);
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
	snprintf(line, sizeof(line), "init|%s", ctl_place);
	ck_assert_int_eq(ctl_run(line, NULL), 1);
	ck_assert_ptr_nonnull(strstr(ctl_err, "not empty"));
	ctl_must("user|show|root@example.org", NULL);
}
END_TEST

static const struct {
	const char *url;
	int status;
	const char *out, *err;
} url_rows[] = {
	{ "https://www.example.org", 0, "for https://www.example.org", "" },
	{ "http://127.0.0.1:8099", 0, "cookie.secure is off", "" },
	{ "www.example.org", 1, "", "site.url" },
	{ "https://x\n[guard]", 1, "", "the url is none" },
};

START_TEST(init_takes_the_url)
{
	char line[8192];
	struct stat status;

	snprintf(line, sizeof(line), "init|%s/url-%d|--url|%s", ctl_place, _i, url_rows[_i].url);
	ck_assert_int_eq(ctl_run(line, NULL), url_rows[_i].status);
	ck_assert_ptr_nonnull(strstr(ctl_out, url_rows[_i].out));
	ck_assert_ptr_nonnull(strstr(ctl_err, url_rows[_i].err));
	snprintf(line, sizeof(line), "%s/url-%d", ctl_place, _i);
	ck_assert_int_eq(stat(line, &status), url_rows[_i].status == 0 ? 0 : -1);
	if (url_rows[_i].status == 0)
		ck_assert_uint_eq(status.st_mode & 07777, 0700);
}
END_TEST

/* What a kill at each point of init leaves, as far as files go. */
static const char *const interrupted_rows[] = { "yett.db", "keys", "locks", "keys/csrf" };

START_TEST(migrate_completes_an_interrupted_init)
{
	char line[8192];

	snprintf(line, sizeof(line), "rm -r '%s/%s'", ctl_state(), interrupted_rows[_i]);
	ck_assert_int_eq(system(line), 0);
	snprintf(line, sizeof(line), "init|%s", ctl_state());
	ck_assert_int_eq(ctl_run(line, NULL), 1);
	ck_assert_ptr_nonnull(strstr(ctl_err, "yettctl migrate"));
	ctl_must("migrate", NULL);
	ctl_must("doctor", NULL);
}
END_TEST

START_TEST(init_goes_on_in_an_empty_directory)
{
	char line[8192], path[4096];

	ctl_path(path, "begun");
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ctl_path(path, "begun/yett.conf.part");
	ctl_spill(path, "[site");
	snprintf(line, sizeof(line), "init|%s/begun", ctl_place);
	ctl_must(line, NULL);
	snprintf(line, sizeof(line), "--state|%s/begun|doctor", ctl_place);
	ctl_must(line, NULL);
}
END_TEST

/* How each is broken, by a shell command in the state directory, and what doctor says of it. */
static const struct {
	const char *shell, *finding;
} doctor_rows[] = {
	{ "dd if=/dev/zero of=yett.db bs=4096 seek=1 count=8 conv=notrunc 2>&1",
	    "FAIL     database: " },
	{ "yes nonsense | head -c 8192 >yett.db", "FAIL     database: " },
	{ "rm yett.db", "FAIL     database: " },
	{ "chmod 644 yett.db", "FAIL     files: " },
	{ "chmod 640 yett.conf", "FAIL     files: " },
	{ "chmod 644 keys/csrf/*", "FAIL     keys: " },
	{ "chmod 755 .", "FAIL     state directory: " },
	{ "rm keys/csrf/*", "FAIL     keys: " },
	{ "rm keys/api/private/*", "FAIL     keys: " },
	{ "ln -s /etc/passwd keys/extra", "is a symbolic link" },
	{ "echo '[nonsense]' >>yett.conf", "FAIL     configuration: " },
	{ "rm yett.conf", "FAIL     configuration: " },
};

START_TEST(doctor_finds_what_is_broken)
{
	char line[8192];

	ck_assert_int_eq(ctl_run("doctor", NULL), 0);
	ck_assert_ptr_null(strstr(ctl_out, "FAIL"));
	snprintf(
	    line, sizeof(line), "cd '%s' && (%s) >/dev/null", ctl_state(), doctor_rows[_i].shell);
	ck_assert_int_eq(system(line), 0);
	ck_assert_msg(ctl_run("doctor", NULL) == 1, "%s: %s", doctor_rows[_i].shell, ctl_out);
	ck_assert_msg(strstr(ctl_out, doctor_rows[_i].finding) != NULL, "%s: %s",
	    doctor_rows[_i].shell, ctl_out);
}
END_TEST

static const struct {
	const char *setting, *finding;
} doubtful_rows[] = {
	{ "site.url|http://www.example.org", "warning  site: http://www.example.org is not https" },
	{ "site.url|https://www.example.org",
	    "warning  site: the site is https, but cookie.secure" },
	{ "cookie.secure|on", "warning  site: the site is not https" },
};

START_TEST(doctor_warns_of_doubtful_settings)
{
	char line[256];

	snprintf(line, sizeof(line), "set|%s", doubtful_rows[_i].setting);
	ctl_must(line, NULL);
	ctl_must("doctor", NULL);
	ck_assert_msg(strstr(ctl_out, doubtful_rows[_i].finding) != NULL, "%s", ctl_out);
}
END_TEST

/* Signs somebody in behind the tool's back. */
static void
session_plant(const char *email, const char *id)
{
	struct config_fault fault;
	struct config *config = NULL;
	struct ctx ctx = { .clock = clock_system, .random = random_system };
	struct credential credential;
	struct session_new session = {
		.id = id, .backend = SPAN("web"), .user_agent = SPAN("Browser \033[2J")
	};
	int64_t row;

	ck_assert_int_eq(config_load(ctl_state(), &config, &fault), RC_OK);
	ctx.config = config;
	ctx.arena = arena_new(1 << 20);
	ctx.now = clock_wall(&ctx.clock);
	session.expires_at = ctx.now + HOUR;
	ck_assert_int_eq(
	    db_open(&ctx.db, config, GRANT_SIGN | GRANT_CRED_READ | GRANT_USER_READ, &fault),
	    RC_OK);
	ck_assert_int_eq(credential_by_email(&ctx, span_of(email), &credential), RC_OK);
	session.user_row = credential.user.row;
	ck_assert_int_eq(session_insert(&ctx, &session, &row), RC_OK);
	db_close(ctx.db);
	arena_free(ctx.arena);
	config_free(config);
}

#define SESSION_ONE "00000000-0000-4000-8000-000000000001"
#define SESSION_TWO "00000000-0000-4000-8000-000000000002"

static const struct {
	const char *line, *input, *rest; /* what is still listed afterwards */
	const char *event;
} ending_rows[] = {
	{ "session|revoke|" SESSION_ONE, NULL, SESSION_TWO, "session.ended" },
	{ "session|revoke|--all|a@example.org", NULL, NULL, "session.revoked_all" },
	{ "user|passwd|a@example.org|--password-stdin", OTHER, NULL, "user.password_changed" },
	{ "user|deactivate|a@example.org", NULL, NULL, "user.deactivated" },
};

START_TEST(sessions_end_with_an_audit_row)
{
	ctl_must("user|add|a@example.org|--password-stdin", GOOD);
	session_plant("a@example.org", SESSION_ONE);
	session_plant("a@example.org", SESSION_TWO);
	session_plant("root@example.org", "00000000-0000-4000-8000-000000000003");
	ctl_must("session|list|a@example.org", NULL);
	ck_assert_ptr_nonnull(strstr(ctl_out, SESSION_ONE));
	ck_assert_ptr_nonnull(strstr(ctl_out, SESSION_TWO));
	ck_assert_ptr_nonnull(strstr(ctl_out, "Browser \\x1b[2J"));
	ctl_must(ending_rows[_i].line, ending_rows[_i].input);
	ctl_must("session|list|a@example.org|--json", NULL);
	ck_assert_ptr_null(strstr(ctl_out, SESSION_ONE));
	if (ending_rows[_i].rest == NULL)
		ck_assert_str_eq(ctl_out, "[]\n");
	else
		ck_assert_ptr_nonnull(strstr(ctl_out, ending_rows[_i].rest));
	ctl_must("audit|--user|a@example.org", NULL);
	ck_assert_ptr_nonnull(strstr(ctl_out, ending_rows[_i].event));
	ck_assert_ptr_nonnull(strstr(ctl_out, SESSION_ONE));
	ctl_must("session|list|root@example.org", NULL);
	ck_assert_ptr_nonnull(strstr(ctl_out, "000003"));
}
END_TEST

/* A refused change leaves neither the change nor its audit rows. */
START_TEST(a_refusal_leaves_nothing)
{
	session_plant("root@example.org", SESSION_ONE);
	ck_assert_int_eq(ctl_run("user|deactivate|root@example.org", NULL), 1);
	ck_assert_int_eq(ctl_run("user|delete|root@example.org", NULL), 1);
	ctl_must("session|list|root@example.org", NULL);
	ck_assert_ptr_nonnull(strstr(ctl_out, SESSION_ONE));
	ctl_must("audit|--json", NULL);
	ck_assert_ptr_null(strstr(ctl_out, "user.deactivated"));
	ck_assert_ptr_null(strstr(ctl_out, "user.deleted"));
	ck_assert_ptr_null(strstr(ctl_out, "session.ended"));
}
END_TEST

START_TEST(of_two_superusers_at_once_one_stays)
{
	ctl_must("user|add|a@example.org|--superuser|--password-stdin", GOOD);
	for (int i = 0; i < 10; i++) {
		pid_t one = ctl_start("user|deactivate|a@example.org", NULL);
		pid_t two = ctl_start("user|deactivate|root@example.org", NULL);
		int first = ctl_wait(one), second = ctl_wait(two);

		ck_assert_int_eq(first + second, 1);
		ctl_must(
		    first == 0 ? "user|activate|a@example.org" : "user|activate|root@example.org",
		    NULL);
	}
}
END_TEST

/* A terminal with yettctl behind it; the master's side is returned. */
static int
terminal_start(const char *line, pid_t *child)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	int slave;

	ck_assert_int_ge(master, 0);
	ck_assert_int_eq(grantpt(master) + unlockpt(master), 0);
	*child = fork();
	ck_assert_int_ge(*child, 0);
	if (*child != 0)
		return master;
	setsid();
	slave = open(ptsname(master), O_RDWR);
	for (int fd = 0; fd < 3; fd++) {
		if (dup2(slave, fd) != fd)
			_exit(126);
	}
	close(slave);
	close(master);
	ctl_exec(line);
	return -1;
}

/* Reads until "wanted" stands there (or the end, for NULL), appending to "seen". */
static void
terminal_expect(int master, const char *wanted, char *seen, size_t size)
{
	size_t start = strlen(seen), len = start;

	while (wanted == NULL || strstr(seen + start, wanted) == NULL) {
		ssize_t got = read(master, seen + len, size - len - 1);

		if (got <= 0)
			break;
		len += (size_t)got;
		seen[len] = '\0';
	}
	ck_assert_msg(wanted == NULL || strstr(seen + start, wanted) != NULL,
	    "waited for \"%s\", saw: %s", wanted, seen);
}

static void
terminal_send(int master, const char *text)
{
	ck_assert_int_eq(write(master, text, strlen(text)), (ssize_t)strlen(text));
}

START_TEST(a_prompted_password_is_not_shown)
{
	char seen[8192] = "", line[8192];
	pid_t child;
	int master;

	snprintf(line, sizeof(line), "init|%s/terminal", ctl_place);
	master = terminal_start(line, &child);
	terminal_expect(master, "superuser now? [Y/n]", seen, sizeof(seen));
	terminal_send(master, "\n");
	terminal_expect(master, "Address: ", seen, sizeof(seen));
	terminal_send(master, "first@example.org\n");
	terminal_expect(master, "New password: ", seen, sizeof(seen));
	terminal_send(master, GOOD);
	terminal_expect(master, "Once more: ", seen, sizeof(seen));
	terminal_send(master, GOOD);
	terminal_expect(master, NULL, seen, sizeof(seen));
	ck_assert_int_eq(ctl_wait(child), 0);
	ck_assert_ptr_nonnull(strstr(seen, "first@example.org"));
	ck_assert_ptr_null(strstr(seen, "umbrellas"));
	snprintf(line, sizeof(line), "--state|%s/terminal|user|show|first@example.org|--json",
	    ctl_place);
	ctl_must(line, NULL);
	ck_assert_ptr_nonnull(strstr(ctl_out, "\"is_superuser\":true"));
	close(master);
}
END_TEST

START_TEST(two_different_passwords_change_nothing)
{
	char seen[8192] = "";
	pid_t child;
	int master = terminal_start("user|passwd|root@example.org", &child);

	terminal_expect(master, "New password: ", seen, sizeof(seen));
	terminal_send(master, GOOD);
	terminal_expect(master, "Once more: ", seen, sizeof(seen));
	terminal_send(master, OTHER);
	terminal_expect(master, "differ", seen, sizeof(seen));
	ck_assert_int_eq(ctl_wait(child), 1);
	close(master);
}
END_TEST

START_TEST(an_interrupted_prompt_gives_the_echo_back)
{
	char seen[8192] = "";
	struct termios terminal;
	int status, master, slave;
	pid_t child;

	master = terminal_start("user|passwd|root@example.org", &child);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	terminal_expect(master, "New password: ", seen, sizeof(seen));
	do {
		ck_assert_int_eq(tcgetattr(slave, &terminal), 0);
	} while ((terminal.c_lflag & ECHO) != 0);
	ck_assert_int_eq(kill(child, SIGTERM), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	ck_assert_int_eq(tcgetattr(slave, &terminal), 0);
	ck_assert((terminal.c_lflag & ECHO) != 0);
	close(slave);
	close(master);
}
END_TEST

START_TEST(deleting_asks_on_a_terminal_alone)
{
	char seen[8192] = "";
	pid_t child;
	int master;

	ctl_must("user|add|a@example.org|--password-stdin", GOOD);
	master = terminal_start("user|delete|a@example.org", &child);
	terminal_expect(master, "for good? [y/N]", seen, sizeof(seen));
	terminal_send(master, "\n");
	terminal_expect(master, "nothing was deleted", seen, sizeof(seen));
	ck_assert_int_eq(ctl_wait(child), 1);
	close(master);
	master = terminal_start("user|delete|a@example.org|--yes", &child);
	terminal_expect(master, NULL, seen, sizeof(seen));
	ck_assert_int_eq(ctl_wait(child), 0);
	close(master);
	ck_assert_int_eq(ctl_run("user|show|a@example.org", NULL), 1);
}
END_TEST

/* Run by root, everything belongs to the owner of the state directory. */
START_TEST(root_works_as_the_owner)
{
	const struct passwd *nobody = getpwnam("nobody");
	char line[8192], path[4096];
	struct stat status;

	if (geteuid() != 0 || nobody == NULL)
		return;
	ck_assert_int_eq(chmod(ctl_place, 0711), 0);
	snprintf(line, sizeof(line), "init|%s/owned|--owner|nobody", ctl_place);
	ctl_must(line, NULL);
	snprintf(line, sizeof(line), "--state|%s/owned|set|site.name|Ours", ctl_place);
	ctl_must(line, NULL);
	snprintf(line, sizeof(line), "--state|%s/owned|doctor", ctl_place);
	ctl_must(line, NULL);
	snprintf(path, sizeof(path), "%s/owned", ctl_place);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_uid, nobody->pw_uid);
	snprintf(line, sizeof(line), "test -z \"$(find '%s' ! -user nobody)\"", path);
	ck_assert_int_eq(system(line), 0);
	/* what others may have put there is given to nobody */
	snprintf(path, sizeof(path), "%s/roots", ctl_place);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	snprintf(line, sizeof(line), "init|%s/roots|--owner|nobody", ctl_place);
	ck_assert_int_eq(ctl_run(line, NULL), 1);
	snprintf(line, sizeof(line), "%s/link", ctl_place);
	ck_assert_int_eq(symlink(path, line), 0);
	snprintf(line, sizeof(line), "init|%s/link|--owner|nobody", ctl_place);
	ck_assert_int_eq(ctl_run(line, NULL), 1);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_uid, 0);
	snprintf(line, sizeof(line), "init|%s/owned-2|--owner|no-such-user", ctl_place);
	ck_assert_int_eq(ctl_run(line, NULL), 1);
	snprintf(path, sizeof(path), "%s/owned-2", ctl_place);
	ck_assert_int_eq(stat(path, &status), -1);
}
END_TEST

START_TEST(an_output_that_is_lost_is_no_success)
{
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		int full = open("/dev/full", O_WRONLY);

		if (dup2(full, STDOUT_FILENO) < 0)
			_exit(126);
		ctl_redirect(STDERR_FILENO, "err", O_WRONLY | O_CREAT | O_TRUNC);
		ctl_exec("user|list");
	}
	ck_assert_int_eq(ctl_wait(child), 1);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

static Suite *
ctl_suite(void)
{
	Suite *suite = suite_create("ctl");
	TCase *tests = tcase_create("ctl");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, every_command_answers_as_documented);
	tcase_add_loop_test(tests, every_listing_is_an_array_of_objects, 0, ROWS(listing_rows));
	tcase_add_test(tests, a_user_is_shown_as_one_object);
	tcase_add_test(tests, a_long_list_is_complete_and_sorted);
	tcase_add_test(tests, no_option_takes_a_password);
	tcase_add_test(tests, set_keeps_comments_and_mode);
	tcase_add_test(tests, set_takes_back_what_cannot_hold);
	tcase_add_test(tests, set_mends_a_faulty_file);
	tcase_add_test(tests, init_never_overwrites);
	tcase_add_loop_test(tests, init_takes_the_url, 0, ROWS(url_rows));
	tcase_add_loop_test(
	    tests, migrate_completes_an_interrupted_init, 0, ROWS(interrupted_rows));
	tcase_add_test(tests, init_goes_on_in_an_empty_directory);
	tcase_add_loop_test(tests, doctor_finds_what_is_broken, 0, ROWS(doctor_rows));
	tcase_add_loop_test(tests, doctor_warns_of_doubtful_settings, 0, ROWS(doubtful_rows));
	tcase_add_loop_test(tests, sessions_end_with_an_audit_row, 0, ROWS(ending_rows));
	tcase_add_test(tests, a_refusal_leaves_nothing);
	tcase_add_test(tests, of_two_superusers_at_once_one_stays);
	tcase_add_test(tests, a_prompted_password_is_not_shown);
	tcase_add_test(tests, two_different_passwords_change_nothing);
	tcase_add_test(tests, an_interrupted_prompt_gives_the_echo_back);
	tcase_add_test(tests, deleting_asks_on_a_terminal_alone);
	tcase_add_test(tests, root_works_as_the_owner);
	tcase_add_test(tests, an_output_that_is_lost_is_no_success);
	suite_add_tcase(suite, tests);
	return suite;
}

int
main(void)
{
	const char *build = getenv("YETT_BUILD");
	char path[4096];

	snprintf(path, sizeof(path), "%s/bin/yettctl", build == NULL ? "build" : build);
	if (realpath(path, ctl_binary) == NULL) {
		fprintf(stderr, "%s is missing; make builds it\n", path);
		return EXIT_FAILURE;
	}
	umask(077);
	ctl_place = fixture_directory();
	return fixture_run(ctl_suite());
}
