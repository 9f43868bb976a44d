#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "chat-client/commands.h"

static void check_parse(const char *typed, int kind, const char *rest)
{
	struct command_line l = command_parse(str_of(typed));

	assert_int_equal(l.kind, kind);
	assert_true(str_eq(l.rest, str_of(rest)));
	assert_int_equal(l.row != NULL, kind == COMMAND_RUN || kind == COMMAND_USAGE);
}

static void test_text(void **state)
{
	(void)state;
	check_parse("", COMMAND_NOTHING, "");
	check_parse("   ", COMMAND_NOTHING, "   ");
	check_parse("hello", COMMAND_TEXT, "hello");
	check_parse(" /quit is a command", COMMAND_TEXT, " /quit is a command");
	check_parse("//etc/passwd", COMMAND_TEXT, "/etc/passwd");
	check_parse("//", COMMAND_TEXT, "/");
}

static void test_commands(void **state)
{
	(void)state;
	check_parse("/quit", COMMAND_RUN, "");
	check_parse("/QUIT  so long ", COMMAND_RUN, "so long ");
	check_parse("/msg bob  two  spaces", COMMAND_RUN, "bob  two  spaces");
	check_parse("/msg bob", COMMAND_USAGE, "bob");
	check_parse("/join", COMMAND_USAGE, "");
	check_parse("/raw ", COMMAND_USAGE, "");
	check_parse("/nosuch x", COMMAND_UNKNOWN, "nosuch");
	check_parse("/", COMMAND_UNKNOWN, "");
}

static void test_words(void **state)
{
	struct str rest = STR("  one  two ");

	(void)state;
	assert_true(str_eq(command_word(&rest), STR("one")));
	assert_true(str_eq(command_word(&rest), STR("two")));
	assert_int_equal(command_word(&rest).n, 0);
}

static void test_what_is_kept(void **state)
{
	(void)state;
	assert_true(command_may_be_kept(STR("hello"), "#c"));
	assert_true(command_may_be_kept(STR("/msg ana hi"), "#c"));
	assert_true(command_may_be_kept(STR("/help"), "NickServ"));
	assert_false(command_may_be_kept(STR("identify secret"), "nickserv"));
	assert_false(command_may_be_kept(STR("/msg NickServ identify secret"), "#c"));
	assert_false(command_may_be_kept(STR("/MSG ns identify secret"), "#c"));
	assert_false(command_may_be_kept(STR("/raw PASS secret"), "#c"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_kept),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
