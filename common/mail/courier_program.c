#include "mail/courier_program.h"

#include <sysexits.h>

#include "base/buf.h"
#include "mail/child.h"
#include "mail/reason.h"

enum { PROGRAM_STATUS_MAX = EX_CONFIG + 1, SIGNALS_MAX = 64 };

/* Every other status, a shell's 126 and 127 and what signals give among them, may pass. */
static const struct {
	enum rc rc;
	const char *words;
} program_statuses[PROGRAM_STATUS_MAX] = {
	/* Arguments that it does not know: of a program that is no sendmail. It says the same of
	 * every mail, so none is thrown away. */
	[EX_USAGE] = { RC_INTERNAL, "does not take these arguments" },
	[EX_DATAERR] = { RC_NO, "refused the message" },
	/* It has no files but its own. */
	[EX_NOINPUT] = { RC_INTERNAL, "misses a file" },
	[EX_NOUSER] = { RC_NO, "does not know the recipient" },
	/* Of the recipient's host, or of a relay that cannot be looked up just now (msmtp). */
	[EX_NOHOST] = { RC_UNAVAILABLE, "does not find the host" },
	[EX_UNAVAILABLE] = { RC_UNAVAILABLE, "is not available" },
	[EX_SOFTWARE] = { RC_UNAVAILABLE, "failed" },
	[EX_OSERR] = { RC_UNAVAILABLE, "failed in the operating system" },
	[EX_OSFILE] = { RC_UNAVAILABLE, "cannot use a file of the system" },
	[EX_CANTCREAT] = { RC_UNAVAILABLE, "cannot write a file" },
	[EX_IOERR] = { RC_UNAVAILABLE, "cannot read or write" },
	[EX_TEMPFAIL] = { RC_UNAVAILABLE, "failed for now" },
	[EX_PROTOCOL] = { RC_UNAVAILABLE, "does not understand the server" },
	/* This user may not send, or a login was refused (msmtp): nothing about the recipient. */
	[EX_NOPERM] = { RC_INTERNAL, "has not the permission" },
	[EX_CONFIG] = { RC_INTERNAL, "is set up wrongly" },
};

static bool
program_is_known(int status)
{
	return status >= EX__BASE && status < PROGRAM_STATUS_MAX &&
	       program_statuses[status].words != NULL;
}

static enum rc
program_answer(int status)
{
	if (status == EX_OK)
		return RC_OK;
	return program_is_known(status) ? program_statuses[status].rc : RC_UNAVAILABLE;
}

static const char *
program_words(int status)
{
	if (program_is_known(status))
		return program_statuses[status].words;
	return status > 128 && status <= 128 + SIGNALS_MAX ? "was ended by a signal" : "failed";
}

static void
program_put_unix(struct buf *out, struct span message)
{
	while (message.data != NULL) {
		struct span line = span_cut(&message, '\n');

		if (message.data != NULL && line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		buf_add(out, line);
		if (message.data != NULL)
			buf_char(out, '\n');
	}
}

enum rc
courier_program_run(char *const argv[], char *const variables[], struct span message,
    char reason[COURIER_REASON_SIZE])
{
	struct buf text = BUF_INIT(message.len);
	char said[COURIER_REASON_SIZE];
	int status;
	enum rc rc;

	program_put_unix(&text, message);
	reason_line(reason, COURIER_REASON_SIZE, SPAN("out of memory"));
	rc = buf_check(&text);
	if (rc != RC_OK)
		goto out;
	rc = child_run(
	    argv, variables, buf_span(&text), COURIER_PROGRAM_SECONDS, &status, said, sizeof(said));
	if (rc != RC_OK) {
		reason_print(reason, COURIER_REASON_SIZE, "%s %s", argv[0], said);
		goto out;
	}
	rc = program_answer(status);
	if (rc == RC_OK)
		reason_line(reason, COURIER_REASON_SIZE, span_of(said));
	else
		reason_print(reason, COURIER_REASON_SIZE, "%s %s (exit status %d)%s%s", argv[0],
		    program_words(status), status, said[0] == '\0' ? "" : ": ", said);
out:
	buf_free(&text);
	return rc;
}
