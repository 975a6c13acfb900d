/* Asking a site: requests over libcurl or a bare socket, what comes back, and cookies.
 *
 * Answers, jars and texts live until the process ends, which for a test means until the test ends;
 * nothing has to be freed. What cannot be done at all (no connection, no memory) fails the test. */
#ifndef YETT_TESTS_HTTP_ASK_H
#define YETT_TESTS_HTTP_ASK_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#define ASK_HEADERS_MAX 8

struct site;

/* Cookies as a browser keeps them; a cookie that was deleted stays in the list without a value. */
struct cookie {
	char *name;
	char *value;      /* "" when it was deleted */
	char *attributes; /* as they came, such as "Path=/; HttpOnly; SameSite=Lax" */
	struct cookie *next;
};
struct jar {
	struct cookie *first;
};

struct jar *jar_new(void);
/* The cookie whose name ends in this suffix after "yett": "", "_refresh", "_csrf"; NULL: none. */
struct cookie *jar_cookie(const struct jar *, const char *suffix);
/* Its value, "" when there is none. */
const char *jar_value(const struct jar *, const char *suffix);
/* What to send as X-CSRF-Token. */
const char *jar_csrf(const struct jar *);
/* A jar of its own with the same cookies. */
struct jar *jar_copy(const struct jar *);
void jar_set(struct jar *, const char *name, const char *value);

/* All members may be left out but the path. */
struct ask {
	const char *path;   /* with its query; sent exactly so */
	const char *method; /* GET without a body, POST with one */
	const char *json;   /* a body of application/json, */
	const char *form;   /* or of application/x-www-form-urlencoded, */
	const char *body;   /* or of the type below */
	size_t size;        /* of the body, when it is not a C string */
	const char *type;   /* Content-Type in place of the usual one; "" sends none */
	const char *bearer;
	struct jar *jar;     /* its cookies are sent, and those of the answer put into it */
	const char *csrf;    /* X-CSRF-Token */
	bool browser;        /* a navigation: Accept prefers text/html */
	const char *address; /* where the client comes from: any of 127.0.0.0/8 */
	const char *headers[ASK_HEADERS_MAX]; /* "Name: value"; "Name:" takes a usual one away */
	bool http10;
};

struct answer {
	long status;
	char *headers; /* all lines, the first with the status */
	char *body;    /* with a NUL after it */
	size_t size;
	double seconds; /* from start to last byte */
	cJSON *json;    /* the body, NULL when that is no JSON */
};

struct answer *ask(const struct site *, const struct ask *);
/* ASK(site, .path = "/auth/login", .json = "{...}", .bearer = token) */
#define ASK(site, ...) ask((site), &(struct ask){ __VA_ARGS__ })

/* All of them at once, over a connection each; the answers in their order. */
void ask_all(const struct site *, const struct ask *list, size_t count, struct answer **answers);

/* These bytes and nothing else over a socket; the answer is what came until the server closed or
 * was silent for some seconds. status is 0 when there was none. */
struct answer *ask_raw(const struct site *, const char *bytes, size_t size);
/* A connection for slow or broken clients; the caller closes it. */
int ask_connect(const struct site *);

/* The value of the first header of that name, NULL when there is none; and how many there are. */
const char *answer_header(const struct answer *, const char *name);
size_t answer_header_count(const struct answer *, const char *name);

/* A value of the JSON body by its way in, as "sessions.0.session_id": a string as it is, others as
 * they are written ("true", "null", "12"; objects and arrays too); NULL when there is none. */
const char *answer_value(const struct answer *, const char *way);
/* How many children the array or object at that way has ("" is the whole body). */
size_t answer_count(const struct answer *, const char *way);
/* The value of an attribute of the first element with name="NAME" in an HTML body, with entities
 * undone; NULL when there is no such element or attribute. */
const char *answer_input(const struct answer *, const char *name, const char *attribute);
/* Whether the body contains the text. */
bool answer_has(const struct answer *, const char *text);

/* printf into a text that lives as long as the answers do. */
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A form: names and values in turns, ended by NULL; values are escaped. */
const char *form(const char *name, ...) __attribute__((sentinel));

/* Fails the test unless the answer has the status and, where one is given, the code in its body. */
#define ck_answer(given, wanted, wanted_code)                                                \
	do {                                                                                 \
		const struct answer *ck_given = (given);                                     \
		const char *ck_wanted = (wanted_code);                                       \
		const char *ck_code = answer_value(ck_given, "code");                        \
		ck_assert_msg(ck_given->status == (wanted) &&                                \
				  (ck_wanted == NULL ||                                      \
				      (ck_code != NULL && strcmp(ck_code, ck_wanted) == 0)), \
		    "wanted %ld %s, got:\n%s%s", (long)(wanted), ck_wanted ? ck_wanted : "", \
		    ck_given->headers, ck_given->body);                                      \
	} while (0)

#endif
