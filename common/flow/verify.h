/* Confirming an address by the link that was mailed to it. */
#ifndef YETT_FLOW_VERIFY_H
#define YETT_FLOW_VERIFY_H

#include "base/client.h"
#include "base/problem.h"
#include "flow/refusal.h"
#include "store/user.h"

/* Uses a token up: marks the account's address as verified, or puts the pending address in its
 * place; then all sessions end but the one that asked. *changed is the account afterwards.
 * RATE_LIMITED; VERIFY_BAD_TOKEN for whatever is wrong with the token or the account. */
enum problem verify_address(
    struct ctx *, const struct client *, struct span token, struct user *changed, struct refusal *);

/* Sends the link once more, if there is an account that needs it; nothing tells whether. The one
 * of a contested account sets a password. RATE_LIMITED. */
enum problem verify_request(
    struct ctx *, const struct client *, struct span email, struct refusal *);

#endif
