/* What the operator's tool alone may do to accounts, roles and sessions (grant OPERATE). */
#ifndef YETT_STORE_OPERATE_H
#define YETT_STORE_OPERATE_H

#include "store/user.h"

enum rc operate_user_find(struct ctx *, struct span email, struct user *) RC_MUST;

/* Up to "limit" accounts by address, after the given one ("" for the first): an array in the
 * arena. */
enum rc operate_user_page(
    struct ctx *, struct span after, int64_t limit, struct user **users, size_t *count) RC_MUST;

enum rc operate_user_password(struct ctx *, const struct user *, const char *hash) RC_MUST;
enum rc operate_user_active(struct ctx *, const struct user *, bool active) RC_MUST;
enum rc operate_user_verified(struct ctx *, const struct user *) RC_MUST;
enum rc operate_user_delete(struct ctx *, const struct user *) RC_MUST;

/* How many other superusers there are that can sign in. */
enum rc operate_superusers_beside(struct ctx *, const struct user *, int64_t *count) RC_MUST;

struct role {
	struct span name, description;
	int64_t members;
};

/* All roles by name: an array in the arena. */
enum rc operate_role_list(struct ctx *, struct role **roles, size_t *count) RC_MUST;
enum rc operate_role_insert(
    struct ctx *, struct span name, struct span description) RC_MUST; /* RC_NO: exists */
enum rc operate_role_delete(
    struct ctx *, struct span name) RC_MUST; /* RC_NO: missing or assigned */
enum rc operate_role_exists(struct ctx *, struct span name) RC_MUST;
enum rc operate_role_assign(struct ctx *, const struct user *, struct span role) RC_MUST;
enum rc operate_role_unassign(
    struct ctx *, const struct user *, struct span role) RC_MUST; /* RC_NO: had it not */

/* Whose session it is: its row and the user's public id. */
enum rc operate_session_owner(
    struct ctx *, struct span session_id, int64_t *session_row, char user_id[UUID_SIZE]) RC_MUST;

struct audit_row {
	int64_t number, at;
	struct span event, user, actor, backend, session, address, request_id, object;
};

/* The newest rows first; of one user when "user_id" is given. An array in the arena. */
enum rc operate_audit_page(struct ctx *, struct span user_id, int64_t limit,
    struct audit_row **rows, size_t *count) RC_MUST;

/* Tells all processes, once it is committed, that keys were added or taken away. */
enum rc operate_keys_changed(struct ctx *) RC_MUST;

/* The latest instant that was, as far as audit rows and accepted codes tell, which may be "drift"
 * steps early; 0 without any. */
enum rc operate_latest(struct ctx *, int64_t drift, int64_t *instant) RC_MUST;

enum rc operate_decoy_write(struct ctx *, const char *hash) RC_MUST;

#endif
