/* A short secret with an owner: lives in that owner's frame and is wiped on its single way out. */
#ifndef YETT_BASE_SECRET_H
#define YETT_BASE_SECRET_H

#include "base/rc.h"
#include "base/span.h"

#define SECRET_MAX 512 /* bytes: 128 code points of at most 4 bytes */

struct secret {
	size_t len;
	char bytes[SECRET_MAX + 1]; /* NUL terminated */
};

/* Takes a copy; RC_NO when it is longer than SECRET_MAX or holds a NUL. */
enum rc secret_set(struct secret *, struct span bytes) RC_MUST;

/* Constant-time equality of the content; lengths are compared openly. */
bool secret_equal(struct span a, struct span b);

/* Overwrites and empties; may be called twice. */
void secret_wipe(struct secret *);

/* The content as a view; it dies with the secret. */
struct span secret_span(const struct secret *);

/* The same; "not given" when it is empty. */
struct span secret_given(const struct secret *);

/* From now on free() writes over what it is given, but small pieces (up to about 1 KiB, which glibc
 * keeps at hand for each size). For libraries that free secrets as they are. */
void secret_overwrite_freed(void);

/* Writes over these small pieces. */
void secret_scrub(void);

#endif
