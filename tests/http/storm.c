#include "http/storm.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STORM_MAX 128

struct answer **
storm(const struct site *site, const struct ask *one, size_t count)
{
	struct answer **answers = calloc(count, sizeof(struct answer *)); /* ends with the test */
	struct ask list[STORM_MAX];

	ck_assert_uint_le(count, STORM_MAX);
	for (size_t i = 0; i < count; i++) {
		list[i] = *one;
		list[i].jar = one->jar == NULL ? NULL : jar_copy(one->jar);
	}
	ask_all(site, list, count, answers);
	return answers;
}

size_t
storm_count(struct answer **answers, size_t count, long status)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += answers[i]->status == status;
	return found;
}

const char *
storm_tally(struct answer **answers, size_t count)
{
	const char *tally = "";

	for (long status = 100; status < 600; status++) {
		size_t found = storm_count(answers, count, status);

		if (found > 0)
			tally = text(
			    "%s%s%zu x %ld", tally, tally[0] == '\0' ? "" : ", ", found, status);
	}
	return tally;
}

struct site *
storm_site(const struct site_options *options)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1L); /* not inherited from the test program */
	return site_start(options);
}

struct storm_member
storm_member(const char *journal)
{
	struct storm_member at = {
		.site = storm_site(&(struct site_options){
		    .settings = { "database.busy_timeout", "300ms", "database.journal", journal } })
	};

	at.email = site_member(at.site);
	at.login = site_login_bearer(at.site, at.email, SITE_PASSWORD);
	at.jar = site_login_cookie(at.site, at.email, SITE_PASSWORD);
	/* all processes have started before anything is broken */
	ck_answer(ASK(at.site, .path = "/auth/logout", .method = "POST"), 401, NULL);
	ck_answer(ASK(at.site, .path = "/auth/sessions"), 401, NULL);
	ck_answer(ASK(at.site, .path = "/auth/register", .json = "{}"), 422, NULL);
	ck_answer(ASK(at.site, .path = "/auth/refresh", .json = "{}"), 422, NULL);
	storm_guard_says(&at, 200, 200);
	return at;
}

void
storm_guard_says(const struct storm_member *at, long least, long most)
{
	struct answer *answers[] = {
		ASK(at->site, .path = "/members/", .bearer = at->login.access),
		ASK(at->site, .path = "/members/", .jar = jar_copy(at->jar)),
		ASK(at->site, .path = "/auth/guard?require=verified", .bearer = at->login.access),
		ASK(at->site, .path = "/auth/guard", .jar = jar_copy(at->jar)),
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		ck_assert_msg(answers[i]->status >= least && answers[i]->status <= most,
		    "%zu: %s%s", i, answers[i]->headers, answers[i]->body);
	ck_assert_int_ne(ASK(at->site, .path = "/members/")->status, 200);
}

void
storm_guard_restart(const struct site *site)
{
	ck_assert_uint_gt(storm_signal(site, "guard", SIGKILL), 0);
	storm_rest(300);
}

void
storm_rest(long milliseconds)
{
	const struct timespec rest = { milliseconds / 1000, (milliseconds % 1000) * 1000000 };

	nanosleep(&rest, NULL);
}

double
storm_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

size_t
storm_signal(const struct site *site, const char *program, int signal_number)
{
	pid_t pids[STORM_PROCESSES];
	size_t count = site_processes(site, program, pids, STORM_PROCESSES);

	for (size_t i = 0; i < count; i++)
		kill(pids[i], signal_number);
	return count;
}

const char *
storm_pids(const struct site *site)
{
	static const char *const programs[] = { "login", "logout", "refresh", "sessions",
		"register", "users", "guard", "meta" };
	const char *all = "";

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		pid_t pids[STORM_PROCESSES];
		size_t count = site_processes(site, programs[i], pids, STORM_PROCESSES);

		for (size_t j = 0; j < count; j++)
			all = text("%s %s=%d", all, programs[i], (int)pids[j]);
	}
	ck_assert_str_ne(all, "");
	return all;
}

pid_t
storm_ctl_later(const struct site *site, long milliseconds, const char *const *words)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		storm_rest(milliseconds);
		_exit(site_ctl(site, NULL, words).status);
	}
	return pid;
}

void
storm_wait(pid_t pid)
{
	int status = -1;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

const char *
storm_refresh_body(const char *refresh_token)
{
	return text("{\"refresh_token\":\"%s\"}", refresh_token);
}

const char *
storm_without(const char *json, const char *member)
{
	const char *start = strstr(json, text("\"%s\":\"", member));
	const char *end;

	if (start == NULL)
		return json;
	start += strlen(member) + 4;
	end = strchr(start, '"');
	ck_assert_ptr_nonnull(end);
	return text("%.*s%s", (int)(start - json), json, end);
}

const char *
storm_plain(const struct answer *answer)
{
	const char *line = answer->headers, *plain = "";

	while (*line != '\0') {
		size_t len = strcspn(line, "\n");

		if (strncasecmp(line, "Date:", 5) != 0)
			plain = text("%s%.*s\n", plain, (int)len, line);
		line += len + (line[len] == '\n');
	}
	return text("%s%s", plain, storm_without(answer->body, "request_id"));
}

long
storm_me(const struct site *site, const char *access)
{
	return ASK(site, .path = "/users/me", .bearer = access)->status;
}

bool
storm_contains(const void *bytes, size_t size, const void *needle, size_t length)
{
	return length > 0 && memmem(bytes, size, needle, length) != NULL;
}

const char *
storm_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	size_t room = 1 << 16;
	char *bytes = NULL;

	*size = 0;
	if (file == NULL)
		return "";
	do {
		room *= 2;
		bytes = realloc(bytes, room); /* ends with the test */
		ck_assert_ptr_nonnull(bytes);
		*size += fread(bytes + *size, 1, room - 1 - *size, file);
	} while (*size == room - 1);
	bytes[*size] = '\0';
	fclose(file);
	return bytes;
}
