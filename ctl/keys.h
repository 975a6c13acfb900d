/* What is known of the keys that seal. */
#ifndef YETT_CTL_KEYS_H
#define YETT_CTL_KEYS_H

#include "crypto/keyring.h"
#include "ctl.h"

#define KEYS_NAMES_SIZE 256

/* Adds a name to those that are there: "outbox and totp". What has no room is left out. */
void keys_add_name(char names[KEYS_NAMES_SIZE], const char *name);

/* The names of all purposes that seal, in such a list. */
void keys_name_sealing(char names[KEYS_NAMES_SIZE]);

/* Counts what is sealed with a key; the store is open. RC_NO: this version cannot tell for that
 * purpose, so that its keys have to stay. */
enum rc keys_sealed(struct ctx *, enum purpose, const struct sealing_key *, int64_t *count) RC_MUST;

/* Until when (wall time) a process may still seal with a key that is old now. */
int64_t keys_in_use_until(const struct sealing_keys *, int64_t now);

#endif
