#include "crypto/sealing.h"

#include <sodium.h>

#include "base/clock.h"

#define SEALING_STAMP "00000000T000000Z" /* a digit for each 0 */

static bool
sealing_has_stamp(const char *kid)
{
	static const char stamp[] = SEALING_STAMP;

	for (size_t i = 0; i < sizeof(stamp) - 1; i++) {
		bool digit = kid[i] >= '0' && kid[i] <= '9';

		if (stamp[i] == '0' ? !digit : kid[i] != stamp[i])
			return false;
	}
	return true;
}

static int64_t
sealing_number(const char *digits, size_t count)
{
	int64_t number = 0;

	for (size_t i = 0; i < count; i++)
		number = number * 10 + (digits[i] - '0');
	return number;
}

/* Days from 1970 to the date in the Gregorian calendar; the year begins in March, so that a leap
 * day is its last. */
static int64_t
sealing_days(int64_t year, int64_t month, int64_t day)
{
	int64_t years = month > 2 ? year : year - 1;
	int64_t months = month > 2 ? month - 3 : month + 9;

	return years * 365 + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 + day -
	       719469;
}

int64_t
sealing_since(const char *kid)
{
	int64_t year, month, day, hour, minute, second;

	if (!sealing_has_stamp(kid))
		return INT64_MIN;
	year = sealing_number(kid, 4);
	month = sealing_number(kid + 4, 2);
	day = sealing_number(kid + 6, 2);
	hour = sealing_number(kid + 9, 2);
	minute = sealing_number(kid + 11, 2);
	second = sealing_number(kid + 13, 2);
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
	    minute > 59 || second > 60)
		return INT64_MIN;
	return sealing_days(year, month, day) * DAY + hour * HOUR + minute * MINUTE +
	       second * SECOND;
}

static void
sealing_make_id(const struct key *key, unsigned char id[SEALING_ID_SIZE])
{
	struct digest digest;

	digest_parts(&digest, key, (const struct span[]){ SPAN("yett seal key id") }, 1);
	memcpy(id, digest.bytes, SEALING_ID_SIZE);
	sodium_memzero(&digest, sizeof(digest));
}

bool
sealing_add(struct sealing_keys *keys, const struct key *key, const char *kid)
{
	struct sealing_key *row = &keys->rows[keys->count];

	if (keys->count == SEALING_KEYS_MAX || !span_copy(row->kid, JWT_KID_SIZE, span_of(kid)))
		return false;
	row->key = *key;
	row->since = sealing_since(kid);
	sealing_make_id(key, row->id);
	keys->count++;
	return true;
}

size_t
sealing_choose(const int64_t *since, size_t count, int64_t now)
{
	size_t best = 0;

	for (size_t i = 1; i < count; i++) {
		if (since[best] > now ? since[i] < since[best]
				      : since[i] <= now && since[i] >= since[best])
			best = i;
	}
	return best;
}

const struct sealing_key *
sealing_current(const struct sealing_keys *keys, int64_t now)
{
	int64_t since[SEALING_KEYS_MAX] = { 0 };

	for (size_t i = 0; i < keys->count; i++)
		since[i] = keys->rows[i].since;
	return &keys->rows[sealing_choose(since, keys->count, now)];
}

enum key_state
sealing_state_at(bool current, int64_t since, int64_t now)
{
	if (current)
		return KEY_CURRENT;
	return since > now ? KEY_COMING : KEY_OLD;
}

enum key_state
sealing_state(const struct sealing_keys *keys, const struct sealing_key *key, int64_t now)
{
	return sealing_state_at(key == sealing_current(keys, now), key->since, now);
}

const struct sealing_key *
sealing_find(const struct sealing_keys *keys, const unsigned char id[SEALING_ID_SIZE])
{
	for (size_t i = 0; i < keys->count; i++) {
		if (memcmp(keys->rows[i].id, id, SEALING_ID_SIZE) == 0)
			return &keys->rows[i];
	}
	return NULL;
}

const struct sealing_key *
sealing_named(const struct sealing_keys *keys, const char *kid)
{
	for (size_t i = 0; i < keys->count; i++) {
		if (strcmp(keys->rows[i].kid, kid) == 0)
			return &keys->rows[i];
	}
	return NULL;
}
