/* config and set: the effective configuration, and one setting of it changed. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"

enum ctl_exit
config_run(struct ctl *ctl)
{
	enum ctl_exit status;

	if (arguments_option(ctl, "--document") != NULL) {
		config_document(stdout);
		return CTL_DONE;
	}
	status = ctl_open(ctl);
	if (status == CTL_DONE)
		config_print(ctl->config, stdout);
	return status;
}

/* A file that others may write could have been anybody's; set must not make it look well. */
static enum ctl_exit
settings_trusted(const char *directory)
{
	char path[4096];
	struct stat status;

	snprintf(path, sizeof(path), "%s/" CONFIG_FILE, directory);
	if (lstat(path, &status) != 0)
		return ctl_refuse("%s: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 022) != 0)
		return ctl_refuse("%s: others may have changed it; look at it, then chown and "
				  "chmod 600 it",
		    path);
	return CTL_DONE;
}

struct setting {
	const char *section, *key, *value;
};

static enum ctl_exit
settings_write(struct ctl *ctl, struct span text)
{
	if (file_write(ctl->directory, CONFIG_FILE, text) == RC_OK)
		return CTL_DONE;
	return ctl_refuse(
	    "%s/" CONFIG_FILE " could not be replaced: %s", ctl->directory, strerror(errno));
}

/* What a changed setting needs beside a new start. */
static enum ctl_exit
settings_follow(struct ctl *ctl, const struct setting *setting)
{
	enum ctl_exit status = CTL_DONE;

	if (strcmp(setting->section, "password") == 0) {
		status = ctl_open_store(ctl);
		if (status == CTL_DONE)
			status = migrate_decoy(ctl);
	}
	if (status != CTL_DONE)
		return status;
	if (strcmp(setting->key, "algorithm") == 0)
		ctl_say("A new key is made by the next yettctl migrate.");
	ctl_say("%s.%s = %s; it holds from the next start of a process", setting->section,
	    setting->key, setting->value);
	return CTL_DONE;
}

/* Edits the file, which may be faulty before: that is how a fault is mended. Where what the new
 * value needs cannot be done, the file is as before. */
static enum ctl_exit
settings_change(struct ctl *ctl, const struct setting *setting)
{
	struct buf before = BUF_INIT(CONFIG_SIZE_MAX), after = BUF_INIT(CONFIG_SIZE_MAX);
	struct config_fault fault = { "" };
	enum ctl_exit status = settings_trusted(ctl->directory);
	enum rc rc;

	if (status != CTL_DONE)
		return status;
	status = CTL_REFUSED;
	if (file_read(ctl->directory, CONFIG_FILE, &before) != RC_OK) {
		ctl_refuse("%s/" CONFIG_FILE ": %s", ctl->directory, strerror(errno));
		goto out;
	}
	rc = config_edit(
	    buf_span(&before), setting->section, setting->key, setting->value, &after, &fault);
	if (rc == RC_OK)
		rc = buf_check(&after);
	if (rc != RC_OK) {
		status = ctl_answer(rc, &fault);
		goto out;
	}
	status = settings_write(ctl, buf_span(&after));
	if (status == CTL_DONE) {
		status = settings_follow(ctl, setting);
		if (status != CTL_DONE && settings_write(ctl, buf_span(&before)) != CTL_DONE)
			ctl_refuse("the new value stands; run yettctl migrate");
	}
out:
	buf_free(&before);
	buf_free(&after);
	return status;
}

enum ctl_exit
set_run(struct ctl *ctl)
{
	const char *dot = strrchr(ctl->words[0], '.');
	char section[CONFIG_LINE_MAX];
	struct setting setting;
	enum ctl_exit status;
	int lock;

	if (dot == NULL || dot == ctl->words[0] || dot[1] == '\0' ||
	    !span_copy(section, sizeof(section),
		(struct span){ ctl->words[0], (size_t)(dot - ctl->words[0]) }))
		return ctl_usage("a setting is named SECTION.KEY, such as site.url");
	status = ctl_find(ctl);
	if (status != CTL_DONE)
		return status;
	setting = (struct setting){ section, dot + 1, ctl->words[1] };
	lock = file_lock(ctl->directory);
	status = settings_change(ctl, &setting);
	if (lock >= 0)
		close(lock);
	return status;
}
