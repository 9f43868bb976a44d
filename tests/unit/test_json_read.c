#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/json_read.h"

static void what_is_none(void **state)
{
	static const char *const wrong[] = {
		"",
		"{",
		"[]",
		"true",
		"{}{}",
		"{} x",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{a:1}",
		"{\"a\":01}",
		"{\"a\":+1}",
		"{\"a\":1.}",
		"{\"a\":.5}",
		"{\"a\":1e}",
		"{\"a\":tru}",
		"{\"a\":\"\\x\"}",
		"{\"a\":\"\\u12g4\"}",
		"{\"a\":\"\n\"}",
		"{\"a\":\"}",
		"{\"a\":1,\"a\":2}",
		"{\"\\u0061\":1}",
		"{\"a\":[1,]}",
		"{\"a\":[[[[[[[[[1]]]]]]]]]}",
		"{\"a\":\"\xff\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (json_object_valid(str_of(wrong[i])))
			fail_msg("%s", wrong[i]);
}

static const struct str whole = STR(
	" { \"s\" : \"a\\\"\\\\\\/\\n\\u00e4\\ud83c\\udf47z\" , \"n\":-12.75, "
	"\"e\":1e3,\"t\":true,\"f\":false,\"0\":null,"
	"\"l\":[\"x\",[\"w\"],{\"y\":1},\"v\"],\"o\":{\"in\":\"side\"},\"nul\":\"a\\u0000b\",\"half\":\"\\ud83c\"} ");

static struct json_value member(const char *name)
{
	struct json_value v;

	assert_true(json_member(whole, name, &v));
	return v;
}

static void what_it_says(void **state)
{
	struct json_value v;
	char text[32];
	int64_t n;

	(void)state;
	assert_true(json_object_valid(whole));
	v = member("s");
	assert_true(json_string(&v, text, sizeof(text)));
	assert_string_equal(text, "a\"\\/\n\xc3\xa4\xf0\x9f\x8d\x87z");
	assert_false(json_string(&v, text, 5));
	v = member("n");
	assert_true(json_integer(&v, &n));
	assert_int_equal(n, -12);
	assert_false(json_string(&v, text, sizeof(text)));
	v = member("e");
	assert_false(json_integer(&v, &n));
	v = member("t");
	assert_true(json_true(&v));
	v = member("f");
	assert_false(json_true(&v));
	v = member("nul");
	assert_false(json_string(&v, text, sizeof(text)));
	v = member("half");
	assert_false(json_string(&v, text, sizeof(text)));
	assert_int_equal(member("0").kind, JSON_NULL);
	assert_false(json_member(whole, "in", &v));
	assert_false(json_member(whole, "", &v));
}

static void lists(void **state)
{
	struct json_value l = member("l"), o = member("o"), v;

	(void)state;
	assert_true(json_names(&l, "x") && json_names(&l, "v"));
	assert_false(json_names(&l, "w") || json_names(&l, "y"));
	assert_true(json_nth(&l, 0, &v) && v.kind == JSON_STRING);
	assert_true(json_nth(&l, 2, &v) && v.kind == JSON_OBJECT && json_member(v.text, "y", &v));
	assert_false(json_nth(&l, 4, &v) || json_nth(&o, 0, &v));
	assert_true(json_member(o.text, "in", &v) && json_names(&v, "side"));
	assert_false(json_names(&o, "side"));
}

static void what_is_written_can_be_read(void **state)
{
	static const char odd[] = "\"\\\x01\n\xc3\xa4";
	char memory[64], text[16];
	struct json_value v;
	struct buf b;

	(void)state;
	buf_init(&b, memory, sizeof(memory));
	buf_cstr(&b, "{\"a\":");
	json_put(&b, str_of(odd));
	buf_chr(&b, '}');
	assert_true(json_object_valid(buf_view(&b)) && json_member(buf_view(&b), "a", &v));
	assert_true(json_string(&v, text, sizeof(text)));
	assert_string_equal(text, odd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(what_it_says),
		cmocka_unit_test(lists),
		cmocka_unit_test(what_is_written_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
