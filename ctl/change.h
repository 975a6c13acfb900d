/* A change to an account: one transaction, with its audit row, or nothing at all. */
#ifndef YETT_CTL_CHANGE_H
#define YETT_CTL_CHANGE_H

#include "ctl.h"
#include "store/operate.h"

struct change {
	const char *event;    /* its audit row; NULL: the function writes its own */
	bool takes_superuser; /* refused for the last active superuser */
	bool ends_sessions;   /* all of them, in the same transaction */
	/* Does it; RC_NO after ctl_refuse said why. NULL: nothing more is to be done. */
	enum rc (*apply)(struct ctl *, const struct user *, void *state);
};

/* Finds the account (the store is open) and changes it. *ended counts sessions; may be NULL. */
enum ctl_exit change_user(
    struct ctl *, const char *email, const struct change *, void *state, size_t *ended);

/* Brings an address to its stored form; says why not. */
enum ctl_exit change_email(struct ctl *, const char *given, struct span *email);

/* Finds an account outside a transaction; says when there is none. */
enum ctl_exit change_find(struct ctl *, const char *given, struct user *);

/* One audit row by the operator, of which hooks are told; "user" and "session" may be "not given".
 */
enum rc change_audit(
    struct ctl *, const char *event, struct span user, struct span session) RC_MUST;

/* The same for what happened to something else, such as a role; "user" may be "not given". */
enum rc change_audit_about(
    struct ctl *, const char *event, struct span user, struct span object) RC_MUST;

/* Maps the end of a transaction; RC_NO was explained already. */
enum ctl_exit change_answer(enum rc);

#endif
