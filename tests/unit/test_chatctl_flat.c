#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "chatctl/flat.h"

static char text[8192];

static bool read_text(struct flat *f, const char *from)
{
	snprintf(text, sizeof(text), "%s", from);
	return flat_read(f, text);
}

static void test_kinds(void **state)
{
	const struct flat_field *l;
	struct flat f;

	(void)state;
	assert_true(read_text(
		&f, "{\"a\":\"b c\",\"n\":12,\"t\":true,\"f\":false,\"l\":[\"x\",\"y\"],\"e\":[],\"z\":-1.5e3}"));
	assert_int_equal(f.count, 7);
	assert_string_equal(flat_value(&f, "a"), "b c");
	assert_string_equal(flat_value(&f, "n"), "12");
	assert_string_equal(flat_value(&f, "t"), "true");
	assert_string_equal(flat_value(&f, "f"), "false");
	assert_string_equal(flat_value(&f, "z"), "-1.5e3");
	l = flat_find(&f, "l");
	assert_int_equal(l->kind, FLAT_LIST);
	assert_string_equal(l->value, "");
	assert_int_equal(flat_find(&f, "n")->kind, FLAT_NUMBER);
	assert_int_equal(flat_find(&f, "f")->kind, FLAT_BOOL);
	assert_null(flat_value(&f, "none"));
}

static void test_blanks(void **state)
{
	struct flat f;

	(void)state;
	assert_true(read_text(&f, " { \"a\" : 1 , \"b\" : \"c\" , \"d\" : true } "));
	assert_int_equal(f.count, 3);
	assert_string_equal(flat_value(&f, "a"), "1");
	assert_string_equal(flat_value(&f, "d"), "true");
	assert_true(read_text(&f, "{}"));
	assert_int_equal(f.count, 0);
}

static void assert_string(const char *from, const char *expected)
{
	struct flat f;
	char whole[256];

	snprintf(whole, sizeof(whole), "{\"v\":\"%s\",\"w\":1}", from);
	assert_true(read_text(&f, whole));
	assert_string_equal(flat_value(&f, "v"), expected);
	assert_string_equal(flat_value(&f, "w"), "1");
}

static void test_escapes(void **state)
{
	(void)state;
	assert_string("\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t");
	assert_string("\\u0041\\u00e9\\u20AC", "A\xc3\xa9\xe2\x82\xac");
	assert_string("\\u0000", "\xef\xbf\xbd");
	assert_string("\\ud83d\\ude00", "\xef\xbf\xbd\xef\xbf\xbd");
	assert_string("\xc3\xa9", "\xc3\xa9");
}

static void test_what_is_no_such_object(void **state)
{
	static const char *const bad[] = {
		"",
		"x",
		"[]",
		"{",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1",
		"{\"a\":1,}",
		"{\"a\":1}x",
		"{\"a\":1 2}",
		"{\"a\":\"b}",
		"{\"a\":\"\\x\"}",
		"{\"a\":\"\\u12\"}",
		"{a:1}",
		"{\"a\":{}}",
		"{\"a\":[1]}",
		"{\"a\":[\"b\"}",
		"{\"a\":nothing}",
		"{\"a\":\"\\",
		"{,}",
		"{\"a\" \"b\":1}",
		"{\"a\":\"\\u",
	};
	struct flat f;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (read_text(&f, bad[i]))
			fail_msg("taken: %s", bad[i]);
	}
}

static void test_the_number_of_fields_is_bounded(void **state)
{
	char whole[2048] = "{\"f0\":0";
	struct flat f;

	(void)state;
	for (int i = 1; i < FLAT_FIELDS_MAX; i++)
		snprintf(whole + strlen(whole), sizeof(whole) - strlen(whole), ",\"f%d\":%d", i, i);
	strcat(whole, "}");
	assert_true(read_text(&f, whole));
	assert_int_equal(f.count, FLAT_FIELDS_MAX);
	strcpy(whole + strlen(whole) - 1, ",\"more\":1}");
	assert_false(read_text(&f, whole));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_blanks),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_what_is_no_such_object),
		cmocka_unit_test(test_the_number_of_fields_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
