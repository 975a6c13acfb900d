/* An authenticator app. */
#ifndef YETT_TESTS_HTTP_APP_H
#define YETT_TESTS_HTTP_APP_H

#include <stdint.h>

/* The step that it is now. */
int64_t app_step(void);
/* The code for a secret in base32 at a step, */
const char *app_code_at(const char *secret, int64_t step);
/* or so many steps from now. */
const char *app_code(const char *secret, int64_t away);

/* Waits until the step that it is now lasts for some seconds more: for tests where one step more or
 * less counts. */
void app_settle(void);

#endif
