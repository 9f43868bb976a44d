#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/log_rate.h"

enum { BURST = 3, LENGTH_MS = 1000 };

static bool admit(struct log_rate *rate, int64_t now_ms, uint32_t *left_out)
{
	return log_rate_admit(rate, BURST, LENGTH_MS, now_ms, left_out);
}

static void burst_then_silence(void **state)
{
	struct log_rate rate = {0};
	uint32_t left_out = 7;

	(void)state;
	for (int i = 0; i < BURST; i++) {
		assert_true(admit(&rate, 100 + i, &left_out));
		assert_int_equal(left_out, 0);
	}
	for (int i = 0; i < 50; i++)
		assert_false(admit(&rate, 200, &left_out));
	assert_false(admit(&rate, 100 + LENGTH_MS - 1, &left_out));
	assert_true(admit(&rate, 100 + LENGTH_MS, &left_out));
	assert_int_equal(left_out, 51);
	assert_true(admit(&rate, 100 + LENGTH_MS, &left_out));
	assert_int_equal(left_out, 0);
}

/* The time begins with the first entry in it, not at fixed points. */
static void seldom_is_never_held_back(void **state)
{
	struct log_rate rate = {0};
	uint32_t left_out;

	(void)state;
	for (int64_t now_ms = 1; now_ms < 100000; now_ms += LENGTH_MS / BURST + 1)
		assert_true(admit(&rate, now_ms, &left_out));
}

static void what_was_left_out_is_kept_until_it_is_told(void **state)
{
	struct log_rate rate = {0};
	uint32_t left_out;

	(void)state;
	for (int i = 0; i < BURST + 2; i++)
		(void)admit(&rate, 1, &left_out);
	assert_true(admit(&rate, 1000000000, &left_out));
	assert_int_equal(left_out, 2);
}

static void the_count_does_not_wrap(void **state)
{
	struct log_rate rate = {.began_ms = 1, .admitted = BURST, .left_out = UINT32_MAX};
	uint32_t left_out;

	(void)state;
	assert_false(admit(&rate, 2, &left_out));
	assert_true(admit(&rate, 2 + LENGTH_MS, &left_out));
	assert_int_equal(left_out, UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burst_then_silence),
		cmocka_unit_test(seldom_is_never_held_back),
		cmocka_unit_test(what_was_left_out_is_kept_until_it_is_told),
		cmocka_unit_test(the_count_does_not_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
