#include "route/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"

#define SANDBOX_MEMORY (96LL * 1024 * 1024)

/* Everything that Landlock's first version can refuse; kernels know at least these. */
#define SANDBOX_FILES                                                        \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |        \
	    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |     \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |     \
	    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |     \
	    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |   \
	    LANDLOCK_ACCESS_FS_MAKE_SYM)

enum rc
sandbox_standard_files(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return RC_INTERNAL;
	}
	return RC_OK;
}

void
sandbox_harden(bool once)
{
	const struct rlimit none = { 0, 0 };

	umask(077);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (!once)
		secret_overwrite_freed();
}

void
sandbox_renounce(void)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

void
sandbox_bound_memory(long long extra)
{
	const rlim_t bytes = (rlim_t)(SANDBOX_MEMORY + extra);
	const struct rlimit limit = { bytes, bytes };

#ifdef YETT_SANITIZED
	(void)limit; /* sanitizers keep books of many times that size */
#else
	setrlimit(RLIMIT_DATA, &limit);
#endif
}

int
sandbox_landlock_version(void)
{
	return (int)syscall(
	    SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
}

bool
sandbox_has_seccomp(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
}

static int
sandbox_allow(int ruleset, const char *file)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE,
		.parent_fd = open(file, O_PATH | O_CLOEXEC | O_NOFOLLOW),
	};
	int failed;

	if (rule.parent_fd < 0)
		return -1;
	failed =
	    (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0u);
	close(rule.parent_fd);
	return failed;
}

static enum rc
sandbox_landlock(const char *file)
{
	const struct landlock_ruleset_attr rules = { .handled_access_fs = SANDBOX_FILES };
	int ruleset;
	enum rc rc = RC_OK;

	if (sandbox_landlock_version() < 1)
		return RC_OK;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0u);
	if (ruleset < 0 || (file != NULL && sandbox_allow(ruleset, file) != 0) ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0u) != 0)
		rc = RC_INTERNAL;
	if (ruleset >= 0)
		close(ruleset);
	return rc;
}

/* Made at build time of sandbox.def, because making it takes longer than a whole look-up. */
static struct sock_filter sandbox_filter[] = {
#include "sandbox_filter.h"
};

static enum rc
sandbox_seccomp(void)
{
	const struct sock_fprog program = { sizeof(sandbox_filter) / sizeof(sandbox_filter[0]),
		sandbox_filter };

	if (!sandbox_has_seccomp())
		return RC_OK;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? RC_OK : RC_INTERNAL;
}

enum rc
sandbox_enter(const char *file)
{
#ifdef YETT_SANITIZED
	/* Sanitizers call what nothing else here calls; a build with them serves tests alone. */
	(void)file;
	return RC_OK;
#else
	enum rc rc = sandbox_landlock(file);

	return rc == RC_OK ? sandbox_seccomp() : rc;
#endif
}
