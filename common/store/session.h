/* Sessions, their access tokens, and the refresh tokens that were replaced. Tokens appear here as
 * keyed digests alone. */
#ifndef YETT_STORE_SESSION_H
#define YETT_STORE_SESSION_H

#include "store/user.h"

#define SESSIONS_MAX 200 /* live ones of one user; a new one ends the oldest */

struct session {
	int64_t row;
	char id[UUID_SIZE]; /* public; "sid" in a JWT */
	struct span backend;
	struct span user_agent;
	int64_t created_at, last_used_at, expires_at;
};

/* Account and session behind something; texts live in ctx->arena. Expired ones are RC_NO; whether
 * the account may be used is for the caller to judge. "session" has row, id and backend set. */
enum rc session_by_access(
    struct ctx *, struct span digest, struct user *, struct session *) RC_MUST;
enum rc session_by_id(struct ctx *, struct span id, struct user *, struct session *) RC_MUST;
enum rc user_by_subject(struct ctx *, struct span id, struct user *) RC_MUST;

/* RC_OK: the JWT of this id was signed out. RC_NO: it was not. */
enum rc denied_jwt_find(struct ctx *, struct span jti) RC_MUST;
enum rc denied_jwt_insert(struct ctx *, struct span jti, int64_t expires_at) RC_MUST;

/* Public id of the session to which a current or replaced refresh token belongs. */
enum rc session_behind_refresh(struct ctx *, struct span digest, char id[UUID_SIZE]) RC_MUST;

struct session_new {
	const char *id;
	int64_t user_row;
	struct span backend, user_agent;
	struct span refresh_digest; /* "not given": no refresh */
	int64_t expires_at;
};
/* Ends the oldest session where the user has SESSIONS_MAX already: one goes for each that comes. */
enum rc session_insert(struct ctx *, const struct session_new *, int64_t *row) RC_MUST;
enum rc access_token_insert(
    struct ctx *, int64_t session_row, struct span digest, int64_t expires_at) RC_MUST;

/* Behind the current refresh token, or behind one that was replaced (then *consumed_at tells
 * when). Expiry is for the caller to judge; last_used_at and expires_at are set too. */
enum rc session_by_refresh(
    struct ctx *, struct span digest, struct user *, struct session *) RC_MUST;
enum rc session_by_consumed(struct ctx *, struct span digest, struct user *, struct session *,
    int64_t *consumed_at) RC_MUST;

/* Replaces the refresh token and remembers the old one, inside the caller's transaction. RC_NO
 * when another was faster. */
enum rc session_rotate(
    struct ctx *, const struct session *, struct span old_digest, struct span new_digest) RC_MUST;

/* The live sessions of a user, oldest first: an array in the arena. */
enum rc session_list(
    struct ctx *, const struct user *, struct session **sessions, size_t *count) RC_MUST;
/* Which of the user's sessions a current refresh token belongs to. */
enum rc session_of_refresh(
    struct ctx *, const struct user *, struct span digest, char id[UUID_SIZE]) RC_MUST;

/* RC_NO: no such live session of this user. */
enum rc session_end(struct ctx *, const struct user *, struct span id) RC_MUST;
enum rc session_end_row(struct ctx *, int64_t row) RC_MUST;
/* All but one; "not given": all. How many live ones that are. */
enum rc session_end_all_but(struct ctx *, const struct user *, struct span but) RC_MUST;
enum rc session_count(struct ctx *, const struct user *, struct span but, size_t *count) RC_MUST;

#endif
