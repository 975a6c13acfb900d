/* New key files: their names, and how they come to be as a whole or not at all. */
#ifndef YETT_CRYPTO_KEY_WRITE_H
#define YETT_CRYPTO_KEY_WRITE_H

#include "base/random.h"
#include "crypto/key_place.h"

/* Writes "PATH/NAME: " and what errno says; is RC_UNAVAILABLE. */
enum rc key_write_errno(const struct key_place *, const char *name, struct config_fault *);

/* The same where there are no random bytes, whose answer is given; RC_OK becomes RC_UNAVAILABLE. */
enum rc key_write_random_fault(enum rc, const struct key_place *, struct config_fault *);

/* Makes the directory (0700) where there is none, and enters it. */
enum rc key_write_place(const struct key_place *parent, const char *name, struct key_place *,
    struct config_fault *) RC_MUST;

/* A name after the instant "from" (wall time) that sorts after "newest" ("" for none), also when
 * two keys are made within a second or the clock was set back a little. */
enum rc key_write_kid(const struct random_source *, const struct key_place *, const char *newest,
    int64_t from, char kid[JWT_KID_SIZE], struct config_fault *) RC_MUST;

/* Writes KID + suffix (0600) beside, syncs, renames, syncs the directory: either the whole file is
 * there after a power loss, or none. */
enum rc key_write(const struct key_place *, const char *kid, const char *suffix, struct span bytes,
    struct config_fault *) RC_MUST;

/* Writes a new key of KEY_SIZE random bytes; "shared": one that is fit to be an HS key. */
enum rc key_write_bare(const struct random_source *, const struct key_place *, const char *kid,
    bool shared, struct config_fault *) RC_MUST;

#endif
