#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"

static void check(const struct buf *b, const char *want, bool full)
{
	assert_int_equal(b->n, strlen(want));
	assert_memory_equal(b->p, want, b->n);
	assert_int_equal(b->full, full);
}

/* A byte behind the buffer stands guard. */
static void test_add(void **state)
{
	char memory[9] = "........#";
	struct buf b;

	(void)state;
	buf_init(&b, memory, 8);
	check(&b, "", false);
	buf_add(&b, NULL, 0);
	buf_cstr(&b, "abc");
	buf_chr(&b, '-');
	buf_str(&b, STR("defg"));
	check(&b, "abc-defg", false);
	assert_true(str_eq(buf_view(&b), STR("abc-defg")));
	buf_add(&b, "", 0);
	check(&b, "abc-defg", false);
	buf_chr(&b, 'h');
	check(&b, "abc-defg", true);
	assert_int_equal(memory[8], '#');
}

static void test_add_cuts(void **state)
{
	char memory[5] = "....#";
	struct buf b;

	(void)state;
	buf_init(&b, memory, 4);
	buf_cstr(&b, "abcdef");
	check(&b, "abcd", true);
	assert_int_equal(memory[4], '#');
}

static void test_u64(void **state)
{
	static const struct {
		uint64_t v;
		const char *want;
	} rows[] = {
		{0, "0"}, {9, "9"}, {10, "10"}, {1234567890, "1234567890"}, {UINT64_MAX, "18446744073709551615"},
	};
	char memory[20];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_init(&b, memory, sizeof(memory));
		buf_u64(&b, rows[i].v);
		check(&b, rows[i].want, false);
	}
}

static void test_fmt(void **state)
{
	static const struct {
		size_t cap;
		const char *want;
		bool full;
	} rows[] = {
		{0, "", true}, {1, "1", true}, {5, "12-ab", true}, {6, "12-abc", false}, {7, "12-abc", false},
	};
	char memory[8];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(memory, '#', sizeof(memory));
		buf_init(&b, memory, rows[i].cap);
		buf_fmt(&b, "%d-%s", 12, "abc");
		check(&b, rows[i].want, rows[i].full);
		assert_int_equal(memory[rows[i].cap], '#');
	}
	buf_init(&b, memory, 8);
	buf_fmt(&b, "%s", "ab");
	buf_fmt(&b, "%s", "cdefgh");
	check(&b, "abcdefgh", false);
	buf_fmt(&b, "%s", "");
	check(&b, "abcdefgh", false);
}

static void test_time(void **state)
{
	static const struct {
		int64_t ms;
		const char *want;
	} rows[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{1769862896789, "2026-01-31T12:34:56.789Z"},
		{951782400000, "2000-02-29T00:00:00.000Z"},
		{4107542399999, "2100-02-28T23:59:59.999Z"},
		{4107542400000, "2100-03-01T00:00:00.000Z"},
		{-1, "1969-12-31T23:59:59.999Z"},
		{-1000, "1969-12-31T23:59:59.000Z"},
		{253402300799999, "9999-12-31T23:59:59.999Z"},
		{INT64_MAX, "9999-12-31T23:59:59.999Z"},
		{INT64_MIN, "0000-01-01T00:00:00.000Z"},
	};
	char memory[24];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_init(&b, memory, sizeof(memory));
		buf_time(&b, rows[i].ms);
		check(&b, rows[i].want, false);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add), cmocka_unit_test(test_add_cuts), cmocka_unit_test(test_u64),
		cmocka_unit_test(test_fmt), cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
