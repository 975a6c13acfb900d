/* A growing byte buffer with a cap and a sticky failure: append freely, ask once at the end. */
#ifndef YETT_BASE_BUF_H
#define YETT_BASE_BUF_H

#include <stdint.h>

#include "base/rc.h"
#include "base/span.h"

struct buf {
	char *data;  /* NUL terminated whenever not NULL */
	size_t len;  /* without the NUL */
	size_t size; /* allocated */
	size_t max;  /* never longer than this */
	bool failed; /* an append did not fit or memory was short; content is then useless */
};

/* An empty buffer that will hold at most "max" bytes; takes no memory yet. */
#define BUF_INIT(max_len) ((struct buf){ NULL, 0, 0, (max_len), false })

void buf_add(struct buf *, struct span text);
void buf_text(struct buf *, const char *text);
void buf_char(struct buf *, char c);
void buf_number(struct buf *, int64_t number);

/* What was written, or "not given" after a failure. */
struct span buf_span(const struct buf *);

/* RC_OK, or RC_UNAVAILABLE after a failed append. */
enum rc buf_check(const struct buf *) RC_MUST;

/* Wipes the content and keeps the memory, without the failure. */
void buf_clear(struct buf *);

/* Wipes and frees; may be called twice. Old copies are wiped when the buffer grows, too. */
void buf_free(struct buf *);

#endif
