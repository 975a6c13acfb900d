#include <stdio.h>

#include "mail/addresses.h"
#include "mail/child.h"
#include "mail/courier_program.h"
#include "mail/mailbox.h"
#include "mail/reason.h"

#define VARIABLE_SIZE (sizeof("RECIPIENT=") + MAILBOX_MAX)

/* The addresses stand in the environment, where none can be taken for an option. */
static enum rc
courier_command_run(struct child_words *words, const struct addresses *addresses,
    struct span message, char reason[COURIER_REASON_SIZE])
{
	char recipient[VARIABLE_SIZE], sender[VARIABLE_SIZE];
	char *variables[] = { recipient, sender, NULL };

	snprintf(recipient, sizeof(recipient), "RECIPIENT=%s", addresses->to.data);
	snprintf(sender, sizeof(sender), "SENDER=%s", addresses->from.data);
	return courier_program_run(words->argv, variables, message, reason);
}

static enum rc
courier_command_send(const struct config *config, const struct envelope *envelope,
    struct span message, char reason[COURIER_REASON_SIZE])
{
	struct addresses addresses;
	struct child_words words;
	enum rc rc = addresses_make(&addresses, envelope, reason);

	if (rc == RC_OK && child_split(&words, span_of(config->mail.command)) != RC_OK) {
		reason_line(reason, COURIER_REASON_SIZE,
		    SPAN("mail.command is empty or has too many words"));
		rc = RC_INTERNAL;
	}
	if (rc == RC_OK)
		rc = courier_command_run(&words, &addresses, message, reason);
	addresses_free(&addresses);
	return rc;
}

const struct courier courier_command = { "command", courier_command_send };
