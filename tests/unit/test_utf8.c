#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/utf8.h"

static void test_valid(void **state)
{
	static const struct {
		struct str s;
		bool valid;
	} rows[] = {
		{STR(""), true},
		{STR("abc"), true},
		{STR("0123456789abcdef0123456789abcdef"), true},
		{STR("0123456\xc3\xa9"
		     "89abcdef\xf0\x9f\x98\x80"),
		 true},
		{STR("a\0b"), true},
		{STR("\xef\xbf\xbd"), true},
		{STR("0123456789abcdef\xff"), false},
		{STR("01234567\x80"
		     "1234567"),
		 false},
		{STR("0123456\xc3"), false},
		{STR("\xc0\xaf"), false},
		{STR("\xed\xa0\x80"), false},
		{STR("\xf4\x90\x80\x80"), false},
		{STR("\xe2\x82"), false},
	};

	(void)state;
	assert_true(utf8_valid(STR_NONE));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(utf8_valid(rows[i].s), rows[i].valid);
}

static void test_cut(void **state)
{
	static const struct {
		struct str s;
		size_t max, want;
	} rows[] = {
		{STR("abc"), 5, 3},
		{STR("abc"), 3, 3},
		{STR("abc"), 2, 2},
		{STR("abc"), 0, 0},
		{STR(""), 0, 0},
		{STR("a\xc3\xa9z"), 1, 1},
		{STR("a\xc3\xa9z"), 2, 1},
		{STR("a\xc3\xa9z"), 3, 3},
		{STR("\xe2\x82\xac\xe2\x82\xac"), 1, 0},
		{STR("\xe2\x82\xac\xe2\x82\xac"), 2, 0},
		{STR("\xe2\x82\xac\xe2\x82\xac"), 3, 3},
		{STR("\xe2\x82\xac\xe2\x82\xac"), 5, 3},
		{STR("z\xf0\x9f\x98\x80"), 2, 1},
		{STR("z\xf0\x9f\x98\x80"), 3, 1},
		{STR("z\xf0\x9f\x98\x80"), 4, 1},
		{STR("z\xf0\x9f\x98\x80"), 5, 5},
		/* No UTF-8: whole where it fits, cut where the limit is otherwise. */
		{STR("caf\xe9"), 4, 4},
		{STR("caf\xe9!"), 4, 4},
		{STR("\x80\x80\x80\x80\x80\x80"), 4, 4},
		{STR("\xc3zz"), 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str got = utf8_cut(rows[i].s, rows[i].max);

		assert_ptr_equal(got.p, rows[i].s.p);
		assert_int_equal(got.n, rows[i].want);
	}
}

/* Text that is valid stays valid wherever it is cut, and loses three bytes at the most. */
static void test_cut_keeps_valid(void **state)
{
	const struct str text = STR("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z\xf0\x9f\x98\x80\xe2\x82\xac\xc3\xa9");

	(void)state;
	for (size_t max = 0; max <= text.n + 1; max++) {
		struct str got = utf8_cut(text, max);

		assert_true(utf8_valid(got));
		assert_true(got.n <= max);
		assert_true(got.n == text.n || got.n + 3 >= max);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_cut_keeps_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
