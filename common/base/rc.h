/* The three answers of the lower floors: yes, no, and "could not tell" in two kinds. */
#ifndef YETT_BASE_RC_H
#define YETT_BASE_RC_H

enum rc {
	RC_OK,          /* yes, done */
	RC_NO,          /* a normal negative answer: no such row, wrong password, not valid */
	RC_UNAVAILABLE, /* could not tell, may pass: store away, locked, full; out of memory */
	RC_INTERNAL     /* could not tell, a defect or a broken file: will not pass by waiting */
};

/* Every function that can fail carries it: an ignored answer does not compile. */
#define RC_MUST __attribute__((warn_unused_result))

#endif
