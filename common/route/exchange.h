/* One request and its answer, as a handler sees them. */
#ifndef YETT_ROUTE_EXCHANGE_H
#define YETT_ROUTE_EXCHANGE_H

#include "auth/caller.h"
#include "base/client.h"
#include "base/tokens.h"
#include "flow/refusal.h"
#include "http/fields.h"
#include "http/response.h"
#include "page/page.h"
#include "route/route.h"

struct exchange {
	struct ctx *ctx;
	const struct config *config;
	const struct backends *backends;
	const struct request *request;
	const struct route *route;     /* the row that answers; NULL: none */
	const struct backend *backend; /* of the route; NULL where it exists once */
	struct span segment;           /* what stood for '*' in the route's path */
	struct client client;
	struct identity caller; /* known where the route's row asks for it */
	bool token_presented;   /* an access token came along, accepted or not */
	bool wants_page;        /* a browser, and pages are on */
	struct response *response;
	struct refusal refusal;
};

/* Fills the response and returns PROBLEM_NONE; or returns what is wrong, and the rest is done for
 * it: problem document or page, WWW-Authenticate, Retry-After. A handler that has shown a page
 * with the problem on it sets response->status and returns the problem all the same. */
typedef enum problem handler_fn(struct exchange *);

/* Reads the body into "input" by the field table; what is unfit is named as the route's row says.
 */
enum problem exchange_fields(struct exchange *, const struct field *, size_t count, void *input);

/* What stood in a field of the form, fit or not, so that a refused form keeps it; in the arena. */
struct span exchange_typed(struct exchange *, const char *name);

/* Where a browser is to go on when all is done: "next" of the form or of the query. Only ever a
 * path on this site; else "not given". */
struct span exchange_next(struct exchange *);

/* Whether the answer is a page: for a browser, at a cookie backend or where there is none. With
 * another backend a form could not be sent. */
bool exchange_shows_page(const struct exchange *);

/* Shows a form, empty or with what was typed, and an error where one is given. */
typedef enum problem page_fn(struct exchange *, int status, struct span error);

/* Shows a refused form again where the answer is a page. Returns the problem, or that of showing
 * it.
 */
enum problem exchange_refuse(struct exchange *, page_fn *, enum problem);

/* Answers with fresh tokens: by the backend's transport, with a CSRF cookie bound to the new
 * session; a browser that asked for HTML is sent on to "next" (303) instead of a body. Where the
 * sign-in waits for a second factor: with 202 and its token; a browser is sent to the page that
 * asks for the code, with the token in a cookie. */
enum problem exchange_tokens(struct exchange *, const struct tokens *, struct span next);

/* Answers with a page of these values and what each may show: the site, the CSRF token, the least
 * length of a new password. Sets the CSRF cookie of "backend" (NULL: none is set). */
enum problem exchange_page(
    struct exchange *, enum page, int status, const struct backend *, const struct page_values *);

/* Makes a CSRF token for this request, sets it as the backend's cookie, and leaves it in "token".
 */
enum problem exchange_csrf(
    struct exchange *, const struct backend *, const char *binding, char *token);

/* A browser goes to "next", or to the site's root when there is none. */
void exchange_go(struct exchange *, struct span next);

/* The sentence for people that goes with a problem on a page. */
struct span exchange_sentence(const struct exchange *, enum problem);

/* Appends UserRead; "pending_email" stands in it when it is given. */
void exchange_put_user(struct buf *, const struct user *, struct span pending_email);

/* The cookie backend whose CSRF token goes into the form of a page that exists once: the one that
 * the caller is signed in at, else the first; NULL where there is none. */
const struct backend *exchange_page_backend(struct exchange *);

/* The sign-in page of the first cookie backend; "not given" where there is none. */
struct span exchange_login_link(struct exchange *);

/* The path of a page at a backend with ?next= behind it where "next" is given, in the arena. */
struct span exchange_path_next(
    struct exchange *, enum handler, const struct backend *, struct span next);

/* The path of a page that exists once; "not given" while its route is off. */
struct span exchange_link(struct exchange *, enum handler);

/* The path of a program's page at a backend, in the arena: "{auth}/web/login". */
struct span exchange_path(struct exchange *, enum handler, const struct backend *);

#endif
