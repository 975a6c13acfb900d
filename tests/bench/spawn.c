/*
 * spawn ROUNDS PROGRAM... -- NAME=VALUE...: starts the programs in turn as a web server starts
 * plain CGI, each with that environment, nothing on standard input, and a pipe to read the answer
 * from; prints one JSON object for each: microseconds from the start to the end, least and median.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SPAWN_PROGRAMS 16
#define SPAWN_ANSWER 4096

static double
spawn_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void
spawn_fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/* Reads to the end, so that the program never waits for its reader. */
static size_t
spawn_drain(int fd, char answer[SPAWN_ANSWER])
{
	char rest[SPAWN_ANSWER];
	size_t len = 0;
	ssize_t got;

	while ((got = read(fd, rest, sizeof(rest))) > 0) {
		size_t take =
		    SPAWN_ANSWER - 1 - len < (size_t)got ? SPAWN_ANSWER - 1 - len : (size_t)got;
		memcpy(answer + len, rest, take);
		len += take;
	}
	answer[len] = '\0';
	return len;
}

/* One run; an answer other than 200 is no measurement. */
static double
spawn_once(char *program, char **environment)
{
	char *arguments[] = { program, NULL };
	char answer[SPAWN_ANSWER];
	posix_spawn_file_actions_t actions;
	double started, took;
	int ends[2], status;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		spawn_fail("pipe2");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	started = spawn_now();
	if (posix_spawn(&child, program, &actions, NULL, arguments, environment) != 0)
		spawn_fail(program);
	close(ends[1]);
	(void)spawn_drain(ends[0], answer);
	if (waitpid(child, &status, 0) != child)
		spawn_fail("waitpid");
	took = spawn_now() - started;
	close(ends[0]);
	posix_spawn_file_actions_destroy(&actions);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 ||
	    strncmp(answer, "Status: 200", strlen("Status: 200")) != 0) {
		fprintf(stderr, "spawn: %s did not answer 200: %s\n", program, answer);
		exit(EXIT_FAILURE);
	}
	return took;
}

static int
spawn_compare(const void *a, const void *b)
{
	const double *left = a;
	const double *right = b;

	return (*left > *right) - (*left < *right);
}

static void
spawn_print(const char *program, double *times, size_t rounds)
{
	qsort(times, rounds, sizeof(*times), spawn_compare);
	printf("{\"program\":\"%s\",\"rounds\":%zu,\"min\":%.0f,\"median\":%.0f,\"p90\":%.0f}\n",
	    program, rounds, times[0], times[rounds / 2], times[rounds * 9 / 10]);
}

int
main(int argc, char **argv)
{
	double *times[SPAWN_PROGRAMS];
	size_t programs = 0;
	size_t rounds = argc > 3 ? (size_t)strtoul(argv[1], NULL, 10) : 0;
	char **environment;

	while ((int)programs + 2 < argc && programs < SPAWN_PROGRAMS &&
	       strcmp(argv[programs + 2], "--") != 0)
		programs++;
	if (rounds == 0 || programs == 0 || (int)programs + 2 == argc) {
		fprintf(stderr, "usage: spawn ROUNDS PROGRAM... -- NAME=VALUE...\n");
		return 2;
	}
	environment = argv + programs + 3;
	for (size_t i = 0; i < programs; i++) {
		times[i] = calloc(rounds, sizeof(*times[i]));
		if (times[i] == NULL)
			spawn_fail("calloc");
		(void)spawn_once(argv[2 + i], environment); /* fills the page cache */
	}
	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < programs; i++)
			times[i][round] = spawn_once(argv[2 + i], environment);
	}
	for (size_t i = 0; i < programs; i++) {
		spawn_print(argv[2 + i], times[i], rounds);
		free(times[i]);
	}
	return EXIT_SUCCESS;
}
