/* An answer in the making: status, header lines, body; turned into bytes at the very end. */
#ifndef YETT_HTTP_RESPONSE_H
#define YETT_HTTP_RESPONSE_H

#include "base/buf.h"
#include "base/problem.h"

#define RESPONSE_HEAD_MAX (64 * 1024)
#define RESPONSE_BODY_MAX (4 * 1024 * 1024)

struct response {
	int status;
	const char *content_type; /* NULL: no body and no Content-Type */
	struct buf head;          /* header lines, each with its CRLF */
	struct buf body;
	int64_t retry_after; /* milliseconds; 0: not said */
	bool is_page;        /* referrer and content policy of pages */
};

#define RESPONSE_INIT       \
	((struct response){ \
	    .head = BUF_INIT(RESPONSE_HEAD_MAX), .body = BUF_INIT(RESPONSE_BODY_MAX) })

/* Adds a header line. A value with a control character makes the answer fail rather than split. */
void response_header(struct response *, const char *name, struct span value);

/* Begins a JSON body with this status; the caller fills ->body. */
struct buf *response_json(struct response *, int status);

/* An answer that says nothing: 204, or 200/201/202 with the JSON text null. */
void response_null(struct response *, int status);

/* A redirect; "location" must be safe for a header (path_is_local or our own). */
void response_redirect(struct response *, int status, struct span location);

/* Replaces status and body by the problem (RFC 9457); header lines stay. */
void response_problem(struct response *, enum problem, const char *request_id);

/* Forgets status, headers and body. */
void response_clear(struct response *);

/* Appends the whole answer as CGI bytes (RFC 3875 section 6): Status first, always; "policy" is the
 * Content-Security-Policy of pages. RC_UNAVAILABLE when something did not fit. */
enum rc response_bytes(
    const struct response *, bool head_only, const char *policy, struct buf *out) RC_MUST;

void response_free(struct response *);

#endif
