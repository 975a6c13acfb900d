/* What waits to be sent: mails, and events for hooks. A row is written in the transaction of the
 * change that causes it, claimed by one sender at a time, and gone once it is sent. */
#ifndef YETT_STORE_OUTBOX_H
#define YETT_STORE_OUTBOX_H

#include "base/ctx.h"
#include "store/db.h"

#define OUTBOX_REASON_MAX 200     /* bytes kept of why a try failed */
#define OUTBOX_LEASE (5 * MINUTE) /* a sender that took longer is taken for dead */
#define OUTBOX_LISTED (7 * DAY)   /* how long a refused mail stays in the list */
#define OUTBOX_LIFETIME (3 * DAY) /* of what has no link that expires sooner */
#define OUTBOX_LANGUAGE_MAX 100   /* bytes kept of Accept-Language */

#define OUTBOX_MAIL "mail"
#define OUTBOX_HOOK "hook"

struct outbox_new {
	const char *channel; /* OUTBOX_MAIL or OUTBOX_HOOK */
	const char *kind;    /* of the mail; the event */
	struct span user;    /* public id; "not given" without one */
	struct span request; /* request id; "not given" for yettctl */
	struct span recipient;
	struct span language; /* what the client's Accept-Language said; "not given" is "" */
	int64_t expires_at;
};

/* Appends one row with a public id of its own. "seal" makes the sealed token that belongs to that
 * id, in the arena; NULL where there is none. */
typedef enum rc outbox_seal(struct ctx *, void *state, struct span public_id, struct span *sealed);
enum rc outbox_insert(
    struct ctx *, const struct outbox_new *, outbox_seal *seal, void *state) RC_MUST;

struct outbox_row {
	int64_t row;
	char id[UUID_SIZE];    /* public */
	char lease[UUID_SIZE]; /* of who claimed it */
	struct span channel, kind, user, request, recipient, language;
	struct span token; /* sealed; "not given" without one */
	int64_t tries;     /* this one included */
	int64_t created_at, expires_at;
};

/* What to claim: rows whose next try has come, or all that wait and were not tried since. */
struct outbox_turn {
	int64_t started; /* wall time of this run: no row is tried twice in it */
	bool all;        /* whatever the next try */
	bool mail_alone; /* and no events */
};

/* Claims the row that waits longest, in a statement of its own. RC_NO: none is due. Texts live in
 * the arena. */
enum rc outbox_claim(struct ctx *, const struct outbox_turn *, struct outbox_row *) RC_MUST;

/* The three ways a try ends. RC_NO: the lease ran out and somebody else has the row. The token is
 * gone with the row, or set to NULL. */
enum rc outbox_sent(struct ctx *, const struct outbox_row *) RC_MUST;
enum rc outbox_later(
    struct ctx *, const struct outbox_row *, int64_t next_try_at, struct span reason) RC_MUST;
enum rc outbox_refused(struct ctx *, const struct outbox_row *, struct span reason) RC_MUST;

/* When the next row, or the next mail, is due (its next try, or the end of its lease); RC_NO when
 * nothing waits. */
enum rc outbox_next_due(struct ctx *, bool mail_alone, int64_t *at) RC_MUST;

/* For the operator (grant OPERATE): *count rows of the channel wait. */
enum rc outbox_waiting(struct ctx *, struct span channel, int64_t *count) RC_MUST;

/* For the operator (grant OPERATE): *count tokens are sealed with the key of that id. */
enum rc outbox_sealed_with(struct ctx *, struct span key_id, int64_t *count) RC_MUST;

struct outbox_listed {
	struct span id, kind, recipient, state, reason;
	int64_t tries, next_try_at, created_at;
};

/* For the operator (grant OPERATE): up to "limit" rows of the channel, oldest first; an array in
 * the arena. */
enum rc outbox_list(struct ctx *, struct span channel, int64_t limit, struct outbox_listed **rows,
    size_t *count) RC_MUST;

#endif
