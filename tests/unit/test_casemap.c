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
	assert_true(casemap_parse("precis", &map));
	assert_int_equal(map, CASEMAP_PRECIS);
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
	const struct str text = STR("NICK[]\\^_{}|~\xc3\x89");
	char out[CASEMAP_ROOM(32)];

	(void)state;
	assert_true(str_eq(casemap_fold(CASEMAP_ASCII, out, text), STR("nick[]\\^_{}|~\xc3\x89")));
	assert_true(str_eq(casemap_fold(CASEMAP_RFC1459, out, text), STR("nick{}|~_{}|~\xc3\x89")));
	assert_true(str_eq(casemap_fold(CASEMAP_PRECIS, out, text), STR("nick[]\\^_{}|~\xc3\xa9")));
	for (int map = 0; map < CASEMAP_COUNT; map++)
		assert_int_equal(casemap_fold((enum casemap)map, NULL, STR_NONE).n, 0);
}

static void test_beyond_ascii(void **state)
{
	char text[24] = "abcdefghijklmnopqrstuvw";

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		assert_false(casemap_beyond_ascii(CASEMAP_PRECIS, (struct str){text, n}));
		for (size_t i = 0; i < n; i++) {
			char was = text[i];

			text[i] = (char)0x80;
			assert_true(casemap_beyond_ascii(CASEMAP_PRECIS, (struct str){text, n}));
			assert_false(casemap_beyond_ascii(CASEMAP_ASCII, (struct str){text, n}));
			text[i] = was;
		}
	}
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
	assert_false(casemap_eq(CASEMAP_ASCII, STR("\xc3\x84nne"), STR("\xc3\xa4nne")));
	assert_true(casemap_eq(CASEMAP_PRECIS, STR("\xc3\x84nne"), STR("\xc3\xa4NNE")));
	assert_true(casemap_eq(CASEMAP_PRECIS, STR("\xe2\x84\xaa"), STR("K"))); /* the sign of Kelvin */
	assert_false(casemap_eq(CASEMAP_PRECIS, STR("\xc3\x84nne"), STR("Anne")));
	assert_true(casemap_eq(CASEMAP_PRECIS, STR("\xff"), STR("\xff")));
	assert_false(casemap_eq(CASEMAP_PRECIS, STR("\xff"), STR("\xfe")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_fold_every_byte),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_beyond_ascii),
		cmocka_unit_test(test_eq),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
