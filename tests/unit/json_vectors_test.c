/* JSONTestSuite: what must be accepted, what must be refused, and what may be either. */
#include <dirent.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "unit/fixture.h"

static char vectors_path[512];

/* Whether there is a \u0000 in it that is an escape: an odd number of backslashes before "u". */
static bool
vector_has_nul_escape(struct span text)
{
	for (size_t i = 0; i + 6 <= text.len; i++) {
		if (text.data[i] != '\\')
			continue;
		if (memcmp(text.data + i, "\\u0000", 6) == 0)
			return true;
		i++;
	}
	return false;
}

/* Counts brackets, good enough for valid JSON whose strings hold none. */
static bool
vector_is_deep(struct span text)
{
	int depth = 0;
	int deepest = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '[' || text.data[i] == '{')
			depth++;
		if (text.data[i] == ']' || text.data[i] == '}')
			depth--;
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest > JSON_DEPTH_MAX;
}

/* Why this text, though JSON, is refused; NULL when it is not. */
static const char *
vector_exception(const char *name, struct span text)
{
	if (vector_has_nul_escape(text))
		return "U+0000";
	if (vector_is_deep(text))
		return "depth";
	if (strncmp(name, "y_object_duplicated_key", 23) == 0)
		return "duplicate name";
	return NULL;
}

static struct span
vector_load(const char *name, char *to, size_t size)
{
	char path[1024];
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", vectors_path, name);
	file = fopen(path, "rb");
	ck_assert_msg(file != NULL, "%s", path);
	len = fread(to, 1, size, file);
	ck_assert_msg(feof(file) && !ferror(file), "%s", path);
	fclose(file);
	return (struct span){ to, len };
}

static void
vector_judge(const char *name, struct span text, size_t *exceptions)
{
	struct json *json;
	enum rc rc = json_read(text, &json);
	const char *why = name[0] == 'y' ? vector_exception(name, text) : NULL;

	json_free(json);
	ck_assert_msg(rc == RC_OK || rc == RC_NO, "%s: %d", name, rc);
	if (why != NULL)
		(*exceptions)++;
	if (name[0] == 'y')
		ck_assert_msg((rc == RC_OK) == (why == NULL), "%s: %d, %s", name, rc,
		    why == NULL ? "no exception" : why);
	if (name[0] == 'n')
		ck_assert_msg(rc == RC_NO, "%s: accepted", name);
}

START_TEST(the_suite_is_judged_as_its_names_say)
{
	static char content[1 << 20];
	DIR *directory = opendir(vectors_path);
	const struct dirent *entry;
	size_t seen[3] = { 0, 0, 0 };
	size_t exceptions = 0;

	ck_assert_ptr_nonnull(directory);
	while ((entry = readdir(directory)) != NULL) {
		const char *kind = strchr("yni", entry->d_name[0]);
		if (entry->d_name[0] == '.' || kind == NULL || entry->d_name[1] != '_')
			continue;
		vector_judge(entry->d_name, vector_load(entry->d_name, content, sizeof(content)),
		    &exceptions);
		seen[kind - strchr("yni", 'y')]++;
	}
	closedir(directory);
	ck_assert_uint_ge(seen[0], 90);
	ck_assert_uint_ge(seen[1], 180);
	ck_assert_uint_ge(seen[2], 30);
	ck_assert_uint_le(exceptions, 4); /* U+0000 twice, a name given twice twice */
}
END_TEST

/* Unpacks the suite into a directory that goes away with the program; false when it is missing. */
static bool
vectors_unpack(void)
{
	const char *vectors = getenv("YETT_VECTORS");
	const char *directory;
	char archive[512];
	int status = -1;
	pid_t child;

	snprintf(archive, sizeof(archive), "%s/json-test-suite.tar.gz",
	    vectors == NULL ? "../shared/vectors" : vectors);
	if (access(archive, R_OK) != 0)
		return false;
	directory = fixture_directory();
	child = fork();
	if (child == 0) {
		execlp("tar", "tar", "-xzf", archive, "-C", directory, (char *)NULL);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		abort();
	snprintf(vectors_path, sizeof(vectors_path), "%s/test_parsing", directory);
	return true;
}

int
main(void)
{
	Suite *suite;
	TCase *tests;

	if (!vectors_unpack()) {
		printf("json_vectors: skipped, no json-test-suite.tar.gz in YETT_VECTORS\n");
		return EXIT_SUCCESS;
	}
	suite = suite_create("json_vectors");
	tests = tcase_create("json_vectors");
	tcase_add_test(tests, the_suite_is_judged_as_its_names_say);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
