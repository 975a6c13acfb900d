/* In place of courier_smtp.c where there is no libcurl (WITH_SMTP=no). */
#include "mail/courier.h"
#include "mail/reason.h"

static enum rc
courier_smtp_send(const struct config *config, const struct envelope *envelope, struct span message,
    char reason[COURIER_REASON_SIZE])
{
	(void)config;
	(void)envelope;
	(void)message;
	reason_line(reason, COURIER_REASON_SIZE,
	    SPAN("mail.transport = smtp needs libcurl, and this program was built without it"));
	return RC_INTERNAL;
}

const struct courier courier_smtp = { "smtp", courier_smtp_send };
