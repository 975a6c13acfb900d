/* programs: what each executable may do, from the grants of the route table. */
#include "crypto/keyring.h"
#include "ctl.h"
#include "listing.h"
#include "route/route.h"

static const struct column programs_columns[] = { { "program", 8 }, { "database", 8 },
	{ "jwt_keys", 8 }, { "keys", 40 }, { "may", 0 }, { NULL, 0 } };

/* In the words of grant.def. */
enum { READS, WRITES };

static const struct programs_grant {
	const char *name;
	unsigned purposes;
	enum jwt_access jwt;
	int database;
} programs_grants[GRANTS] = {
#define GRANT(name, purposes, jwt, database, words) { #name, purposes, jwt, database },
#include "base/grant.def"
#undef GRANT
};

static const char *const programs_jwt[] = {
	[JWT_NONE] = "none",
	[JWT_PUBLISH] = "public",
	[JWT_VERIFY] = "verifying",
	[JWT_SIGN] = "private",
};

static void
programs_row(struct listing *listing, const struct program_row *program)
{
	struct programs_grant sum = { .jwt = JWT_NONE, .database = READS };
	struct span grants[GRANTS], keys[PURPOSES];
	size_t grant_count = 0, key_count = 0;

	for (size_t i = 0; i < GRANTS; i++) {
		const struct programs_grant *grant = &programs_grants[i];
		if ((program->grants & (1u << i)) == 0)
			continue;
		grants[grant_count++] = span_of(grant->name);
		sum.purposes |= grant->purposes;
		if (grant->jwt > sum.jwt)
			sum.jwt = grant->jwt;
		if (grant->database > sum.database)
			sum.database = grant->database;
	}
	for (enum purpose i = 0; i < PURPOSES; i++) {
		if ((sum.purposes & KEYS_OF(i)) != 0)
			keys[key_count++] = span_of(purpose_name(i));
	}
	listing_text(listing, span_of(program->name));
	listing_text(listing, sum.database == WRITES ? SPAN("writes") : SPAN("reads"));
	listing_text(listing, span_of(programs_jwt[sum.jwt]));
	listing_texts(listing, keys, key_count);
	listing_texts(listing, grants, grant_count);
}

enum ctl_exit
programs_run(struct ctl *ctl)
{
	struct listing listing;

	listing_begin(&listing, programs_columns, arguments_option(ctl, "--json") != NULL);
	for (size_t i = 0; i < PROGRAMS; i++)
		programs_row(&listing, &program_rows[i]);
	listing_end(&listing);
	return CTL_DONE;
}
