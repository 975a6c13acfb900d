/* Self-registration. */
#ifndef YETT_FLOW_REGISTER_H
#define YETT_FLOW_REGISTER_H

#include "base/client.h"
#include "base/problem.h"
#include "base/secret.h"
#include "flow/refusal.h"
#include "store/user.h"

struct register_input {
	struct span email;
	struct span username; /* "not given" unless users sign in with it */
	struct secret password;
};

/* Creates an account. While verification is required, a taken address looks exactly like a new
 * one: the answer shows an account that does not exist, and its owner gets a mail. *shown lives in
 * the arena.
 * RATE_LIMITED, REGISTER_INVALID_PASSWORD (refusal->reasons), REGISTER_FAILED. */
enum problem register_account(struct ctx *, const struct client *, const struct register_input *,
    struct user *shown, struct refusal *);

#endif
