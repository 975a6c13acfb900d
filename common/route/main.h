/* The life of a route executable. */
#ifndef YETT_ROUTE_MAIN_H
#define YETT_ROUTE_MAIN_H

#include "route/exchange.h"

/* Starts (config, log, keys, database, sandbox), serves until it is told to stop, and cleans up.
 * "handlers" is indexed by enum handler and holds those of the program's rows. Returns the exit
 * status; a start that is refused says why in one line on stderr. */
int route_main(enum program, handler_fn *const *handlers);

#endif
