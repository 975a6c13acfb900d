/* Security events: one audit row each, in the transaction of what they tell. */
#ifndef YETT_AUTH_EVENT_H
#define YETT_AUTH_EVENT_H

#include "auth/strategy.h"
#include "base/client.h"
#include "base/problem.h"
#include "store/audit.h"
#include "store/user.h"

struct event {
	const char *name; /* "session.started" ... */
	const struct client *client;
	const struct user *user; /* NULL where there is no account */
	bool by_user;            /* the user acted; else somebody unknown */
	const char *backend;     /* NULL where none took part */
	const char *session;     /* public id, NULL or empty where none took part */
};

/* Appends the audit row, and tells the hooks that are told of such an event. */
enum rc event_record(struct ctx *, const struct event *) RC_MUST;

/* The row of a refusal, in a transaction of its own. Returns the problem; without the row there is
 * no such answer either, but that of the fault. */
enum problem event_refused(struct ctx *, const struct event *, enum problem);

/* Both, of what the caller did to their account, signed in. */
enum rc event_record_by(struct ctx *, const char *name, const struct identity *,
    const struct user *, const struct client *) RC_MUST;
enum problem event_refused_by(struct ctx *, const char *name, const struct identity *,
    const struct user *, const struct client *, enum problem);

#endif
