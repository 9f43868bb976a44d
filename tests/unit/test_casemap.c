#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/casemap.h"

static void test_names(void **state)
{
	enum casemap map = CASEMAP_ASCII;

	(void)state;
	assert_string_equal(casemap_name(CASEMAP_ASCII), "ascii");
	assert_string_equal(casemap_name(CASEMAP_RFC1459), "rfc1459");
	assert_true(casemap_parse("rfc1459", &map));
	assert_int_equal(map, CASEMAP_RFC1459);
	assert_true(casemap_parse("ascii", &map));
	assert_int_equal(map, CASEMAP_ASCII);
	assert_false(casemap_parse("strict-rfc1459", &map));
	assert_false(casemap_parse("", &map));
	assert_int_equal(map, CASEMAP_ASCII);
}

static int fold_by_rule(enum casemap map, int c)
{
	if (c >= 'A' && c <= 'Z')
		return c + 32;
	if (map == CASEMAP_RFC1459 && c >= '[' && c <= '^')
		return c + 32;
	return c;
}

static void test_fold_every_byte(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		for (int map = CASEMAP_ASCII; map <= CASEMAP_RFC1459; map++) {
			char got = casemap_fold_char((enum casemap)map, (char)c);

			assert_int_equal((unsigned char)got, fold_by_rule((enum casemap)map, c));
		}
	}
}

static void test_fold(void **state)
{
	char text[] = "NICK[]\\^_{}|~\xc3\x89";
	char out[32];

	(void)state;
	casemap_fold(CASEMAP_ASCII, out, str_of(text));
	assert_memory_equal(out, "nick[]\\^_{}|~\xc3\x89", strlen(text));
	casemap_fold(CASEMAP_RFC1459, text, str_of(text));
	assert_string_equal(text, "nick{}|~_{}|~\xc3\x89");
	casemap_fold(CASEMAP_ASCII, NULL, STR_NONE);
}

static void test_eq(void **state)
{
	(void)state;
	assert_true(casemap_eq(CASEMAP_ASCII, STR("#Chan"), STR("#cHAN")));
	assert_false(casemap_eq(CASEMAP_ASCII, STR("a[]"), STR("a{}")));
	assert_true(casemap_eq(CASEMAP_RFC1459, STR("a[]\\^"), STR("A{}|~")));
	assert_false(casemap_eq(CASEMAP_RFC1459, STR("_"), STR("\x7f")));
	assert_false(casemap_eq(CASEMAP_ASCII, STR("a"), STR("ab")));
	assert_true(casemap_eq(CASEMAP_ASCII, STR_NONE, STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_fold_every_byte),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_eq),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
