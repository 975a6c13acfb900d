#include "crypto/libcrypto.h"

#include <openssl/crypto.h>

/* Neither a configuration nor error texts are read from files: after the sandbox there are none. */
bool
libcrypto_start(void)
{
	return OPENSSL_init_crypto(
		   OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS, NULL) == 1;
}
