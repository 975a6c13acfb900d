/* The loop that accepts requests: FastCGI (libfcgi) or plain CGI, whichever the web server speaks.
 *
 * A finished answer may have to wait for its hour (the response floor). Under FastCGI it waits in
 * a queue while the process serves the next request; when the queue is full, the process stops
 * accepting and never answers early. Under plain CGI the process sleeps. SIGTERM and SIGINT end
 * the loop after the request in hand and all waiting answers. */
#ifndef YETT_HTTP_SERVER_H
#define YETT_HTTP_SERVER_H

#include "base/buf.h"
#include "base/clock.h"

#define SERVER_QUEUE 256   /* answers that wait at a time */
#define SERVER_PATIENCE 10 /* seconds for a request to arrive, or an answer to be taken */
#define SERVER_IDLE 15     /* seconds after which a process looks around that has nothing to do */

struct conn; /* one request on its way in and its answer on its way out */

/* Serves one request and ends with conn_answer. */
typedef void server_serve_fn(void *state, struct conn *);

/* Called before the process waits, now and then under load, and every SERVER_IDLE seconds without.
 * Returns false when the process should end. */
typedef bool server_pause_fn(void *state);

/* Whether the process was started as plain CGI: one request in the environment, then the end. */
bool server_is_cgi(void);

/* Installs signal handling and makes what the loop needs; before the sandbox. */
enum rc server_prepare(void) RC_MUST;

/* Runs until a signal, the end of the listening socket, or "pause" ends it. */
void server_run(server_serve_fn *, server_pause_fn *, void *state, const struct clock *);

/* "NAME=value" strings, NULL at the end; they live until the answer. */
char **conn_environment(struct conn *);

/* Reads exactly "length" bytes of the body. RC_NO when fewer come. The source's own buffer is
 * wiped behind the reading. */
enum rc conn_read(struct conn *, struct buf *body, size_t length) RC_MUST;

/* Sends the answer, not before "due" (monotonic milliseconds). Takes the buffer over and wipes it
 * after sending. */
void conn_answer(struct conn *, struct buf *answer, int64_t due);

#endif
