#include "mail/courier.h"

static const struct courier *const couriers[] = {
	[MAIL_SENDMAIL] = &courier_sendmail,
	[MAIL_SMTP] = &courier_smtp,
	[MAIL_COMMAND] = &courier_command,
	[MAIL_DIRECTORY] = &courier_directory,
	[MAIL_NONE] = &courier_none,
};

const struct courier *
courier_of(const struct config *config)
{
	return couriers[config->mail.transport];
}
