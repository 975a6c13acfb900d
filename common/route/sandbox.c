#include "route/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <malloc.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

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
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (!once)
		mallopt(M_PERTURB, 0xa5);
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

static int
sandbox_landlock_version(void)
{
	return (int)syscall(
	    SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
}

bool
sandbox_has_landlock(void)
{
	return sandbox_landlock_version() > 0;
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

	if (!sandbox_has_landlock())
		return RC_OK;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0u);
	if (ruleset < 0 || (file != NULL && sandbox_allow(ruleset, file) != 0) ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0u) != 0)
		rc = RC_INTERNAL;
	if (ruleset >= 0)
		close(ruleset);
	return rc;
}

/* What serving takes. Files that are open may be read and written; nothing is opened: openat and
 * stat pass because SQLite asks whether its file has moved, and Landlock refuses the opening. */
static const int sandbox_calls[] = {
	/* requests */
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(select),
	SCMP_SYS(pselect6),
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(readv),
	SCMP_SYS(writev),
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvmsg),
	SCMP_SYS(shutdown),
	SCMP_SYS(close),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockname),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	/* the database and its locks */
	SCMP_SYS(fcntl),
	SCMP_SYS(flock),
	SCMP_SYS(fstat),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(readlink),
	SCMP_SYS(getcwd),
	SCMP_SYS(lseek),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(ftruncate),
	SCMP_SYS(fallocate),
	SCMP_SYS(fchmod),
	SCMP_SYS(fchown),
	SCMP_SYS(geteuid),
	SCMP_SYS(getuid),
	/* memory */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(mlock),
	SCMP_SYS(munlock),
	/* time, randomness, signals, the end */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(setitimer),
	SCMP_SYS(getrandom),
	SCMP_SYS(futex),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigpending),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* Calls whose arguments matter: no memory becomes executable, no signal goes to another process. */
static int
sandbox_narrow(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	const struct scmp_arg_cmp to_itself = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid());
	int failed = 0;

	failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_executable);
	failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_executable);
	failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, to_itself);
	return failed;
}

static enum rc
sandbox_seccomp(void)
{
	scmp_filter_ctx filter;
	int failed;

	if (!sandbox_has_seccomp())
		return RC_OK;
	filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (filter == NULL)
		return RC_UNAVAILABLE;
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a binary tree: few steps a call */
	failed = sandbox_narrow(filter);
	for (size_t i = 0; i < sizeof(sandbox_calls) / sizeof(sandbox_calls[0]); i++)
		failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, sandbox_calls[i], 0);
	if (failed == 0)
		failed = seccomp_load(filter);
	seccomp_release(filter);
	return failed == 0 ? RC_OK : RC_INTERNAL;
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
