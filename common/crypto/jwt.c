#include "crypto/jwt.h"

static const char *const jwt_algorithm_names[] = {
	[JWT_EDDSA] = "EdDSA",
	[JWT_HS256] = "HS256",
};

_Static_assert(sizeof(jwt_algorithm_names) / sizeof(jwt_algorithm_names[0]) == JWT_ALGORITHMS,
    "every algorithm has a name");

const char *
jwt_algorithm_name(enum jwt_algorithm algorithm)
{
	return jwt_algorithm_names[algorithm];
}
