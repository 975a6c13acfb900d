/* What secret keys are for: purpose.def as an enum and a table. */
#ifndef YETT_CRYPTO_PURPOSE_H
#define YETT_CRYPTO_PURPOSE_H

#include <stdbool.h>

enum purpose {
#define PURPOSE(name, directory, use, words) PURPOSE_##name,
#include "crypto/purpose.def"
#undef PURPOSE
	PURPOSES
};

/* The name of a purpose, which its directory below keys/ has too. */
const char *purpose_name(enum purpose);

/* The purpose of that name; PURPOSES when there is none. */
enum purpose purpose_named(const char *name);

/* Whether a purpose seals; PURPOSES does not. */
bool purpose_seals(enum purpose);

#endif
