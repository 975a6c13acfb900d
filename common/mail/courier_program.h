/* Couriers that are programs and answer with an exit status of sysexits.h. */
#ifndef YETT_MAIL_COURIER_PROGRAM_H
#define YETT_MAIL_COURIER_PROGRAM_H

#include "mail/courier.h"

/* One that delivers at once may talk to a slow server all that time. */
#define COURIER_PROGRAM_SECONDS 90

/* Gives the message to the program, with LF line ends as programs of this system have them, and
 * turns its exit status into an answer. */
enum rc courier_program_run(char *const argv[], char *const variables[], struct span message,
    char reason[COURIER_REASON_SIZE]) RC_MUST;

#endif
