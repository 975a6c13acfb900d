/* Whether a text is JSON exactly as RFC 8259 has it: what cJSON is too lenient to tell. */
#ifndef YETT_BASE_JSON_SCAN_H
#define YETT_BASE_JSON_SCAN_H

#include "base/rc.h"
#include "base/span.h"

/* Judges the "len" bytes at "text", which a NUL follows: everything that json_read() refuses but
 * duplicate names. RC_OK or RC_NO. */
enum rc json_scan(const char *text, size_t len) RC_MUST;

#endif
