#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/name.h"

static void test_nick(void **state)
{
	static const struct {
		struct str nick;
		size_t max;
		bool valid;
	} rows[] = {
		{STR("a"), 30, true},
		{STR("[]\\`_^{|}-9"), 30, true},
		{STR("abc"), 3, true},
		{STR("abcd"), 3, false},
		{STR(""), 30, false},
		{STR("9a"), 30, false},
		{STR("-a"), 30, false},
		{STR("a b"), 30, false},
		{STR("a!b"), 30, false},
		{STR("a@b"), 30, false},
		{STR("a.b"), 30, false},
		{STR("a:b"), 30, false},
		{STR("a*"), 30, false},
		{STR("a?"), 30, false},
		{STR("a,b"), 30, false},
		{STR("#a"), 30, false},
		{STR("~a"), 30, false},
		{STR("a~"), 30, false},
		{STR("$a"), 30, false},
		{STR("a\0b"), 30, false},
		{STR("a\x1b"), 30, false},
		{STR("a\x7f"), 30, false},
		{STR("caf\xc3\xa9"), 30, false},
		{STR("\xff"), 30, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(name_nick_valid(CASEMAP_ASCII, rows[i].nick, rows[i].max), rows[i].valid);
	assert_true(name_nick_valid(CASEMAP_PRECIS, STR("caf\xc3\xa9"), 5));
	assert_false(name_nick_valid(CASEMAP_PRECIS, STR("caf\xc3\xa9"), 4));
	assert_false(name_nick_valid(CASEMAP_PRECIS, STR("9caf\xc3\xa9"), 30));
	assert_false(name_nick_valid(CASEMAP_PRECIS, STR("a.b\xc3\xa9"), 30));
}

static void test_channel(void **state)
{
	static const struct {
		struct str name;
		size_t max;
		bool valid;
	} rows[] = {
		{STR("#a"), 64, true},
		{STR("##"), 64, true},
		{STR("#caf\xc3\xa9"), 64, true},
		{STR("#\xf0\x9f\x98\x80"), 5, true},
		{STR("#\xf0\x9f\x98\x80"), 4, false},
		{STR("#a:b!c*?"), 64, true},
		{STR("#"), 64, false},
		{STR(""), 64, false},
		{STR("a#"), 64, false},
		{STR("&a"), 64, false},
		{STR("#a b"), 64, false},
		{STR("#a,b"), 64, false},
		{STR("#a\a"), 64, false},
		{STR("#a\0b"), 64, false},
		{STR("#a\r"), 64, false},
		{STR("#a\n"), 64, false},
		{STR("#a\x03"
		     "4"),
		 64, false},
		{STR("#a\x7f"), 64, false},
		{STR("#a\xc2\x9b"), 64, false},
		{STR("#a\xc2\xa0"), 64, true},
		{STR("#a\xff"), 64, false},
		{STR("#a\xc3"), 64, false},
		{STR("#\xed\xa0\x80"), 64, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(name_channel_valid(rows[i].name, rows[i].max), rows[i].valid);
	assert_true(name_is_channel("#a"));
	assert_false(name_is_channel("a"));
	assert_false(name_is_channel(""));
}

static void test_key(void **state)
{
	static const struct {
		struct str key;
		bool valid;
	} rows[] = {
		{STR("k"), true},
		{STR("a:b*!"), true},
		{STR("0123456789abcdef0123456789abcdef"), true},
		{STR("0123456789abcdef0123456789abcdefg"), false},
		{STR(""), false},
		{STR(":k"), false},
		{STR("a b"), false},
		{STR("a,b"), false},
		{STR("a\0"), false},
		{STR("a\n"), false},
		{STR("a\x7f"), false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(name_key_valid(rows[i].key), rows[i].valid);
}

static void test_username(void **state)
{
	static const struct {
		struct str wanted;
		const char *want;
	} rows[] = {
		{STR("user"), "user"},
		{STR("~us.er-_1"), "~us.er-_1"},
		{STR("u!s@e*r?"), "user"},
		{STR(":us er\r\n"), "user"},
		{STR("u\0s\x1b\x7f"
		     "er"),
		 "user"},
		{STR("us\xc3\xa9r\xff"), "usr"},
		{STR("0123456789abcdef"), "0123456789abcdef"},
		{STR("@0123456789abcdefgh"), "0123456789abcdef"},
		{STR(""), ""},
		{STR("@!* ?"), ""},
	};
	char got[NAME_USER_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(got, '#', sizeof(got));
		assert_int_equal(name_username_make(got, rows[i].wanted), rows[i].want[0] != '\0');
		assert_string_equal(got, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nick),
		cmocka_unit_test(test_channel),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_username),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
