#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/vec.h"

static void test_push_remove(void **state)
{
	int items[6];
	struct vec v = {NULL, 0, 0};

	(void)state;
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(vec_push(&v, &items[i]), i);
	assert_ptr_equal(vec_remove(&v, 1), &items[5]);
	assert_ptr_equal(v.items[1], &items[5]);
	assert_null(vec_remove(&v, 4));
	assert_int_equal(v.count, 4);
	assert_ptr_equal(vec_remove(&v, 0), &items[3]);
	assert_ptr_equal(vec_remove(&v, 0), &items[2]);
	assert_ptr_equal(vec_remove(&v, 0), &items[5]);
	assert_null(vec_remove(&v, 0));
	assert_int_equal(v.count, 0);
	assert_null(v.items);
	vec_deinit(&v);
}

static void test_grows_and_shrinks(void **state)
{
	int items[1000];
	struct vec v = {NULL, 0, 0};

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		vec_push(&v, &items[i]);
	for (uint32_t i = 0; i < 1000; i++)
		assert_ptr_equal(v.items[i], &items[i]);
	while (v.count > 2)
		assert_null(vec_remove(&v, v.count - 1));
	assert_true(v.cap < 32);
	assert_ptr_equal(v.items[0], &items[0]);
	assert_ptr_equal(v.items[1], &items[1]);
	vec_deinit(&v);
	assert_null(v.items);
	assert_int_equal(v.cap, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_push_remove),
		cmocka_unit_test(test_grows_and_shrinks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
