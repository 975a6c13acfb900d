/* OpenSSL's libcrypto, as a process in the sandbox can use it. */
#ifndef YETT_CRYPTO_LIBCRYPTO_H
#define YETT_CRYPTO_LIBCRYPTO_H

#include <stdbool.h>

/* Starts it, unless that was done before: to be called by each function before it uses it. False
 * when it cannot be had. */
bool libcrypto_start(void);

#endif
