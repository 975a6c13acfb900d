/* A process that sends what waits: the program deliver, and what yettctl leaves behind. */
#ifndef YETT_ROUTE_DELIVERY_H
#define YETT_ROUTE_DELIVERY_H

#include "route/process.h"

/* Opens what the program of *process is granted in that state directory, with some patience for a
 * store that is locked, and sends (flow/deliver_watch.h). What it answers with *fault has hindered
 * the start. The caller closes the process. */
enum rc delivery_run(struct process *, const char *directory, struct config_fault *fault) RC_MUST;

#endif
