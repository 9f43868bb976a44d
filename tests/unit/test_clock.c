#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"

static void test_clock(void **state)
{
	struct clock a, b;
	int64_t us;

	(void)state;
	clock_read(&a);
	us = clock_mono_us();
	clock_read(&b);
	assert_true(a.mono_ms <= us / 1000);
	assert_true(us / 1000 <= b.mono_ms);
	/* After the year 2020. */
	assert_true(a.real_ms > 1577836800000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
