/* Turns common/route/sandbox.def into a seccomp filter, as initialisers of struct sock_filter: runs
 * at build time, so that a program need not make its filter at every start. */
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static int
filter_make(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	int failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a binary tree */

#define CALL(name) failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(name), 0);
#define CALL_NO_EXEC(name) \
	failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(name), 1, not_executable);
#include "route/sandbox.def"
#undef CALL
#undef CALL_NO_EXEC
	return failed;
}

static int
filter_print(FILE *program)
{
	struct sock_filter step;
	unsigned count = 0;

	rewind(program);
	while (fread(&step, sizeof(step), 1, program) == 1) {
		printf("{ 0x%02x, %u, %u, 0x%08x },\n", (unsigned)step.code, (unsigned)step.jt,
		    (unsigned)step.jf, (unsigned)step.k);
		count++;
	}
	return count > 0 && count <= BPF_MAXINSNS && !ferror(program) ? 0 : -1;
}

int
main(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(1 /* EPERM */));
	FILE *program = tmpfile();
	int status = EXIT_FAILURE;

	if (filter == NULL || program == NULL || filter_make(filter) != 0 ||
	    seccomp_export_bpf(filter, fileno(program)) != 0 || filter_print(program) != 0)
		fprintf(stderr, "seccomp2c: libseccomp makes no filter of sandbox.def\n");
	else
		status = EXIT_SUCCESS;
	if (program != NULL)
		fclose(program);
	seccomp_release(filter);
	return status;
}
