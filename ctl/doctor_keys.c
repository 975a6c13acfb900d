/* doctor: whether all keys can be opened, each is of use, and none is missing. */
#include "crypto/seal.h"
#include "doctor.h"
#include "keys.h"
#include "store/factor.h"

void
doctor_keys(struct doctor *doctor)
{
	struct keyring *keys = NULL;
	struct config_fault fault = { "" };
	enum rc rc =
	    keyring_open(&keys, doctor->ctl->config, KEYS_OF(PURPOSES) - 1, JWT_SIGN, &fault);

	if (doctor_rc(doctor, rc, "keys", &fault))
		doctor_find(doctor, FINDING_OK, "keys", "complete");
	keyring_free(keys);
}

static void
doctor_old_key(struct doctor *doctor, enum purpose purpose, const struct sealing_keys *keys,
    const struct sealing_key *key)
{
	struct ctx *ctx = &doctor->ctl->ctx;
	const struct config_fault none = { "" };
	int64_t count = 0;
	enum rc rc;

	if (sealing_state(keys, key, ctx->now) != KEY_OLD ||
	    keys_in_use_until(keys, ctx->now) > ctx->now)
		return;
	rc = keys_sealed(ctx, purpose, key, &count);
	if (rc == RC_NO || !doctor_rc(doctor, rc, "old keys", &none) || count > 0)
		return;
	doctor_find(doctor, FINDING_WARNING, "old keys",
	    "nothing of %s is sealed with %s any more; yettctl keys retire %s",
	    purpose_name(purpose), key->kid, key->kid);
}

/* Whose key is gone cannot sign in: their secrets are never taken for "no second factor". */
static void
doctor_keyless(struct doctor *doctor, int64_t keyless, int64_t all)
{
	if (keyless > 0)
		doctor_find(doctor, FINDING_FAIL, "second factors",
		    "%lld of %lld secrets are sealed with a key that is not in keys/totp; bring it "
		    "back from keys/totp/.retired or a backup, then run yettctl keys reseal",
		    (long long)keyless, (long long)all);
}

/* Those no key would help. */
static void
doctor_damaged(struct doctor *doctor, int64_t damaged, int64_t all)
{
	if (damaged > 0)
		doctor_find(doctor, FINDING_FAIL, "second factors",
		    "%lld of %lld secrets are damaged; yettctl keys reseal names whose they are, "
		    "yettctl user reset-2fa takes them away",
		    (long long)damaged, (long long)all);
}

/* All are counted by one statement: what comes or goes in between would be missing. */
static void
doctor_factors(struct doctor *doctor, const struct sealing_keys *keys)
{
	const struct config_fault none = { "" };
	int64_t all = 0, keyless = 0, damaged = 0;
	struct factor_key *rows;
	size_t count = 0;
	enum rc rc = factor_keys(&doctor->ctl->ctx, SEAL_OVERHEAD, &rows, &count);

	if (!doctor_rc(doctor, rc, "second factors", &none))
		return;
	for (size_t i = 0; i < count; i++) {
		all += rows[i].count;
		if (rows[i].id.data == NULL)
			damaged += rows[i].count;
		else if (sealing_find(keys, (const unsigned char *)rows[i].id.data) == NULL)
			keyless += rows[i].count;
	}
	doctor_keyless(doctor, keyless, all);
	doctor_damaged(doctor, damaged, all);
	if (keyless == 0 && damaged == 0)
		doctor_find(
		    doctor, FINDING_OK, "second factors", "%lld can be opened", (long long)all);
}

void
doctor_sealing(struct doctor *doctor)
{
	struct config_fault fault = { "" };

	for (enum purpose i = 0; i < PURPOSES && doctor->ctl->ctx.db != NULL; i++) {
		const struct sealing_keys *keys;
		struct keyring *ring = NULL;

		/* What cannot be opened was told before. */
		if (!purpose_seals(i) ||
		    keyring_open(&ring, doctor->ctl->config, KEYS_OF(i), JWT_NONE, &fault) != RC_OK)
			continue;
		keys = keyring_sealing(ring, i);
		if (i == PURPOSE_TOTP)
			doctor_factors(doctor, keys);
		for (size_t k = 0; k < keys->count; k++)
			doctor_old_key(doctor, i, keys, &keys->rows[k]);
		keyring_free(ring);
	}
}
