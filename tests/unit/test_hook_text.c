#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/hook_text.h"

static void check(struct hook_body body, const char *expected)
{
	struct hook_reader *r = hook_reader_new();
	char memory[HOOK_TEXT_MAX + 1];
	struct buf out;
	bool good;

	assert_non_null(r);
	buf_init(&out, memory, HOOK_TEXT_MAX);
	good = hook_text_make(r, &body, &out);
	memory[out.n] = '\0';
	assert_false(out.full);
	assert_int_equal(good, expected != NULL);
	if (expected)
		assert_string_equal(memory, expected);
	hook_reader_free(r);
}

static void json(const char *text, const char *format, const char *event, const char *expected)
{
	check((struct hook_body){HOOK_JSON, str_of(event), str_of(format), str_of(text)}, expected);
}

static void test_types(void **state)
{
	(void)state;
	assert_int_equal(hook_type_of(STR_NONE), HOOK_PLAIN);
	assert_int_equal(hook_type_of(STR("Application/JSON ; charset=utf-8")), HOOK_JSON);
	assert_int_equal(hook_type_of(STR("application/x-www-form-urlencoded")), HOOK_FORM);
	assert_int_equal(hook_type_of(STR("application/jsonp")), HOOK_TYPE_OTHER);
}

static void test_plain_lines(void **state)
{
	(void)state;
	check((struct hook_body){HOOK_PLAIN, STR_NONE, STR_NONE,
				 STR("a\r\n\x01"
				     "b\x0f\n \n\xc2\x9b\xff"
				     "c")},
	      "a\nb\nc\n");
	check((struct hook_body){HOOK_PLAIN, STR_NONE, STR_NONE, STR(" \n\x02")}, NULL);
	check((struct hook_body){HOOK_PLAIN, STR_NONE, STR_NONE, STR("1\n2\n3\n4\n5\n6\n7\n8\n9")},
	      "1\n2\n3\n4\n5\n6\n7\n(and more)\n");
}

static void test_formats(void **state)
{
	static const char text[] = "{\"a\":{\"b\":\"one\\ntwo\"},\"l\":[1,{\"x\":true}],\"s\":\"{a.b}\"}";

	(void)state;
	json(text, "{a.b}-{l.0}-{l.1.x}-{s}", NULL, "one-1-1-{a.b}\n");
	json(text, "{a.b:2}{nothing}{a..b}{.a.b}{a b}{}{", NULL, "on{\n");
	json(text, "{l}", NULL, "[1,{\"x\":true}]\n");
	json(text, "{nothing}", NULL, "");
	json("nonsense", "x", NULL, NULL);
	assert_false(hook_format_fits(STR("a\nb")));
	assert_false(hook_format_fits(STR("\xff")));
	assert_true(hook_format_fits(STR_NONE));
}

static void test_events(void **state)
{
	(void)state;
	json("{\"zen\":\"z\",\"repository\":{\"full_name\":\"a/b\"}}", NULL, "ping", "[a/b] The webhook works: z\n");
	json("{\"text\":\"x\"}", NULL, "star", "");
	json("{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"A\"}}]}", NULL, NULL, "[firing] A:\n");
	json("{\"alerts\":[]}", NULL, NULL, NULL);
}

static void test_forms(void **state)
{
	(void)state;
	check((struct hook_body){HOOK_FORM, STR_NONE, STR_NONE, STR("x=1&text=a%0ab+c")}, "a\nb c\n");
	check((struct hook_body){HOOK_FORM, STR_NONE, STR_NONE, STR("payload=%7b%22text%22:1%7D")}, "1\n");
	check((struct hook_body){HOOK_FORM, STR_NONE, STR_NONE, STR("text=%4")}, NULL);
	check((struct hook_body){HOOK_FORM, STR_NONE, STR_NONE, STR("other=1")}, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),  cmocka_unit_test(test_plain_lines), cmocka_unit_test(test_formats),
		cmocka_unit_test(test_events), cmocka_unit_test(test_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
