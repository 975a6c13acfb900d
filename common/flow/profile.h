/* What a signed-in user changes about the own account; each change needs the password. */
#ifndef YETT_FLOW_PROFILE_H
#define YETT_FLOW_PROFILE_H

#include "auth/strategy.h"
#include "base/client.h"
#include "base/problem.h"
#include "base/secret.h"
#include "flow/refusal.h"

struct profile_input {
	struct span email;    /* "not given": stays */
	struct span username; /* "not given": stays */
	struct secret current_password;
	struct secret totp_code; /* empty: not given */
};

struct password_input {
	struct secret current_password;
	struct secret new_password;
};

/* An account as its owner sees it. */
struct profile_view {
	struct user user;
	struct span pending_email; /* not confirmed yet; "not given" without one */
};

enum problem profile_read(struct ctx *, const struct identity *, struct profile_view *);

/* Changes address and user name. With account.email_change = confirm a new address is pending
 * until its link is followed, and one that is taken is answered alike; else it replaces the old
 * one at once, is not verified, and all sessions end.
 * *changed is the account afterwards. RATE_LIMITED, LOGIN_BAD_CREDENTIALS, UPDATE_EMAIL_EXISTS,
 * UPDATE_USERNAME_EXISTS, NOT_AUTHENTICATED when the account is gone; and where it has a second
 * factor TOTP_STEPUP_REQUIRED, TOTP_CODE_INVALID (auth/reauth.h). */
enum problem profile_update(struct ctx *, const struct identity *, const struct client *,
    const struct profile_input *, struct profile_view *changed, struct refusal *);

/* Changes the password; all sessions and links end. Also UPDATE_INVALID_PASSWORD
 * (refusal->reasons), judged after the proof. */
enum problem profile_change_password(struct ctx *, const struct identity *, const struct client *,
    const struct password_input *, struct refusal *);

#endif
