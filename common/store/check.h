/* Whether the database file is sound. */
#ifndef YETT_STORE_CHECK_H
#define YETT_STORE_CHECK_H

#include "base/config.h"

/* Reads the whole file for damaged pages and indexes and for rows that refer to nothing. RC_NO
 * with *fault: it is damaged, or cannot be read. RC_UNAVAILABLE: locked, or memory is short.
 * Nothing is changed. */
enum rc check_integrity(const struct config *, struct config_fault *fault) RC_MUST;

#endif
