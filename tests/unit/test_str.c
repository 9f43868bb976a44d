#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"

static void test_of_and_eq(void **state)
{
	(void)state;
	assert_int_equal(str_of(NULL).n, 0);
	assert_int_equal(str_of("abc").n, 3);
	assert_true(str_eq(STR_NONE, STR("")));
	assert_true(str_eq(STR("a\0b"), (struct str){"a\0b", 3}));
	assert_false(str_eq(STR("a\0b"), STR("a\0c")));
	assert_false(str_eq(STR("a"), STR("ab")));
}

static void test_eq_nocase(void **state)
{
	static const struct {
		struct str a, b;
		bool equal;
	} rows[] = {
		{STR("PrivMsg"), STR("pRIVmSG"), true},
		{STR(""), STR_NONE, true},
		{STR("@"), STR("`"), false},
		{STR("["), STR("{"), false},
		{STR("Z"), STR("z"), true},
		{STR("\xc3\x89"), STR("\xe3\xa9"), false},
		{STR("ab"), STR("abc"), false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(str_eq_nocase(rows[i].a, rows[i].b), rows[i].equal);
}

static void test_starts(void **state)
{
	(void)state;
	assert_true(str_starts(STR("draft/x"), STR("draft/")));
	assert_true(str_starts(STR("x"), STR_NONE));
	assert_true(str_starts(STR_NONE, STR_NONE));
	assert_false(str_starts(STR("dra"), STR("draft/")));
}

static void test_trim(void **state)
{
	static const char nul[] = {'\0', ' ', 'a', '\0'};
	static const struct {
		struct str s, want;
	} rows[] = {
		{STR_NONE, STR_NONE},
		{STR(" \t \t"), STR("")},
		{STR("\t a b\t "), STR("a b")},
		{STR("ab"), STR("ab")},
		{STR("\ra\n"), STR("\ra\n")},
		{{nul, sizeof(nul)}, {nul, sizeof(nul)}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(str_eq(str_trim(rows[i].s, " \t"), rows[i].want));
	assert_true(str_eq(str_trim(STR(" \ta "), " "), STR("\ta")));
}

/* Each part is followed by '|' in what is wanted. */
static void check_split(struct str s, const char *want)
{
	char got[64];
	size_t n = 0;
	struct str part;

	while (str_split(&s, ',', &part)) {
		assert_true(n + part.n + 1 < sizeof(got));
		memcpy(got + n, part.p, part.n);
		n += part.n;
		got[n++] = '|';
	}
	got[n] = '\0';
	assert_string_equal(got, want);
	assert_int_equal(s.n, 0);
}

static void test_split(void **state)
{
	(void)state;
	check_split(STR_NONE, "");
	check_split(STR("a"), "a|");
	check_split(STR("a,b"), "a|b|");
	check_split(STR("a,,b"), "a||b|");
	check_split(STR(",a"), "|a|");
	check_split(STR("a,"), "a|");
	check_split(STR(","), "|");
	check_split(STR(",,"), "||");
}

static void test_u64(void **state)
{
	static const struct {
		struct str s;
		unsigned long long max, want;
		bool ok;
	} rows[] = {
		{STR("0"), 0, 0, true},
		{STR("007"), 7, 7, true},
		{STR("8"), 7, 0, false},
		{STR("70"), 69, 0, false},
		{STR("69"), 69, 69, true},
		{STR("18446744073709551615"), UINT64_MAX, UINT64_MAX, true},
		{STR("18446744073709551616"), UINT64_MAX, 0, false},
		{STR("99999999999999999999999"), UINT64_MAX, 0, false},
		{STR(""), 9, 0, false},
		{STR("-1"), 9, 0, false},
		{STR("+1"), 9, 0, false},
		{STR(" 1"), 9, 0, false},
		{STR("1 "), 9, 0, false},
		{STR("1\0"), 99, 0, false},
		{STR("0x1"), 99, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned long long v = 12345;

		assert_int_equal(str_u64(rows[i].s, rows[i].max, &v), rows[i].ok);
		assert_true(v == (rows[i].ok ? rows[i].want : 12345));
	}
}

static void test_code_point(void **state)
{
	static const struct {
		struct str s;
		size_t n;
		uint32_t cp;
	} rows[] = {
		{STR("\0"), 1, 0},
		{STR("\x7f"), 1, 0x7f},
		{STR("\xc2\x80"), 2, 0x80},
		{STR("\xdf\xbf"), 2, 0x7ff},
		{STR("\xe0\xa0\x80"), 3, 0x800},
		{STR("\xed\x9f\xbf"), 3, 0xd7ff},
		{STR("\xee\x80\x80"), 3, 0xe000},
		{STR("\xef\xbf\xbf"), 3, 0xffff},
		{STR("\xf0\x90\x80\x80"), 4, 0x10000},
		{STR("\xf4\x8f\xbf\xbf"), 4, 0x10ffff},
		{STR("\xc3\xa9zzz"), 2, 0xe9},
		{STR(""), 0, 0},
		{STR("\x80"), 0, 0},
		{STR("\xbf"), 0, 0},
		{STR("\xc0\x80"), 0, 0},
		{STR("\xc1\xbf"), 0, 0},
		{STR("\xe0\x9f\xbf"), 0, 0},
		{STR("\xed\xa0\x80"), 0, 0},
		{STR("\xed\xbf\xbf"), 0, 0},
		{STR("\xf0\x8f\xbf\xbf"), 0, 0},
		{STR("\xf4\x90\x80\x80"), 0, 0},
		{STR("\xf5\x80\x80\x80"), 0, 0},
		{STR("\xff"), 0, 0},
		{STR("\xc3"), 0, 0},
		{STR("\xe2\x82"), 0, 0},
		{STR("\xf0\x9f\x98"), 0, 0},
		{STR("\xc3z"), 0, 0},
		{STR("\xe2\x82z"), 0, 0},
		{STR("\xf0\x9f\x98z"), 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t cp = 0;

		assert_int_equal(str_code_point(rows[i].s, &cp), rows[i].n);
		assert_int_equal(cp, rows[i].cp);
	}
}

static void test_hex(void **state)
{
	char text[9];

	(void)state;
	str_hex(text, (const unsigned char[]){0x00, 0x9a, 0xff, 0x10}, 4);
	assert_string_equal(text, "009aff10");
	str_hex(text, NULL, 0);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_and_eq), cmocka_unit_test(test_eq_nocase), cmocka_unit_test(test_starts),
		cmocka_unit_test(test_split),     cmocka_unit_test(test_u64),       cmocka_unit_test(test_code_point),
		cmocka_unit_test(test_hex),      cmocka_unit_test(test_trim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
