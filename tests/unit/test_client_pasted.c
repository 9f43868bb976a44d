#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "chat-client/pasted.h"

static void test_question(void **state)
{
	struct pasted p = {0};
	char memory[256];
	struct buf b;

	(void)state;
	pasted_set(&p, STR("#c"), STR("\none\ntwo"));
	assert_int_equal(p.lines, 3);
	buf_init(&b, memory, sizeof(memory));
	pasted_ask(&p, &b);
	assert_true(str_eq(buf_view(&b), STR("say 3 lines in #c? [Y/n] ")));
	buf_init(&b, memory, sizeof(memory));
	pasted_tell(&p, false, &b);
	assert_true(str_eq(buf_view(&b), STR("* pasted are 3 lines; the first: one")));
	/* another paste takes its place */
	pasted_set(&p, STR("#d"), STR("a\nb"));
	assert_string_equal(p.target, "#d");
	pasted_drop(&p);
	assert_null(p.text);
}

static void test_answers(void **state)
{
	static const char *const yes[] = {"", "y", "Yes", " y", "  "};
	static const char *const no[] = {"n", "no", "x", "-", "hello"};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		assert_true(pasted_agrees(str_of(yes[i])));
		assert_false(pasted_agrees(str_of(no[i])));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
