/* keys: which there are, and what is sealed with them. */
#include "keys.h"

#include <stdio.h>

#include "listing.h"
#include "store/factor.h"
#include "store/outbox.h"

static const struct column keys_columns[] = { { "owner", 12 }, { "kid", 24 }, { "kind", 6 },
	{ "is_current", 10 }, { "state", 7 }, { "made_at", 0 }, { NULL, 0 } };

static const char *const keys_states[] = {
	[KEY_CURRENT] = "current",
	[KEY_COMING] = "coming",
	[KEY_OLD] = "old",
};

static void
keys_row(void *state, const struct key_row *row)
{
	struct listing *listing = state;

	listing_text(listing, span_of(row->owner));
	listing_text(listing, span_of(row->kid));
	listing_text(listing, span_of(row->kind));
	listing_bool(listing, row->state == KEY_CURRENT);
	listing_text(listing, span_of(keys_states[row->state]));
	listing_time(listing, row->made);
}

enum ctl_exit
keys_list(struct ctl *ctl)
{
	enum ctl_exit status = ctl_open(ctl);
	struct config_fault fault = { "" };
	struct listing listing;
	enum rc rc;

	if (status != CTL_DONE)
		return status;
	listing_begin(&listing, keys_columns, arguments_option(ctl, "--json") != NULL);
	rc = keyring_list(ctl->config, clock_wall(&clock_system), keys_row, &listing, &fault);
	listing_end(&listing);
	return ctl_answer(rc, &fault);
}

void
keys_add_name(char names[KEYS_NAMES_SIZE], const char *name)
{
	size_t len = strlen(names);

	snprintf(names + len, KEYS_NAMES_SIZE - len, "%s%s", len == 0 ? "" : " and ", name);
}

void
keys_name_sealing(char names[KEYS_NAMES_SIZE])
{
	names[0] = '\0';
	for (enum purpose i = 0; i < PURPOSES; i++) {
		if (purpose_seals(i))
			keys_add_name(names, purpose_name(i));
	}
}

/* Who counts what is sealed for a purpose. A purpose without a row keeps its keys. */
typedef enum rc keys_count_fn(struct ctx *, struct span key_id, int64_t *count);
static keys_count_fn *const keys_counts[PURPOSES] = {
	[PURPOSE_OUTBOX] = outbox_sealed_with,
	[PURPOSE_TOTP] = factor_sealed_with,
};

enum rc
keys_sealed(struct ctx *ctx, enum purpose purpose, const struct sealing_key *key, int64_t *count)
{
	if (keys_counts[purpose] == NULL)
		return RC_NO;
	return keys_counts[purpose](
	    ctx, (struct span){ (const char *)key->id, SEALING_ID_SIZE }, count);
}

/* A request that began before the new key's turn may take as long as the new key was waited for. */
int64_t
keys_in_use_until(const struct sealing_keys *keys, int64_t now)
{
	return sealing_current(keys, now)->since + KEYRING_LEAD;
}
