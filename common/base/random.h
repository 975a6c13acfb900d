/* Random bytes; a seam, so that tests fix them or let them fail. */
#ifndef YETT_BASE_RANDOM_H
#define YETT_BASE_RANDOM_H

#include <stddef.h>

#include "base/rc.h"

struct random_source {
	enum rc (*fill)(void *state, void *bytes, size_t count);
	void *state;
};

#define UUID_SIZE 37 /* 36 characters and the NUL */

/* The kernel's generator (getrandom). */
extern const struct random_source random_system;

/* Fills "count" bytes; RC_UNAVAILABLE when the source fails, the bytes are then useless. */
enum rc random_bytes(const struct random_source *, void *bytes, size_t count) RC_MUST;

/* A random UUID, version 4 (RFC 9562 section 5.4), in lower case. */
enum rc random_uuid(const struct random_source *, char text[UUID_SIZE]) RC_MUST;

#endif
