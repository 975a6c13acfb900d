/* doctor: whether mails and events can leave, and whether they do. */
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/self.h"
#include "doctor.h"
#include "mail/child.h"
#include "mail/compose.h"
#include "mail/sender.h"
#include "mail/smtp_server.h"
#include "route/starter.h"
#include "store/outbox.h"

#define DOCTOR_MAIL "mail"
#define DOCTOR_WAITS HOUR /* longer is no greylisting */
#define DOCTOR_LIST_MAX 100000

/* Whether it is a program that we may start; says so if not. */
static bool
doctor_program(struct doctor *doctor, const char *check, const char *setting, const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		doctor_find(
		    doctor, FINDING_FAIL, check, "%s: %s: %s", setting, path, strerror(errno));
	else if (!S_ISREG(status.st_mode) || access(path, X_OK) != 0)
		doctor_find(
		    doctor, FINDING_FAIL, check, "%s: %s is no executable file", setting, path);
	else
		return true;
	return false;
}

static bool
doctor_command(struct doctor *doctor, const char *check, const char *setting, const char *command)
{
	struct child_words words;

	if (child_split(&words, span_of(command)) == RC_OK)
		return doctor_program(doctor, check, setting, words.argv[0]);
	doctor_find(doctor, FINDING_FAIL, check, "%s has too many words", setting);
	return false;
}

/* What is not there yet is made with the first mail. */
static bool
doctor_mail_directory(struct doctor *doctor)
{
	const struct config *config = doctor->ctl->config;
	char path[PATH_MAX];
	struct stat status;

	snprintf(path, sizeof(path), "%s/%s", config->directory, config->mail.directory);
	if (stat(path, &status) != 0 && errno == ENOENT)
		snprintf(path, sizeof(path), "%s", config->directory);
	if (access(path, W_OK | X_OK) == 0 && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return true;
	doctor_find(doctor, FINDING_FAIL, DOCTOR_MAIL,
	    "mail.directory: %s is no directory that can be written to", path);
	return false;
}

static bool
doctor_smtp(struct doctor *doctor)
{
	struct smtp_server server;
	char reason[COURIER_REASON_SIZE] = "";
	enum rc rc = smtp_server_read(&server, doctor->ctl->config, reason);

	if (rc == RC_OK && server.has_ca_file && access(server.ca_file, R_OK) != 0) {
		snprintf(reason, sizeof(reason), "mail.smtp_ca_file: %s", strerror(errno));
		rc = RC_INTERNAL;
	}
	smtp_server_wipe(&server);
	if (rc != RC_OK)
		doctor_find(doctor, FINDING_FAIL, DOCTOR_MAIL, "%s", reason);
	return rc == RC_OK;
}

static bool
doctor_transport(struct doctor *doctor)
{
	const struct config_mail *mail = &doctor->ctl->config->mail;

	switch ((enum mail_transport_setting)mail->transport) {
	case MAIL_SENDMAIL:
		return doctor_program(doctor, DOCTOR_MAIL, "mail.sendmail", mail->sendmail);
	case MAIL_SMTP:
		return doctor_smtp(doctor);
	case MAIL_COMMAND:
		return doctor_command(doctor, DOCTOR_MAIL, "mail.command", mail->command);
	case MAIL_DIRECTORY:
		return doctor_mail_directory(doctor);
	case MAIL_NONE:
		break;
	}
	doctor_find(doctor, FINDING_WARNING, DOCTOR_MAIL,
	    "mail.transport is none: nobody gets a link; yettctl user verify and user passwd "
	    "stand in for them");
	return false;
}

/* Where mail goes out into the world, somebody must be able to answer for it. */
static void
doctor_sender(struct doctor *doctor)
{
	const struct config *config = doctor->ctl->config;
	struct buf sender = BUF_INIT(SENDER_MAX);

	if (!doctor_transport(doctor))
		return;
	sender_put(&sender, config);
	if (config->mail.from[0] == '\0' && config->mail.transport != MAIL_DIRECTORY &&
	    doctor_loopback(span_of(config->site.url)))
		doctor_find(doctor, FINDING_WARNING, DOCTOR_MAIL,
		    "it would come from %s, which others refuse; set mail.from, and site.url for "
		    "the links",
		    sender.data);
	else
		doctor_find(doctor, FINDING_OK, DOCTOR_MAIL,
		    "by %s, from %s; yettctl mail test tries it", courier_of(config)->name,
		    sender.data);
	buf_free(&sender);
}

static void
doctor_templates(struct doctor *doctor)
{
	struct mail_templates *templates = NULL;
	struct config_fault fault = { "" };
	enum rc rc = mail_templates_open(&templates, doctor->ctl->config, &fault);

	if (doctor_rc(doctor, rc, "mail templates", &fault))
		doctor_find(doctor, FINDING_OK, "mail templates", "complete");
	mail_templates_free(templates);
}

static void
doctor_hooks(struct doctor *doctor)
{
	const char *command = doctor->ctl->config->hooks.command;

	if (command[0] != '\0' && doctor_command(doctor, "hooks", "hooks.command", command))
		doctor_find(doctor, FINDING_OK, "hooks", "%s", command);
}

/* As it lies after make and after make install; elsewhere nobody knows where the programs are. */
static void
doctor_deliver(struct doctor *doctor)
{
	static const struct {
		const char *login, *deliver;
	} places[] = {
		{ "../cgi-bin/login", "../cgi-bin/" STARTER_PROGRAM },
		{ "../lib/yett/cgi-bin/login", "../lib/yett/cgi-bin/" STARTER_PROGRAM },
		{ "./login", "./" STARTER_PROGRAM },
	};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (self_beside(places[i].login, path, sizeof(path)) != RC_OK ||
		    access(path, F_OK) != 0 ||
		    self_beside(places[i].deliver, path, sizeof(path)) != RC_OK)
			continue;
		if (doctor_program(doctor, "deliver", "beside the other programs", path))
			doctor_find(doctor, FINDING_OK, "deliver", "%s", path);
		return;
	}
	doctor_find(doctor, FINDING_WARNING, "deliver",
	    "the programs are not beside yettctl; see that deliver lies where the others do, or "
	    "no mail leaves by itself");
}

static void
doctor_queue(struct doctor *doctor, const char *check, const char *channel)
{
	struct ctx *ctx = &doctor->ctl->ctx;
	const struct config_fault none = { "" };
	struct outbox_listed *rows = NULL;
	size_t count = 0, late = 0, refused = 0;
	enum rc rc = outbox_list(ctx, span_of(channel), DOCTOR_LIST_MAX, &rows, &count);

	if (!doctor_rc(doctor, rc, check, &none))
		return;
	for (size_t i = 0; i < count; i++) {
		bool waits = span_equal(rows[i].state, SPAN("waiting"));

		refused += !waits;
		late += waits && rows[i].created_at < ctx->now - DOCTOR_WAITS;
	}
	if (late > 0)
		doctor_find(doctor, FINDING_WARNING, check,
		    "%zu wait for longer than an hour; yettctl mail list tells why", late);
	else
		doctor_find(doctor, FINDING_OK, check, "%zu wait, %zu were refused",
		    count - refused, refused);
}

void
doctor_mail(struct doctor *doctor)
{
	const struct config *config = doctor->ctl->config;
	bool hooks = config->hooks.command[0] != '\0';

	doctor_sender(doctor);
	doctor_templates(doctor);
	doctor_hooks(doctor);
	if (config->mail.transport != MAIL_NONE || hooks)
		doctor_deliver(doctor);
	if (doctor->ctl->ctx.db == NULL)
		return;
	doctor_queue(doctor, "mail queue", OUTBOX_MAIL);
	if (hooks)
		doctor_queue(doctor, "event queue", OUTBOX_HOOK);
}
