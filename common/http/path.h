/* Paths and queries: decoded exactly once, and refused when that could be read in two ways. */
#ifndef YETT_HTTP_PATH_H
#define YETT_HTTP_PATH_H

#include "base/arena.h"
#include "base/buf.h"

/* The canonical path of a request target ("/a/b?query" or "http://host/a/b"): query and fragment
 * cut, percent-decoded once, dot segments removed (RFC 3986 section 5.2.4), runs of slashes made
 * one. The trailing slash stays. RC_NO when it is ambiguous: an encoded slash, a backslash or NUL
 * in any form, a control character, a malformed escape, invalid UTF-8, a percent that remains after
 * decoding and could be decoded again, ".." above the root or after a run of slashes, a dot segment
 * with parameters ("..;x"), an odd host, over TARGET_MAX bytes, not beginning with '/'.
 * RC_UNAVAILABLE when the arena is full. */
enum rc path_canonical(struct arena *, struct span target, struct span *path) RC_MUST;

/* A canonical path without its segments' parameters ("/a;x/b" is "/a/b" to some applications), and
 * without the segments that were nothing but parameters ("/;/a" is "/a"): what it gives is
 * canonical again. RC_UNAVAILABLE when the arena is full. */
enum rc path_plain(struct arena *, struct span path, struct span *plain) RC_MUST;

/* Whether "path" lies under "prefix" in whole segments: "/a" covers "/a", "/a/", "/a/x", not
 * "/ab". A trailing slash of the prefix does not matter; "/" covers all. */
bool path_under(struct span path, struct span prefix);

/* Whether this is a safe place on this site to send a browser to: begins with exactly one '/',
 * no backslash, control character, space or byte over 0x7e, at most 2048 bytes. */
bool path_is_local(struct span next);

/* Percent-decodes a query or form component ('+' is a space); RC_NO for a malformed escape,
 * RC_UNAVAILABLE when the arena is full. A text with nothing to decode is handed back as it is. */
enum rc path_decode_component(struct arena *, struct span text, struct span *decoded) RC_MUST;

/* Percent-encodes everything but unreserved characters (RFC 3986 section 2.3). */
void path_put_component(struct buf *, struct span text);

/* Takes the next name=value off *rest, decoded. RC_OK; RC_NO at the end; RC_UNAVAILABLE when the
 * arena is full; RC_INTERNAL is never given. RC_OK says in *broken whether this pair is malformed:
 * its value, perhaps its name too, is then "not given". Empty pairs ("&&") are passed over. */
enum rc path_next_pair(
    struct arena *, struct span *rest, struct span *name, struct span *value, bool *broken) RC_MUST;

/* Takes the next thing that a query asks of the guard off *rest, in the words that
 * config_requirement reads: WORDS for require=WORDS, "all-roles NAME" for role=NAME. RC_OK; RC_NO
 * at the end; RC_UNAVAILABLE when the arena is full. RC_OK leaves *words "not given", which is no
 * requirement, for a pair that is malformed, that has another name (it may be a misspelt one) or
 * whose role is more than one word. */
enum rc path_next_requirement(struct arena *, struct span *rest, struct span *words) RC_MUST;

#endif
