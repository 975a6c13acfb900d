#include "http/server.h"

#include <errno.h>
#include <fastcgi.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

extern char **environ;

struct conn {
	FCGX_Request request; /* of libfcgi; unused under plain CGI */
	bool is_cgi;
	bool kept;    /* the web server would send another request over this connection */
	bool waiting; /* "answer" is to be sent when "due" comes, or is in server.lingering */
	struct buf answer;
	int64_t due;
	struct conn *next; /* in the queue, earliest first */
};

#define SERVER_LINGER 8 /* answered connections that the web server may still have open */
#define SERVER_CONNS (SERVER_QUEUE + SERVER_LINGER + 1) /* one serves while the others wait */

static struct {
	struct conn *conns; /* SERVER_CONNS */
	struct conn *queue; /* waiting answers by due time: all floors are alike, so by arrival */
	struct conn *last;
	struct conn *serving;
	struct conn *lingering[SERVER_LINGER]; /* answered, but not closed yet; oldest first */
	size_t lingering_count;
	size_t waiting;
	bool is_cgi;
	bool ticking;
	const struct clock *clock;
	sigset_t outside; /* the signal mask while the process waits */
} server;

static volatile sig_atomic_t server_stopping;
static volatile sig_atomic_t server_patient; /* waits for the peer of server.serving */
static volatile sig_atomic_t server_ticks;

static void
server_on_stop(int signal_number)
{
	(void)signal_number;
	server_stopping = 1;
}

/* Ends a request that does not arrive, or an answer that nobody takes: whoever waits then sees the
 * end of the stream. */
static void
server_on_tick(int signal_number)
{
	int saved = errno;

	(void)signal_number;
	if (server_patient && server.serving->request.ipcFd >= 0 &&
	    ++server_ticks > SERVER_PATIENCE) {
		shutdown(server.serving->request.ipcFd, SHUT_RDWR);
		server_ticks = 0; /* the next peer has its own time */
	}
	errno = saved;
}

bool
server_is_cgi(void)
{
	return FCGX_IsCGI() != 0;
}

static void
server_handle(int signal_number, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_flags = flags };

	action.sa_handler = handler;
	sigemptyset(&action.sa_mask);
	sigaction(signal_number, &action, NULL);
}

/* Stop signals arrive only inside ppoll(), so that none is lost between a look and a wait. */
static void
server_signals(void)
{
	sigset_t blocked;

	server_handle(SIGTERM, server_on_stop, 0);
	server_handle(SIGINT, server_on_stop, 0);
	server_handle(SIGUSR1, server_on_stop, 0);
	if (!server.is_cgi)
		server_handle(SIGALRM, server_on_tick, SA_RESTART);
	server_handle(SIGPIPE, SIG_IGN, 0);
	server_handle(SIGXFSZ, SIG_IGN, 0); /* a write past a limit fails, the process goes on */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, &server.outside);
	sigdelset(&server.outside, SIGTERM);
	sigdelset(&server.outside, SIGINT);
	sigdelset(&server.outside, SIGUSR1);
}

static enum rc
server_prepare_fcgi(void)
{
	int flags = fcntl(FCGI_LISTENSOCK_FILENO, F_GETFL);

	if (FCGX_Init() != 0 || flags < 0 ||
	    fcntl(FCGI_LISTENSOCK_FILENO, F_SETFL, flags | O_NONBLOCK) != 0)
		return RC_INTERNAL;
	for (size_t i = 0; i < SERVER_CONNS; i++) {
		if (FCGX_InitRequest(&server.conns[i].request, FCGI_LISTENSOCK_FILENO, 0) != 0)
			return RC_UNAVAILABLE;
	}
	return RC_OK;
}

enum rc
server_prepare(void)
{
	server.is_cgi = server_is_cgi();
	server.conns = calloc(server.is_cgi ? 1 : SERVER_CONNS, sizeof(*server.conns));
	if (server.conns == NULL)
		return RC_UNAVAILABLE;
	server_signals();
	return server.is_cgi ? RC_OK : server_prepare_fcgi();
}

char **
conn_environment(struct conn *conn)
{
	return conn->is_cgi ? environ : conn->request.envp;
}

/* Plain CGI has one peer and nothing else to do: when its time is over, the process ends. */
static void
conn_alarm(bool on)
{
	struct itimerval timer = { { 0, 0 }, { on ? SERVER_PATIENCE : 0, 0 } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

static enum rc
conn_read_cgi(struct buf *body, size_t length)
{
	char block[4096];
	enum rc rc = RC_OK;

	conn_alarm(true);
	while (length > 0 && rc == RC_OK) {
		ssize_t got =
		    read(STDIN_FILENO, block, length < sizeof(block) ? length : sizeof(block));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			rc = RC_NO;
			break;
		}
		buf_add(body, (struct span){ block, (size_t)got });
		length -= (size_t)got;
	}
	conn_alarm(false);
	sodium_memzero(block, sizeof(block));
	return rc;
}

/* Reads from the stream's own buffer and wipes it, which FCGX_GetStr would not. */
static enum rc
conn_read_fcgi(FCGX_Stream *in, struct buf *body, size_t length)
{
	while (length > 0) {
		size_t ready = (size_t)(in->stop - in->rdNext);
		if (ready == 0) {
			int c = FCGX_GetChar(in);
			if (c == EOF)
				return RC_NO;
			buf_char(body, (char)c);
			in->rdNext[-1] = 0;
			length--;
			continue;
		}
		if (ready > length)
			ready = length;
		buf_add(body, (struct span){ (char *)in->rdNext, ready });
		sodium_memzero(in->rdNext, ready);
		in->rdNext += ready;
		length -= ready;
	}
	return RC_OK;
}

enum rc
conn_read(struct conn *conn, struct buf *body, size_t length)
{
	enum rc rc;

	server_patient = !conn->is_cgi;
	rc = conn->is_cgi ? conn_read_cgi(body, length)
			  : conn_read_fcgi(conn->request.in, body, length);
	server_patient = 0;
	return rc == RC_OK ? buf_check(body) : rc;
}

/* Variables that can hold secrets. A link in a mail carries its token in the query, and so in all
 * that repeats it; REDIRECT_... are Apache's copies of others. */
static const struct span conn_secrets[] = {
	SPAN_INIT("HTTP_AUTHORIZATION="),
	SPAN_INIT("HTTP_COOKIE="),
	SPAN_INIT("HTTP_REFERER="),
	SPAN_INIT("HTTP_X_CSRF_TOKEN="),
	SPAN_INIT("HTTP_X_FORWARDED_URI="),
	SPAN_INIT("HTTP_X_ORIGINAL_URI="),
	SPAN_INIT("ORIGINAL_URI="),
	SPAN_INIT("QUERY_STRING="),
	SPAN_INIT("REDIRECT_"),
	SPAN_INIT("REQUEST_URI="),
};

static bool
conn_is_secret(const char *entry)
{
	for (size_t i = 0; i < sizeof(conn_secrets) / sizeof(conn_secrets[0]); i++) {
		if (strncmp(entry, conn_secrets[i].data, conn_secrets[i].len) == 0)
			return true;
	}
	return false;
}

/* libfcgi keeps what it read and wrote: overwrite the parts that can hold secrets. */
static void
conn_wipe_environment(char **environment)
{
	for (; *environment != NULL; environment++) {
		char *value = conn_is_secret(*environment) ? strchr(*environment, '=') : NULL;

		if (value != NULL)
			sodium_memzero(value + 1, strlen(value + 1));
	}
}

/* Whether the web server has closed its end. */
static bool
conn_is_left(const struct conn *conn)
{
	char byte;

	return recv(conn->request.ipcFd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* Closes connections that were answered, the oldest first, until "most" are left. Those that the
 * web server has closed cost a close; for any other libfcgi sleeps until it has, and so long the
 * next request would wait. A few requests later that has long happened. */
static void
server_close_lingering(size_t most)
{
	size_t closed = 0;

	while (closed < server.lingering_count) {
		struct conn *conn = server.lingering[closed];
		if (conn_is_left(conn))
			FCGX_Detach(&conn->request);
		else if (server.lingering_count - closed <= most)
			break;
		FCGX_Finish_r(&conn->request);
		conn->waiting = false;
		closed++;
	}
	server.lingering_count -= closed;
	for (size_t i = 0; i < server.lingering_count; i++)
		server.lingering[i] = server.lingering[i + closed];
}

/* The answer and the end of the request leave in one write: two would wake the web server twice.
 * libfcgi keeps what it has written, so that is wiped here. */
static void
conn_send_fcgi(struct conn *conn)
{
	FCGX_Stream *out = conn->request.out;
	unsigned char *written = out->wrNext;
	size_t room = (size_t)(out->stop - out->wrNext);

	server.serving = conn;
	server_ticks = 0;
	server_patient = 1;
	FCGX_PutStr(conn->answer.data, (int)conn->answer.len, out);
	FCGX_FClose(conn->request.err);
	FCGX_FClose(out);
	server_patient = 0;
	sodium_memzero(written, conn->answer.len < room ? conn->answer.len : room);
	conn_wipe_environment(conn->request.envp);
	conn->waiting = !conn->kept;
	if (conn->kept) { /* it waits for the end of this one */
		FCGX_Finish_r(&conn->request);
		return;
	}
	server_close_lingering(SERVER_LINGER - 1);
	server.lingering[server.lingering_count++] = conn;
}

static void
conn_send_cgi(const struct conn *conn)
{
	size_t sent = 0;

	conn_alarm(true);
	while (sent < conn->answer.len) {
		ssize_t put =
		    write(STDOUT_FILENO, conn->answer.data + sent, conn->answer.len - sent);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			break;
		sent += (size_t)put;
	}
	conn_alarm(false);
	conn_wipe_environment(environ);
}

static void
conn_send(struct conn *conn)
{
	if (conn->is_cgi)
		conn_send_cgi(conn);
	else
		conn_send_fcgi(conn);
	buf_free(&conn->answer);
}

static void
server_sleep(int64_t milliseconds)
{
	struct timespec rest = { milliseconds / SECOND, (milliseconds % SECOND) * 1000000 };

	while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
		continue;
}

/* Answers with a longer wait than those before are rare (a clock step), so the walk is short. */
static void
server_enqueue(struct conn *conn)
{
	struct conn **place = &server.queue;

	if (server.last != NULL && server.last->due <= conn->due)
		place = &server.last->next;
	while (*place != NULL && (*place)->due <= conn->due)
		place = &(*place)->next;
	conn->next = *place;
	*place = conn;
	if (conn->next == NULL)
		server.last = conn;
	conn->waiting = true;
	server.waiting++;
}

void
conn_answer(struct conn *conn, struct buf *answer, int64_t due)
{
	int64_t rest = due - clock_monotonic(server.clock);

	conn->answer = *answer;
	*answer = BUF_INIT(answer->max);
	conn->due = due;
	if (rest > 0 && !conn->is_cgi) {
		server_enqueue(conn);
		return;
	}
	if (rest > 0)
		server_sleep(rest);
	conn_send(conn);
}

static void
server_send_due(void)
{
	int64_t now = server.queue == NULL ? 0 : clock_monotonic(server.clock);

	while (server.queue != NULL && server.queue->due <= now) {
		struct conn *conn = server.queue;
		server.queue = conn->next;
		if (server.queue == NULL)
			server.last = NULL;
		server.waiting--;
		conn_send(conn);
	}
}

static struct conn *
server_free_conn(void)
{
	static size_t hint;

	for (size_t i = 0; i < SERVER_CONNS && server.waiting <= SERVER_QUEUE; i++) {
		hint = hint == SERVER_CONNS - 1 ? 0 : hint + 1;
		if (!server.conns[hint].waiting)
			return &server.conns[hint];
	}
	return NULL;
}

/* A timer ticks while there is work, none while the process idles: no system call per request. */
static void
server_tick(bool on)
{
	struct itimerval timer = { { on ? 1 : 0, 0 }, { on ? 1 : 0, 0 } };

	if (on != server.ticking)
		setitimer(ITIMER_REAL, &timer, NULL);
	server.ticking = on;
}

/* Waits for a request (unless "listening" is off), the next due answer, a signal, or the time to
 * look around. */
static void
server_wait(bool listening)
{
	struct pollfd listener = { .fd = listening ? FCGI_LISTENSOCK_FILENO : -1,
		.events = POLLIN };
	struct timespec rest = { SERVER_IDLE, 0 };
	int64_t left;

	server_close_lingering(0);
	if (server.queue != NULL) {
		left = server.queue->due - clock_monotonic(server.clock);
		left = left < 0 ? 0 : left;
		rest = (struct timespec){ left / SECOND, (left % SECOND) * 1000000 };
	} else {
		server_tick(false);
	}
	if (ppoll(&listener, 1, &rest, &server.outside) > 0 &&
	    (listener.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
		server_stopping = 1;
	server_tick(true);
}

/* Whether a stop signal is waiting behind the mask, which under load no ppoll() would notice. */
static bool
server_stop_pending(void)
{
	sigset_t pending;

	if (!server_stopping && sigpending(&pending) == 0 &&
	    (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1 ||
		sigismember(&pending, SIGUSR1) == 1))
		server_stopping = 1;
	return server_stopping != 0;
}

/* Whether a request was there and has been served. */
static bool
server_accept(server_serve_fn *serve, void *state)
{
	struct conn *conn = server_free_conn();
	int rc;

	if (conn == NULL)
		return false;
	server_ticks = 0;
	server.serving = conn;
	server_patient = 1;
	rc = FCGX_Accept_r(&conn->request);
	server_patient = 0;
	/* One request a connection: a kept one would be read, blocking, in its slot's next turn. */
	conn->kept = conn->request.keepConnection != 0;
	conn->request.keepConnection = 0;
	if (rc == 0)
		serve(state, conn);
	return rc == 0;
}

static void
server_run_fcgi(server_serve_fn *serve, server_pause_fn *pause, void *state)
{
	unsigned served = 0;
	int64_t paused = clock_monotonic(server.clock);

	server_tick(true);
	while (!server_stopping) {
		server_send_due();
		if (server_accept(serve, state)) {
			/* By time as well: 64 peers that are slow take minutes. */
			if (++served % 64 != 0 && clock_monotonic(server.clock) - paused < SECOND)
				continue;
			paused = clock_monotonic(server.clock);
			if (server_stop_pending() || !pause(state))
				break;
			continue;
		}
		if (!pause(state))
			break;
		server_wait(server.waiting < SERVER_QUEUE);
	}
	close(FCGI_LISTENSOCK_FILENO);
	while (server.queue != NULL) {
		server_send_due();
		if (server.queue != NULL)
			server_wait(false);
	}
}

void
server_run(server_serve_fn *serve, server_pause_fn *pause, void *state, const struct clock *clock)
{
	server.clock = clock;
	if (server.is_cgi) {
		server.conns[0].is_cgi = true;
		serve(state, &server.conns[0]);
		(void)pause(state);
	} else {
		server_run_fcgi(serve, pause, state);
	}
	server_close_lingering(0);
	server_tick(false);
	for (size_t i = 0; !server.is_cgi && i < SERVER_CONNS; i++)
		FCGX_Free(&server.conns[i].request, 1);
	free(server.conns);
	server.conns = NULL;
}
