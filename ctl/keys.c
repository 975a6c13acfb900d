/* keys: which there are. */
#include "crypto/keyring.h"
#include "ctl.h"
#include "listing.h"

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
