#include "auth/fingerprint.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#include "crypto/keyring.h"

enum rc
fingerprint_of(struct ctx *ctx, const struct user *user, struct digest *digest)
{
	const struct key *key = keyring_key(ctx->keys, PURPOSE_FINGERPRINT);
	struct key derived;
	char version[24];
	enum rc rc = digest_hkdf((struct span){ (const char *)key->bytes, sizeof(key->bytes) },
	    SPAN_NONE, SPAN("sfp"), derived.bytes, sizeof(derived.bytes));

	snprintf(version, sizeof(version), "%" PRId64, user->security_version);
	if (rc == RC_OK)
		digest_parts(digest, &derived,
		    (const struct span[]){ span_of(user->id), user->email, span_of(version) }, 3);
	sodium_memzero(&derived, sizeof(derived));
	return rc;
}
