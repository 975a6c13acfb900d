/* JSON, read strictly (cJSON underneath) and written by hand into a buf. */
#ifndef YETT_BASE_JSON_H
#define YETT_BASE_JSON_H

#include <stdint.h>

#include "base/buf.h"
#include "base/rc.h"

#define JSON_DEPTH_MAX 8

struct json; /* a parsed text or a value in it */

/* Reads one JSON text (RFC 8259). RC_NO for anything that is not exactly that: syntax, trailing
 * bytes, invalid UTF-8, lone surrogates, duplicate member names (compared after unescaping, case
 * matters), nesting over JSON_DEPTH_MAX, U+0000 in a string or name, numbers out of a double's
 * range. RC_UNAVAILABLE when memory is short. The caller frees *out with json_free. */
enum rc json_read(struct span text, struct json **out) RC_MUST;

/* Wipes every string in it and frees; NULL is fine. */
void json_free(struct json *);

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };
enum json_kind json_kind(const struct json *);

/* The member of an object by exact name, NULL when there is none or it is no object. */
const struct json *json_member(const struct json *, const char *name);

/* Walks an array's or object's children: first child, next sibling; NULL at the end. */
const struct json *json_first(const struct json *);
const struct json *json_next(const struct json *);

/* The name under which an object holds this child; "not given" for others. */
struct span json_name(const struct json *);

/* Values; the answer is false or "not given" when the kind is another. Strings live as long as
 * the text they came from. */
bool json_bool(const struct json *, bool *out);
bool json_number(const struct json *, double *out);
struct span json_string(const struct json *);

/* Appends a JSON string with its quotes; the text must be valid UTF-8. '<', '>' and '&' are
 * escaped too, so that the text is harmless where it is shown. */
void json_put_string(struct buf *, struct span text);

/* Appends "name": with its quotes and colon, preceded by a comma unless an opening '{' or '[' or
 * ':' is the last character. */
void json_put_name(struct buf *, const char *name);

/* Appends one member: a string ("not given" becomes null), a boolean, a number, a time. */
void json_put_text(struct buf *, const char *name, struct span text);
void json_put_bool(struct buf *, const char *name, bool value);
void json_put_number(struct buf *, const char *name, int64_t number);
void json_put_time(struct buf *, const char *name, int64_t wall);

#endif
