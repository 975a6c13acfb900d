#include "mail/addresses.h"

#include "mail/mailbox.h"
#include "mail/reason.h"

enum rc
addresses_make(
    struct addresses *addresses, const struct envelope *envelope, char reason[COURIER_REASON_SIZE])
{
	enum rc from, to;

	addresses->from = BUF_INIT(MAILBOX_MAX);
	addresses->to = BUF_INIT(MAILBOX_MAX);
	from = mailbox_put(&addresses->from, envelope->from);
	to = mailbox_put(&addresses->to, envelope->to);
	reason_line(reason, COURIER_REASON_SIZE,
	    from == RC_NO ? SPAN("the sender is no address, see mail.from")
	    : to == RC_NO ? SPAN("the recipient is no address that mail can have")
			  : SPAN("out of memory"));
	if (from != RC_OK)
		return from == RC_NO ? RC_INTERNAL : from;
	return to;
}

void
addresses_free(struct addresses *addresses)
{
	buf_free(&addresses->from);
	buf_free(&addresses->to);
}
