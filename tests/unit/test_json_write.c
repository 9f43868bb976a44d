#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "chatd/record_json.h"
#include "proto/json_write.h"

struct written {
	char text[4096];
	struct buf buf;
	struct json json;
};

static void put(void *ctx, const char *p, size_t n)
{
	buf_add(ctx, p, n);
}

static void begin(struct written *w)
{
	buf_init(&w->buf, w->text, sizeof(w->text) - 1);
	w->json = (struct json){.put = put, .ctx = &w->buf};
	json_begin(&w->json);
}

static const char *end(struct written *w)
{
	json_end(&w->json);
	w->text[w->buf.n] = '\0';
	assert_false(w->buf.full);
	return w->text;
}

static void test_fields(void **state)
{
	struct written w;

	(void)state;
	begin(&w);
	json_str(&w.json, "a", STR("b"));
	json_u64(&w.json, "n", 12);
	json_bool(&w.json, "t", true);
	json_bool(&w.json, "f", false);
	json_time(&w.json, "when", 1000);
	json_str(&w.json, "none", STR_NONE);
	assert_string_equal(end(&w), "{\"a\":\"b\",\"n\":12,\"t\":true,\"f\":false,"
				     "\"when\":\"1970-01-01T00:00:01.000Z\",\"none\":\"\"}\n");
}

static void test_nothing(void **state)
{
	struct written w;

	(void)state;
	begin(&w);
	assert_string_equal(end(&w), "{}\n");
}

static void test_lists(void **state)
{
	struct written w;

	(void)state;
	begin(&w);
	json_list_begin(&w.json, "empty");
	json_list_end(&w.json);
	json_list_begin(&w.json, "two");
	json_item(&w.json, STR("x"));
	json_item(&w.json, STR("\""));
	json_list_end(&w.json);
	json_u64(&w.json, "n", 0);
	assert_string_equal(end(&w), "{\"empty\":[],\"two\":[\"x\",\"\\\"\"],\"n\":0}\n");
}

static void assert_text(struct str value, const char *expected)
{
	struct written w;
	char whole[256];

	begin(&w);
	json_str(&w.json, "v", value);
	snprintf(whole, sizeof(whole), "{\"v\":\"%s\"}\n", expected);
	assert_string_equal(end(&w), whole);
}

static void test_text_is_inert(void **state)
{
	(void)state;
	assert_text(STR("\"\\/"), "\\\"\\\\/");
	assert_text(STR("a\0b\n\x1b[31m\x7f"), "a\\u0000b\\u000a\\u001b[31m\\u007f");
	assert_text(STR("\xc2\x85\xc2\x9b"), "\\u0085\\u009b");
	assert_text(STR("\xe2\x80\x8b\xe2\x80\x8f\xe2\x80\xae\xe2\x81\xa6\xd8\x9c\xef\xbb\xbf"),
		    "\\u200b\\u200f\\u202e\\u2066\\u061c\\ufeff");
	assert_text(STR("\xe2\x80\x90\xe2\x80\xaf"), "\xe2\x80\x90\xe2\x80\xaf");
	assert_text(STR("\xc3\xa9\xf0\x9f\x98\x80"), "\xc3\xa9\xf0\x9f\x98\x80");
}

static void test_what_is_not_utf8(void **state)
{
	(void)state;
	assert_text(STR("a\xff\xc3"), "a\\ufffd\\ufffd");
	assert_text(STR("\xed\xa0\x80z"), "\\ufffd\\ufffd\\ufffdz");
}

static void test_large_numbers_stay_exact(void **state)
{
	struct written w;

	(void)state;
	begin(&w);
	json_u64(&w.json, "a", 9007199254740991ull);
	json_u64(&w.json, "b", 9007199254740992ull);
	json_u64(&w.json, "c", UINT64_MAX);
	assert_string_equal(end(&w),
			    "{\"a\":9007199254740991,\"b\":\"9007199254740992\",\"c\":\"18446744073709551615\"}\n");
}

static void test_a_record_with_a_list(void **state)
{
	const struct mode_op ops[] = {{true, 'o', 7, STR_NONE}, {false, 'b', 0, STR("x!*@*")}};
	struct record r = {.type = RECORD_CHANNEL_MODES, .time = 5, .origin = 3, .msgid = STR("id")};
	struct written w;

	(void)state;
	r.channel_modes.channel = STR("#a");
	r.channel_modes.ops = ops;
	r.channel_modes.nops = 2;
	begin(&w);
	record_json(&w.json, &r);
	end(&w);
	assert_non_null(strstr(w.text, "{\"type\":\"channel_modes\",\"time\":\"1970-01-01T00:00:00.005Z\",\"origin\":3,"
				       "\"msgid\":\"id\",\"channel\":\"#a\","));
	assert_non_null(strstr(w.text, "\"ops\":[\"+o 7\",\"-b x!*@*\"]"));
}

static void test_a_record_whose_list_is_last(void **state)
{
	const struct list_item items[] = {{CHAN_LIST_BAN, STR("a!*@*"), STR("n!u@h"), 9}};
	struct record r = {.type = RECORD_CHANNEL};
	struct written w;

	(void)state;
	r.channel.name = STR("#a");
	r.channel.items = items;
	r.channel.nitems = 1;
	begin(&w);
	record_json(&w.json, &r);
	end(&w);
	assert_non_null(strstr(w.text, "\"items\":[\"+b a!*@* n!u@h 9\"]"));
	assert_null(strstr(w.text, "origin"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_text_is_inert),
		cmocka_unit_test(test_what_is_not_utf8),
		cmocka_unit_test(test_large_numbers_stay_exact),
		cmocka_unit_test(test_a_record_with_a_list),
		cmocka_unit_test(test_a_record_whose_list_is_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
