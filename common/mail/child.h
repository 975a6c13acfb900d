/* A program of the operator's that gets something on its standard input: sendmail, commands, hooks.
 * Never through a shell. */
#ifndef YETT_MAIL_CHILD_H
#define YETT_MAIL_CHILD_H

#include "base/rc.h"
#include "base/span.h"

#define CHILD_WORDS_MAX 32
#define CHILD_COMMAND_MAX 1024 /* bytes of a command with its NUL */
#define CHILD_VARIABLES_MAX 8

/* A command of the configuration as words, split at spaces. */
struct child_words {
	char text[CHILD_COMMAND_MAX];
	char *argv[CHILD_WORDS_MAX + 1];
};

/* RC_NO: there is no word, there are too many, or they are too long. */
enum rc child_split(struct child_words *, struct span command) RC_MUST;

/* Starts the program (argv[0] is its absolute path) with "input" on standard input, output and
 * errors to nowhere but "said", a small environment (PATH, LANG=C.UTF-8, HOME where there is one,
 * and up to CHILD_VARIABLES_MAX "NAME=value" of "variables", which ends with NULL and may be NULL),
 * the working directory "/", no other descriptors, default signals, and waits for at most
 * "seconds"; then it is killed with all of its process group. RC_OK: it ended by itself, *status is
 * its exit status (128 + signal when a signal ended it). RC_UNAVAILABLE: out of time, or not to be
 * started; "said" then says which. "said" takes the first bytes of its output as one line.
 *
 * It may leave others running, as sendmail does to deliver: nobody waits for them or ends them. */
enum rc child_run(char *const argv[], char *const variables[], struct span input, int seconds,
    int *status, char *said, size_t said_size) RC_MUST;

#endif
