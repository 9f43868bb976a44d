#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chat-client/stamp.h"

static void test_parse(void **state)
{
	int64_t ms = 0;

	(void)state;
	assert_true(stamp_parse(STR("1970-01-01T00:00:00.000Z"), &ms));
	assert_int_equal(ms, 0);
	assert_true(stamp_parse(STR("2026-01-31T12:34:56.789Z"), &ms));
	assert_int_equal(ms, 1769862896789);
	assert_true(stamp_parse(STR("2016-12-31T23:59:60.000Z"), &ms));
}

static void test_parse_refuses(void **state)
{
	static const char *const wrong[] = {
		"",
		"2026",
		"2026-01-31T12:34:56Z",
		"2026-01-31T12:34:56.789",
		"2026-01-31T12:34:56.789Zx",
		"2026-13-01T00:00:00.000Z",
		"2026-00-01T00:00:00.000Z",
		"2026-01-32T00:00:00.000Z",
		"2026-01-01T24:00:00.000Z",
		"2026-01-01T00:60:00.000Z",
		"2026-01-01 00:00:00.000Z",
		"-026-01-01T00:00:00.000Z",
		"99999-01-01T00:00:00.000Z",
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(stamp_parse(str_of(wrong[i]), &ms));
}

static void test_local_time(void **state)
{
	char memory[64];
	struct buf b;

	(void)state;
	setenv("TZ", "XXX-5:30", 1);
	tzset();
	buf_init(&b, memory, sizeof(memory));
	stamp_clock(&b, 1769862896789);
	buf_chr(&b, '|');
	stamp_date(&b, 1769862896789);
	assert_true(str_eq(buf_view(&b), STR("18:04|2026-01-31 18:04")));
}

static void check_duration(uint64_t seconds, const char *wanted)
{
	char memory[64];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	stamp_duration(&b, seconds);
	memory[b.n] = '\0';
	assert_string_equal(memory, wanted);
}

static void test_duration(void **state)
{
	(void)state;
	check_duration(0, "0s");
	check_duration(59, "59s");
	check_duration(60, "1m 0s");
	check_duration(3725, "1h 2m");
	check_duration(86400 * 3 + 3600 * 4 + 5, "3d 4h");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_refuses),
		cmocka_unit_test(test_local_time),
		cmocka_unit_test(test_duration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
