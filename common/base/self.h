/* Where this executable lies. */
#ifndef YETT_BASE_SELF_H
#define YETT_BASE_SELF_H

#include <stddef.h>

#include "base/rc.h"

/* Writes the path of "name" beside this executable: its directory, a slash and the name, whether
 * there is such a file or not. RC_INTERNAL when the system does not tell or it does not fit; then
 * the path is empty. */
enum rc self_beside(const char *name, char *path, size_t size) RC_MUST;

#endif
