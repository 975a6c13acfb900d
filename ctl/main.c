/* yettctl, the operator's command. */
#include <locale.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/log.h"
#include "ctl.h"

const struct command commands[] = {
#define COMMAND(function, name, arguments, text) { name, arguments, text, function },
#include "commands.def"
#undef COMMAND
};
const size_t command_count = sizeof(commands) / sizeof(commands[0]);

/* Passwords pass through this process: no core dumps, no other process looking in. */
static void
main_harden(void)
{
	const struct rlimit none = { 0, 0 };

	umask(077);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* What was printed counts only when it arrived. */
static enum ctl_exit
main_finish(enum ctl_exit status)
{
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == CTL_DONE)
		return ctl_refuse("the output could not be written");
	return status;
}

/* Nobody waits for a mail server. */
static void
main_close(struct ctl *ctl)
{
	char *directory = ctl->directory;
	bool posted = ctl->ctx.posted;

	ctl->directory = NULL;
	ctl_close(ctl);
	log_close();
	if (posted)
		mail_detached_send(directory);
	free(directory);
}

int
main(int argc, char **argv)
{
	struct ctl ctl = { 0 };
	enum ctl_exit status;

	main_harden();
	setlocale(LC_CTYPE, "C.UTF-8");
	if (sodium_init() < 0)
		return (int)ctl_refuse("the cryptographic library does not start");
	if (log_open("stderr", LOG_WARN, "yettctl") != RC_OK)
		return CTL_REFUSED;
	status = arguments_read(&ctl, argc, argv);
	if (status == CTL_DONE && ctl.command != NULL)
		status = ctl.command->run(&ctl);
	status = main_finish(status);
	main_close(&ctl);
	return (int)status;
}
