/* The claim "sfp": ties a JWT to the user's address and security version, so that a change of
 * either makes every outstanding token worthless without a list of them. */
#ifndef YETT_AUTH_FINGERPRINT_H
#define YETT_AUTH_FINGERPRINT_H

#include "crypto/digest.h"
#include "store/user.h"

/* HMAC under HKDF(fingerprint key) of user id, address and security version. */
enum rc fingerprint_of(struct ctx *, const struct user *, struct digest *) RC_MUST;

#endif
