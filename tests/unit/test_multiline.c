#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/multiline.h"

struct expected {
	const char *line;
	bool concat;
};

static void lines_are(const char *text, const struct expected *expected, size_t count)
{
	struct multiline m = multiline_begin(str_of(text));
	struct str line;
	bool concat;

	for (size_t i = 0; i < count; i++) {
		assert_true(multiline_next(&m, &line, &concat));
		assert_true(str_eq(line, str_of(expected[i].line)));
		assert_int_equal(concat, expected[i].concat);
	}
	assert_false(multiline_next(&m, &line, &concat));
	assert_false(multiline_next(&m, &line, &concat));
	assert_int_equal(multiline_count(str_of(text)), count);
	assert_int_equal(multiline_is(str_of(text)), count > 1);
}

static void texts_fall_into_lines(void **state)
{
	(void)state;
	lines_are("", (struct expected[]){{"", false}}, 1);
	lines_are("one", (struct expected[]){{"one", false}}, 1);
	lines_are("one\ntwo", (struct expected[]){{"one", false}, {"two", false}}, 2);
	lines_are("one\rtwo\n\nthree",
		  (struct expected[]){{"one", false}, {"two", true}, {"", false}, {"three", false}}, 4);
	lines_are("\n", (struct expected[]){{"", false}, {"", false}}, 2);
	lines_are("a\r", (struct expected[]){{"a", false}, {"", true}}, 2);
}

static void what_holds_nothing_is_blank(void **state)
{
	(void)state;
	assert_true(multiline_is_blank(STR_NONE));
	assert_true(multiline_is_blank(STR("\n\n\r")));
	assert_false(multiline_is_blank(STR("\n ")));
	assert_false(multiline_is_blank(STR("a")));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_fall_into_lines),
		cmocka_unit_test(what_holds_nothing_is_blank),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
