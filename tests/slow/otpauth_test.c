/* What an npm package that authenticators are made with reads in the addresses. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "crypto/base32.h"
#include "unit/otpauth.h"

#define PROGRAM_MISSING "! command -v node >/dev/null || ! command -v npm >/dev/null"

enum { ADDRESSES = 20 };

/* As the package has them. */
static const char *const names[TOTP_ALGORITHMS] = {
	[TOTP_SHA1] = "SHA1",
	[TOTP_SHA256] = "SHA256",
	[TOTP_SHA512] = "SHA512",
};

/* As the header of totp_put_uri says: a colon of the issuer becomes a space. */
static void
put_issuer(struct buf *json, const char *issuer)
{
	struct buf text = BUF_INIT(TOTP_URI_MAX);

	for (const char *c = issuer; *c != '\0'; c++)
		buf_char(&text, *c == ':' ? ' ' : *c);
	json_put_text(json, "issuer", buf_span(&text));
	buf_free(&text);
}

/* One line, as tests/npm/read_addresses.js reads it. */
static void
put_line(struct buf *json, const struct otpauth *sample)
{
	struct buf uri = BUF_INIT(TOTP_URI_MAX), secret = BUF_INIT(128);

	otpauth_put(&uri, sample);
	base32_put(&secret, (struct span){ (const char *)sample->secret, sample->secret_len });
	buf_char(json, '{');
	json_put_text(json, "uri", buf_span(&uri));
	put_issuer(json, sample->issuer);
	json_put_text(json, "label", span_of(sample->account));
	json_put_text(json, "secret", buf_span(&secret));
	json_put_text(json, "algorithm", span_of(names[sample->totp.algorithm]));
	json_put_number(json, "digits", sample->totp.digits);
	json_put_number(json, "period", sample->totp.period);
	buf_text(json, "}\n");
	buf_free(&uri);
	buf_free(&secret);
}

static void
write_lines(const char *path)
{
	struct buf json = BUF_INIT((size_t)1024 * 1024);
	FILE *file = fopen(path, "wb");

	ck_assert_ptr_nonnull(file);
	for (size_t n = 0; n < ADDRESSES; n++) {
		struct otpauth sample = otpauth_sample(n * OTPAUTH_SAMPLES / ADDRESSES);

		put_line(&json, &sample);
	}
	ck_assert_int_eq(buf_check(&json), RC_OK);
	ck_assert_uint_eq(fwrite(json.data, 1, json.len, file), json.len);
	ck_assert_int_eq(fclose(file), 0);
	buf_free(&json);
}

START_TEST(package_reads_what_was_written)
{
	const char *build = getenv("YETT_BUILD");
	char path[512], command[1024], line[1024], last[1024] = "";
	FILE *reader;
	int status;

	if (build == NULL)
		build = "build";
	snprintf(path, sizeof(path), "%s/otpauth.part", build);
	write_lines(path);
	snprintf(
	    command, sizeof(command), "tests/npm/run %s read_addresses.js %s 2>&1", build, path);
	reader = popen(command, "r");
	ck_assert_ptr_nonnull(reader);
	while (fgets(line, sizeof(line), reader) != NULL) {
		snprintf(last, sizeof(last), "%s", line);
		fputs(line, stdout);
	}
	status = pclose(reader);
	ck_assert_msg(status == 0, "exit status %d: %s", WEXITSTATUS(status), last);
	ck_assert_str_eq(last, "20 addresses\n");
	unlink(path);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("otpauth");
	TCase *tests = tcase_create("otpauth");
	SRunner *runner;
	int failed;

	if (system(PROGRAM_MISSING) == 0) {
		puts("skipped: there is no npm; try: tools/with-deps make check-all");
		return EXIT_SUCCESS;
	}
	tcase_set_timeout(tests, 300); /* a package is fetched */
	tcase_add_test(tests, package_reads_what_was_written);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
