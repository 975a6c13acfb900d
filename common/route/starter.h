/* Starts deliver for a program whose sandbox lets it start nothing: a child that was forked before,
 * and sleeps on a pipe until it is woken. It holds neither keys nor database nor the listening
 * socket, has nothing read that a client sent, and ends with the program. */
#ifndef YETT_ROUTE_STARTER_H
#define YETT_ROUTE_STARTER_H

#include "route/process.h"

#define STARTER_PROGRAM "deliver" /* it lies beside the program */

struct starter {
	int wake; /* where a byte wakes it; -1: there is none */
};

/* Forks the child, where the program may put something into the outbox and the configuration sends
 * what is in there; else there is none, which is RC_OK too. After process_configure, but before
 * keys, threads and sandbox_renounce (sendmail may be setgid). RC_UNAVAILABLE when nothing can be
 * forked. */
enum rc starter_open(struct starter *, const struct process *) RC_MUST;

/* Something was put into the outbox, and committed. Does not wait. RC_UNAVAILABLE when the child is
 * gone: what is not sent now is sent when the next one is. */
enum rc starter_wake(const struct starter *) RC_MUST;

/* Lets the child end. */
void starter_close(struct starter *);

#endif
