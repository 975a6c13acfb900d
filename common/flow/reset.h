/* Setting a forgotten password by the link that was mailed to the account's address. */
#ifndef YETT_FLOW_RESET_H
#define YETT_FLOW_RESET_H

#include "base/client.h"
#include "base/problem.h"
#include "base/secret.h"
#include "flow/refusal.h"
#include "store/user.h"

struct reset_input {
	struct span token;
	struct secret password;
};

/* Sends the link, if there is an account that may use it; nothing tells whether. RATE_LIMITED. */
enum problem reset_request(
    struct ctx *, const struct client *, struct span email, struct refusal *);

/* Sets the password: all sessions and all other links end, the address is verified, a mail tells
 * the owner. *changed is the account afterwards. RATE_LIMITED; RESET_BAD_TOKEN for whatever is
 * wrong with the token or the account; RESET_INVALID_PASSWORD (refusal->reasons), which does not
 * use the token up. */
enum problem reset_password(struct ctx *, const struct client *, const struct reset_input *,
    struct user *changed, struct refusal *);

#endif
