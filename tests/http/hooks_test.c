/* hooks.command: what it is told, and that nobody waits for it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "http/mail.h"
#include "http/storm.h"

#define PATIENCE 30.0 /* seconds for an event to arrive */

static struct site *site;
static const char *place; /* the directory of the hook */
static const char *told;  /* one line an event */

/* A hook that appends what it is told; it fails once for each event whose id it has not seen, when
 * "stumble" is in its directory. */
static const char hook[] = "#!/bin/sh\n"
			   "cd \"$1\" || exit 1\n"
			   "read -r line\n"
			   "id=${line#*\\\"id\\\":\\\"}\n"
			   "id=${id%%\\\"*}\n"
			   "if [ -e stumble ] && [ ! -e \"seen-$id\" ]; then\n"
			   "	: >\"seen-$id\"\n"
			   "	exit 75\n"
			   "fi\n"
			   "while [ -e slow ]; do sleep 0.05; done\n"
			   "printf '%s\\n' \"$line\" >>told\n";

/* How often the event stands there for that user. */
static size_t
count(const char *event, const char *id)
{
	size_t size, found = 0;
	const char *line = storm_file(told, &size);

	for (const char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		const char *one = text("%.*s", (int)(end - line), line);

		found += strstr(one, text("\"event\":\"%s\"", event)) != NULL &&
			 strstr(one, text("\"user_id\":\"%s\"", id)) != NULL;
	}
	return found;
}

static void
wait_for(const char *event, const char *id, size_t wanted)
{
	double until = storm_seconds() + PATIENCE;
	size_t size;

	while (count(event, id) < wanted && storm_seconds() < until)
		storm_rest(20);
	ck_assert_msg(count(event, id) == wanted, "%s: %zu, not %zu:\n%s", event, count(event, id),
	    wanted, storm_file(told, &size));
}

/* The last line with that event, as JSON. */
static cJSON *
event(const char *name)
{
	size_t size;
	const char *line = storm_file(told, &size), *found = NULL;

	for (const char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		const char *one = text("%.*s", (int)(end - line), line);

		if (strstr(one, text("\"event\":\"%s\"", name)) != NULL)
			found = one;
	}
	ck_assert_ptr_nonnull(found);
	return cJSON_Parse(found);
}

START_TEST(test_life_of_an_account_is_told)
{
	const char *email = site_email(), *id, *all;
	struct login login, second;
	size_t size;
	struct mail mail;
	cJSON *object;

	id = answer_value(
	    ASK(site, .path = "/auth/register",
		.json = text("{\"email\":\"%s\",\"password\":\"%s\"}", email, SITE_PASSWORD)),
	    "id");
	wait_for("user.registered", id, 1);
	mail = mail_wait(site, email, 1);
	ck_answer(ASK(site, .path = "/auth/verify",
		      .json = text("{\"token\":\"%s\"}", mail_token(site, &mail, "verify"))),
	    200, NULL);
	wait_for("user.verified", id, 1);
	login = site_login_bearer(site, email, SITE_PASSWORD);
	second = site_login_bearer(site, email, SITE_PASSWORD);
	wait_for("session.started", id, 2);
	ck_answer(ASK(site, .path = "/auth/logout", .method = "POST", .bearer = second.access), 201,
	    NULL);
	wait_for("session.ended", id, 1);
	ck_answer(ASK(site, .path = "/users/me/change-password", .bearer = login.access,
		      .json = text("{\"current_password\":\"%s\",\"new_password\":\"%s\"}",
			  SITE_PASSWORD, SITE_OTHER_PASSWORD)),
	    204, NULL);
	wait_for("user.password_changed", id, 1);
	wait_for("session.ended", id, 2);
	CTL(site, "user", "deactivate", email);
	wait_for("user.deactivated", id, 1);
	object = event("user.deactivated");
	ck_assert_int_eq(cJSON_GetArraySize(object), 5);
	ck_assert(cJSON_IsNull(cJSON_GetObjectItem(object, "request_id")));
	cJSON_Delete(object);
	object = event("session.started");
	ck_assert_uint_eq(strlen(cJSON_GetObjectItem(object, "request_id")->valuestring), 32);
	ck_assert_uint_eq(strlen(cJSON_GetObjectItem(object, "id")->valuestring), 36);
	ck_assert_uint_eq(strlen(cJSON_GetObjectItem(object, "time")->valuestring), 20);
	cJSON_Delete(object);
	all = storm_file(told, &size);
	ck_assert(!storm_contains(all, size, email, strlen(email)));
}
END_TEST

/* A try has ended, and the event waits. */
#define TRIED "SELECT 1 FROM outbox WHERE channel = 'hook' AND tries >= 1 AND lease IS NULL"

START_TEST(test_failing_hook_is_told_again)
{
	const char *email = site_member(site);
	const char *id = site_sql(site, "SELECT public_id FROM users WHERE email = %Q", email);
	FILE *stumble = fopen(text("%s/stumble", place), "w");
	double until = storm_seconds() + MAIL_PATIENCE;

	ck_assert_ptr_nonnull(stumble);
	fclose(stumble);
	site_login_bearer(site, email, SITE_PASSWORD);
	while (site_sql(site, TRIED) == NULL && storm_seconds() < until)
		storm_rest(20);
	ck_assert_ptr_nonnull(site_sql(site, TRIED));
	ck_assert_uint_eq(count("session.started", id), 0);
	ck_assert_str_eq(site_sql(site, "SELECT count(*) FROM outbox WHERE channel = 'hook'"), "1");
	remove(text("%s/stumble", place));
	site_sql(site, "UPDATE outbox SET next_try_at = 0");
	site_login_bearer(site, email, SITE_PASSWORD); /* whatever comes next takes it along */
	wait_for("session.started", id, 2);
}
END_TEST

START_TEST(test_slow_hook_delays_no_answer)
{
	const char *email = site_member(site);
	const char *id = site_sql(site, "SELECT public_id FROM users WHERE email = %Q", email);
	FILE *slow = fopen(text("%s/slow", place), "w");

	ck_assert_ptr_nonnull(slow);
	fclose(slow);
	for (int i = 0; i < 8; i++)
		site_login_bearer(site, email, SITE_PASSWORD);
	/* Nor any mail, though more hooks hang than there are senders. */
	ck_answer(
	    ASK(site, .path = "/auth/forgot-password", .json = text("{\"email\":\"%s\"}", email)),
	    202, NULL);
	mail_wait(site, email, 1);
	/* All that, while none of them has ended. */
	ck_assert_uint_eq(count("session.started", id), 0);
	ck_assert_ptr_null(site_sql(site, TRIED));
	remove(text("%s/slow", place));
	wait_for("session.started", id, 8);
}
END_TEST

static void
hook_make(char *directory)
{
	FILE *file;

	if (mkdtemp(directory) == NULL || (file = fopen(text("%s/run", directory), "w")) == NULL ||
	    fputs(hook, file) < 0 || fclose(file) != 0 ||
	    chmod(text("%s/run", directory), 0700) != 0)
		exit(EXIT_FAILURE);
	place = directory;
	told = text("%s/told", directory);
}

int
main(void)
{
	TCase *tests = tcase_create("hooks");
	char directory[] = "/tmp/yett-hook-XXXXXX";
	int status;

	hook_make(directory);
	site = site_start(&(struct site_options){
	    .settings = { "hooks.command", text("%s/run %s", directory, directory) } });
	tcase_add_test(tests, test_life_of_an_account_is_told);
	tcase_add_test(tests, test_failing_hook_is_told_again);
	tcase_add_test(tests, test_slow_hook_delays_no_answer);
	status = site_run(tests);
	return system(text("rm -rf %s", directory)) == 0 ? status : EXIT_FAILURE;
}
