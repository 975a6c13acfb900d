/* Grants as bits of a mask; the rows are in grant.def. */
#ifndef YETT_BASE_GRANT_H
#define YETT_BASE_GRANT_H

enum grant_index {
#define GRANT(name, purposes, jwt, database, words) GRANT_INDEX_##name,
#include "base/grant.def"
#undef GRANT
	GRANTS
};

enum grant {
	GRANT_NONE = 0,
#define GRANT(name, purposes, jwt, database, words) GRANT_##name = 1 << GRANT_INDEX_##name,
#include "base/grant.def"
#undef GRANT
};

#endif
