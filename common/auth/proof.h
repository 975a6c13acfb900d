/* Proof of a password: exactly one Argon2, whether there is an account or not. */
#ifndef YETT_AUTH_PROOF_H
#define YETT_AUTH_PROOF_H

#include "base/secret.h"
#include "store/user.h"

/* Verifies the password against the credential, or against the decoy when there is none (NULL) or
 * its hash cannot be used; then always RC_NO. */
enum rc proof_verify(struct ctx *, const struct credential *, const struct secret *) RC_MUST;

/* Replaces a hash of older parameters after a successful proof. A failure is logged and else
 * without consequence. */
void proof_upgrade(struct ctx *, const struct credential *, const struct secret *);

#endif
