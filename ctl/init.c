/*
 * init: a new state directory. The configuration is written first, as a whole; all the rest is
 * what migrate makes where it is missing, so migrate completes an init that was interrupted.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl.h"

#define INIT_SENDMAIL "/usr/sbin/sendmail"

/* Whether only what an interrupted init leaves is in there. */
static bool
init_empty(int fd)
{
	int copy = dup(fd);
	DIR *directory = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	bool empty = directory != NULL;

	if (directory == NULL && copy >= 0)
		close(copy);
	while (empty && (entry = readdir(directory)) != NULL)
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
			strcmp(entry->d_name, CONFIG_FILE ".part") == 0;
	if (directory != NULL)
		closedir(directory);
	return empty;
}

static enum ctl_exit
init_vacant(int fd, const char *path)
{
	if (faccessat(fd, CONFIG_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return ctl_refuse("%s is a state directory already; yettctl migrate completes one "
				  "whose init was interrupted",
		    path);
	if (!init_empty(fd))
		return ctl_refuse("%s is not empty; name a new directory", path);
	return CTL_DONE;
}

/* Whose it shall be: --owner, else whose an existing directory is, else ours. */
static enum ctl_exit
init_owner(struct ctl *ctl, int fd, bool made, uid_t *user, gid_t *group)
{
	const char *name = arguments_option(ctl, "--owner");
	const struct passwd *entry = NULL;
	struct stat status;

	if (fstat(fd, &status) != 0)
		return ctl_refuse("%s: %s", ctl->words[0], strerror(errno));
	*user = status.st_uid;
	*group = status.st_gid;
	if (name != NULL) {
		entry = getpwnam(name);
		if (entry == NULL)
			return ctl_refuse("there is no user %s", name);
		*user = entry->pw_uid;
		*group = entry->pw_gid;
	}
	if (geteuid() != 0 && *user != geteuid())
		return ctl_refuse("%s would belong to another user; run this as root or as that "
				  "user",
		    ctl->words[0]);
	/* What was there already may be anybody's, behind a link that somebody else has put there.
	 */
	if (geteuid() == 0 && !made && status.st_uid != *user)
		return ctl_refuse("%s belongs to another user than it shall; name a new directory",
		    ctl->words[0]);
	return CTL_DONE;
}

/* Makes the directory where it is not there, gives it to its owner, and becomes that. */
static enum ctl_exit
init_directory(struct ctl *ctl)
{
	const char *path = ctl->words[0];
	enum ctl_exit status;
	bool made = mkdir(path, 0700) == 0;
	uid_t user = 0;
	gid_t group = 0;
	int fd;

	if (!made && errno != EEXIST)
		return ctl_refuse("%s: %s", path, strerror(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return ctl_refuse("%s: %s", path, strerror(errno));
	status = init_vacant(fd, path);
	if (status == CTL_DONE)
		status = init_owner(ctl, fd, made, &user, &group);
	if (status == CTL_DONE && geteuid() == 0 && fchown(fd, user, group) != 0)
		status = ctl_refuse("%s: %s", path, strerror(errno));
	if (status == CTL_DONE && fchmod(fd, 0700) != 0)
		status = ctl_refuse("%s: %s", path, strerror(errno));
	if (status == CTL_DONE) {
		ctl->directory = realpath(path, NULL);
		if (ctl->directory == NULL)
			status = ctl_refuse("%s: %s", path, strerror(errno));
	}
	close(fd);
	if (made && status != CTL_DONE)
		rmdir(path);
	return status == CTL_DONE ? ctl_become(user, group) : status;
}

/* Mail leaves as other programs of this machine send it, where they can. */
static enum rc
init_mail(struct buf *template, struct buf *text, struct config_fault *fault)
{
	enum rc rc = buf_check(template);

	return rc == RC_OK
		   ? config_edit(buf_span(template), "mail", "transport",
			 access(INIT_SENDMAIL, X_OK) == 0 ? "sendmail" : "directory", text, fault)
		   : rc;
}

/* The configuration as a text that was found good. */
static enum ctl_exit
init_template(struct ctl *ctl, struct buf *text)
{
	const char *url = arguments_option(ctl, "--url");
	struct buf template = BUF_INIT(CONFIG_SIZE_MAX);
	struct config_fault fault = { "" };
	struct config *config = NULL;
	enum rc rc;

	if (url == NULL)
		url = "http://127.0.0.1:8080";
	if (!text_is_utf8(span_of(url)) || text_has_space(span_of(url)))
		return ctl_refuse("the url is none; write it as https://www.example.org");
	config_template(&template, url);
	rc = init_mail(&template, text, &fault);
	buf_free(&template);
	if (rc == RC_OK)
		rc = config_parse(buf_span(text), CONFIG_FILE, &config, &fault);
	config_free(config);
	return ctl_answer(rc, &fault);
}

/* Writes the configuration unless another init was faster. */
static enum ctl_exit
init_write(struct ctl *ctl, struct span text)
{
	int lock = file_lock(ctl->directory);
	enum ctl_exit status = lock < 0 ? ctl_refuse("%s: %s", ctl->directory, strerror(errno))
					: init_vacant(lock, ctl->directory);

	if (status == CTL_DONE && file_write(ctl->directory, CONFIG_FILE, text) != RC_OK)
		status = ctl_refuse("%s/" CONFIG_FILE ": %s", ctl->directory, strerror(errno));
	if (lock >= 0)
		close(lock);
	return status;
}

static enum ctl_exit
init_superuser(struct ctl *ctl)
{
	char email[EMAIL_MAX + 1];

	if (!ask_possible(ctl) || !ask_yes("Create a first superuser now?", true))
		return CTL_DONE;
	if (!ask_line("Address: ", email, sizeof(email)))
		return ctl_refuse("no address was given; yettctl user add --superuser makes one");
	return user_create(ctl, email, NULL, true, true);
}

static void
init_tell(const struct ctl *ctl)
{
	ctl_say("%s is ready, for %s", ctl->directory, ctl->config->site.url);
	if (!ctl->config->cookie.secure)
		ctl_say("cookie.secure is off, since the site is not https; turn it on before "
			"others use it");
	if (ctl->config->mail.transport == MAIL_SENDMAIL)
		ctl_say("mail leaves by %s; yettctl mail test ADDRESS tries it",
		    ctl->config->mail.sendmail);
	else
		ctl_say(
		    "mail becomes files in %s/%s, since there is no %s; see [mail] in " CONFIG_FILE,
		    ctl->directory, ctl->config->mail.directory, INIT_SENDMAIL);
}

enum ctl_exit
init_run(struct ctl *ctl)
{
	struct buf text = BUF_INIT(CONFIG_SIZE_MAX);
	enum ctl_exit status;

	if (arguments_option(ctl, "--state") != NULL)
		return ctl_usage("init takes its DIR as a word, not by --state");
	status = init_template(ctl, &text);
	if (status == CTL_DONE)
		status = init_directory(ctl);
	if (status == CTL_DONE)
		status = init_write(ctl, buf_span(&text));
	buf_free(&text);
	if (status == CTL_DONE)
		status = ctl_open(ctl);
	if (status == CTL_DONE)
		status = migrate_complete(ctl);
	if (status != CTL_DONE)
		return status;
	init_tell(ctl);
	return init_superuser(ctl);
}
