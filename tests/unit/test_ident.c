#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/ident.h"

static void answers_that_name_a_user(void **state)
{
	char user[NAME_USER_MAX + 1];

	(void)state;
	assert_true(ident_parse(STR("6193, 23 : USERID : UNIX : stjohns\r"), 6193, 23, user));
	assert_string_equal(user, "stjohns");
	assert_true(ident_parse(STR("6193,23:userid:OTHER,US-ASCII:a:b c"), 6193, 23, user));
	assert_true(ident_parse(STR(" 6193 , 23 : USERID : UNIX : a-user-with-a-name-too-long"), 6193, 23, user));
	assert_int_equal(str_of(user).n, NAME_USER_MAX);
}

static void answers_that_do_not(void **state)
{
	static const char *const lines[] = {
		"",
		":",
		"6193, 23",
		"6193, 23 : ERROR : NO-USER",
		"6193, 23 : USERID : UNIX",
		"6193, 23 : USERID : UNIX : ",
		"6193, 24 : USERID : UNIX : x",
		"23, 6193 : USERID : UNIX : x",
		"99999999999999999999, 23 : USERID : UNIX : x",
		"6193 23 : USERID : UNIX : x",
		"-6193, 23 : USERID : UNIX : x",
		"6193, 23 : USERID : UNIX : @!",
	};
	char user[NAME_USER_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_false(ident_parse(str_of(lines[i]), 6193, 23, user));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_that_name_a_user),
		cmocka_unit_test(answers_that_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
