/* Whether somebody meets a requirement of the guard. */
#ifndef YETT_AUTH_REQUIRE_H
#define YETT_AUTH_REQUIRE_H

#include "auth/strategy.h"
#include "base/arena.h"
#include "base/config.h"

/* In the order in which one wins over another when several requirements are judged. */
enum verdict {
	VERDICT_PASS,
	VERDICT_ROLES,  /* somebody, without the roles */
	VERDICT_DENIED, /* somebody who does not meet the requirement */
	VERDICT_ENROL,  /* somebody who must set up a second factor first */
	VERDICT_NOBODY  /* nobody is signed in */
};

enum verdict require_judge(const struct requirement *, const struct identity *);

/* The rule for a canonical path: of the longest prefix that covers it, else "authenticated". */
const struct requirement *require_for_path(const struct config *, struct span path);

/* The verdict on what cannot be understood: as nobody to nobody, as denied to somebody. */
enum verdict require_refuse(const struct identity *);

/* The verdict on a request target ("/a/b?c"): its path's rule must hold, and that of the path
 * without parameters, because an application may read either. What path_canonical refuses, and what
 * the arena has no room for, is refused. */
enum verdict require_judge_target(
    const struct config *, struct arena *, struct span target, const struct identity *);

#endif
