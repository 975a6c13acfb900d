/* Listings: the same rows as a table for people or as a JSON array of objects. */
#ifndef YETT_CTL_LISTING_H
#define YETT_CTL_LISTING_H

#include "base/buf.h"

#define LISTING_COLUMNS_MAX 10

struct column {
	const char *name; /* the JSON member */
	size_t width;     /* in the table; 0 for the last */
};

struct listing {
	const struct column *columns; /* ended by a NULL name */
	size_t at;                    /* the next cell's column */
	size_t rows;
	bool json;
	bool alone; /* one object, not an array */
	struct buf row;
};

/* Begins a listing. Cells follow, one for each column; then the end. */
void listing_begin(struct listing *, const struct column *, bool json);
/* Begins one object instead: in JSON without the array, for people a line a column. */
void listing_begin_one(struct listing *, const struct column *, bool json);

void listing_text(struct listing *, struct span);
void listing_number(struct listing *, int64_t);
void listing_time(struct listing *, int64_t wall);
void listing_bool(struct listing *, bool);
void listing_texts(struct listing *, const struct span *, size_t count);

/* Ends the listing; frees what it held. */
void listing_end(struct listing *);

#endif
