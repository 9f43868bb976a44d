#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>

#include <cmocka.h>

#include "account/logins.h"

static void failures_are_forgiven(void **state)
{
	const struct logins_limit limit = {3, 6000};
	struct logins *l = logins_new();

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(logins_may(l, LOGINS_ADDRESS, STR("192.0.2.1"), &limit, 100));
		logins_count(l, LOGINS_ADDRESS, STR("192.0.2.1"), &limit, 100);
	}
	assert_false(logins_may(l, LOGINS_ADDRESS, STR("192.0.2.1"), &limit, 100));
	assert_false(logins_may(l, LOGINS_ADDRESS, STR("192.0.2.1"), &limit, 2000));
	assert_true(logins_may(l, LOGINS_ADDRESS, STR("192.0.2.1"), &limit, 2101));
	assert_true(logins_may(l, LOGINS_ACCOUNT, STR("192.0.2.1"), &limit, 100));
	assert_true(logins_may(l, LOGINS_ADDRESS, STR("192.0.2.1"), &limit, 7000));
	for (int i = 0; i < 100; i++)
		logins_count(l, LOGINS_ADDRESS, STR("192.0.2.1"), &limit, 7000);
	assert_false(logins_may(l, LOGINS_ADDRESS, STR("192.0.2.1"), &limit, 7000));
	assert_true(logins_may(l, LOGINS_ADDRESS, STR("192.0.2.1"), &limit, 9001));
	logins_free(l);
	logins_free(NULL);
}

static void no_limit(void **state)
{
	const struct logins_limit none = {0, 1000};
	struct logins *l = logins_new();

	(void)state;
	for (int i = 0; i < 50; i++)
		logins_count(l, LOGINS_ACCOUNT, STR("ann"), &none, 5);
	assert_true(logins_may(l, LOGINS_ACCOUNT, STR("ann"), &none, 5));
	logins_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(failures_are_forgiven), cmocka_unit_test(no_limit)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
