/* The SMTP courier against a real server: tests/mail/smtp_server.py, which answers as told. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "mail/courier.h"
#include "mail/smtp_server.h"
#include "unit/fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define PYTHON "/usr/bin/python3"
#define WORDS_MAX 24
#define PASSWORD "p\\ss \"w\xc3\xb6rd"
#define MESSAGE "Subject: x\r\n\r\n.\r\n..\r\n.a\r\nQUIT\r\n\r\nend\r\n"

static char directory[256];
static char url[256];
static struct config config;
static struct envelope envelope;
static char reason[COURIER_REASON_SIZE];
static pid_t server;
static int server_in;

static void
test_path(char path[512], const char *name)
{
	snprintf(path, 512, "%s/%s", directory, name);
}

static void
test_write(const char *name, const char *text, mode_t mode)
{
	char path[512];
	FILE *file;

	test_path(path, name);
	unlink(path);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	ck_assert_int_eq(chmod(path, mode), 0);
}

/* What is in a file; "" when there is none. */
static const char *
test_read(const char *name)
{
	static char text[1 << 20];
	char path[512];
	FILE *file;

	test_path(path, name);
	file = fopen(path, "rb");
	text[file == NULL ? 0 : fread(text, 1, sizeof(text) - 1, file)] = '\0';
	if (file != NULL)
		fclose(file);
	return text;
}

static void
setup(void)
{
	config = (struct config){ .directory = directory };
	config.mail.smtp_url = url;
	config.mail.smtp_password_file = "";
	config.mail.smtp_ca_file = "";
	envelope = (struct envelope){ .from = SPAN("no-reply@example.org"),
		.to = SPAN("alice@example.net"),
		.id = SPAN("id") };
	memset(reason, 'x', sizeof(reason));
	test_write("password", PASSWORD "\nsecond line\n", 0600);
}

static void
server_stop(void)
{
	if (server > 0) {
		kill(server, SIGKILL);
		waitpid(server, NULL, 0);
		close(server_in);
	}
	server = 0;
}

/* Runs in the child: the words are separated by '|'. */
static void
server_exec(const char *words, int in, int out)
{
	static char copy[1024], script[] = "tests/mail/smtp_server.py", program[] = PYTHON;
	char *argv[WORDS_MAX] = { program, script, directory };
	char *rest = copy;
	size_t count = 3;

	snprintf(copy, sizeof(copy), "%s", words);
	while (rest != NULL && count < WORDS_MAX - 1) {
		argv[count] = strsep(&rest, "|");
		count += *argv[count] != '\0';
	}
	argv[count] = NULL;
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	execv(PYTHON, argv);
	_exit(127);
}

/* Starts one; the URL is that of its port, with what comes before the host. */
static void
server_start(const char *scheme, const char *words)
{
	int in[2], out[2], port = 0;
	char line[64] = "";
	FILE *ready;

	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	server = fork();
	ck_assert_int_ge(server, 0);
	if (server == 0)
		server_exec(words, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	server_in = in[1];
	ready = fdopen(out[0], "r");
	ck_assert_ptr_nonnull(ready);
	ck_assert_msg(
	    fgets(line, sizeof(line), ready) != NULL && sscanf(line, "ready %d", &port) == 1, PYTHON
	    " tests/mail/smtp_server.py does not start (python3-aiosmtpd, see tools/packages)");
	fclose(ready);
	snprintf(url, sizeof(url), "%s:%d", scheme, port);
}

static enum rc
test_send(void)
{
	return courier_smtp.send(&config, &envelope, SPAN(MESSAGE), reason);
}

/* What the server wrote down about the only message that it took. */
static struct json *
test_facts(void)
{
	struct json *facts = NULL;
	char path[512];

	ck_assert_int_eq(json_read(span_of(test_read("1.json")), &facts), RC_OK);
	test_path(path, "2.json");
	ck_assert_int_ne(access(path, F_OK), 0);
	return facts;
}

static void
teardown(void)
{
	static const char *const names[] = { "1.json", "1.eml", "2.json", "2.eml" };
	char path[512];

	server_stop();
	for (size_t i = 0; i < COUNT(names); i++) {
		test_path(path, names[i]);
		unlink(path);
	}
}

static void
must_hold(struct span found, const char *expected)
{
	ck_assert_msg(span_equal(found, span_of(expected)), "%.*s in place of %s", (int)found.len,
	    found.data == NULL ? "" : found.data, expected);
}

START_TEST(a_message_arrives_as_it_is)
{
	struct json *facts;
	bool tls = true;

	server_start("smtp://127.0.0.1", "");
	ck_assert_msg(test_send() == RC_OK, "%s", reason);
	ck_assert_str_eq(reason, "250 2.0.0 Ok: taken as 1");
	ck_assert_str_eq(test_read("1.eml"), MESSAGE);
	facts = test_facts();
	must_hold(json_string(json_member(facts, "from")), "no-reply@example.org");
	must_hold(json_string(json_first(json_member(facts, "to"))), "alice@example.net");
	ck_assert_ptr_null(json_next(json_first(json_member(facts, "to"))));
	ck_assert(json_bool(json_member(facts, "tls"), &tls) && !tls);
	json_free(facts);
}
END_TEST

/* More than libcurl sends at once, with a dot at the start of every line. */
START_TEST(a_large_message_arrives_as_it_is)
{
	struct buf message = BUF_INIT(1 << 20);

	buf_text(&message, "Subject: x\r\n\r\n");
	for (int i = 0; i < 20000; i++) {
		buf_text(&message, i % 3 == 0 ? "." : "..");
		buf_number(&message, i);
		buf_text(&message, "\r\n");
	}
	buf_text(&message, ".\r\n");
	server_start("smtp://127.0.0.1", "");
	ck_assert_int_eq(courier_smtp.send(&config, &envelope, buf_span(&message), reason), RC_OK);
	ck_assert_str_eq(test_read("1.eml"), message.data);
	buf_free(&message);
}
END_TEST

/* And what the server makes of it: it takes quotes off that need not be. */
static const struct {
	const char *to, *found;
} recipients[] = {
	{ "a,eve@example.net", "\"a,eve\"@example.net" },
	{ "a\"b\\c@example.net", "\"a\\\"b\\\\c\"@example.net" },
	{ "a>b<c@example.net", "\"a>b<c\"@example.net" },
	{ "(a)@example.net", "\"(a)\"@example.net" },
	{ "a:b;c@example.net", "\"a:b;c\"@example.net" },
	{ "a..b@example.net", "a..b@example.net" },
	{ "-a@example.net", "-a@example.net" },
};

START_TEST(a_quoted_recipient_is_one_recipient)
{
	struct json *facts;

	server_start("smtp://127.0.0.1", "");
	envelope.to = span_of(recipients[_i].to);
	ck_assert_msg(test_send() == RC_OK, "%s", reason);
	facts = test_facts();
	must_hold(json_string(json_first(json_member(facts, "to"))), recipients[_i].found);
	ck_assert_ptr_null(json_next(json_first(json_member(facts, "to"))));
	json_free(facts);
}
END_TEST

/* Answers of a server, and what they mean. */
static const struct {
	const char *words;
	enum rc rc;
	const char *reason;
} answers[] = {
	{ "--connect|421 4.3.2 busy", RC_UNAVAILABLE, "the server answered: 421 4.3.2 busy" },
	{ "--connect|554 5.3.2 not you", RC_UNAVAILABLE, "the server answered: 554 5.3.2 not you" },
	{ "--ehlo|421 4.3.2 busy", RC_UNAVAILABLE,
	    "the server answered the greeting: 421 4.3.2 busy" },
	{ "--mail|451 4.3.0 later", RC_UNAVAILABLE, "the sender was answered: 451 4.3.0 later" },
	{ "--mail|550 5.7.1 not from you", RC_INTERNAL,
	    "the sender was answered: 550 5.7.1 not from you" },
	{ "--mail|530 5.7.0 sign in first", RC_INTERNAL,
	    "the sender was answered: 530 5.7.0 sign in first" },
	{ "--rcpt|450 4.2.1 grey", RC_UNAVAILABLE, "the recipient was answered: 450 4.2.1 grey" },
	{ "--rcpt|550 5.1.1 nobody", RC_NO, "the recipient was answered: 550 5.1.1 nobody" },
	{ "--rcpt|550-5.1.1 no such\\n550 5.1.1 user \x1b[31m", RC_NO,
	    "the recipient was answered: 550-5.1.1 no such 5.1.1 user [31m" },
	{ "--data|452 4.3.1 full", RC_UNAVAILABLE, "the message was answered: 452 4.3.1 full" },
	{ "--data|554 5.6.0 no", RC_NO, "the message was answered: 554 5.6.0 no" },
	{ "--message|451 4.3.0 later", RC_UNAVAILABLE,
	    "the message was answered: 451 4.3.0 later" },
	{ "--message|554 5.7.1 spam", RC_NO, "the message was answered: 554 5.7.1 spam" },
	{ "--drop|connect", RC_UNAVAILABLE, NULL },
	{ "--drop|mail", RC_UNAVAILABLE, NULL },
	{ "--drop|data", RC_UNAVAILABLE, NULL },
	{ "--drop|message", RC_UNAVAILABLE, NULL },
};

START_TEST(a_reply_says_whether_to_try_again)
{
	server_start("smtp://127.0.0.1", answers[_i].words);
	ck_assert_msg(test_send() == answers[_i].rc, "%s", reason);
	if (answers[_i].reason != NULL)
		ck_assert_str_eq(reason, answers[_i].reason);
	else
		ck_assert_msg(strncmp(reason, url, strlen(url)) == 0, "%s", reason);
	ck_assert_str_eq(test_read("1.eml"), "");
}
END_TEST

START_TEST(no_server_is_tried_again)
{
	server_start("smtp://127.0.0.1", "");
	server_stop();
	ck_assert_int_eq(test_send(), RC_UNAVAILABLE);
	ck_assert_msg(
	    strstr(reason, "refused") != NULL || strstr(reason, "connect") != NULL, "%s", reason);
}
END_TEST

/* Makes NAME.pem and NAME.key, for one host. */
static void
test_certificate(const char *name, const char *host, const char *alternative)
{
	char command[2048];

	snprintf(command, sizeof(command),
	    "cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
	    "-subj /CN=%s -addext subjectAltName=%s -keyout %s.key -out %s.pem 2>openssl.err",
	    directory, host, alternative, name, name);
	ck_assert_msg(system(command) == 0, "%s", test_read("openssl.err"));
}

/* Once for all. */
static void
test_certificates(void)
{
	if (*test_read("other.pem") != '\0')
		return;
	test_certificate("here", "localhost", "DNS:localhost,IP:127.0.0.1");
	test_certificate("other", "mail.example.org", "DNS:mail.example.org,IP:127.0.0.2");
}

/* Starts one with that certificate. */
static void
server_start_tls(const char *scheme, const char *certificate, const char *words)
{
	char all[1024];

	test_certificates();
	snprintf(all, sizeof(all), "--certificate|%s/%s.pem|--key|%s/%s.key|%s", directory,
	    certificate, directory, certificate, words);
	server_start(scheme, all);
}

static const struct {
	const char *scheme, *certificate, *words, *ca;
	enum rc rc;
	const char *reason;
} tls_rows[] = {
	{ "smtp://127.0.0.1", "here", "--starttls", "here.pem", RC_OK, "250 " },
	{ "smtp://localhost", "here", "--starttls", "here.pem", RC_OK, "250 " },
	{ "smtps://127.0.0.1", "here", "--implicit-tls", "here.pem", RC_OK, "250 " },
	{ "smtps://localhost", "here", "--implicit-tls", "here.pem", RC_OK, "250 " },
	/* Nobody whom the system trusts has signed it. */
	{ "smtp://127.0.0.1", "here", "--starttls", "", RC_INTERNAL, "certificate" },
	{ "smtps://127.0.0.1", "here", "--implicit-tls", "", RC_INTERNAL, "certificate" },
	/* It is another host's. */
	{ "smtp://127.0.0.1", "other", "--starttls", "other.pem", RC_INTERNAL, "127.0.0.1" },
	{ "smtp://localhost", "other", "--starttls", "other.pem", RC_INTERNAL, "localhost" },
	{ "smtps://localhost", "other", "--implicit-tls", "other.pem", RC_INTERNAL, "localhost" },
	/* It is not the one that is trusted. */
	{ "smtp://localhost", "here", "--starttls", "other.pem", RC_INTERNAL, "certificate" },
	{ "smtp://localhost", "here", "--starttls", "missing.pem", RC_INTERNAL, "certificate" },
	{ "smtp://localhost", "here", "--starttls", "password", RC_INTERNAL, "certificate" },
	/* No TLS there, or not from the start. */
	{ "smtps://localhost", "here", "", "here.pem", RC_UNAVAILABLE, "smtps://localhost" },
	{ "smtp://localhost", "here", "", "here.pem", RC_OK, "250 " },
};

START_TEST(certificates_are_verified)
{
	struct json *facts;
	bool tls = false;

	server_start_tls(tls_rows[_i].scheme, tls_rows[_i].certificate, tls_rows[_i].words);
	config.mail.smtp_ca_file = tls_rows[_i].ca;
	ck_assert_msg(test_send() == tls_rows[_i].rc, "%s", reason);
	ck_assert_msg(strstr(reason, tls_rows[_i].reason) != NULL, "%s", reason);
	if (tls_rows[_i].rc == RC_OK) {
		facts = test_facts();
		/* Under implicit TLS the server does not know of it. */
		ck_assert(json_bool(json_member(facts, "tls"), &tls));
		ck_assert_int_eq(tls, strstr(tls_rows[_i].words, "starttls") != NULL);
		json_free(facts);
	} else {
		ck_assert_str_eq(test_read("1.eml"), "");
	}
}
END_TEST

#define LOGIN "--user|user@example.org:" PASSWORD

static const struct {
	const char *scheme, *words;
	enum rc rc;
	const char *reason;
} login_rows[] = {
	{ "smtp://user@example.org@127.0.0.1", "--starttls|--must-sign-in|" LOGIN, RC_OK, "250 " },
	{ "smtps://user@example.org@localhost", "--implicit-tls|--login-without-tls|" LOGIN, RC_OK,
	    "250 " },
	/* To loopback it goes without TLS. */
	{ "smtp://user@example.org@127.0.0.1", "--login-without-tls|" LOGIN, RC_OK, "250 " },
	{ "smtp://user@example.org@localhost", "--login-without-tls|" LOGIN, RC_OK, "250 " },
	/* To others it does not, not even when they seem to be elsewhere. */
	{ "smtp://user@example.org@0x7f.1", "--login-without-tls|" LOGIN, RC_INTERNAL,
	    "no TLS, and a password does not go without it" },
	{ "smtp://eve@example.org@127.0.0.1", "--login-without-tls|" LOGIN, RC_INTERNAL,
	    "the login was answered: 535 " },
	{ "smtp://user@example.org@127.0.0.1",
	    "--login-without-tls|" LOGIN "|--refuse-login|454 4.7.0 x", RC_UNAVAILABLE,
	    "the login was answered: 454 4.7.0 x" },
	{ "smtp://user@example.org@127.0.0.1",
	    "--login-without-tls|" LOGIN "|--refuse-login|554 5.7.0 x", RC_INTERNAL,
	    "the login was answered: 554 5.7.0 x" },
	/* It offers none before TLS, and no TLS. */
	{ "smtp://user@example.org@127.0.0.1", LOGIN, RC_INTERNAL,
	    "the server offers no way to sign in (AUTH)" },
	{ "smtp://user@example.org@127.0.0.1", "", RC_INTERNAL,
	    "the server offers no way to sign in (AUTH)" },
	{ "smtp://127.0.0.1", "--starttls|--must-sign-in|" LOGIN, RC_INTERNAL,
	    "the sender was answered: 530 " },
};

/* Whether each line of the client's is a command that holds no secret. */
static void
must_be_shown_openly(struct span shown)
{
	static const struct span open[] = { SPAN_ROW("> EHLO "), SPAN_ROW("> HELO "),
		SPAN_ROW("> STARTTLS"), SPAN_ROW("> AUTH ..."), SPAN_ROW("> (secret)"),
		SPAN_ROW("> MAIL FROM:<no-reply@example.org>"),
		SPAN_ROW("> RCPT TO:<alice@example.net>"), SPAN_ROW("> DATA"), SPAN_ROW("> QUIT") };

	while (shown.len > 0) {
		struct span line = span_cut(&shown, '\n');
		size_t i = 0;

		while (i < COUNT(open) && !span_starts(line, open[i]))
			i++;
		ck_assert_msg(i < COUNT(open) || span_starts(line, SPAN("< ")), "%.*s",
		    (int)line.len, line.data);
		ck_assert(i != 3 || line.len == open[3].len);
	}
}

START_TEST(a_password_signs_in_and_is_not_shown)
{
	char *text = NULL;
	size_t len = 0;

	server_start_tls(login_rows[_i].scheme, "here", login_rows[_i].words);
	config.mail.smtp_ca_file = "here.pem";
	config.mail.smtp_password_file = "password";
	envelope.dialogue = open_memstream(&text, &len);
	ck_assert_msg(test_send() == login_rows[_i].rc, "%s", reason);
	fclose(envelope.dialogue);
	ck_assert_msg(strstr(reason, login_rows[_i].reason) != NULL, "%s", reason);
	must_be_shown_openly((struct span){ text, len });
	if (login_rows[_i].rc == RC_OK) {
		struct json *facts = test_facts();

		must_hold(json_string(json_member(facts, "user")), "user@example.org");
		json_free(facts);
		ck_assert_ptr_nonnull(strstr(text, "> AUTH ...\n< 334 \n> (secret)\n< 235 "));
	}
	free(text);
}
END_TEST

static const struct {
	const char *text;
	mode_t mode;
	const char *reason;
} password_rows[] = {
	{ PASSWORD "\n", 0640, "mail.smtp_password_file is open to others, chmod it to 0600" },
	{ PASSWORD "\n", 0604, "mail.smtp_password_file is open to others, chmod it to 0600" },
	{ "", 0600, "mail.smtp_password_file has an empty first line" },
	{ "\n" PASSWORD "\n", 0600, "mail.smtp_password_file has an empty first line" },
	{ NULL, 0, "mail.smtp_password_file No such file or directory" },
};

START_TEST(a_password_file_is_private)
{
	char path[512];

	snprintf(url, sizeof(url), "smtp://user@127.0.0.1:1");
	config.mail.smtp_password_file = "other";
	if (password_rows[_i].text != NULL)
		test_write("other", password_rows[_i].text, password_rows[_i].mode);
	ck_assert_int_eq(test_send(), RC_INTERNAL);
	ck_assert_str_eq(reason, password_rows[_i].reason);
	test_path(path, "other");
	unlink(path);
}
END_TEST

START_TEST(a_password_is_asked_for_by_a_user_alone)
{
	char path[512];

	snprintf(url, sizeof(url), "smtp://user@127.0.0.1:1");
	ck_assert_int_eq(test_send(), RC_INTERNAL);
	ck_assert_str_eq(reason, "mail.smtp_password_file is empty, but mail.smtp_url has a user");
	config.mail.smtp_password_file = directory;
	ck_assert_int_eq(test_send(), RC_INTERNAL);
	ck_assert_str_eq(reason, "mail.smtp_password_file is no regular file");
	test_path(path, "password");
	config.mail.smtp_password_file = path;
	ck_assert_int_eq(test_send(), RC_UNAVAILABLE);
	config.mail.smtp_password_file = "missing";
	snprintf(url, sizeof(url), "smtp://127.0.0.1:1");
	ck_assert_int_eq(test_send(), RC_UNAVAILABLE);
	url[0] = '\0';
	ck_assert_int_eq(test_send(), RC_INTERNAL);
	ck_assert_str_eq(reason, "mail.smtp_url names no server");
}
END_TEST

static const struct {
	const char *given, *url, *user; /* NULL: no server */
	bool needs_tls;
} url_rows[] = {
	{ "smtp://mail.example.org", "smtp://mail.example.org", "", false },
	{ "smtps://mail.example.org:465", "smtps://mail.example.org:465", "", false },
	{ "SMTP://user@mail.example.org:587", "smtp://mail.example.org:587", "user", true },
	{ "smtp://user@example.org@mail.example.org", "smtp://mail.example.org", "user@example.org",
	    true },
	{ "smtps://user@mail.example.org", "smtps://mail.example.org", "user", false },
	{ "smtp://user@localhost", "smtp://localhost", "user", false },
	{ "smtp://user@LOCALHOST:25", "smtp://LOCALHOST:25", "user", false },
	{ "smtp://user@127.0.0.1:25", "smtp://127.0.0.1:25", "user", false },
	{ "smtp://user@[::1]:25", "smtp://[::1]:25", "user", false },
	{ "smtp://user@[::1", "smtp://[::1", "user", true },
	{ "smtp://user@[2001:db8::1]", "smtp://[2001:db8::1]", "user", true },
	{ "smtp://user@127.example.org", "smtp://127.example.org", "user", true },
	{ "smtp://user@127.0.0.1.example.org", "smtp://127.0.0.1.example.org", "user", true },
	{ "smtp://user@localhost.example.org", "smtp://localhost.example.org", "user", true },
	{ "smtp://user@128.0.0.1", "smtp://128.0.0.1", "user", true },
	{ "smtp://localhost@mail.example.org", "smtp://mail.example.org", "localhost", true },
	{ "http://mail.example.org", NULL, NULL, false },
	{ "smtp:mail.example.org", NULL, NULL, false },
	{ "smtp://", NULL, NULL, false },
	{ "smtp://user@", NULL, NULL, false },
	{ "", NULL, NULL, false },
};

START_TEST(a_password_goes_without_tls_to_loopback_alone)
{
	struct smtp_server found;
	enum rc expected = url_rows[_i].url == NULL ? RC_INTERNAL : RC_OK;

	config.mail.smtp_url = url_rows[_i].given;
	config.mail.smtp_password_file = "password";
	ck_assert_int_eq(smtp_server_read(&found, &config, reason), expected);
	if (expected == RC_OK) {
		ck_assert_str_eq(found.url, url_rows[_i].url);
		ck_assert_str_eq(found.user, url_rows[_i].user);
		ck_assert_int_eq(found.has_user, *url_rows[_i].user != '\0');
		ck_assert_int_eq(found.needs_tls, url_rows[_i].needs_tls);
		ck_assert_str_eq(found.password.bytes, found.has_user ? PASSWORD : "");
	}
	smtp_server_wipe(&found);
	ck_assert_uint_eq(found.password.len, 0);
}
END_TEST

START_TEST(an_international_recipient_takes_smtputf8)
{
	struct json *facts;

	server_start("smtp://127.0.0.1", "");
	envelope.to = SPAN("j\xc3\xb6rg@example.net");
	ck_assert_msg(test_send() == RC_OK, "%s", reason);
	facts = test_facts();
	must_hold(json_string(json_first(json_member(facts, "to"))), "j\xc3\xb6rg@example.net");
	ck_assert_ptr_nonnull(strstr(test_read("1.json"), "SMTPUTF8"));
	json_free(facts);
}
END_TEST

START_TEST(an_international_recipient_is_refused_without_smtputf8)
{
	static const char *const given[] = { "j\xc3\xb6rg@example.net", "a@b\xc3\xbc"
									"cher.example" };

	server_start("smtp://127.0.0.1", "--no-smtputf8");
	for (size_t i = 0; i < COUNT(given); i++) {
		envelope.to = span_of(given[i]);
		ck_assert_int_eq(test_send(), RC_NO);
		ck_assert_str_eq(
		    reason, "the server does not take international addresses (SMTPUTF8)");
	}
	envelope.to = SPAN("alice@example.net");
	ck_assert_int_eq(test_send(), RC_OK);
}
END_TEST

START_TEST(the_environment_changes_nothing)
{
	setenv("ALL_PROXY", "socks5://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	setenv("smtp_proxy", "http://127.0.0.1:1", 1);
	setenv("CURL_CA_BUNDLE", "/nonexistent", 1);
	test_write(".netrc", "machine 127.0.0.1 login eve password eve\n", 0600);
	setenv("HOME", directory, 1);
	server_start("smtp://127.0.0.1", "");
	ck_assert_msg(test_send() == RC_OK, "%s", reason);
}
END_TEST

START_TEST(the_dialogue_is_shown)
{
	char *text = NULL;
	size_t len = 0;

	server_start("smtp://127.0.0.1", "--message|250 2.0.0 \x1b]0;title\x07 ok");
	envelope.dialogue = open_memstream(&text, &len);
	ck_assert_msg(test_send() == RC_OK, "%s", reason);
	fclose(envelope.dialogue);
	ck_assert_ptr_nonnull(strstr(text, "< 220 mail.example.org "));
	ck_assert_ptr_nonnull(strstr(text, "\n> EHLO "));
	ck_assert_ptr_nonnull(strstr(text, "\n> MAIL FROM:<no-reply@example.org>"));
	ck_assert_ptr_nonnull(strstr(text, "\n> RCPT TO:<alice@example.net>\n< 250 2.1.5 Ok\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n> DATA\n< 354 "));
	ck_assert_ptr_nonnull(strstr(text, "\n< 250 2.0.0 \\x1b]0;title\\x07 ok\n> QUIT\n"));
	ck_assert_str_eq(reason, "250 2.0.0 ]0;title ok");
	free(text);
}
END_TEST

START_TEST(a_server_that_does_not_say_goodbye_is_left)
{
	int64_t start;

	server_start("smtp://127.0.0.1", "--hang|quit");
	start = clock_monotonic(&clock_system);
	ck_assert_msg(test_send() == RC_OK, "%s", reason);
	ck_assert_str_eq(reason, "250 2.0.0 Ok: taken as 1");
	ck_assert_int_lt(clock_monotonic(&clock_system) - start, 20 * SECOND); /* of 60 */
}
END_TEST

START_TEST(nothing_stays_open)
{
	char path[64];
	struct stat status;
	int first = 0, last = 0;

	server_start("smtp://127.0.0.1", "--times|3|--rcpt|550 no");
	for (int round = 0; round < 6; round++) {
		ck_assert_int_eq(test_send(), round < 3 ? RC_NO : RC_OK);
		last = 0;
		for (int fd = 0; fd < 64; fd++) {
			snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
			last += lstat(path, &status) == 0;
		}
		first = round == 0 ? last : first;
	}
	ck_assert_int_eq(first, last);
}
END_TEST

/* Whether this was built with WITH_SMTP=no. */
static bool
test_is_off(void)
{
	return test_send() == RC_INTERNAL && strstr(reason, "built without it") != NULL;
}

int
main(void)
{
	Suite *suite = suite_create("smtp");
	TCase *tests = tcase_create("smtp");

	snprintf(directory, sizeof(directory), "%s", fixture_directory());
	if (test_is_off()) {
		puts("skipped: built without libcurl");
		return EXIT_SUCCESS;
	}
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, a_message_arrives_as_it_is);
	tcase_add_test(tests, a_large_message_arrives_as_it_is);
	tcase_add_loop_test(tests, a_quoted_recipient_is_one_recipient, 0, COUNT(recipients));
	tcase_add_loop_test(tests, a_reply_says_whether_to_try_again, 0, COUNT(answers));
	tcase_add_test(tests, no_server_is_tried_again);
	tcase_add_loop_test(tests, certificates_are_verified, 0, COUNT(tls_rows));
	tcase_add_loop_test(tests, a_password_signs_in_and_is_not_shown, 0, COUNT(login_rows));
	tcase_add_loop_test(tests, a_password_file_is_private, 0, COUNT(password_rows));
	tcase_add_test(tests, a_password_is_asked_for_by_a_user_alone);
	tcase_add_loop_test(
	    tests, a_password_goes_without_tls_to_loopback_alone, 0, COUNT(url_rows));
	tcase_add_test(tests, an_international_recipient_takes_smtputf8);
	tcase_add_test(tests, an_international_recipient_is_refused_without_smtputf8);
	tcase_add_test(tests, the_environment_changes_nothing);
	tcase_add_test(tests, the_dialogue_is_shown);
	tcase_add_test(tests, a_server_that_does_not_say_goodbye_is_left);
	tcase_add_test(tests, nothing_stays_open);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
