/* Accounts and their roles. */
#ifndef YETT_STORE_USER_H
#define YETT_STORE_USER_H

#include "base/ctx.h"
#include "store/db.h"

#define HASH_TEXT_SIZE 128 /* a PHC string and its NUL */
#define SUPERUSER "superuser"

struct user {
	int64_t row; /* internal key; never leaves the process */
	char id[UUID_SIZE];
	struct span email;
	struct span username; /* "not given" without one */
	bool is_active, is_verified, is_superuser;
	bool second_factor; /* a sign-in asks for one */
	int64_t security_version;
	struct span *roles; /* sorted */
	size_t role_count;
};

struct credential {
	struct user user;
	char hash[HASH_TEXT_SIZE]; /* empty: no password fits */
};

struct user_new {
	const char *id;
	struct span email, username;
	const char *hash;
	bool is_verified, self_registered;
};

/* Texts and roles of what is found live in ctx->arena. RC_NO: no such account. */
enum rc user_by_id(struct ctx *, struct span id, struct user *) RC_MUST;
enum rc credential_by_email(struct ctx *, struct span email, struct credential *) RC_MUST;
enum rc credential_by_username(struct ctx *, struct span username, struct credential *) RC_MUST;
enum rc credential_by_id(struct ctx *, struct span id, struct credential *) RC_MUST;

/* The account that has an address; *contested (NULL: not asked for) tells that somebody registered
 * with it again before it was verified. */
enum rc user_by_email(struct ctx *, struct span email, struct user *, bool *contested) RC_MUST;

/* The decoy hash; RC_NO when none is stored. */
enum rc user_decoy(struct ctx *, char hash[HASH_TEXT_SIZE]) RC_MUST;

/* Reads the account columns that every identity statement begins with (and its roles, one a row),
 * leaving the statement on its first row's remaining columns through "more" (NULL: none):
 * RC_NO without a row. Ends the statement. Shared by user.c and session.c. */
typedef enum rc user_more(struct stmt *, struct ctx *, void *state);
enum rc user_read(struct stmt *, struct ctx *, struct user *, user_more *more, void *state) RC_MUST;

/* Its two halves, for a statement whose rows are of several accounts: the account's columns, and
 * the role that follows them. */
enum rc user_columns(struct stmt *, struct ctx *, struct user *) RC_MUST;
enum rc user_role(struct stmt *, struct ctx *, struct user *) RC_MUST;

/* RC_NO when the address or the user name is taken. */
enum rc user_insert(struct ctx *, const struct user_new *) RC_MUST;

/* RC_OK when the name is taken or reserved, RC_NO when it is free. */
enum rc username_taken(struct ctx *, struct span username) RC_MUST;
enum rc username_reserve(struct ctx *, struct span username, int64_t expires_at) RC_MUST;

/* RC_NO when taken, or when the account is gone. */
enum rc user_set_email(struct ctx *, const struct user *, struct span email) RC_MUST;
enum rc user_set_username(struct ctx *, const struct user *, struct span username) RC_MUST;

/* RC_NO when the stored hash is no longer "proved". */
enum rc user_set_password(
    struct ctx *, const struct user *, const char *hash, const char *proved) RC_MUST;
enum rc user_upgrade_hash(
    struct ctx *, const struct user *, const char *hash, const char *proved) RC_MUST;

/* Somebody registered with the address of an unverified account again. */
enum rc user_contest(struct ctx *, const struct user *) RC_MUST;

/* What a link does, with every JWT ended but by the first. RC_NO: the account is not in the state
 * for it any more (not active, verified already, contested; the address taken by now). */
enum rc user_mark_verified(struct ctx *, const struct user *) RC_MUST;
enum rc user_replace_email(struct ctx *, const struct user *, struct span email) RC_MUST;
enum rc user_reset_password(struct ctx *, const struct user *, const char *hash) RC_MUST;

/* For the operator (grant OPERATE): makes every JWT of the user worthless. */
enum rc user_bump_version(struct ctx *, const struct user *) RC_MUST;

#endif
