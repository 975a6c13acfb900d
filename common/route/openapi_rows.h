/* What the OpenAPI description says beyond the route table: tables only. */
#ifndef YETT_ROUTE_OPENAPI_ROWS_H
#define YETT_ROUTE_OPENAPI_ROWS_H

#include "http/fields.h"
#include "route/route.h"

/* Problems as a set. */
#define OPENAPI_PROBLEM(name) (UINT64_C(1) << PROBLEM_##name)
_Static_assert(PROBLEMS <= 64, "a set of problems is 64 bits");

/* A component that is the same for every configuration. */
struct openapi_schema {
	const char *name; /* NULL ends the table */
	const char *json;
};

/* The bodies of requests; their members are those of the field tables in cgi-bin. */
enum openapi_request {
	OPENAPI_NO_REQUEST,
	OPENAPI_LOGIN,
	OPENAPI_REFRESH,
	OPENAPI_REFRESH_COOKIE,
	OPENAPI_REVOKE,
	OPENAPI_REGISTER,
	OPENAPI_PROFILE,
	OPENAPI_PASSWORD,
	OPENAPI_VERIFY,
	OPENAPI_ADDRESS,
	OPENAPI_RESET,
	OPENAPI_ENABLE,
	OPENAPI_CONFIRM,
	OPENAPI_CODE,
	OPENAPI_CODE_COOKIE,
	OPENAPI_DISABLE,
	OPENAPI_RENEW,
	OPENAPI_REQUESTS
};

struct openapi_body {
	const char *name; /* of the component; that of the form is NAMEForm */
	const struct field *fields;
	size_t count;
};

/* What a kind of field may hold; 0: no bound. */
struct openapi_kind {
	const char *format;
	const char *words;
	int min, max;
};

enum openapi_page {
	OPENAPI_NO_PAGE,
	OPENAPI_ALSO_PAGE, /* HTML for browsers, JSON for others */
	OPENAPI_ONLY_PAGE  /* there is nothing here while pages are off */
};

/* What one handler takes and answers. */
struct openapi_row {
	int status;         /* 0: not described */
	const char *words;  /* of the success */
	const char *schema; /* of its JSON; NULL: no body */
	enum openapi_page page;
	int redirect; /* the status that sends a browser elsewhere; 0: none does */
	enum openapi_request request;
	enum openapi_request cookie_request; /* where it differs at cookie backends */
	const char *parameters;              /* elements of an array; NULL: none */
	const char *headers;                 /* of the success, an object; NULL: none */
	bool refresh_cookie;                 /* read at cookie backends */
	bool pending_cookie;                 /* likewise */
	bool tokens;       /* cookie backends answer null and set or clear cookies */
	bool knows_caller; /* though the row takes anyone */
	bool pending;      /* 202 in place of tokens, where a second factor is still to come */
	uint64_t problems; /* beside those that follow from the route's row */
};

extern const struct openapi_schema openapi_schemas[];
extern const struct openapi_kind openapi_kinds[FIELD_IGNORED + 1];
extern const struct openapi_body openapi_bodies[OPENAPI_REQUESTS];
extern const struct openapi_row openapi_rows[HANDLERS];

#endif
