/* Typed input: a table of fields turns a JSON or form body into a struct, or into a refusal. */
#ifndef YETT_HTTP_FIELDS_H
#define YETT_HTTP_FIELDS_H

#include "base/config.h"
#include "base/problem.h"
#include "base/secret.h"
#include "http/request.h"

#define FIELD_CODE_DIGITS 6
#define FIELD_RECOVERY_DIGITS 28 /* hexadecimal */

enum field_kind {
	FIELD_EMAIL,      /* struct span: stored form, in the arena */
	FIELD_IDENTIFIER, /* struct span: e-mail or user name as account.login_identifier says */
	FIELD_USERNAME,   /* struct span; an unknown member with login_identifier = email */
	FIELD_PASSWORD_PROOF,   /* struct secret: 1..128 code points */
	FIELD_PASSWORD_NEW,     /* struct secret: password.min_length..128, no control character */
	FIELD_PASSWORD_LINK,    /* struct secret: 1..128, no control character; the policy says the
				   rest */
	FIELD_CODE,             /* struct secret: 6 digits, spaces and hyphens taken out */
	FIELD_CODE_OR_RECOVERY, /* the same, or a recovery code: 28 hexadecimal digits, made lower
				   case */
	FIELD_TOKEN,            /* struct span: 1..2048, in the arena: of a link, of a sign-in that
				   waits, of a set-up */
	FIELD_REFRESH_TOKEN,    /* struct span: 1..512, in the arena */
	FIELD_IGNORED           /* accepted, not stored */
};

struct field {
	const char *name;
	const char *form_name; /* another name in a form; NULL: the same */
	enum field_kind kind;
	bool required;
	size_t offset; /* of the member in the input struct, by offsetof */
};

/* Reads the body by the table into "input", which the caller has zeroed and wipes afterwards on
 * every path. Texts live in the arena. An absent or null optional member leaves its place as it
 * is. In forms csrf_token, next and _method are always allowed, once each; in JSON they are unknown
 * like any other. An empty body without a Content-Type is an empty object.
 * UNSUPPORTED_MEDIA_TYPE; BODY_MALFORMED (syntax, UTF-8, duplicates, depth, U+0000, percent
 * escapes); BODY_INVALID (missing, unknown or wrong-typed member, length, pattern);
 * SERVICE_UNAVAILABLE when memory is short. "forbidden" (NULL-terminated names, or NULL) are
 * members whose presence is BODY_MALFORMED. */
enum problem fields_read(struct ctx *, const struct request *, const struct field *fields,
    size_t count, const char *const *forbidden, void *input);

/* The value of one field of a form body, taken out before the body is judged; "not given" when
 * the body is no form or has no such field. RC_NO when the form cannot be decoded at all. */
enum rc fields_peek(
    struct ctx *, const struct request *, const char *name, struct span *value) RC_MUST;

#endif
