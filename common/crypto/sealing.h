/* The keys of a purpose that seals. A key is named after the instant from which on it seals, which
 * lies ahead when it is made: so all processes have it before the first of them uses it. */
#ifndef YETT_CRYPTO_SEALING_H
#define YETT_CRYPTO_SEALING_H

#include "crypto/digest.h"
#include "crypto/jwt.h"

#define SEALING_KEYS_MAX 8
#define SEALING_ID_SIZE 8

struct sealing_key {
	struct key key;
	unsigned char id[SEALING_ID_SIZE]; /* names it in what it sealed, telling nothing of it */
	char kid[JWT_KID_SIZE];
	int64_t since; /* wall time from which on it seals */
};

struct sealing_keys {
	struct sealing_key rows[SEALING_KEYS_MAX];
	size_t count;
};

/* The instant that a KID begins with (20260131T235959Z). A name without one is as old as can be: it
 * opens, and seals only where there is no other. */
int64_t sealing_since(const char *kid);

/* Adds a key; false when there is no room. */
bool sealing_add(struct sealing_keys *, const struct key *, const char *kid);

/* The place of the key that seals at an instant, of names in their order: the newest whose time has
 * come. Where that of none has, the clock was set back, and it is the oldest. */
size_t sealing_choose(const int64_t *since, size_t count, int64_t now);

enum key_state { KEY_CURRENT, KEY_COMING, KEY_OLD };

/* What a key is now: the current one, or by the instant from which on it seals. */
enum key_state sealing_state_at(bool current, int64_t since, int64_t now);

/* The same for one of these keys. */
enum key_state sealing_state(const struct sealing_keys *, const struct sealing_key *, int64_t now);

/* The key that seals now; there is one at least. */
const struct sealing_key *sealing_current(const struct sealing_keys *, int64_t now);

/* The key of that id; NULL when it is none of these. */
const struct sealing_key *sealing_find(
    const struct sealing_keys *, const unsigned char id[SEALING_ID_SIZE]);

/* The key of that name; likewise. */
const struct sealing_key *sealing_named(const struct sealing_keys *, const char *kid);

#endif
