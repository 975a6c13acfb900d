/* What signed-in users do with their sessions: look at them, end one, end the others, sign out. */
#ifndef YETT_FLOW_SESSION_CARE_H
#define YETT_FLOW_SESSION_CARE_H

#include "auth/sessions.h"
#include "base/client.h"
#include "base/problem.h"

struct session_view {
	struct session *sessions; /* oldest first, in the arena */
	size_t count;
	char current[UUID_SIZE]; /* public id of the caller's own; empty: could not be told */
};

/* The live sessions of the user over all backends. "refresh" ("not given" without one) tells which
 * is current, else the access token's own session. SESSION_MANAGEMENT_UNSUPPORTED where the
 * caller's backend keeps none. */
enum problem session_care_list(
    struct ctx *, const struct identity *, struct span refresh, struct session_view *);

/* Ends one session of the user. SESSION_NOT_FOUND for what is missing, ended or someone else's. */
enum problem session_care_end(
    struct ctx *, const struct identity *, const struct client *, struct span id);

/* Ends all sessions of the user but the current one; all where that cannot be told. */
enum problem session_care_end_others(
    struct ctx *, const struct identity *, const struct client *, struct span refresh);

/* Ends what the presented token stands for. TOKEN_PROCESSING_FAILED when that could not be stored:
 * the session then still works. One that has ended meanwhile is no problem. */
enum problem session_care_sign_out(struct ctx *, const struct identity *, const struct client *);

#endif
