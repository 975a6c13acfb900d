/* A program of the operator's that gets something on its standard input: sendmail, commands, hooks.
 * Never through a shell. */
#ifndef YETT_MAIL_CHILD_H
#define YETT_MAIL_CHILD_H

#include "base/rc.h"
#include "base/span.h"

#define CHILD_WORDS_MAX 32

/* Starts the program (argv[0] is its absolute path) with "input" on standard input, output and
 * errors to nowhere but "said", a small environment (PATH, LANG=C.UTF-8, HOME where there is one),
 * the working directory "/", no other descriptors, default signals, and waits for at most
 * "seconds"; then it is killed with all of its process group. RC_OK: it ended by itself, *status is
 * its exit status (128 + signal when a signal ended it). RC_UNAVAILABLE: out of time, or not to be
 * started; "said" then says which. "said" takes the first bytes of its output as one line. */
enum rc child_run(char *const argv[], struct span input, int seconds, int *status, char *said,
    size_t said_size) RC_MUST;

#endif
