/* Cookies (RFC 6265): reading the Cookie header, writing Set-Cookie lines. */
#ifndef YETT_HTTP_COOKIE_H
#define YETT_HTTP_COOKIE_H

#include "base/buf.h"
#include "base/config.h"

#define COOKIE_NAME_SIZE 96

/* The full name of a backend's cookie: prefix "__Host-" (Secure, Path=/, no Domain), "__Secure-"
 * (Secure else) or none, then cookie.name, then "suffix" ("", "_refresh", "_csrf"). */
void cookie_name(const struct config_cookie *, const char *suffix, char name[COOKIE_NAME_SIZE]);

/* The value of the first cookie of exactly that name in a Cookie header; "not given" without one.
 * Quotes around a value are not taken off: none of ours has them. */
struct span cookie_find(struct span header, const char *name);

/* Appends "Set-Cookie: name=value; attributes\r\n". "max_age" in milliseconds, 0: until the
 * browser is closed, below 0: the cookie is cleared (empty value, Max-Age=0). "readable" leaves
 * HttpOnly away, for the CSRF cookie. */
void cookie_put(struct buf *, const struct config_cookie *, const char *name, struct span value,
    int64_t max_age, bool readable);

#endif
