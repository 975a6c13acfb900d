/* What the build's tools refuse and how faithful they are; run from the top of the tree. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "unit/fixture.h"

#define GOOD "-- name: a\n-- grant: LIMIT\n-- Finds.\nSELECT ?1;\n"

static char directory[256];

static void
write_file(const char *name, const char *bytes, size_t count)
{
	char path[300];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
	ck_assert_int_eq(fclose(file), 0);
}

/* Runs "TOOL KIND DIRECTORY/NAME" and takes what it says on both outputs; its exit status. */
static int
run(const char *tool, const char *name, char *said, size_t size)
{
	char command[600];
	FILE *pipe;
	int status;

	snprintf(command, sizeof(command), "%s %s/%s 2>&1", tool, directory, name);
	pipe = popen(command, "r");
	ck_assert_ptr_nonnull(pipe);
	said[fread(said, 1, size - 1, pipe)] = '\0';
	status = pclose(pipe);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static const struct {
	const char *text;
	int status;
	const char *says;
} statements[] = {
	{ GOOD, 0, "[QUERY_a] = { \"a\"," },
	{ GOOD, 0, "GRANT_LIMIT, 1 }," },
	{ "-- a heading ---\n\n" GOOD "\n-- another\n", 0, "QUERY_a" },
	{ "-- name: a\n-- grant: B\n-- Finds.\nSELECT '?9;--\"\\', ?1,\n\t?2, ?1\n;\n", 0,
	    "\"SELECT '\\?9;--\\\"\\\\', \\?1,\\n\"" },
	{ "-- name: a\n-- grant: B\n-- Finds.\nSELECT '?9', ?1,\n\t?2, ?1\n;\n", 0, "GRANT_B, 2" },
	{ "-- name: a\n-- grant: B\n-- Finds\n-- \xc3\xbc.\nSELECT '\xc3\xbc';\n", 0, "\xc3\xbc" },
	{ "SELECT 1;\n", 1, "f.sql:1: a statement without a name" },
	{ GOOD "SELECT 1;\n", 1, "f.sql:5: a statement without a name" },
	{ "-- grant: B\n-- Finds.\nSELECT 1;\n", 1, "f.sql:1: grant without a name" },
	{ "-- name: a\n-- Finds.\nSELECT 1;\n", 1, "f.sql:3: a: a statement without a grant" },
	{ "-- name: a\n-- grant: B\nSELECT 1;\n", 1, "f.sql:3: a: a statement without a sentence" },
	{ "-- name: a\n-- grant: B\n-- Finds\nSELECT 1;\n", 1, "without a sentence" },
	{ "-- name: a\n-- grant: B\n-- Finds.\n\nSELECT 1;\n", 1,
	    "f.sql:4: a: no statement follows" },
	{ "-- name: a\n-- name: b\n", 1, "f.sql:2: a: no statement follows" },
	{ "-- name: a\n-- grant: B\n-- Finds.\n", 1, "a: no statement follows" },
	{ "-- name: a\n-- grant: B\n-- grant: C\n-- Finds.\nSELECT 1;\n", 1, "a second grant" },
	{ "-- name: A\n", 1, "a name is" },
	{ "-- name: a b\n", 1, "a name is" },
	{ "-- name: a\n-- grant: b\n", 1, "a grant is" },
	{ GOOD GOOD, 1, "f.sql:5: a: a second statement of this name" },
	{ "-- name: a\n-- grant: B\n-- Finds.\nSELECT ?1, ?3;\n", 1, "f.sql:4: a: ?3 before ?2" },
	{ "-- name: a\n-- grant: B\n-- Finds.\nSELECT ?2,\n?1;\n", 1, "f.sql:4: a: ?2 before ?1" },
	{ "-- name: a\n-- grant: B\n-- Finds.\nSELECT ?0;\n", 1, "a parameter without a number" },
	{ "-- name: a\n-- grant: B\n-- Finds.\nSELECT ?;\n", 1, "a parameter without a number" },
	{ "-- name: a\n-- grant: B\n-- Finds.\nSELECT :x;\n", 1, "a parameter without a number" },
	{ "-- name: a\n-- grant: B\n-- Finds.\nSELECT 1 -- one\n;\n", 1, "a comment inside" },
	{ "-- name: a\n-- grant: B\n-- Finds.\nSELECT 1; SELECT 2;\n", 1, "text after the end" },
	{ "-- name: a\n-- grant: B\n-- Finds.\nSELECT 'x\n';\n", 1, "does not end on its line" },
	{ "-- name: a\n-- grant: B\n-- Finds.\nSELECT 1\n", 1, "a statement without its end" },
	{ "-- name: a\n-- grant: B\n-- Finds.\n;\n", 1, "an empty statement" },
	{ "-- nothing\n", 1, "no statement" },
};

START_TEST(statement_is_taken_or_refused)
{
	char said[8192];

	snprintf(directory, sizeof(directory), "%s", fixture_directory());
	write_file("f.sql", statements[_i].text, strlen(statements[_i].text));
	ck_assert_msg(
	    run("tools/sql2c table", "f.sql", said, sizeof(said)) == statements[_i].status, "%s",
	    said);
	ck_assert_msg(strstr(said, statements[_i].says) != NULL, "%s", said);
	ck_assert(statements[_i].status == 0 || strstr(said, "QUERIES") == NULL);
}
END_TEST

/* Compiles what comes out and compares it with what went in. */
START_TEST(every_byte_survives_embedding)
{
	char bytes[6000], said[4096];
	static const char program[] =
	    "#include <stdio.h>\n"
	    "struct template_file { const char *name; const char *text; size_t size; };\n"
	    "struct template_set { const struct template_file *files; size_t count;"
	    " const void *next; };\n"
	    "extern const struct template_set set;\n"
	    "#include \"out.c\"\n"
	    "int main(void) {\n"
	    "for (size_t i = 0; i < files[0].size; i++)\n"
	    "if ((unsigned char)files[0].text[i] != (unsigned char)(i * 7 + i / 256)) "
	    "return 1;\n"
	    "return files[0].size == 6000 && files[0].text[6000] == 0\n"
	    "&& set.files == files && set.count == 1 ? 0 : 2; }\n";

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7 + i / 256);
	snprintf(directory, sizeof(directory), "%s", fixture_directory());
	write_file("page.html", bytes, sizeof(bytes));
	write_file("main.c", program, sizeof(program) - 1);
	ck_assert_msg(
	    run("sh -c 'tools/embed templates x.h set \"$0\" | grep -v include > \"${0%/*}/out.c\" "
		"&&"
		" cc -std=c11 -Wall -Wextra -Wpedantic -Wconversion -Werror -o \"${0%/*}/t\""
		" \"${0%/*}/main.c\" && \"${0%/*}/t\"'",
		"page.html", said, sizeof(said)) == 0,
	    "%s", said);
}
END_TEST

static const struct {
	const char *name;
	int status;
	const char *says;
} migrations[] = {
	{ "001_a.sql", 0, "{ \"001_a\", file_1 }," },
	{ "002_a.sql", 1, "expected number 001" },
	{ "001.sql", 1, "expected number 001" },
	{ "001_a\".sql", 1, "a name is" },
};

START_TEST(migrations_are_numbered_without_gap)
{
	char said[8192], quoted[32];

	snprintf(directory, sizeof(directory), "%s", fixture_directory());
	write_file(migrations[_i].name, "SELECT 1;", 9);
	snprintf(quoted, sizeof(quoted), "'%s'", migrations[_i].name);
	ck_assert_int_eq(
	    run("tools/embed migrations", quoted, said, sizeof(said)), migrations[_i].status);
	ck_assert_msg(strstr(said, migrations[_i].says) != NULL, "%s", said);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

int
main(void)
{
	Suite *suite = suite_create("sql2c");
	TCase *c = tcase_create("sql2c");

	tcase_add_loop_test(c, statement_is_taken_or_refused, 0, ROWS(statements));
	tcase_add_test(c, every_byte_survives_embedding);
	tcase_add_loop_test(c, migrations_are_numbered_without_gap, 0, ROWS(migrations));
	tcase_set_timeout(c, 30);
	suite_add_tcase(suite, c);
	return fixture_run(suite);
}
