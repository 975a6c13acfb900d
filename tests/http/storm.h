/* What the security tests share: many requests at once, signals to route processes, and a search
 * for bytes. */
#ifndef YETT_TESTS_HTTP_STORM_H
#define YETT_TESTS_HTTP_STORM_H

#include "http/site.h"

#define STORM_PROCESSES 16
#define STORM_JSON "Content-Type: application/json\r\n"

/* The same request that often at once. */
struct answer **storm(const struct site *, const struct ask *, size_t count);
/* STORM(site, 20, .path = "/auth/refresh", .json = ...) */
#define STORM(site, count, ...) storm((site), &(struct ask){ __VA_ARGS__ }, (count))

/* How many of them have that status. */
size_t storm_count(struct answer **, size_t count, long status);
/* "3 x 201, 17 x 400", for messages. */
const char *storm_tally(struct answer **, size_t count);

/* A site of this test alone, stopped with it. */
struct site *storm_site(const struct site_options *);

/* A site of this test with one signed-in member. */
struct storm_member {
	struct site *site;
	const char *email;
	struct login login;
	struct jar *jar;
};
struct storm_member storm_member(const char *journal);
/* The bounds of what guarded places answer to the member; nobody else gets in in any case. */
void storm_guard_says(const struct storm_member *, long least, long most);
/* Ends the guard's processes and waits until lighttpd has tried to start others. */
void storm_guard_restart(const struct site *);

void storm_rest(long milliseconds);
double storm_seconds(void);

/* Sends a signal to all route processes of that name; how many there were. */
size_t storm_signal(const struct site *, const char *program, int signal_number);
/* All process ids of all route processes in one text, to compare. */
const char *storm_pids(const struct site *);

/* Runs yettctl with these words beside the test after some milliseconds. */
pid_t storm_ctl_later(const struct site *, long milliseconds, const char *const *words);
void storm_wait(pid_t);

const char *storm_refresh_body(const char *refresh_token);
/* The body without the value of "request_id", and the header lines without Date. */
const char *storm_plain(const struct answer *);
/* The text without the value of that JSON member. */
const char *storm_without(const char *json, const char *member);

/* GET {users}/me by bearer token: the status. */
long storm_me(const struct site *, const char *access);

bool storm_contains(const void *bytes, size_t size, const void *needle, size_t length);
/* All bytes of a file, and a NUL that is not counted; "" where there is none. */
const char *storm_file(const char *path, size_t *size);

#endif
