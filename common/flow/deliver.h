/* Sending what waits in the outbox: mails by the configured courier, events by hooks.command.
 *
 * A row is claimed, sent outside of any transaction, and then written down as sent (it is gone), to
 * be tried again later, or refused for good. Who dies in between leaves it to whoever comes after
 * the lease; so a mail is never lost, and sent twice only when the sender dies between the last
 * word of the courier and the commit. */
#ifndef YETT_FLOW_DELIVER_H
#define YETT_FLOW_DELIVER_H

#include "mail/compose.h"
#include "mail/courier.h"
#include "store/outbox.h"

#define DELIVER_FIRST_PAUSE (30 * SECOND) /* after the first try; twice as long after each */
#define DELIVER_LONGEST_PAUSE HOUR
#define DELIVER_HOOK_SECONDS 30

enum deliver_result { DELIVER_SENT, DELIVER_LATER, DELIVER_REFUSED, DELIVER_RESULTS };

/* Who looks on; each may be NULL. */
struct deliver_onlooker {
	/* Between two rows: whether to end. */
	bool (*stops)(void *state);
	/* Before and after a try; "reason" is empty for what was sent. */
	void (*before)(void *state, const struct outbox_row *);
	void (*after)(
	    void *state, const struct outbox_row *, enum deliver_result, const char *reason);
	void *state;
};

struct deliver {
	struct ctx *ctx;
	struct mail_templates *templates;
	struct deliver_onlooker onlooker;
	bool all;        /* tries all that waits once, whatever its next try */
	bool mail_alone; /* leaves events to others */
};

/* Reads the templates; what OUTBOX_SEND grants is open in *ctx. RC_NO and others with *fault. Ended
 * by deliver_close, whatever the answer. */
enum rc deliver_open(struct deliver *, struct ctx *, struct config_fault *fault) RC_MUST;
void deliver_close(struct deliver *);

/* Sends until nothing is due, or the onlooker stops it; both are RC_OK. RC_UNAVAILABLE: the store
 * is locked or full. Resets the arena. */
enum rc deliver_run(struct deliver *) RC_MUST;

/* One try at a row, answered as by couriers (courier.h). */
typedef enum rc deliver_try_fn(
    struct deliver *, const struct outbox_row *, char reason[COURIER_REASON_SIZE]);
deliver_try_fn deliver_mail, deliver_hook;

#endif
