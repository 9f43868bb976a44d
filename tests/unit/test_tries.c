#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "session/tries.h"

static const struct hash_key seed = {{3, 4}};

static int taken(struct tries *t, const char *address, int64_t now, int most)
{
	int n = 0;

	while (n < most && tries_take(t, address, now))
		n++;
	return n;
}

static void a_burst_and_then_one_at_a_time(void **state)
{
	struct tries *t = tries_new(&seed);

	(void)state;
	assert_int_equal(taken(t, "192.0.2.1", 1000, 100), TRIES_BURST);
	assert_int_equal(taken(t, "192.0.2.2", 1000, 100), TRIES_BURST);
	assert_int_equal(taken(t, "192.0.2.1", 1000 + TRIES_MS - 1, 100), 0);
	assert_int_equal(taken(t, "192.0.2.1", 1000 + TRIES_MS, 100), 1);
	assert_int_equal(taken(t, "192.0.2.1", 1000 + 100 * TRIES_MS, 100), TRIES_BURST);
	tries_free(t);
}

static void what_was_right_does_not_count(void **state)
{
	struct tries *t = tries_new(&seed);

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_true(tries_take(t, "localhost", 5));
		tries_return(t, "localhost", 5);
	}
	tries_return(t, "localhost", 5);
	assert_int_equal(taken(t, "localhost", 5, 100), TRIES_BURST);
	tries_free(t);
}

/* Whoever has a /64 has all its addresses. */
static void networks_of_v6(void **state)
{
	struct tries *t = tries_new(&seed);

	(void)state;
	assert_int_equal(taken(t, "2001:db8:1:2::1", 5, 100), TRIES_BURST);
	assert_int_equal(taken(t, "2001:db8:1:2:ffff::9", 5, 100), 0);
	assert_int_equal(taken(t, "2001:db8:1:3::1", 5, 100), TRIES_BURST);
	tries_free(t);
}

/* However many come, one that goes on and on does not get more by it than now and then a fresh start. */
static void a_crowd_takes_no_memory(void **state)
{
	struct tries *t = tries_new(&seed);
	char address[32];
	int granted = 0;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		snprintf(address, sizeof(address), "10.%u.%u.%u", i >> 16 & 255, i >> 8 & 255, i & 255);
		tries_take(t, address, 5);
		granted += tries_take(t, "192.0.2.1", 5);
	}
	assert_true(granted < 100);
	tries_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_and_then_one_at_a_time),
		cmocka_unit_test(what_was_right_does_not_count),
		cmocka_unit_test(networks_of_v6),
		cmocka_unit_test(a_crowd_takes_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
