#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "command/secret.h"

static void equal_secrets(void **state)
{
	(void)state;
	assert_true(secret_equal("correct horse", "correct horse"));
	assert_true(secret_equal("", ""));
}

static void different_secrets(void **state)
{
	(void)state;
	assert_false(secret_equal("correct horse", "correct hors"));
	assert_false(secret_equal("correct horse", "correct horse "));
	assert_false(secret_equal("correct horse", "Correct horse"));
	assert_false(secret_equal("correct horse", ""));
}

/* Two that agree in all that is compared must not pass for equal. */
static void overlong_secrets(void **state)
{
	char a[1024], b[1024];

	(void)state;
	memset(a, 'x', sizeof(a));
	memset(b, 'x', sizeof(b));
	a[1023] = b[900] = '\0';
	assert_false(secret_equal(a, b));
	assert_false(secret_equal(a, a));
	b[511] = '\0';
	assert_true(secret_equal(b, b));
	b[511] = 'x';
	b[512] = '\0';
	assert_false(secret_equal(b, b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_secrets),
		cmocka_unit_test(different_secrets),
		cmocka_unit_test(overlong_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
