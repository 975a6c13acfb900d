/* Which new passwords are refused, and why (ASVS 5.0 section 6.2). */
#ifndef YETT_AUTH_POLICY_H
#define YETT_AUTH_POLICY_H

#include "base/config.h"

/* Reasons as bits. */
#define POLICY_TOO_SHORT 0x01u
#define POLICY_TOO_COMMON 0x02u        /* in zxcvbn's dictionaries, also with letters replaced */
#define POLICY_TOO_WEAK 0x04u          /* its zxcvbn score is below password.strength */
#define POLICY_CONTAINS_IDENTITY 0x08u /* the address, its local part, or the user name */
#define POLICY_REASONS 4

/* Judges a new password; 0 when it may be used. "username" may be "not given". */
unsigned policy_judge(
    const struct config_password *, struct span password, struct span email, struct span username);

/* The name of one reason for the API ("too_short") and a sentence for people. "index" counts the
 * bits from 0; NULL past the last. */
const char *policy_name(unsigned index);
const char *policy_sentence(unsigned index);

#endif
