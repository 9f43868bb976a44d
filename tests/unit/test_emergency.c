#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/emergency.h"

static void test_parse(void **state)
{
	uint32_t steps = 77;
	struct str bad;

	(void)state;
	assert_false(emergency_parse(STR("slow-connects no-such"), &steps, &bad));
	assert_true(str_eq(bad, STR("no-such")) && steps == 77);
	assert_true(emergency_parse(STR(" slow-connects,need-account "), &steps, &bad));
	assert_int_equal(steps, EMERGENCY_SLOW_CONNECTS | EMERGENCY_NEED_ACCOUNT);
	assert_true(emergency_parse(STR(""), &steps, &bad));
	assert_int_equal(steps, 0);
}

static void test_show(void **state)
{
	char memory[200];
	struct buf b;

	(void)state;
	buf_init(&b, memory, sizeof(memory));
	emergency_show(&b, EMERGENCY_SLOW_CONNECTS | EMERGENCY_NO_STRANGERS);
	assert_true(str_eq(buf_view(&b), STR("slow-connects no-strangers")));
	buf_init(&b, memory, sizeof(memory));
	emergency_show(&b, 0);
	assert_true(str_eq(buf_view(&b), STR("none")));
}

/* Each level has all that the one above it has, and something more. */
static void test_defaults(void **state)
{
	struct emergency e;

	(void)state;
	emergency_init(&e);
	for (int i = DEFCON_LEAST; i < DEFCON_NORMAL; i++) {
		assert_int_equal(e.steps[i] & e.steps[i + 1], e.steps[i + 1]);
		assert_int_not_equal(e.steps[i], e.steps[i + 1]);
	}
	assert_int_equal(e.steps[DEFCON_NORMAL], 0);
	assert_int_equal(emergency_defcon(0), 5);
	assert_int_equal(emergency_defcon(4), 1);
	assert_int_equal(emergency_defcon(99), 1);
	emergency_deinit(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
