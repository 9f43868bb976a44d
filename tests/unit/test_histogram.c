#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "chatd/histogram.h"

static void test_bounds_rise_and_are_what_they_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < HISTOGRAM_STEPS; i++) {
		double seconds = strtod(histogram_bound_text(i), NULL);

		assert_true(seconds * 1e6 > (double)histogram_bound(i) - 0.01);
		assert_true(seconds * 1e6 < (double)histogram_bound(i) + 0.01);
		if (i)
			assert_true(histogram_bound(i) > histogram_bound(i - 1));
	}
}

static void test_a_bound_belongs_to_its_step(void **state)
{
	struct histogram h = {0};

	(void)state;
	histogram_add(&h, (int64_t)histogram_bound(3), 1);
	histogram_add(&h, (int64_t)histogram_bound(3) + 1, 1);
	assert_int_equal(h.counts[3], 1);
	assert_int_equal(h.counts[4], 1);
	assert_int_equal(h.sum_us, 2 * histogram_bound(3) + 1);
}

static void test_ends(void **state)
{
	struct histogram h = {0};

	(void)state;
	histogram_add(&h, 0, 1);
	histogram_add(&h, -5, 1);
	histogram_add(&h, INT64_C(1) << 40, 1);
	assert_int_equal(h.counts[0], 2);
	assert_int_equal(h.counts[HISTOGRAM_STEPS], 1);
	assert_int_equal(h.sum_us, INT64_C(1) << 40);
}

static void test_many_at_once(void **state)
{
	struct histogram h = {0};

	(void)state;
	histogram_add(&h, 60, 1000);
	histogram_add(&h, 60, 0);
	assert_int_equal(h.counts[1], 1000);
	assert_int_equal(h.sum_us, 60000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds_rise_and_are_what_they_say),
		cmocka_unit_test(test_a_bound_belongs_to_its_step),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_many_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
