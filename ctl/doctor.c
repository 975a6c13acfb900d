/* doctor: looks at everything that can go wrong between the program and its surroundings. */
#include <errno.h>
#include <fts.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/password.h"
#include "doctor.h"
#include "route/sandbox.h"
#include "store/check.h"
#include "store/migrate.h"
#include "store/operate.h"

#define DOCTOR_FILES_MAX 20 /* loose files that are named one by one */
#define DOCTOR_SPACE_LEAST (UINT64_C(16) << 20)
#define DOCTOR_SPACE_LOW (UINT64_C(256) << 20)
#define DOCTOR_YEAR_2025 INT64_C(1735689600000)

static const struct {
	const char *word, *colour;
} doctor_findings[] = {
	[FINDING_OK] = { "ok", "\033[32m" },
	[FINDING_WARNING] = { "warning", "\033[33m" },
	[FINDING_FAIL] = { "FAIL", "\033[31m" },
};

static const struct column doctor_columns[] = { { "status", 0 }, { "check", 0 }, { "detail", 0 },
	{ NULL, 0 } };

void
doctor_find(
    struct doctor *doctor, enum doctor_finding finding, const char *check, const char *format, ...)
{
	const char *word = doctor_findings[finding].word;
	bool colours = ctl_colours(stdout);
	char detail[1024];
	va_list values;

	va_start(values, format);
	vsnprintf(detail, sizeof(detail), format, values);
	va_end(values);
	doctor->failed += finding == FINDING_FAIL;
	if (doctor->listing.json) {
		listing_text(&doctor->listing, span_of(word));
		listing_text(&doctor->listing, span_of(check));
		listing_text(&doctor->listing, span_of(detail));
		return;
	}
	printf("%s%-7s%s  %s: ", colours ? doctor_findings[finding].colour : "", word,
	    colours ? "\033[0m" : "", check);
	ctl_text(stdout, span_of(detail), 0);
	fputc('\n', stdout);
}

bool
doctor_rc(struct doctor *doctor, enum rc rc, const char *check, const struct config_fault *fault)
{
	if (rc == RC_OK)
		return true;
	doctor_find(doctor, FINDING_FAIL, check, "%s",
	    fault->text[0] != '\0' ? fault->text
	    : rc == RC_UNAVAILABLE ? "locked by another process, or out of memory; try again"
				   : "cannot be read");
	return false;
}

static void
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

static void
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

static bool
doctor_config(struct doctor *doctor)
{
	struct ctl *ctl = doctor->ctl;
	struct config_fault fault = { "" };

	if (!doctor_rc(
		doctor, config_load(ctl->directory, &ctl->config, &fault), "configuration", &fault))
		return false;
	ctl->ctx.config = ctl->config;
	doctor_find(doctor, FINDING_OK, "configuration", "%s/" CONFIG_FILE, ctl->directory);
	return true;
}

bool
doctor_loopback(struct span url)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost", "[::1]" };
	struct span host = span_starts(url, SPAN("http://")) ? span_after(url, 7) : url;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct span name = span_of(hosts[i]);

		if (span_starts(host, name) &&
		    (host.len == name.len || host.data[name.len] == ':' ||
			host.data[name.len] == '/'))
			return true;
	}
	return false;
}

static void
doctor_site(struct doctor *doctor)
{
	const struct config *config = doctor->ctl->config;
	bool https = span_starts(span_of(config->site.url), SPAN("https://"));
	bool fine = true;

	if (!https && !doctor_loopback(span_of(config->site.url))) {
		fine = false;
		doctor_find(doctor, FINDING_WARNING, "site",
		    "%s is not https: passwords and tokens can be read on their way",
		    config->site.url);
	}
	for (size_t i = 0; i < config->backend_count; i++) {
		const struct backend_config *backend = &config->backends[i];

		if (backend->transport != TRANSPORT_COOKIE || backend->cookie.secure == https)
			continue;
		if (https || !doctor_loopback(span_of(config->site.url)) ||
		    backend->cookie.secure) {
			fine = false;
			doctor_find(doctor, FINDING_WARNING, "site",
			    https ? "the site is https, but cookie.secure of backend %s is off"
				  : "the site is not https, but cookie.secure of backend %s is %s",
			    backend->name,
			    backend->cookie.secure ? "on: browsers drop them" : "off");
		}
	}
	if (fine)
		doctor_find(doctor, FINDING_OK, "site", "%s", config->site.url);
}

static bool
doctor_schema(struct doctor *doctor)
{
	struct config_fault fault = { "" };
	int version = 0;
	enum rc rc = migrate_version(doctor->ctl->config, &version, &fault);

	if (!doctor_rc(doctor, rc, "database version", &fault))
		return false;
	if (version == migration_count) {
		doctor_find(doctor, FINDING_OK, "database version", "%d", version);
		return true;
	}
	doctor_find(doctor, FINDING_FAIL, "database version",
	    version < migration_count ? "%d, this program needs %d; run yettctl migrate"
				      : "%d is newer than this program, which knows %d; update it",
	    version, migration_count);
	return false;
}

static bool
doctor_integrity(struct doctor *doctor)
{
	struct config_fault fault = { "" };

	if (!doctor_rc(doctor, check_integrity(doctor->ctl->config, &fault), "database", &fault))
		return false;
	doctor_find(
	    doctor, FINDING_OK, "database", "%s is sound", doctor->ctl->config->database.file);
	return true;
}

static void
doctor_decoy(struct doctor *doctor)
{
	char hash[HASH_TEXT_SIZE];
	const struct config_fault none = { "" };
	enum rc rc = user_decoy(&doctor->ctl->ctx, hash);

	if (rc == RC_NO || (rc == RC_OK && !password_usable(hash)))
		doctor_find(doctor, FINDING_FAIL, "decoy hash",
		    "missing, so login and users do not start; run yettctl migrate");
	else if (doctor_rc(doctor, rc, "decoy hash", &none) &&
		 password_outdated(&doctor->ctl->config->password, hash))
		doctor_find(doctor, FINDING_FAIL, "decoy hash",
		    "made with other parameters than [password] has, so login and users do not "
		    "start; run yettctl migrate");
	else if (rc == RC_OK)
		doctor_find(doctor, FINDING_OK, "decoy hash", "present and current");
}

static void
doctor_superuser(struct doctor *doctor)
{
	const struct user nobody = { .row = 0 };
	const struct config_fault none = { "" };
	int64_t count = 0;
	enum rc rc = operate_superusers_beside(&doctor->ctl->ctx, &nobody, &count);

	if (!doctor_rc(doctor, rc, "superusers", &none))
		return;
	if (count == 0)
		doctor_find(doctor, FINDING_WARNING, "superusers",
		    "none that can sign in; yettctl user add --superuser makes one");
	else
		doctor_find(doctor, FINDING_OK, "superusers", "%lld", (long long)count);
}

/* Sign-ins and all else leave audit rows, and codes the step they were made for: none may lie in
 * the future. */
static void
doctor_clock(struct doctor *doctor)
{
	struct ctx *ctx = &doctor->ctl->ctx;
	int64_t now = clock_wall(&clock_system), latest = 0;
	const struct config_fault none = { "" };
	char text[CLOCK_TEXT_SIZE], after[CLOCK_TEXT_SIZE];
	enum rc rc = RC_OK;

	clock_text(now, text);
	if (now < DOCTOR_YEAR_2025) {
		doctor_find(doctor, FINDING_FAIL, "clock",
		    "%s cannot be; everything that expires depends on it", text);
		return;
	}
	if (ctx->db != NULL)
		rc = operate_latest(ctx, ctx->config->totp.drift, &latest);
	if (!doctor_rc(doctor, rc, "clock", &none))
		return;
	clock_text(latest, after);
	if (latest > now + MINUTE)
		doctor_find(doctor, FINDING_FAIL, "clock",
		    "it is %s, but things happened at %s: the clock is behind, or ran ahead for a "
		    "while; until then codes of apps may be refused",
		    text, after);
	else
		doctor_find(doctor, FINDING_OK, "clock", "%s", text);
}

static void
doctor_database(struct doctor *doctor)
{
	struct ctl *ctl = doctor->ctl;
	bool sound = doctor_integrity(doctor);

	if (!doctor_schema(doctor) || !sound)
		return;
	if (ctl_open_store(ctl) != CTL_DONE) {
		doctor_find(doctor, FINDING_FAIL, "database", "it cannot be opened for use");
		return;
	}
	doctor_decoy(doctor);
	doctor_superuser(doctor);
}

static void
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

static void
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

static void
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

enum ctl_exit
doctor_run(struct ctl *ctl)
{
	struct doctor doctor = { .ctl = ctl };
	enum ctl_exit status = ctl_find(ctl);
	bool json = arguments_option(ctl, "--json") != NULL;

	if (status != CTL_DONE)
		return status;
	if (json)
		listing_begin(&doctor.listing, doctor_columns, true);
	doctor_directory(&doctor);
	doctor_files(&doctor);
	if (doctor_config(&doctor)) {
		doctor_site(&doctor);
		doctor_keys(&doctor);
		doctor_database(&doctor);
		doctor_sealing(&doctor);
		doctor_filesystem(&doctor);
		doctor_mail(&doctor);
	}
	doctor_clock(&doctor);
	doctor_space(&doctor);
	doctor_kernel(&doctor);
	if (json)
		listing_end(&doctor.listing);
	if (doctor.failed == 0)
		return CTL_DONE;
	return ctl_refuse("%zu checks failed; each says what to do", doctor.failed);
}
