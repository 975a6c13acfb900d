/* A thousand people with a second factor sign in all the time, while the key that seals their
 * secrets is replaced, all secrets are sealed anew and the old key is retired: nobody is refused.
 */
#include "http/holder.h"
#include "http/storm.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define PEOPLE 1000
#define REACH 3         /* steps, one less than totp.drift: a step may end meanwhile */
#define AWAY_TRIES 20   /* a program that begins anew with the keys is away for a moment */
#define TURN_OVER 250.0 /* seconds until an old key is used by nobody: twice two minutes */

static struct site *site;

static struct holder people[PEOPLE];

static struct answer *
patient(const struct ask *request)
{
	struct answer *answer = ask(site, request);

	for (int i = 0; i < AWAY_TRIES && answer->status == 503; i++) {
		storm_rest(250);
		answer = ask(site, request);
	}
	return answer;
}

#define PATIENT(...) patient(&(struct ask){ __VA_ARGS__ })

/* With the next code that was not used yet; later where all are. */
static bool
sign_in(struct holder *person)
{
	int64_t now = app_step();
	struct answer *answer;

	if (person->step + 1 > now + REACH)
		return false;
	if (person->step + 1 < now - REACH)
		person->step = now - REACH - 1;
	answer =
	    PATIENT(.path = "/auth/login", .json = site_credentials(person->email, SITE_PASSWORD));
	ck_answer(answer, 202, NULL);
	answer = PATIENT(.path = "/auth/2fa/verify",
	    .json = factor_code_body(answer_value(answer, "pending_token"), holder_code(person)));
	ck_answer(answer, 201, NULL);
	return true;
}

static const char *
old_key(void)
{
	FILE *list =
	    popen(text("ls %s/keys/totp | grep -v '^[.]' | sort | head -n 1", site->state), "r");
	char name[128] = "";

	ck_assert(list != NULL && fgets(name, sizeof(name), list) != NULL);
	pclose(list);
	name[strcspn(name, ".\n")] = '\0';
	return text("%s", name);
}

/* What the operator does, in a process of its own. */
static pid_t
change_the_key(const char *old)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	CTL(site, "keys", "rotate", "totp");
	storm_rest(125 * 1000L);
	CTL(site, "keys", "reseal");
	storm_rest((long)(TURN_OVER - 125) * 1000L);
	CTL(site, "keys", "retire", old);
	_exit(0);
}

START_TEST(test_nobody_is_refused_while_the_key_changes)
{
	const char *old = old_key();
	double since = storm_seconds();
	size_t count = 0;
	int status;
	pid_t operator;

	for (int i = 0; i < PEOPLE; i++)
		people[i] = holder_new(site, -REACH);
	operator= change_the_key(old);
	for (int i = 0; storm_seconds() - since < TURN_OVER + 60; i = (i + 1) % PEOPLE)
		count += sign_in(&people[i]);
	ck_assert_int_eq(waitpid(operator, & status, 0), operator);
	ck_assert_int_eq(status, 0);
	for (int i = 0; i < PEOPLE; i++)
		count += sign_in(&people[i]);
	fprintf(stderr, "%zu sign-ins, none refused\n", count);
	ck_assert_uint_gt(count, PEOPLE);
	ck_assert_str_ne(old_key(), old);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("reseal");

	setenv("CK_TIMEOUT_MULTIPLIER", "15", 0); /* two turns of a key take their time */

	site = site_start(
	    &(struct site_options){ .settings = { "limit.totp", "off", "totp.drift", "4" } });
	tcase_add_test(tests, test_nobody_is_refused_while_the_key_changes);
	return site_run(tests);
}
