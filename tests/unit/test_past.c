#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "command/past.h"

static void test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{"1970-01-01T00:00:00.000Z", 0},
		{"2019-01-04T14:33:26.123Z", 1546612406123},
		{"2019-01-04T14:33:26Z", 1546612406000},
		{"2019-01-04T14:33:26.1Z", 1546612406100},
		{"2019-01-04T14:33:26.1239Z", 1546612406123},
	};
	static const char *const bad[] = {
		"",
		"now",
		"1546612406",
		"2019-01-04",
		"2019-01-04T14:33:26.123",
		"2019-01-04T14:33:26.Z",
		"2019-01-04T14:33:26.123Zx",
		"2019-01-04T14:33:26.123+01:00",
		"2019-13-04T14:33:26.123Z",
		"2019-01-04 14:33:26.123Z",
		" 019-01-04T14:33:26.123Z",
		"-019-01-04T14:33:26.123Z",
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(past_time_parse(good[i].text, &ms));
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(past_time_parse(bad[i], &ms));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_times)};

	return cmocka_run_group_tests_name("past", tests, NULL, NULL);
}
