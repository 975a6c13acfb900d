/* What the checks of doctor share. */
#ifndef YETT_CTL_DOCTOR_H
#define YETT_CTL_DOCTOR_H

#include "ctl.h"
#include "listing.h"

enum doctor_finding { FINDING_OK, FINDING_WARNING, FINDING_FAIL };

struct doctor {
	struct ctl *ctl;
	struct listing listing;
	size_t failed;
};

/* One line of what was found. */
void doctor_find(struct doctor *, enum doctor_finding, const char *check, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The finding of a function below that names its fault; true when there was none. */
bool doctor_rc(struct doctor *, enum rc rc, const char *check, const struct config_fault *fault);

/* Whether the site is reached on this machine alone: then nobody listens in. */
bool doctor_loopback(struct span url);

/* doctor_keys.c: whether the programs can open theirs; and where the database could be opened,
 * whether what is sealed has its key, and which old keys nothing needs any more. */
void doctor_keys(struct doctor *);
void doctor_sealing(struct doctor *);

/* doctor_system.c: whether the state directory and all in it is for its owner alone, how much room
 * there is beside it, whether the kernel can confine programs. */
void doctor_directory(struct doctor *);
void doctor_files(struct doctor *);
void doctor_space(struct doctor *);
void doctor_kernel(struct doctor *);
/* Whether the file system does for the journal; the configuration was read. */
void doctor_filesystem(struct doctor *);

/* doctor_mail.c: whether mail can leave, and does; the configuration was read. */
void doctor_mail(struct doctor *);

#endif
