/* Paths beside the executable, which is this test. */
#include "base/self.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "unit/fixture.h"

START_TEST(own_name_beside_is_the_executable)
{
	char path[PATH_MAX], *real, *self = realpath("/proc/self/exe", NULL);

	ck_assert_int_eq(self_beside("self_test", path, sizeof(path)), RC_OK);
	ck_assert_str_eq(path, self);
	ck_assert_int_eq(self_beside("../unit/./self_test", path, sizeof(path)), RC_OK);
	real = realpath(path, NULL);
	ck_assert_str_eq(real, self);
	free(real);
	free(self);
}
END_TEST

START_TEST(what_does_not_exist_has_a_path_too)
{
	char path[PATH_MAX];

	ck_assert_int_eq(self_beside("no such file", path, sizeof(path)), RC_OK);
	ck_assert_str_eq(strrchr(path, '/'), "/no such file");
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(no_path_is_cut_off)
{
	char path[PATH_MAX];
	size_t length;

	ck_assert_int_eq(self_beside("name", path, sizeof(path)), RC_OK);
	length = strlen(path);
	ck_assert_int_eq(self_beside("name", path, length + 1), RC_OK);
	ck_assert_uint_eq(strlen(path), length);
	ck_assert_int_eq(self_beside("name", path, length), RC_INTERNAL);
	ck_assert_str_eq(path, "");
	ck_assert_int_eq(self_beside("name", path, 1), RC_INTERNAL);
	ck_assert_str_eq(path, "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("self");
	TCase *tests = tcase_create("self");

	tcase_add_test(tests, own_name_beside_is_the_executable);
	tcase_add_test(tests, what_does_not_exist_has_a_path_too);
	tcase_add_test(tests, no_path_is_cut_off);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
