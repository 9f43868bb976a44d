#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "chat-client/reconnect.h"

/* Doubled each time, up to five minutes, a quarter more or less. */
static void test_delay(void **state)
{
	(void)state;
	for (unsigned tries = 0; tries < 40; tries++) {
		int64_t middle = tries < 9 ? (int64_t)RECONNECT_FIRST_MS << tries : RECONNECT_MAX_MS, last = -1;

		if (middle > RECONNECT_MAX_MS)
			middle = RECONNECT_MAX_MS;
		for (uint32_t random = 0; random < UINT32_MAX - 100000001; random += 100000001) {
			int64_t ms = reconnect_delay(tries, random);

			assert_in_range(ms, middle - middle / 4, middle + middle / 4);
			assert_true(ms != last);
			last = ms;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
