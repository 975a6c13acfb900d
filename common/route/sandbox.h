/* Gives up what the program does not need, before the first hostile byte is read. */
#ifndef YETT_ROUTE_SANDBOX_H
#define YETT_ROUTE_SANDBOX_H

#include <stdbool.h>

#include "base/rc.h"

/* Makes sure that descriptors 0 to 2 are open: what is opened first would else take their place,
 * and the answer would be written into it. */
enum rc sandbox_standard_files(void) RC_MUST;

/* No core files, not dumpable, umask 077, memory wiped when freed; the last not for a process that
 * ends after one request ("once"), whose memory the kernel wipes soon enough. First of all, before
 * a key is read. */
void sandbox_harden(bool once);

/* No new privileges, for this process and what it starts, whatever is executed. sandbox_enter needs
 * it. */
void sandbox_renounce(void);

/* Bounds memory, so that a hostile peer on the socket cannot take it all: "extra" bytes beyond
 * what an ordinary process needs. */
void sandbox_bound_memory(long long extra);

/* Landlock: no file can be opened, made or executed any more but the one named (NULL: none), which
 * may be read and written. seccomp: no system calls but those
 * that serving takes; no exec, no fork, no network. Where the kernel lacks one of them it is left
 * out (yettctl doctor says so). RC_INTERNAL when the kernel has it and refuses. */
enum rc sandbox_enter(const char *file) RC_MUST;

/* What this kernel offers: the version of Landlock, below 1 where there is none. */
int sandbox_landlock_version(void);
bool sandbox_has_seccomp(void);

#endif
