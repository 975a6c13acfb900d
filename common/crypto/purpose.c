#include "crypto/purpose.h"

#include <string.h>

/* In the words of purpose.def. */
enum { DIGEST, SEALING };

static const struct {
	const char *name;
	int use;
} purpose_table[] = {
#define PURPOSE(name, directory, use, words) [PURPOSE_##name] = { directory, use },
#include "crypto/purpose.def"
#undef PURPOSE
};
_Static_assert(sizeof(purpose_table) / sizeof(purpose_table[0]) == PURPOSES, "all have a row");

const char *
purpose_name(enum purpose purpose)
{
	return purpose_table[purpose].name;
}

enum purpose
purpose_named(const char *name)
{
	enum purpose purpose = 0;

	while (purpose < PURPOSES && strcmp(purpose_name(purpose), name) != 0)
		purpose++;
	return purpose;
}

bool
purpose_seals(enum purpose purpose)
{
	return purpose < PURPOSES && purpose_table[purpose].use == SEALING;
}
