/* Sending, one row at a time, with a clock and randomness that stand still. */
#include "flow/deliver_watch.h"

#include "base/log.h"
#include "unit/post.h"

#define NOW INT64_C(1800000000000)

static struct post post;
static struct fixture_clock stopped;
static struct deliver deliver;

static void
begin(const char *lines)
{
	struct config_fault fault = { "" };

	post_begin(&post, lines);
	stopped = (struct fixture_clock){ NOW, 0 };
	post.ctx.clock = fixture_clock(&stopped);
	post.ctx.random = random_system;
	post.ctx.now = NOW;
	ck_assert_msg(deliver_open(&deliver, &post.ctx, &fault) == RC_OK, "%s", fault.text);
	ck_assert_int_eq(log_open(post_path(&post, "log"), LOG_DEBUG, "deliver"), RC_OK);
}

static void
run(void)
{
	post.ctx.now = stopped.wall;
	ck_assert_int_eq(deliver_run(&deliver), RC_OK);
}

static void
end(void)
{
	deliver_close(&deliver);
	post_end(&post);
	log_close();
}

/* The only mail, with the soft line breaks of quoted-printable taken out. */
static const char *
mail(void)
{
	static char text[262144];
	char name[300];
	char *to = text;

	ck_assert_uint_eq(post_mails(&post, name), 1);
	for (const char *from = post_read(&post, name); *from != '\0'; from++) {
		if (strncmp(from, "=\r\n", 3) == 0)
			from += 2;
		else if (strncmp(from, "=3D", 3) == 0)
			*to++ = '=', from += 2;
		else if (*from != '\r')
			*to++ = *from;
	}
	*to = '\0';
	return text;
}

START_TEST(mail_leaves_with_its_link_and_is_gone)
{
	const char *text;

	begin("transport = directory\n");
	post_put(&post, OUTBOX_MAIL, "verify", true);
	run();
	text = mail();
	ck_assert_ptr_nonnull(
	    strstr(text, "http://tower.example:8080/auth/verify?token=" POST_TOKEN));
	ck_assert_ptr_nonnull(strstr(text, "To: ada@example.org\n"));
	ck_assert_ptr_nonnull(strstr(text, "The Tower <no-reply@tower.example>\n"));
	ck_assert_ptr_nonnull(strstr(text, "1 hour"));
	ck_assert_int_eq(post_int(&post, POST_ALL), 0);
	end();
}
END_TEST

START_TEST(link_leads_to_the_page_of_its_kind)
{
	begin("transport = directory\nfrom = Keeper <keeper@tower.example>\n[paths]\nauth = /in\n");
	post_put(&post, OUTBOX_MAIL, "reset", true);
	run();
	ck_assert_ptr_nonnull(
	    strstr(mail(), "http://tower.example:8080/in/reset-password?token=" POST_TOKEN));
	ck_assert_ptr_nonnull(strstr(mail(), "Keeper <keeper@tower.example>\n"));
	end();
}
END_TEST

START_TEST(notice_leaves_without_a_link)
{
	begin("transport = directory\n");
	post_put(&post, OUTBOX_MAIL, "password-changed", false);
	run();
	ck_assert_ptr_null(strstr(mail(), "token="));
	end();
}
END_TEST

/* How the lifetime of a link is told. */
static const struct {
	int64_t lifetime;
	const char *words;
} lifetime_rows[] = {
	{ DAY, "1 day" },
	{ 3 * DAY, "3 days" },
	{ HOUR, "1 hour" },
	{ 36 * HOUR, "36 hours" },
	{ 90 * MINUTE, "90 minutes" },
	{ MINUTE, "1 minute" },
	{ 90 * SECOND, "90 seconds" },
};

START_TEST(lifetime_is_told_in_words)
{
	char sql[100], words[50];

	begin("transport = directory\n");
	post_put(&post, OUTBOX_MAIL, "verify", true);
	snprintf(sql, sizeof(sql), "UPDATE outbox SET expires_at = created_at + %lld",
	    (long long)lifetime_rows[_i].lifetime);
	post_sql(&post, sql);
	run();
	snprintf(words, sizeof(words), " %s", lifetime_rows[_i].words);
	ck_assert_ptr_nonnull(strstr(mail(), words));
	end();
}
END_TEST

/* Of every kind there is. */
START_TEST(every_mail_can_be_composed)
{
	begin("transport = directory\n");
	post_put(&post, OUTBOX_MAIL, mail_rows[_i].kind, mail_rows[_i].link != LINK_NONE);
	run();
	ck_assert_str_eq(post_text(&post, POST_REASON), "");
	ck_assert_ptr_nonnull(mail());
	end();
}
END_TEST

/* --- what fails --------------------------------------------------------------------------------
 */

static const char *
script(const char *text)
{
	static char line[600];

	post_write(&post, "script", text, 0700);
	snprintf(line, sizeof(line), "%s", post_path(&post, "script"));
	return line;
}

/* The configuration names a file that only then is there. */
static void
begin_command(const char *section, const char *text)
{
	char lines[1024];

	begin("transport = directory\n");
	snprintf(lines, sizeof(lines), "%s%s\n", section, script(text));
	post_configure(&post, lines);
}

static const int64_t pauses[] = { 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600 };

START_TEST(tries_come_less_and_less_often)
{
	begin_command("transport = command\ncommand = ", "#!/bin/sh\nexit 75\n");
	post_put(&post, OUTBOX_MAIL, "password-changed", false);
	post_sql(&post, "UPDATE outbox SET expires_at = created_at + 86400000");
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		int64_t next, pause = pauses[i] * SECOND;

		run();
		next = post_int(&post, "SELECT next_try_at FROM outbox");
		ck_assert_int_ge(next, stopped.wall + pause - pause / 4);
		ck_assert_int_le(next, stopped.wall + pause + pause / 4);
		stopped.wall = next - 1;
		run(); /* too early by a millisecond */
		ck_assert_int_eq(post_int(&post, "SELECT tries FROM outbox"), (int64_t)i + 1);
		stopped.wall = next;
	}
	end();
}
END_TEST

START_TEST(pauses_differ_and_take_no_randomness_for_granted)
{
	int64_t first, second;

	begin_command("transport = command\ncommand = ", "#!/bin/sh\nexit 75\n");
	post_put(&post, OUTBOX_MAIL, "password-changed", false);
	post_put(&post, OUTBOX_MAIL, "password-changed", false);
	run();
	first = post_int(&post, "SELECT MIN(next_try_at) FROM outbox");
	second = post_int(&post, "SELECT MAX(next_try_at) FROM outbox");
	ck_assert_int_ne(first, second); /* one time in 15,000 they meet */
	end();
}
END_TEST

/* What the courier says, and what becomes of the row. */
static const struct {
	const char *script, *state, *reason;
} answer_rows[] = {
	{ "cat >/dev/null; exit 75", "waiting", "75" },
	{ "cat >/dev/null; echo no such box; exit 67", "refused", "no such box" },
};

START_TEST(courier_says_later_or_never)
{
	char text[200];

	snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", answer_rows[_i].script);
	begin_command("transport = command\ncommand = ", text);
	post_put(&post, OUTBOX_MAIL, "verify", true);
	run();
	ck_assert_str_eq(post_text(&post, "SELECT state FROM outbox"), answer_rows[_i].state);
	ck_assert_ptr_nonnull(strstr(post_text(&post, POST_REASON), answer_rows[_i].reason));
	end();
}
END_TEST

/* Rows that no patience helps. */
static const struct {
	const char *spoil, *reason;
	bool link;
} hopeless_rows[] = {
	{ "UPDATE outbox SET expires_at = 1800000000000", "the link has expired", true },
	{ "UPDATE outbox SET expires_at = 1800000000000", "could not be sent in time", false },
	{ "UPDATE outbox SET kind = 'of-tomorrow'", "knows no such mail", true },
	{ "UPDATE outbox SET channel = 'pigeon'", "knows no such channel", true },
	{ "UPDATE outbox SET token = NULL", "is missing", true },
	{ "UPDATE outbox SET token = x'01'", "cannot be opened", true },
	{ "UPDATE outbox SET token = CAST(substr(token, 1, 40) || x'00' || substr(token, 42) AS "
	  "BLOB)",
	    "cannot be opened", true },
	/* the token of another mail, put in here */
	{ "UPDATE outbox SET public_id = 'aaaaaaaa-0000-4000-8000-00000000000a'",
	    "cannot be opened", true },
	{ "UPDATE outbox SET recipient = 'a@b.example, c@d.example'", "addressed", true },
	{ "UPDATE outbox SET recipient = 'a' || char(10) || 'Bcc: x@d.example'", "addressed",
	    false },
};

START_TEST(hopeless_row_is_refused_with_its_reason)
{
	begin("transport = directory\n");
	post_put(&post, OUTBOX_MAIL, hopeless_rows[_i].link ? "verify" : "email-changed",
	    hopeless_rows[_i].link);
	post_sql(&post, hopeless_rows[_i].spoil);
	run();
	ck_assert_int_eq(post_int(&post, POST_REFUSED), 1);
	ck_assert_ptr_nonnull(strstr(post_text(&post, POST_REASON), hopeless_rows[_i].reason));
	ck_assert_int_eq(post_int(&post, "SELECT COUNT(*) FROM outbox WHERE token IS NOT NULL"), 0);
	ck_assert_uint_eq(post_mails(&post, NULL), 0);
	end();
}
END_TEST

/* A key that is missing here may come back. */
START_TEST(row_under_an_unknown_key_waits)
{
	begin("transport = directory\n");
	post_put(&post, OUTBOX_MAIL, "verify", true);
	post_sql(&post,
	    "UPDATE outbox SET token = CAST(x'01' || x'0011223344556677' || substr(token, 10) AS "
	    "BLOB)");
	run();
	ck_assert_int_eq(post_int(&post, POST_WAITING), 1);
	ck_assert_ptr_nonnull(strstr(post_text(&post, POST_REASON), "missing from keys/outbox"));
	log_flush();
	ck_assert_ptr_nonnull(strstr(post_read(&post, "log"), "(id 0011223344556677)"));
	end();
}
END_TEST

START_TEST(one_hopeless_row_does_not_hold_up_the_others)
{
	begin("transport = directory\n");
	for (int i = 0; i < 5; i++)
		post_put(&post, OUTBOX_MAIL, "verify", true);
	post_sql(&post, "UPDATE outbox SET token = NULL WHERE id % 2 = 0");
	run();
	ck_assert_int_eq(post_int(&post, POST_REFUSED), 2);
	ck_assert_uint_eq(post_mails(&post, NULL), 3);
	end();
}
END_TEST

/* --- the log -----------------------------------------------------------------------------------
 */

START_TEST(log_tells_neither_address_nor_link)
{
	const char *log;

	begin_command("transport = command\ncommand = ",
	    "#!/bin/sh\necho ada@example.org is over quota; exit 75\n");
	post_put(&post, OUTBOX_MAIL, "verify", true);
	run();
	log_flush();
	log = post_read(&post, "log");
	ck_assert_ptr_null(strstr(log, "ada@"));
	ck_assert_ptr_null(strstr(log, "Mc4rBq0tPq3V"));
	ck_assert_ptr_nonnull(strstr(log, "kind=verify tries=1 result=later reason="));
	ck_assert_ptr_nonnull(strstr(log, "(address) is over quota"));
	ck_assert_ptr_nonnull(strstr(post_text(&post, POST_REASON), "ada@example.org"));
	end();
}
END_TEST

/* A courier that repeats what it was given. */
START_TEST(reason_does_not_tell_the_link)
{
	begin_command(
	    "transport = command\ncommand = ", "#!/bin/sh\nsed -n 's/.*token=3D//p'; exit 75\n");
	post_put(&post, OUTBOX_MAIL, "verify", true);
	run();
	log_flush();
	ck_assert_ptr_null(strstr(post_text(&post, POST_REASON), "Mc4r"));
	ck_assert_ptr_nonnull(strstr(post_text(&post, POST_REASON), "has the link"));
	ck_assert_ptr_null(strstr(post_read(&post, "log"), "Mc4r"));
	end();
}
END_TEST

/* --- events ------------------------------------------------------------------------------------
 */

START_TEST(event_is_told_as_json)
{
	char expected[400];

	begin_command("[hooks]\ncommand = ", "#!/bin/sh\ncat >\"${0%/*}/event\"\n");
	post_put(&post, OUTBOX_HOOK, "user.registered", false);
	snprintf(expected, sizeof(expected),
	    "{\"id\":\"%s\",\"event\":\"user.registered\",\"time\":\"2027-01-15T08:00:00Z\","
	    "\"user_id\":\"" POST_USER "\",\"request_id\":\"0123456789abcdef0123456789abcdef\"}\n",
	    post_text(&post, "SELECT public_id FROM outbox"));
	run();
	ck_assert_str_eq(post_read(&post, "event"), expected);
	ck_assert_int_eq(post_int(&post, POST_ALL), 0);
	post_put(&post, OUTBOX_HOOK, "user.deleted", false);
	post_sql(&post, "UPDATE outbox SET user_id = NULL, request_id = NULL");
	run();
	ck_assert_ptr_nonnull(
	    strstr(post_read(&post, "event"), "\"user_id\":null,\"request_id\":null}\n"));
	end();
}
END_TEST

START_TEST(event_is_told_again_until_the_command_is_content)
{
	begin_command("[hooks]\ncommand = ", "#!/bin/sh\ncat >/dev/null; echo not now; exit 3\n");
	post_put(&post, OUTBOX_HOOK, "user.registered", false);
	run();
	ck_assert_str_eq(post_text(&post, POST_REASON), "hooks.command: exit status 3: not now");
	ck_assert_int_eq(post_int(&post, POST_WAITING), 1);
	post_configure(&post, "[hooks]\ncommand =\n");
	deliver.all = true;
	stopped.wall += 1;
	run();
	ck_assert_ptr_nonnull(strstr(post_text(&post, POST_REASON), "empty"));
	ck_assert_int_eq(post_int(&post, POST_WAITING), 1);
	stopped.wall += HOUR;
	run();
	ck_assert_int_eq(post_int(&post, POST_REFUSED), 1);
	end();
}
END_TEST

/* --- the run -----------------------------------------------------------------------------------
 */

static void
sets_back(void *state, const struct outbox_row *row)
{
	(void)state;
	(void)row;
	stopped.wall -= DAY;
}

START_TEST(all_are_tried_once_whatever_their_next_try)
{
	begin_command("transport = command\ncommand = ", "#!/bin/sh\nexit 75\n");
	for (int i = 0; i < 3; i++)
		post_put(&post, OUTBOX_MAIL, "verify", true);
	post_sql(&post, "UPDATE outbox SET next_try_at = next_try_at + 1800000");
	run();
	ck_assert_int_eq(post_int(&post, "SELECT SUM(tries) FROM outbox"), 0);
	deliver.all = true;
	run();
	ck_assert_int_eq(post_int(&post, "SELECT SUM(tries) FROM outbox"), 3);
	ck_assert_int_eq(post_int(&post, "SELECT MAX(tries) FROM outbox"), 1);
	end();
}
END_TEST

/* However many events are before it, and however long each takes. */
START_TEST(mail_leaves_before_events)
{
	begin_command("transport = directory\n[hooks]\ncommand = ",
	    "#!/bin/sh\ncat >/dev/null; ls \"${0%/*}/mail\" >>\"${0%/*}/seen\"\n");
	for (int i = 0; i < 3; i++)
		post_put(&post, OUTBOX_HOOK, "session.ended", false);
	post_put(&post, OUTBOX_MAIL, "password-changed", false);
	run();
	ck_assert_int_eq(post_int(&post, POST_ALL), 0);
	ck_assert_ptr_nonnull(strstr(post_read(&post, "seen"), ".eml"));
	ck_assert_uint_eq(post_mails(&post, NULL), 1);
	end();
}
END_TEST

START_TEST(turn_of_all_ends_when_the_clock_is_set_back)
{
	begin_command("transport = command\ncommand = ", "#!/bin/sh\nexit 75\n");
	for (int i = 0; i < 3; i++)
		post_put(&post, OUTBOX_MAIL, "verify", true);
	deliver.all = true;
	deliver.onlooker = (struct deliver_onlooker){ NULL, sets_back, NULL, NULL };
	run();
	ck_assert_int_eq(post_int(&post, "SELECT SUM(tries) FROM outbox"), 1);
	end();
}
END_TEST

/* A mail takes half an hour. */
static void
takes_long(
    void *state, const struct outbox_row *row, enum deliver_result result, const char *reason)
{
	(void)state;
	(void)row;
	(void)result;
	(void)reason;
	stopped.monotonic += 30 * MINUTE;
}

/* Else a long queue would be sent with the settings of yesterday. */
START_TEST(hour_ends_though_more_is_due)
{
	begin("transport = directory\n");
	for (int i = 0; i < 3; i++)
		post_put(&post, OUTBOX_MAIL, "verify", true);
	deliver.onlooker.after = takes_long;
	ck_assert_int_eq(deliver_watch(&deliver), RC_NO);
	ck_assert_int_eq(post_int(&post, POST_ALL), 1);
	ck_assert_int_eq(deliver_watch(&deliver), RC_OK);
	ck_assert_int_eq(post_int(&post, POST_ALL), 0);
	end();
}
END_TEST

struct seen {
	int before, after, sent;
	int stop_after;
};

static bool
seen_stops(void *state)
{
	const struct seen *seen = state;

	return seen->after == seen->stop_after;
}

static void
seen_before(void *state, const struct outbox_row *row)
{
	ck_assert_uint_eq(strlen(row->id), UUID_SIZE - 1);
	((struct seen *)state)->before++;
}

static void
seen_after(
    void *state, const struct outbox_row *row, enum deliver_result result, const char *reason)
{
	struct seen *seen = state;

	ck_assert(span_equal(row->recipient, SPAN("ada@example.org")));
	ck_assert_str_eq(reason, "");
	seen->after++;
	seen->sent += result == DELIVER_SENT;
}

START_TEST(onlooker_sees_each_and_can_stop_in_between)
{
	struct seen seen = { .stop_after = 2 };

	begin("transport = directory\n");
	for (int i = 0; i < 3; i++)
		post_put(&post, OUTBOX_MAIL, "verify", true);
	deliver.onlooker = (struct deliver_onlooker){ seen_stops, seen_before, seen_after, &seen };
	run();
	ck_assert_int_eq(seen.before, 2);
	ck_assert_int_eq(seen.sent, 2);
	ck_assert_int_eq(post_int(&post, POST_WAITING), 1);
	ck_assert_int_eq(post_int(&post, "SELECT COUNT(*) FROM outbox WHERE lease IS NOT NULL"), 0);
	end();
}
END_TEST

static void
rob(void *state, const struct outbox_row *row)
{
	(void)state;
	(void)row;
	post_sql(&post, "UPDATE outbox SET lease = 'of another', tries = tries + 1");
}

/* It took so long that somebody else has begun: that one decides what becomes of the row. */
START_TEST(lost_lease_is_told_and_changes_nothing)
{
	begin("transport = directory\n");
	post_put(&post, OUTBOX_MAIL, "verify", true);
	deliver.onlooker.before = rob;
	run();
	log_flush();
	ck_assert_int_eq(post_int(&post, POST_WAITING), 1);
	ck_assert_str_eq(post_text(&post, "SELECT lease FROM outbox"), "of another");
	ck_assert_ptr_nonnull(strstr(post_read(&post, "log"), "longer than its lease"));
	end();
}
END_TEST

START_TEST(locked_store_is_no_empty_one)
{
	sqlite3 *raw;

	begin("transport = directory\n");
	post_put(&post, OUTBOX_MAIL, "verify", true);
	raw = post_raw(&post);
	ck_assert_int_eq(sqlite3_exec(raw, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(deliver_run(&deliver), RC_UNAVAILABLE);
	ck_assert_int_eq(sqlite3_exec(raw, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(raw);
	ck_assert_int_eq(deliver_run(&deliver), RC_OK);
	ck_assert_uint_eq(post_mails(&post, NULL), 1);
	end();
}
END_TEST

#define COUNT(rows) (int)(sizeof(rows) / sizeof((rows)[0]))

int
main(void)
{
	Suite *suite = suite_create("deliver");
	TCase *tests = tcase_create("deliver");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, mail_leaves_with_its_link_and_is_gone);
	tcase_add_test(tests, link_leads_to_the_page_of_its_kind);
	tcase_add_test(tests, notice_leaves_without_a_link);
	tcase_add_loop_test(tests, lifetime_is_told_in_words, 0, COUNT(lifetime_rows));
	tcase_add_loop_test(tests, every_mail_can_be_composed, 0, MAIL_KINDS);
	tcase_add_test(tests, tries_come_less_and_less_often);
	tcase_add_test(tests, pauses_differ_and_take_no_randomness_for_granted);
	tcase_add_loop_test(tests, courier_says_later_or_never, 0, COUNT(answer_rows));
	tcase_add_loop_test(
	    tests, hopeless_row_is_refused_with_its_reason, 0, COUNT(hopeless_rows));
	tcase_add_test(tests, row_under_an_unknown_key_waits);
	tcase_add_test(tests, one_hopeless_row_does_not_hold_up_the_others);
	tcase_add_test(tests, log_tells_neither_address_nor_link);
	tcase_add_test(tests, reason_does_not_tell_the_link);
	tcase_add_test(tests, event_is_told_as_json);
	tcase_add_test(tests, event_is_told_again_until_the_command_is_content);
	tcase_add_test(tests, all_are_tried_once_whatever_their_next_try);
	tcase_add_test(tests, mail_leaves_before_events);
	tcase_add_test(tests, turn_of_all_ends_when_the_clock_is_set_back);
	tcase_add_test(tests, hour_ends_though_more_is_due);
	tcase_add_test(tests, onlooker_sees_each_and_can_stop_in_between);
	tcase_add_test(tests, lost_lease_is_told_and_changes_nothing);
	tcase_add_test(tests, locked_store_is_no_empty_one);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
