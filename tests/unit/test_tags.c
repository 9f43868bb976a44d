#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/tags.h"

/* "key>value|" for each tag. */
static void check_tags(struct str tags, const char *want)
{
	char memory[128];
	struct buf b;
	struct tag tag;

	buf_init(&b, memory, sizeof(memory) - 1);
	while (tags_next(&tags, &tag)) {
		buf_str(&b, tag.key);
		buf_chr(&b, '>');
		buf_str(&b, tag.value);
		buf_chr(&b, '|');
	}
	memory[b.n] = '\0';
	assert_string_equal(memory, want);
}

static void test_next(void **state)
{
	(void)state;
	check_tags(STR_NONE, "");
	check_tags(STR("a"), "a>|");
	check_tags(STR("a="), "a>|");
	check_tags(STR("a=b"), "a>b|");
	check_tags(STR("a=b=c"), "a>b=c|");
	check_tags(STR("a=b;;c;example.com/d=e;"), "a>b|c>|example.com/d>e|");
	check_tags(STR(";;;"), "");
	check_tags(STR("=x;a=1"), "a>1|");
	check_tags(STR("="), "");
	check_tags(STR("+draft/reply=\\:\\s"), "+draft/reply>\\:\\s|");
	check_tags(STR("a==;b"), "a>=|b>|");
}

static void test_find(void **state)
{
	const struct str tags = STR("a=1;b=2;a=3;A=4;+a=5;c");
	struct tag tag = {STR_NONE, STR_NONE};

	(void)state;
	assert_true(tags_find(tags, STR("a"), &tag));
	assert_true(str_eq(tag.value, STR("3")));
	assert_true(tags_find(tags, STR("A"), &tag));
	assert_true(str_eq(tag.value, STR("4")));
	assert_true(tags_find(tags, STR("+a"), &tag));
	assert_true(str_eq(tag.value, STR("5")));
	assert_true(tags_find(tags, STR("c"), &tag));
	assert_int_equal(tag.value.n, 0);
	tag.key = STR("untouched");
	assert_false(tags_find(tags, STR("d"), &tag));
	assert_false(tags_find(tags, STR(""), &tag));
	assert_false(tags_find(STR_NONE, STR("a"), &tag));
	assert_true(str_eq(tag.key, STR("untouched")));
}

static void test_key_valid(void **state)
{
	static const struct {
		struct str key;
		bool valid;
	} rows[] = {
		{STR("a"), true},
		{STR("msgid"), true},
		{STR("a-1"), true},
		{STR("+a"), true},
		{STR("draft/reply"), true},
		{STR("+draft/reply"), true},
		{STR("+example.com/foo-0.2"), false},
		{STR("+example.com/foo-02"), true},
		{STR(""), false},
		{STR("+"), false},
		{STR("/a"), false},
		{STR("+/a"), false},
		{STR("a/"), false},
		{STR("a/b/c"), false},
		{STR("++a"), false},
		{STR("a+"), false},
		{STR("a.b"), false},
		{STR("a_b"), false},
		{STR("a b"), false},
		{STR("a\0"), false},
		{STR("\xc3\xa9"), false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(tags_key_valid(rows[i].key), rows[i].valid);
}

static void test_escape(void **state)
{
	static const struct {
		struct str raw, escaped;
	} rows[] = {
		{STR(""), STR("")},
		{STR("plain"), STR("plain")},
		{STR("raw+:=,escaped; \\"), STR("raw+:=,escaped\\:\\s\\\\")},
		{STR("\r\n"), STR("\\r\\n")},
		{STR("\xc3\xa9"), STR("\xc3\xa9")},
		{STR("\\:"), STR("\\\\:")},
	};
	char memory[64];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_init(&b, memory, sizeof(memory));
		tags_escape(&b, rows[i].raw);
		assert_true(str_eq(buf_view(&b), rows[i].escaped));
		buf_init(&b, memory, sizeof(memory));
		tags_unescape(&b, rows[i].escaped);
		assert_true(str_eq(buf_view(&b), rows[i].raw));
	}
	buf_init(&b, memory, sizeof(memory));
	tags_escape(&b, STR("a\0b"));
	assert_true(str_eq(buf_view(&b), STR("ab")));
}

static void test_unescape_odd(void **state)
{
	static const struct {
		struct str escaped, raw;
	} rows[] = {
		{STR("test\\"), STR("test")},         {STR("\\"), STR("")},         {STR("\\b"), STR("b")},
		{STR("\\\\s"), STR("\\s")},           {STR("\\\\\\s"), STR("\\ ")}, {STR("\\\\\\"), STR("\\")},
		{STR("\\\xc3\xa9"), STR("\xc3\xa9")},
	};
	char memory[64];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_init(&b, memory, sizeof(memory));
		tags_unescape(&b, rows[i].escaped);
		assert_true(str_eq(buf_view(&b), rows[i].raw));
	}
}

static void test_full(void **state)
{
	char memory[4] = "...#";
	struct buf b;

	(void)state;
	buf_init(&b, memory, 3);
	tags_escape(&b, STR("a; "));
	assert_true(b.full);
	assert_int_equal(b.n, 3);
	assert_int_equal(memory[3], '#');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next),   cmocka_unit_test(test_find),         cmocka_unit_test(test_key_valid),
		cmocka_unit_test(test_escape), cmocka_unit_test(test_unescape_odd), cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
