/* The audit trail: one row for every security event, in the transaction of what it tells. */
#ifndef YETT_STORE_AUDIT_H
#define YETT_STORE_AUDIT_H

#include "base/ctx.h"
#include "store/db.h"

struct audit_entry {
	const char *event;   /* "session.started", "login.failed" ... */
	struct span user;    /* public id; "not given" where there is no account */
	struct span actor;   /* public id, "anonymous" or "operator" */
	struct span backend; /* "not given" where none took part */
	struct span session; /* public id */
	struct span address; /* keyed digest in hex */
	struct span object;  /* what else it is about, such as a role's name */
};

enum rc audit_insert(struct ctx *, const struct audit_entry *) RC_MUST;

#endif
