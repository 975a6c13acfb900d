/* Who somebody is, as far as a token told. */
#ifndef YETT_AUTH_IDENTITY_H
#define YETT_AUTH_IDENTITY_H

#include "crypto/jwt.h"
#include "store/user.h"

struct backend;

struct identity {
	bool known;
	bool must_enrol; /* may set up a second factor, and nothing else */
	struct user user;
	char session_id[UUID_SIZE]; /* public; empty for a stateless token */
	char jti[JWT_JTI_SIZE];     /* of a JWT; else empty */
	int64_t token_expires_at;   /* of a JWT; else 0 */
	const struct backend *backend;
};

#endif
