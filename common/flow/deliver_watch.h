/* Who sends, and when: a few processes of a site at once, whatever their number; and one of them
 * stays awake while something is due soon, so that what a server puts off for some minutes leaves
 * without anybody's help. */
#ifndef YETT_FLOW_DELIVER_WATCH_H
#define YETT_FLOW_DELIVER_WATCH_H

#include "flow/deliver.h"

#define DELIVER_AT_ONCE 4          /* half of them for mail alone */
#define DELIVER_SOON (15 * MINUTE) /* what is due within this is waited for */
#define DELIVER_AWAKE HOUR         /* with one configuration, its templates and keys */

/* Sends all that is due. Ends at once where enough others do already; they look once more when
 * they have finished. Then, as the only one, stays awake for what is due soon, also for a store
 * that is locked, until SIGTERM, SIGINT or SIGHUP, which it blocks: the message in hand is
 * finished. Ends too when the database was migrated or removed. Sets deliver->onlooker.stops.
 * RC_NO: its hour is over, or keys have changed, and there is something to do; the caller opens
 * everything anew and goes on. */
enum rc deliver_watch(struct deliver *) RC_MUST;

#endif
