/* Both addresses of an envelope as servers, headers and argument lists take them: quoted, so that
 * each is one to whoever reads it. */
#ifndef YETT_MAIL_ADDRESSES_H
#define YETT_MAIL_ADDRESSES_H

#include "base/buf.h"
#include "mail/courier.h"

struct addresses {
	struct buf from, to;
};

/* RC_NO when there is no such recipient, RC_INTERNAL when there is no such sender; "reason" says
 * so. The caller frees. */
enum rc addresses_make(
    struct addresses *, const struct envelope *, char reason[COURIER_REASON_SIZE]) RC_MUST;
void addresses_free(struct addresses *);

#endif
