#include "mail/addresses.h"
#include "mail/courier_program.h"
#include "mail/reason.h"

#define SENDMAIL_SIZE 4096

/* The recipient comes from the envelope alone: without -t, no header can add one; after "--" and
 * quoted, the word is one address and no option. -i: a line "." does not end the message. */
static enum rc
courier_sendmail_send(const struct config *config, const struct envelope *envelope,
    struct span message, char reason[COURIER_REASON_SIZE])
{
	char dots[] = "-i", sender[] = "-f", end[] = "--";
	char program[SENDMAIL_SIZE];
	struct addresses addresses;
	enum rc rc = addresses_make(&addresses, envelope, reason);

	if (rc == RC_OK && !span_copy(program, sizeof(program), span_of(config->mail.sendmail))) {
		reason_line(reason, COURIER_REASON_SIZE, SPAN("mail.sendmail is too long"));
		rc = RC_INTERNAL;
	}
	if (rc == RC_OK) {
		char *argv[] = { program, dots, sender, addresses.from.data, end, addresses.to.data,
			NULL };

		rc = courier_program_run(argv, NULL, message, reason);
	}
	addresses_free(&addresses);
	return rc;
}

const struct courier courier_sendmail = { "sendmail", courier_sendmail_send };
