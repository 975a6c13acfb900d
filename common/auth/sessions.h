/* The care of sessions, by strategy: ending the presented one, and whether there are any to list.
 */
#ifndef YETT_AUTH_SESSIONS_H
#define YETT_AUTH_SESSIONS_H

#include "auth/backend.h"

/* Ends what the presented token stands for: its session with all its tokens, or a stateless token
 * alone. RC_NO when it has ended meanwhile. */
typedef enum rc revoke_fn(struct ctx *, const struct identity *);

/* The live sessions of a user over all backends, oldest first; an array in the arena. */
typedef enum rc list_fn(struct ctx *, const struct user *, struct session **, size_t *count);

struct sessions {
	revoke_fn *revoke;
	list_fn *list; /* NULL: this strategy keeps no sessions */
};

extern const struct sessions strategy_database_sessions;
extern const struct sessions strategy_jwt_stateless_sessions;

/* The sessions of a backend's strategy; one line for each in sessions.c. */
const struct sessions *sessions_of(const struct backend *);

#endif
