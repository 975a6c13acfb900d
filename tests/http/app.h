/* An authenticator app. */
#ifndef YETT_TESTS_HTTP_APP_H
#define YETT_TESTS_HTTP_APP_H

#include <stdint.h>

/* The code for a secret in base32, so many steps from now. */
const char *app_code(const char *secret, int64_t away);

#endif
