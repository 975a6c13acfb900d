/* yettctl mail, keys rotate and retire, and what doctor says of mail: the real binary on a state
 * directory. */
#include <signal.h>
#include <sodium.h>
#include <sys/wait.h>

#include "base/json.h"
#include "unit/post.h"

static struct post post;
static char out[65536], err[65536];

static void
begin(const char *lines, int count)
{
	post_begin(&post, lines);
	for (int i = 0; i < count; i++)
		post_put(&post, OUTBOX_MAIL, "verify", true);
}

static void
end(void)
{
	post_end(&post);
}

static void
keep(char to[65536], const char *name)
{
	snprintf(to, 65536, "%s", post_read(&post, name));
}

static void
redirect(int to, const char *name)
{
	int fd = open(post_path(&post, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	dup2(fd, to);
}

/* Words are separated by spaces; the exit status. What was printed is in out and err. */
static int
ctl(const char *line)
{
	const char *build = getenv("YETT_BUILD");
	char program[4200], copy[500], *rest = copy;
	char *words[12] = { program, (char[]){ "--state" }, post.directory };
	int status, count = 3;
	pid_t child;

	snprintf(program, sizeof(program), "%s/bin/yettctl", build == NULL ? "build" : build);
	snprintf(copy, sizeof(copy), "%s", line);
	while (rest != NULL && count < 11)
		words[count++] = strsep(&rest, " ");
	child = fork();
	if (child == 0) {
		redirect(STDOUT_FILENO, "out");
		redirect(STDERR_FILENO, "err");
		execv(program, words);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	keep(out, "out");
	keep(err, "err");
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
script(const char *section, const char *body)
{
	char text[1024];

	snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", body);
	post_write(&post, "script", text, 0700);
	snprintf(text, sizeof(text), "%s%s\n", section, post_path(&post, "script"));
	post_configure(&post, text);
}

#define USE_COMMAND "transport = command\ncommand = "

/* --- list --------------------------------------------------------------------------------------
 */

START_TEST(list_tells_address_tries_and_reason)
{
	begin("transport = directory\n", 2);
	post_sql(&post,
	    "UPDATE outbox SET state = 'refused', tries = 3, reason = 'no such box', token = NULL "
	    "WHERE id = 1");
	ck_assert_int_eq(ctl("mail list"), 0);
	ck_assert_ptr_nonnull(strstr(out, "ada@example.org"));
	ck_assert_ptr_nonnull(strstr(out, "refused  3      -"));
	ck_assert_ptr_nonnull(strstr(out, "no such box"));
	ck_assert_ptr_nonnull(strstr(out, "waiting  0      20"));
	end();
}
END_TEST

START_TEST(list_is_json_too)
{
	struct json *json;
	const struct json *row;
	double tries = -1;

	begin("transport = directory\n", 1);
	post_put(&post, OUTBOX_HOOK, "user.registered", false);
	ck_assert_int_eq(ctl("mail list --json"), 0);
	ck_assert_int_eq(json_read(span_of(out), &json), RC_OK);
	row = json_first(json);
	ck_assert_ptr_nonnull(row);
	ck_assert_ptr_null(json_next(row));
	ck_assert(span_equal(json_string(json_member(row, "address")), SPAN("ada@example.org")));
	ck_assert(span_equal(json_string(json_member(row, "kind")), SPAN("verify")));
	ck_assert(span_equal(json_string(json_member(row, "state")), SPAN("waiting")));
	ck_assert(json_number(json_member(row, "tries"), &tries) && tries == 0);
	ck_assert_int_eq(json_kind(json_member(row, "reason")), JSON_NULL);
	ck_assert_int_eq(json_kind(json_member(row, "next_try")), JSON_STRING);
	json_free(json);
	ck_assert_int_eq(ctl("mail list --events"), 0);
	ck_assert_ptr_nonnull(strstr(out, "user.registered"));
	ck_assert_ptr_null(strstr(out, "verify"));
	end();
}
END_TEST

/* --- send --------------------------------------------------------------------------------------
 */

START_TEST(send_tries_all_that_waits)
{
	begin("transport = directory\n", 3);
	post_sql(&post, "UPDATE outbox SET next_try_at = next_try_at + 1800000");
	ck_assert_int_eq(ctl("mail send"), 0);
	ck_assert_uint_eq(post_mails(&post, NULL), 3);
	ck_assert_str_eq(out, "3 sent, 0 refused, 0 put off\n");
	ck_assert_str_eq(err, "");
	end();
}
END_TEST

START_TEST(send_says_what_still_waits_and_why)
{
	begin("transport = directory\n", 1);
	script(USE_COMMAND, "cat >/dev/null; echo come back; exit 75");
	ck_assert_int_eq(ctl("mail send"), 1);
	ck_assert_ptr_nonnull(strstr(out, "waits: verify to ada@example.org: "));
	ck_assert_ptr_nonnull(strstr(out, "come back"));
	ck_assert_ptr_nonnull(strstr(err, "1 mails wait"));
	ck_assert_int_eq(ctl("mail send"), 1);
	ck_assert_int_eq(post_int(&post, "SELECT tries FROM outbox"), 2);
	end();
}
END_TEST

/* What was refused for good is listed, and does not wait. */
START_TEST(send_is_content_with_what_is_refused)
{
	begin("transport = directory\n", 1);
	post_sql(&post, "UPDATE outbox SET token = NULL");
	ck_assert_int_eq(ctl("mail send"), 0);
	ck_assert_ptr_nonnull(strstr(out, "refused: verify to ada@example.org: "));
	ck_assert_int_eq(ctl("mail list"), 0);
	ck_assert_ptr_nonnull(strstr(out, "missing"));
	end();
}
END_TEST

/* What another one is sending is not sent twice, and waits. */
START_TEST(send_leaves_what_is_leased)
{
	begin("transport = directory\n", 1);
	post_sql(&post, "UPDATE outbox SET lease = 'x', leased_until = next_try_at + 60000");
	ck_assert_int_eq(ctl("mail send"), 1);
	ck_assert_uint_eq(post_mails(&post, NULL), 0);
	end();
}
END_TEST

/* --- test --------------------------------------------------------------------------------------
 */

START_TEST(test_sends_a_message_and_queues_none)
{
	char name[300];

	begin("transport = directory\n", 0);
	ck_assert_int_eq(ctl("mail test bob@example.org"), 0);
	ck_assert_uint_eq(post_mails(&post, name), 1);
	ck_assert_ptr_nonnull(strstr(out, name));
	ck_assert_ptr_nonnull(strstr(post_read(&post, name), "To: bob@example.org\r\n"));
	ck_assert_ptr_nonnull(strstr(post_read(&post, name), "Subject: Test of The Tower\r\n"));
	ck_assert_int_eq(post_int(&post, POST_ALL), 0);
	end();
}
END_TEST

static const struct {
	const char *body, *line, *said;
} test_rows[] = {
	{ "exit 75", "mail test bob@example.org", "not now: " },
	{ "echo unheard of; exit 67", "mail test bob@example.org", "unheard of" },
	{ "exit 0", "mail test bob", "is no address" },
	{ "exit 0", "mail test -f@-", "-f@- is not understood here" },
};

START_TEST(test_says_why_not)
{
	begin("transport = directory\n", 0);
	script(USE_COMMAND, test_rows[_i].body);
	ck_assert_int_ne(ctl(test_rows[_i].line), 0);
	ck_assert_msg(strstr(err, test_rows[_i].said) != NULL, "%s", err);
	end();
}
END_TEST

/* --- what other commands leave behind ----------------------------------------------------------
 */

/* Its mail server thinks until it is told to go on; the command and its pipe do not. */
START_TEST(command_that_posts_does_not_wait_for_the_mail)
{
	begin("transport = directory\n", 0);
	script(USE_COMMAND,
	    "cd ${0%/*}\ncat >part\nwhile [ ! -e go ]; do sleep 0.02; done\nmv part taken");
	ck_assert_msg(ctl("user add bob@example.org") == 0, "%s", err);
	post_write(&post, "go", "", 0600);
	for (int i = 0; access(post_path(&post, "taken"), F_OK) != 0; i++) {
		ck_assert_int_lt(i, 1500);
		usleep(10000);
	}
	ck_assert_ptr_nonnull(strstr(post_read(&post, "taken"), "To: bob@example.org\n"));
	for (int i = 0; post_int(&post, POST_ALL) != 0; i++) {
		ck_assert_int_lt(i, 1500);
		usleep(10000);
	}
	end();
}
END_TEST

/* --- doctor ------------------------------------------------------------------------------------
 */

static const struct {
	const char *lines, *expected;
} doctor_rows[] = {
	{ "transport = directory\n",
	    "ok       mail: by directory, from The Tower <no-reply@tower.example>" },
	{ "transport = directory\ndirectory = yett.conf\n", "FAIL     mail: mail.directory: " },
	{ "transport = sendmail\nsendmail = /nonexistent/sendmail\n",
	    "FAIL     mail: mail.sendmail: /nonexistent/sendmail: No such file" },
	{ "transport = sendmail\nsendmail = /etc/passwd\n", "is no executable file" },
	{ "transport = sendmail\nsendmail = /bin/true\n", "ok       mail: by sendmail" },
	{ "transport = command\ncommand = /nonexistent/told -x\n",
	    "FAIL     mail: mail.command: /nonexistent/told: No such file" },
	{ "transport = command\ncommand = /bin/true -x\n", "ok       mail: by command" },
	{ "transport = smtp\nsmtp_url = smtp://127.0.0.1:25\n", "ok       mail: by smtp" },
	{ "transport = smtp\nsmtp_url = smtp://me@127.0.0.1:25\nsmtp_password_file = secret\n",
	    "FAIL     mail: " },
	{ "transport = smtp\nsmtp_url = smtp://127.0.0.1\nsmtp_ca_file = nowhere.pem\n",
	    "FAIL     mail: mail.smtp_ca_file: No such file" },
	{ "transport = none\n", "warning  mail: mail.transport is none" },
	{ "transport = none\n[hooks]\ncommand = /nonexistent/told\n",
	    "FAIL     hooks: hooks.command: /nonexistent/told" },
	{ "transport = none\n[hooks]\ncommand = /bin/true --json\n",
	    "ok       hooks: /bin/true --json" },
	{ "transport = directory\n", "ok       mail templates: complete" },
	{ "transport = directory\n", "cgi-bin/deliver\n" },
	{ "transport = directory\n", "ok       mail queue: 1 wait, 0 were refused" },
};

START_TEST(doctor_looks_after_mail)
{
	begin(doctor_rows[_i].lines, 1);
	ctl("doctor");
	ck_assert_msg(strstr(out, doctor_rows[_i].expected) != NULL, "%s", out);
	end();
}
END_TEST

START_TEST(doctor_sees_a_loose_password)
{
	begin("transport = smtp\nsmtp_url = smtp://me@127.0.0.1:25\nsmtp_password_file = secret\n",
	    0);
	post_write(&post, "secret", "of the server\n", 0600);
	ctl("doctor");
	ck_assert_msg(strstr(out, "ok       mail: by smtp") != NULL, "%s", out);
	ck_assert_ptr_null(strstr(out, "of the server"));
	ck_assert_int_eq(chmod(post_path(&post, "secret"), 0644), 0);
	ctl("doctor");
	ck_assert_msg(strstr(out, "FAIL     mail: ") != NULL, "%s", out);
	end();
}
END_TEST

START_TEST(doctor_sees_what_waits_too_long)
{
	begin("transport = directory\n", 2);
	post_sql(&post, "UPDATE outbox SET created_at = created_at - 3660000 WHERE id = 1");
	ctl("doctor");
	ck_assert_ptr_nonnull(strstr(out, "warning  mail queue: 1 wait for longer than an hour"));
	end();
}
END_TEST

START_TEST(doctor_sees_a_broken_template)
{
	begin("transport = directory\n", 0);
	ck_assert_int_eq(mkdir(post_path(&post, "templates"), 0700), 0);
	ck_assert_int_eq(mkdir(post_path(&post, "templates/mail"), 0700), 0);
	ck_assert_int_eq(mkdir(post_path(&post, "templates/mail/en"), 0700), 0);
	post_write(&post, "templates/mail/en/verify.txt", "{{nonsense}}\n", 0600);
	ck_assert_int_eq(ctl("doctor"), 1);
	ck_assert_ptr_nonnull(strstr(out, "FAIL     mail templates: "));
	end();
}
END_TEST

/* A sender at an address of this machine goes nowhere. */
START_TEST(doctor_sees_a_sender_of_loopback)
{
	begin("transport = directory\n", 0);
	ck_assert_int_eq(ctl("set site.url http://127.0.0.1:8080"), 0);
	ck_assert_int_eq(ctl("set mail.sendmail /bin/true"), 0);
	ctl("doctor");
	ck_assert_ptr_nonnull(strstr(out, "ok       mail: by directory"));
	ck_assert_int_eq(ctl("set mail.transport sendmail"), 0);
	ctl("doctor");
	ck_assert_ptr_nonnull(
	    strstr(out, "warning  mail: it would come from The Tower <no-reply@[127.0.0.1]>"));
	ck_assert_int_eq(ctl("set mail.from keeper@tower.example"), 0);
	ctl("doctor");
	ck_assert_ptr_nonnull(strstr(out, "ok       mail: by sendmail, from keeper@tower.example"));
	end();
}
END_TEST

/* --- the keys of what waits ------------------------------------------------------------------- */

#define OLDER "20200101T000000Z-a"
#define NEWER "20200102T000000Z-b"

static void
shell(const char *line)
{
	char command[1200];

	snprintf(command, sizeof(command), "cd '%s' && (%s) >/dev/null", post.directory, line);
	ck_assert_msg(system(command) == 0, "%s", line);
}

/* What it refuses, and why. */
static void
refuses(const char *line, const char *why)
{
	ck_assert_msg(ctl(line) == 1, "%s: %s", line, out);
	ck_assert_msg(strstr(err, why) != NULL, "%s: %s", line, err);
}

static const char *
newest_key(void)
{
	static char name[64];
	char command[1200];
	FILE *list;

	snprintf(
	    command, sizeof(command), "ls '%s/keys/outbox' | sort | tail -n 1", post.directory);
	list = popen(command, "r");
	ck_assert(list != NULL && fgets(name, sizeof(name), list) != NULL);
	pclose(list);
	name[strcspn(name, ".\n")] = '\0';
	return name;
}

/* One mail is sealed with the first key. */
static void
begin_rotated(void)
{
	begin("transport = directory\n", 1);
	shell("mv keys/outbox/*.key keys/outbox/" OLDER ".key");
	ck_assert_int_eq(ctl("keys rotate outbox"), 0);
}

START_TEST(rotated_key_comes_and_is_told)
{
	char line[128];

	begin_rotated();
	ck_assert_int_eq(post_int(&post, "SELECT number FROM generation"), 2);
	ck_assert_str_eq(
	    post_text(&post, "SELECT event || ' ' || actor FROM audit"), "keys.rotated operator");
	ck_assert_int_eq(strncmp(post_text(&post, "SELECT object FROM audit"), "outbox/20", 9), 0);
	ck_assert_int_eq(ctl("keys list"), 0);
	ck_assert_ptr_nonnull(strstr(out, OLDER "        seal    yes         current"));
	ck_assert_ptr_nonnull(strstr(out, "no          coming"));
	refuses("keys retire " OLDER, "is the one that seals now");
	shell("mv keys/outbox/$(ls keys/outbox | tail -n 1) "
	      "keys/outbox/$(date -u -d '+1 minute' +%Y%m%dT%H%M%SZ)-z.key");
	snprintf(line, sizeof(line), "keys retire %s", newest_key());
	refuses(line, "is coming");
	ck_assert_int_eq(post_int(&post, "SELECT number FROM generation"), 2);
	end();
}
END_TEST

/* Then there is no other that could seal meanwhile. */
START_TEST(first_key_is_made_and_seals)
{
	begin("transport = directory\n", 0);
	shell("rm keys/totp/*.key");
	ck_assert_int_eq(ctl("doctor"), 1);
	ck_assert_msg(ctl("keys rotate totp") == 0, "%s", err);
	ck_assert_ptr_nonnull(strstr(out, "is made for totp, which had none; it seals at once"));
	ck_assert_int_eq(post_int(&post, "SELECT number FROM generation"), 2);
	ck_assert_str_eq(post_text(&post, "SELECT event FROM audit"), "keys.rotated");
	ctl("doctor");
	ck_assert_ptr_nonnull(strstr(out, "ok       keys: complete"));
	ck_assert_int_eq(ctl("keys rotate totp"), 0);
	ck_assert_ptr_nonnull(strstr(out, "it seals from 20"));
	end();
}
END_TEST

/* Made by a clock that ran ahead. */
START_TEST(key_of_another_century_can_go)
{
	begin_rotated();
	shell("mv keys/outbox/$(ls keys/outbox | tail -n 1) keys/outbox/29990101T000000Z-z.key");
	ck_assert_int_eq(ctl("keys retire 29990101T000000Z-z"), 0);
	ck_assert_str_eq(newest_key(), OLDER);
	end();
}
END_TEST

/* A commit that fails. */
#define SPOIL                                                                                   \
	"CREATE TABLE spoilt (id INTEGER REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED);" \
	"CREATE TRIGGER spoil AFTER INSERT ON audit BEGIN INSERT INTO spoilt VALUES (-1); END"

START_TEST(what_is_not_committed_is_undone)
{
	begin("transport = directory\n", 1);
	shell("mv keys/outbox/*.key keys/outbox/" OLDER ".key");
	post_sql(&post, SPOIL);
	ck_assert_int_eq(ctl("keys rotate outbox"), 1);
	ck_assert_str_eq(newest_key(), OLDER);
	ck_assert_int_eq(post_int(&post, "SELECT number FROM generation"), 2);
	post_sql(&post, "DROP TRIGGER spoil");
	ck_assert_int_eq(ctl("keys rotate outbox"), 0);
	shell("cd keys/outbox && mv $(ls | tail -n 1) " NEWER ".key");
	post_sql(&post, "DELETE FROM outbox; DROP TABLE spoilt;" SPOIL);
	ck_assert_int_eq(ctl("keys retire " OLDER), 1);
	shell("test -f keys/outbox/" OLDER ".key && test ! -e keys/outbox/.retired/" OLDER ".key");
	ck_assert_int_eq(post_int(&post, "SELECT number FROM generation"), 4);
	end();
}
END_TEST

START_TEST(old_key_retires_when_nothing_needs_it)
{
	begin_rotated();
	shell("cd keys/outbox && mv $(ls | tail -n 1) $(date -u +%Y%m%dT%H%M%SZ)-b.key");
	refuses("keys retire " OLDER, "may still be in use somewhere; try again after 20");
	shell("cd keys/outbox && mv $(ls | tail -n 1) " NEWER ".key");
	refuses("keys retire " OLDER, "is still needed: 1 secrets");
	ctl("doctor");
	ck_assert_ptr_null(strstr(out, "old keys"));
	post_sql(&post, "DELETE FROM outbox");
	ctl("doctor");
	ck_assert_ptr_nonnull(strstr(out,
	    "warning  old keys: nothing of outbox is sealed with " OLDER " any more; yettctl "
	    "keys retire " OLDER "\n"));
	ck_assert_int_eq(ctl("keys retire " OLDER), 0);
	shell("test -f keys/outbox/.retired/" OLDER ".key && test ! -e keys/outbox/" OLDER ".key");
	ck_assert_int_eq(post_int(&post, "SELECT number FROM generation"), 3);
	ck_assert_int_eq(
	    post_int(&post, "SELECT COUNT(*) FROM audit WHERE event = 'keys.retired' AND "
			    "actor = 'operator' AND object = 'outbox/" OLDER "'"),
	    1);
	refuses("keys retire " OLDER, "is no key here; see yettctl keys list");
	ctl("doctor");
	ck_assert_ptr_null(strstr(out, "old keys"));
	ck_assert_ptr_nonnull(strstr(out, "ok       keys: complete"));
	end();
}
END_TEST

/* A key is found by its name alone, so the name must be of one. */
START_TEST(name_of_several_keys_is_refused)
{
	begin_rotated();
	shell("cd keys/outbox && mv $(ls | tail -n 1) " NEWER ".key");
	shell("cp -p keys/outbox/" OLDER ".key keys/totp/");
	refuses("keys retire " OLDER, OLDER " is a key of outbox and totp; rename one");
	shell("mv keys/totp/" OLDER ".key keys/csrf/");
	refuses("keys retire " OLDER, OLDER " is a key of csrf and outbox; rename one");
	shell("test -f keys/csrf/" OLDER ".key && test -f keys/outbox/" OLDER ".key");
	shell("cp -p keys/csrf/" OLDER ".key keys/totp/" NEWER ".key");
	refuses("keys retire " NEWER, "outbox and totp");
	shell("rm keys/outbox/" OLDER ".key keys/totp/" NEWER ".key");
	refuses("keys retire " OLDER,
	    OLDER " is a key of csrf, which does not seal; outbox and totp do");
	ck_assert_int_eq(post_int(&post, "SELECT number FROM generation"), 2);
	ck_assert_int_eq(post_int(&post, "SELECT COUNT(*) FROM audit"), 1);
	end();
}
END_TEST

#define APP_SECRET "12345678901234567890"

static struct keyring *
totp_keys(void)
{
	struct config_fault fault = { "" };
	struct keyring *ring = NULL;

	ck_assert_msg(
	    keyring_open(&ring, post.config, KEYS_OF(PURPOSE_TOTP), JWT_NONE, &fault) == RC_OK,
	    "%s", fault.text);
	return ring;
}

/* An account whose secret is sealed with the first key. */
static void
put_factor(void)
{
	struct keyring *ring = totp_keys();
	struct buf sealed = BUF_INIT(256);
	char hex[256], sql[1024];

	ck_assert_int_eq(seal_put(&sealed, keyring_sealing(ring, PURPOSE_TOTP), 0, &random_system,
			     SPAN(APP_SECRET), SPAN(POST_USER)),
	    RC_OK);
	sodium_bin2hex(hex, sizeof(hex), (const unsigned char *)sealed.data, sealed.len);
	snprintf(sql, sizeof(sql),
	    "INSERT INTO users VALUES (1, '" POST_USER "', 'ada@example.org', NULL, '', 1, 1, 0, 1,"
	    " 0, 0, 1); INSERT INTO totp VALUES (1, x'%s', 'sha1', 6, 30, 0, 0)",
	    hex);
	post_sql(&post, sql);
	buf_free(&sealed);
	keyring_free(ring);
}

/* Of the same secret, for other accounts. */
#define PUT_MORE                                                                                  \
	"INSERT INTO users VALUES (2, 'second', 'b@example.org', NULL, '', 1, 1, 0, 1, 0, 0, 1)," \
	"(3, 'third', 'c@example.org', NULL, '', 1, 1, 0, 1, 0, 0, 1);"                           \
	"INSERT INTO totp SELECT u.id, t.secret, 'sha1', 6, 30, 0, 0 FROM users u, totp t"        \
	" WHERE u.id > 1;"

/* What is done to the secrets of accounts 1 to 3 and to set-ups, and what is found. */
static const struct {
	const char *sql, *findings[2];
} factor_rows[] = {
	{ "", { "ok       second factors: 3 can be opened" } },
	{ "DELETE FROM totp", { "ok       second factors: 0 can be opened" } },
	{ "UPDATE totp SET secret = CAST(x'01ffffffffffffffff' || substr(secret, 10) AS BLOB)"
	  " WHERE user_id = 1",
	    { "FAIL     second factors: 1 of 3 secrets are sealed with a key that is not in" } },
	{ "UPDATE totp SET secret = x'' WHERE user_id = 1",
	    { "FAIL     second factors: 1 of 3 secrets are damaged" } },
	{ "UPDATE totp SET secret = CAST(substr(secret, 1, 36) AS BLOB) WHERE user_id < 3",
	    { "FAIL     second factors: 2 of 3 secrets are damaged" } },
	{ "UPDATE totp SET secret = CAST(x'01ffffffffffffffff' || substr(secret, 10) AS BLOB)"
	  " WHERE user_id = 1;"
	  "UPDATE totp SET secret = CAST(x'01eeeeeeeeeeeeeeee' || substr(secret, 10) AS BLOB)"
	  " WHERE user_id = 2;"
	  "UPDATE totp SET secret = x'01020304' WHERE user_id = 3",
	    { "FAIL     second factors: 2 of 3 secrets are sealed with a key",
		"FAIL     second factors: 1 of 3 secrets are damaged" } },
	/* A set-up counts until it ends. */
	{ "INSERT INTO totp_enrolment SELECT 1, x'00', x'02', 'sha1', 6, 30, 1, 0, 1",
	    { "ok       second factors: 3 can be opened" } },
	{ "INSERT INTO totp_enrolment SELECT 1, x'00', x'02', 'sha1', 6, 30, 1, 0, 1 << 50",
	    { "FAIL     second factors: 1 of 4 secrets are damaged" } },
};

START_TEST(doctor_tells_missing_keys_from_damage)
{
	size_t count = 0;

	begin("transport = directory\n", 0);
	put_factor();
	post_sql(&post, PUT_MORE);
	post_sql(&post, factor_rows[_i].sql);
	ctl("doctor");
	for (size_t i = 0; i < 2 && factor_rows[_i].findings[i] != NULL; i++)
		ck_assert_msg(strstr(out, factor_rows[_i].findings[i]) != NULL, "%s: %s",
		    factor_rows[_i].findings[i], out);
	for (const char *at = out; (at = strstr(at, "second factors: ")) != NULL; at++)
		count++;
	ck_assert_uint_eq(count, factor_rows[_i].findings[1] == NULL ? 1 : 2);
	end();
}
END_TEST

/* Instants that were, by the clock of then, and what is found. */
static const struct {
	const char *sql, *finding;
} instants[] = {
	{ "UPDATE totp SET last_step = unixepoch() / 30 + 1", "ok       clock: 20" },
	{ "UPDATE totp SET last_step = unixepoch() / 30 + 100 WHERE user_id = 1",
	    "FAIL     clock: it is 20" },
	{ "INSERT INTO audit (at, event, actor) VALUES ((unixepoch() + 3000) * 1000, 'a', 'b'),"
	  " (unixepoch() * 1000, 'a', 'b')",
	    "FAIL     clock: it is 20" },
};

START_TEST(doctor_sees_a_clock_that_was_ahead)
{
	begin("transport = directory\n", 0);
	put_factor();
	post_sql(&post, instants[_i].sql);
	ctl("doctor");
	ck_assert_msg(strstr(out, instants[_i].finding) != NULL, "%s", out);
	end();
}
END_TEST

/* A key stays until what it has sealed is sealed anew, and then the secret is the same. */
START_TEST(secrets_of_apps_are_sealed_anew)
{
	struct buf secret = BUF_INIT(64);
	struct keyring *ring;
	unsigned char bytes[128];
	char hex[256];
	size_t len;

	begin("transport = directory\n", 0);
	shell("mv keys/totp/*.key keys/totp/" OLDER ".key");
	put_factor();
	shell("umask 077; head -c 32 /dev/urandom >keys/totp/" NEWER ".key");
	refuses("keys retire " OLDER, "is still needed: 1 secrets");
	ck_assert_msg(ctl("keys reseal") == 0, "%s", err);
	ck_assert_ptr_nonnull(strstr(out, "1 secrets are sealed with " NEWER));
	ck_assert_int_eq(ctl("keys reseal"), 0);
	ck_assert_ptr_nonnull(strstr(out, "0 secrets"));
	ck_assert_msg(ctl("keys retire " OLDER) == 0, "%s", err);
	snprintf(hex, sizeof(hex), "%s", post_text(&post, "SELECT hex(secret) FROM totp"));
	ck_assert_int_eq(
	    sodium_hex2bin(bytes, sizeof(bytes), hex, strlen(hex), NULL, &len, NULL), 0);
	ring = totp_keys();
	ck_assert_int_eq(seal_open(&secret, keyring_sealing(ring, PURPOSE_TOTP),
			     (struct span){ (const char *)bytes, len }, SPAN(POST_USER)),
	    RC_OK);
	ck_assert(span_equal(buf_span(&secret), SPAN(APP_SECRET)));
	buf_free(&secret);
	keyring_free(ring);
	end();
}
END_TEST

/* One whose key is missing does not hold up the others. */
START_TEST(missing_key_is_told_of_at_the_end)
{
	begin("transport = directory\n", 0);
	shell("mv keys/totp/*.key keys/totp/" OLDER ".key");
	put_factor();
	post_sql(&post,
	    "UPDATE users SET public_id = 'first';"
	    "INSERT INTO users SELECT 2, '" POST_USER "', 'b@example.org', NULL, '', 1, 1, 0, 1, 0,"
	    " 0, 1;"
	    "INSERT INTO totp SELECT 2, secret, algorithm, digits, period, 0, 0 FROM totp;"
	    "UPDATE totp SET secret = CAST(x'010000000000000000' || substr(secret, 10) AS BLOB)"
	    " WHERE user_id = 1");
	shell("umask 077; head -c 32 /dev/urandom >keys/totp/" NEWER ".key");
	refuses("keys reseal", "1 secrets are sealed with a key that is not in keys/totp");
	ck_assert_msg(strstr(out, "1 secrets are sealed with " NEWER) != NULL, "%s", out);
	end();
}
END_TEST

#define DAMAGE                                                                               \
	"UPDATE totp SET secret = CAST(substr(secret, 1, 40) || x'00' || substr(secret, 42)" \
	" AS BLOB)"

/* What nobody can open stays, and it is told whose it is. */
START_TEST(damaged_secrets_stay)
{
	begin("transport = directory\n", 0);
	shell("mv keys/totp/*.key keys/totp/" OLDER ".key");
	put_factor();
	post_sql(&post, DAMAGE);
	shell("umask 077; head -c 32 /dev/urandom >keys/totp/" NEWER ".key");
	refuses("keys reseal", "1 secrets are damaged");
	ck_assert_ptr_nonnull(strstr(out, "damaged: ada@example.org\n"));
	ck_assert_ptr_null(strstr(out, "more"));
	ck_assert_int_eq(post_int(&post, "SELECT COUNT(*) FROM totp"), 1);
	ck_assert_int_eq(ctl("user reset-2fa ada@example.org"), 0);
	ck_assert_int_eq(ctl("keys reseal"), 0);
	end();
}
END_TEST

/* The others are sealed anew, and no reason hides another. */
START_TEST(all_that_is_left_is_told)
{
	begin("transport = directory\n", 0);
	shell("mv keys/totp/*.key keys/totp/" OLDER ".key");
	put_factor();
	post_sql(&post,
	    PUT_MORE "UPDATE users SET public_id = 'first' WHERE id = 1;"
		     "UPDATE users SET public_id = '" POST_USER "' WHERE id = 3;"
		     "UPDATE totp SET secret = CAST(x'01ffffffffffffffff' || substr(secret, 10)"
		     " AS BLOB) WHERE user_id = 1;"
		     "UPDATE totp SET secret = x'01' WHERE user_id = 2");
	shell("umask 077; head -c 32 /dev/urandom >keys/totp/" NEWER ".key");
	refuses("keys reseal", "1 secrets are sealed with a key that is not in keys/totp");
	ck_assert_ptr_nonnull(strstr(err, "1 secrets are damaged"));
	ck_assert_str_eq(out, "1 secrets are sealed with " NEWER " now\ndamaged: b@example.org\n");
	end();
}
END_TEST

/* What is cut off is damaged, though it names the key that seals now. */
START_TEST(many_damaged_secrets_are_counted)
{
	begin("transport = directory\n", 0);
	put_factor();
	post_sql(&post,
	    "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 25)"
	    " INSERT INTO users SELECT i, 'id' || i, 'u' || i || '@example.org', NULL, '', 1, 1, 0,"
	    " 1, 0, 0, 1 FROM n;"
	    "INSERT INTO totp SELECT u.id, t.secret, 'sha1', 6, 30, 0, 0 FROM users u, totp t"
	    " WHERE u.id > 1;"
	    "UPDATE totp SET secret = CAST(substr(secret, 1, 36) AS BLOB) WHERE user_id > 1");
	refuses("keys reseal", "24 secrets are damaged");
	ck_assert_ptr_nonnull(strstr(out, "damaged: u2@example.org\n"));
	ck_assert_ptr_nonnull(strstr(out, "damaged: u11@example.org\ndamaged: 14 more\n"));
	ck_assert_ptr_null(strstr(out, "u12@"));
	end();
}
END_TEST

START_TEST(keys_are_no_more_than_can_be_opened)
{
	begin("transport = directory\n", 0);
	for (int i = 1; i < SEALING_KEYS_MAX; i++)
		ck_assert_int_eq(ctl("keys rotate outbox"), 0);
	refuses("keys rotate outbox", "as many keys as can be opened");
	ck_assert_int_eq(post_int(&post, "SELECT number FROM generation"), SEALING_KEYS_MAX);
	ck_assert_int_eq(post_int(&post, "SELECT COUNT(*) FROM audit"), SEALING_KEYS_MAX - 1);
	end();
}
END_TEST

/* A key of which nobody was told would be used by some and missing to others. */
START_TEST(locked_store_gets_no_key)
{
	sqlite3 *raw;

	begin("transport = directory\n", 0);
	raw = post_raw(&post);
	ck_assert_int_eq(sqlite3_exec(raw, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	refuses("keys rotate outbox", "locked");
	sqlite3_close(raw);
	shell("test $(ls -A keys/outbox | wc -l) = 1");
	end();
}
END_TEST

/* The key goes where its word cannot be given, and whoever has begun with it begins anew. */
START_TEST(key_without_a_word_goes_again)
{
	begin("transport = directory\n", 0);
	post_sql(&post, "CREATE TRIGGER no_word BEFORE INSERT ON audit"
			" BEGIN SELECT RAISE(ABORT, 'no'); END");
	ck_assert_int_eq(ctl("keys rotate outbox"), 1);
	shell("test $(ls keys/outbox | wc -l) = 1");
	shell("test $(ls keys/outbox/.retired | wc -l) = 1");
	ck_assert_int_eq(post_int(&post, "SELECT number FROM generation"), 2);
	end();
}
END_TEST

/* --- init --------------------------------------------------------------------------------------
 */

START_TEST(init_takes_sendmail_where_it_is)
{
	bool there = access("/usr/sbin/sendmail", X_OK) == 0;
	const char *build = getenv("YETT_BUILD");
	char command[5000];

	begin("transport = directory\n", 0);
	snprintf(command, sizeof(command), "%s/bin/yettctl init %s >%s 2>&1",
	    build == NULL ? "build" : build, post_path(&post, "new"), post_path(&post, "said"));
	ck_assert_int_eq(system(command), 0);
	ck_assert_ptr_nonnull(strstr(post_read(&post, "said"),
	    there ? "mail leaves by /usr/sbin/sendmail" : "mail becomes files in "));
	ck_assert_ptr_nonnull(strstr(post_read(&post, "new/yett.conf"),
	    there ? "\ntransport = sendmail\n" : "\ntransport = directory\n"));
	end();
}
END_TEST

#define COUNT(rows) (int)(sizeof(rows) / sizeof((rows)[0]))

int
main(void)
{
	Suite *suite = suite_create("ctl_mail");
	TCase *tests = tcase_create("ctl_mail");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, list_tells_address_tries_and_reason);
	tcase_add_test(tests, list_is_json_too);
	tcase_add_test(tests, send_tries_all_that_waits);
	tcase_add_test(tests, send_says_what_still_waits_and_why);
	tcase_add_test(tests, send_is_content_with_what_is_refused);
	tcase_add_test(tests, send_leaves_what_is_leased);
	tcase_add_test(tests, test_sends_a_message_and_queues_none);
	tcase_add_loop_test(tests, test_says_why_not, 0, COUNT(test_rows));
	tcase_add_test(tests, command_that_posts_does_not_wait_for_the_mail);
	tcase_add_loop_test(tests, doctor_looks_after_mail, 0, COUNT(doctor_rows));
	tcase_add_test(tests, doctor_sees_a_loose_password);
	tcase_add_test(tests, doctor_sees_what_waits_too_long);
	tcase_add_test(tests, doctor_sees_a_broken_template);
	tcase_add_test(tests, doctor_sees_a_sender_of_loopback);
	tcase_add_test(tests, rotated_key_comes_and_is_told);
	tcase_add_test(tests, first_key_is_made_and_seals);
	tcase_add_test(tests, key_of_another_century_can_go);
	tcase_add_test(tests, what_is_not_committed_is_undone);
	tcase_add_test(tests, old_key_retires_when_nothing_needs_it);
	tcase_add_test(tests, name_of_several_keys_is_refused);
	tcase_add_loop_test(tests, doctor_tells_missing_keys_from_damage, 0, COUNT(factor_rows));
	tcase_add_loop_test(tests, doctor_sees_a_clock_that_was_ahead, 0,
	    (int)(sizeof(instants) / sizeof(instants[0])));
	tcase_add_test(tests, secrets_of_apps_are_sealed_anew);
	tcase_add_test(tests, missing_key_is_told_of_at_the_end);
	tcase_add_test(tests, damaged_secrets_stay);
	tcase_add_test(tests, all_that_is_left_is_told);
	tcase_add_test(tests, many_damaged_secrets_are_counted);
	tcase_add_test(tests, keys_are_no_more_than_can_be_opened);
	tcase_add_test(tests, locked_store_gets_no_key);
	tcase_add_test(tests, key_without_a_word_goes_again);
	tcase_add_test(tests, init_takes_sendmail_where_it_is);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
