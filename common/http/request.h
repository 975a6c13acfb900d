/* One request as the server handed it over: CGI variables (RFC 3875) and, after them, the body. */
#ifndef YETT_HTTP_REQUEST_H
#define YETT_HTTP_REQUEST_H

#include "base/ctx.h"
#include "http/address.h"

#define BODY_MAX (16 * 1024)  /* bytes of a request body */
#define TARGET_MAX (8 * 1024) /* bytes of a REQUEST_URI */
#define COOKIES_MAX (16 * 1024)
#define AUTHORIZATION_MAX (10 * 1024)
#define USER_AGENT_KEPT 255 /* bytes of a User-Agent that are looked at, cut at a code point */

enum method {
	METHOD_GET,
	METHOD_HEAD,
	METHOD_POST,
	METHOD_PATCH,
	METHOD_DELETE,
	METHOD_OPTIONS,
	METHOD_OTHER, /* a method that no route has */
	METHODS
};

/* The variables that are read, sorted; where one stands twice, the first counts (the last of the
 * two lists of forwarding addresses, which are read from the right). */
enum variable {
	VARIABLE_AUTH_RULE,
	VARIABLE_CONTENT_LENGTH,
	VARIABLE_CONTENT_TYPE,
	VARIABLE_FCGI_APACHE_ROLE,
	VARIABLE_FCGI_ROLE,
	VARIABLE_HTTP_ACCEPT,
	VARIABLE_HTTP_ACCEPT_LANGUAGE,
	VARIABLE_HTTP_AUTHORIZATION,
	VARIABLE_HTTP_COOKIE,
	VARIABLE_HTTP_FORWARDED,
	VARIABLE_HTTP_ORIGIN,
	VARIABLE_HTTP_SEC_FETCH_MODE,
	VARIABLE_HTTP_SEC_FETCH_SITE,
	VARIABLE_HTTP_USER_AGENT,
	VARIABLE_HTTP_X_CSRF_TOKEN,
	VARIABLE_HTTP_X_FORWARDED_FOR,
	VARIABLE_HTTP_X_FORWARDED_METHOD,
	VARIABLE_HTTP_X_FORWARDED_URI,
	VARIABLE_HTTP_X_ORIGINAL_METHOD,
	VARIABLE_HTTP_X_ORIGINAL_URI,
	VARIABLE_ORIGINAL_METHOD,
	VARIABLE_ORIGINAL_URI,
	VARIABLE_PATH_INFO,
	VARIABLE_QUERY_STRING,
	VARIABLE_REDIRECT_HTTP_AUTHORIZATION,
	VARIABLE_REDIRECT_REDIRECT_HTTP_AUTHORIZATION,
	VARIABLE_REMOTE_ADDR,
	VARIABLE_REQUEST_METHOD,
	VARIABLE_REQUEST_URI,
	VARIABLE_SCRIPT_NAME,
	VARIABLES
};

enum content {
	CONTENT_NONE, /* no Content-Type and nothing in the body */
	CONTENT_JSON,
	CONTENT_FORM, /* application/x-www-form-urlencoded */
	CONTENT_OTHER
};

struct request {
	struct span variables[VARIABLES];
	enum method method;
	bool authorizer;   /* the FastCGI role: standard input must not be read */
	struct span path;  /* REQUEST_URI's path, decoded once; "not given" when it is ambiguous */
	struct span query; /* QUERY_STRING, or REQUEST_URI's after '?', as it came */
	struct address client;
	bool wants_html; /* a browser navigation: Accept prefers text/html over JSON */
	enum content content;
	int64_t content_length; /* -1: CONTENT_LENGTH is broken */
	struct span body;       /* once read */
};

/* Reads the variables of "environment" ("NAME=value" ..., NULL at the end), which must outlive
 * the request. Nothing is refused here: what is broken or too long is left "not given"; a query
 * that is too long takes the path with it. Variables with a target keep their length, and
 * path_canonical refuses them.
 * RC_UNAVAILABLE when the arena is full. */
enum rc request_read(struct ctx *, char **environment, struct request *) RC_MUST;

/* The value of the first query parameter of that name, percent-decoded into the arena; "not given"
 * without one or when it is malformed. */
struct span request_query(struct ctx *, const struct request *, const char *name);

/* The Authorization header, or one of the copies that Apache makes. */
struct span request_authorization(const struct request *);

#endif
