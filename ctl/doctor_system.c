/* doctor: the state directory and what is in it, and what is below: disk, file system, kernel. */
#include <errno.h>
#include <fts.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "doctor.h"
#include "route/sandbox.h"

#define DOCTOR_FILES_MAX 20 /* loose files that are named one by one */
#define DOCTOR_SPACE_LEAST (UINT64_C(16) << 20)
#define DOCTOR_SPACE_LOW (UINT64_C(256) << 20)

void
doctor_directory(struct doctor *doctor)
{
	const char *path = doctor->ctl->directory;
	struct stat status;

	if (stat(path, &status) != 0)
		doctor_find(
		    doctor, FINDING_FAIL, "state directory", "%s: %s", path, strerror(errno));
	else if (status.st_uid != geteuid())
		doctor_find(doctor, FINDING_FAIL, "state directory",
		    "%s belongs to user %ld, not to %ld who runs this", path, (long)status.st_uid,
		    (long)geteuid());
	else if ((status.st_mode & 077) != 0)
		doctor_find(doctor, FINDING_FAIL, "state directory",
		    "%s is open to others (%04o); chmod 700 it", path,
		    (unsigned)status.st_mode & 07777);
	else if (geteuid() == 0)
		doctor_find(doctor, FINDING_WARNING, "state directory",
		    "%s belongs to root, and the programs refuse to run as root", path);
	else
		doctor_find(doctor, FINDING_OK, "state directory", "%s", path);
}

/* What is wrong with an entry of the state directory; NULL when nothing is. */
static const char *
doctor_entry_fault(const FTSENT *entry)
{
	const struct stat *status = entry->fts_statp;

	if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
		return "cannot be read";
	if (status->st_uid != geteuid())
		return "belongs to another user; chown it";
	if (S_ISLNK(status->st_mode))
		return "is a symbolic link, which is not followed";
	if ((status->st_mode & 077) != 0)
		return "is open to others; chmod go= it";
	return NULL;
}

void
doctor_files(struct doctor *doctor)
{
	char *const roots[] = { doctor->ctl->directory, NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	const FTSENT *entry;
	size_t count = 0, wrong = 0;

	while (walk != NULL && (entry = fts_read(walk)) != NULL) {
		const char *fault = doctor_entry_fault(entry);

		if (entry->fts_info == FTS_DP || entry->fts_level == FTS_ROOTLEVEL)
			continue;
		count++;
		if (fault != NULL && wrong++ < DOCTOR_FILES_MAX)
			doctor_find(doctor, FINDING_FAIL, "files", "%s %s", entry->fts_path, fault);
	}
	if (walk == NULL || fts_close(walk) != 0)
		doctor_find(doctor, FINDING_FAIL, "files", "%s: %s", doctor->ctl->directory,
		    strerror(errno));
	else if (wrong > DOCTOR_FILES_MAX)
		doctor_find(
		    doctor, FINDING_FAIL, "files", "%zu more like these", wrong - DOCTOR_FILES_MAX);
	else if (wrong == 0)
		doctor_find(doctor, FINDING_OK, "files", "%zu, none of them open to others", count);
}

void
doctor_space(struct doctor *doctor)
{
	struct statvfs status;
	uint64_t left;

	if (statvfs(doctor->ctl->directory, &status) != 0) {
		doctor_find(doctor, FINDING_WARNING, "disk space", "unknown: %s", strerror(errno));
		return;
	}
	left = (uint64_t)status.f_bavail * status.f_frsize;
	doctor_find(doctor,
	    left < DOCTOR_SPACE_LEAST ? FINDING_FAIL
	    : left < DOCTOR_SPACE_LOW ? FINDING_WARNING
				      : FINDING_OK,
	    "disk space", "%llu MiB free", (unsigned long long)(left >> 20));
}

/* File systems on which the shared memory of SQLite's log does not work between machines; the
 * numbers are those of statfs(2). */
static const char *
doctor_network(unsigned long type)
{
	static const struct {
		unsigned long type;
		const char *name;
	} rows[] = {
		{ 0x6969, "NFS" },
		{ 0x517b, "SMB" },
		{ 0xff534d42, "CIFS" },
		{ 0xfe534d42, "SMB 2" },
		{ 0x01021997, "9P" },
		{ 0x00c36400, "Ceph" },
		{ 0x0bd00bd0, "Lustre" },
		{ 0x5346414f, "AFS" },
		{ 0x73757245, "Coda" },
		{ 0x01161970, "GFS2" },
		{ 0x7461636f, "OCFS2" },
		{ 0x65735546, "FUSE, which may be a network file system" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].type == (type & 0xffffffffUL))
			return rows[i].name;
	}
	return NULL;
}

void
doctor_filesystem(struct doctor *doctor)
{
	struct statfs status;
	const char *network;

	if (statfs(doctor->ctl->directory, &status) != 0) {
		doctor_find(doctor, FINDING_WARNING, "file system", "unknown: %s", strerror(errno));
		return;
	}
	network = doctor_network((unsigned long)status.f_type);
	if (network != NULL && doctor->ctl->config->database.journal == JOURNAL_WAL)
		doctor_find(doctor, FINDING_WARNING, "file system",
		    "%s; yettctl set database.journal delete", network);
	else
		doctor_find(
		    doctor, FINDING_OK, "file system", "%s", network == NULL ? "local" : network);
}

void
doctor_kernel(struct doctor *doctor)
{
	int landlock = sandbox_landlock_version();

	if (landlock < 1)
		doctor_find(doctor, FINDING_WARNING, "Landlock",
		    "not in this kernel: a taken-over program could open files of its user");
	else
		doctor_find(doctor, FINDING_OK, "Landlock", "version %d", landlock);
	if (!sandbox_has_seccomp())
		doctor_find(doctor, FINDING_WARNING, "seccomp",
		    "not in this kernel: a taken-over program could make any system call");
	else
		doctor_find(doctor, FINDING_OK, "seccomp", "available");
}
