/* Transports: where a token travels. A backend names one. */
#ifndef YETT_HTTP_TRANSPORT_H
#define YETT_HTTP_TRANSPORT_H

#include "base/tokens.h"
#include "http/request.h"
#include "http/response.h"

enum token_use { TOKEN_ACCESS, TOKEN_REFRESH, TOKEN_PENDING };

/* The token that the request carries for this backend; "not given" without one. */
typedef struct span transport_read_fn(
    const struct backend_config *, const struct request *, enum token_use);

/* Puts freshly issued tokens into the answer, status and body included. */
typedef void transport_write_fn(
    const struct backend_config *, const struct tokens *, struct response *);

/* Takes the tokens back from the client where that is possible. */
typedef void transport_clear_fn(const struct backend_config *, struct response *);

struct transport {
	bool is_cookie; /* sent by browsers unasked: needs CSRF protection */
	transport_read_fn *read;
	transport_write_fn *write;
	transport_clear_fn *clear;
};

extern const struct transport transport_bearer;
extern const struct transport transport_cookie;

/* What stands behind the configured name in the names of its cookies but the access token's. */
#define REFRESH_SUFFIX "_refresh"
#define PENDING_SUFFIX "_pending"
#define CSRF_SUFFIX "_csrf"

/* The transport of a backend; one line for each in transport.c. */
const struct transport *transport_of(const struct backend_config *);

/* The cookie that carries the token of a sign-in which waits for its second factor, for that long
 * (milliseconds; below 0: no more). */
void transport_cookie_pending(
    const struct backend_config *, struct span token, int64_t max_age, struct response *);

/* The cookie that carries the CSRF token of a cookie backend, set and read. */
void transport_cookie_csrf(const struct backend_config *, struct span token, struct response *);
struct span transport_cookie_csrf_read(const struct backend_config *, const struct request *);

#endif
