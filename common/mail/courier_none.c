#include "mail/courier.h"
#include "mail/reason.h"

/* Nothing is queued where there is no mail. What waits from before would wait in vain. */
static enum rc
courier_none_send(const struct config *config, const struct envelope *envelope, struct span message,
    char reason[COURIER_REASON_SIZE])
{
	(void)config;
	(void)envelope;
	(void)message;
	reason_line(reason, COURIER_REASON_SIZE, SPAN("mail is off (mail.transport = none)"));
	return RC_NO;
}

const struct courier courier_none = { "none", courier_none_send };
