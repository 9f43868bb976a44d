#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "account/totp.h"

/* RFC 6238, appendix B: "12345678901234567890"; the last six of its eight digits. */
static const struct str secret = STR("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
static const struct {
	int64_t seconds;
	const char *code;
} vectors[] = {
	{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
	{1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
};

static void the_rfc(void **state)
{
	char code[TOTP_DIGITS + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		assert_true(totp_code(code, secret, vectors[i].seconds / 30));
		assert_string_equal(code, vectors[i].code);
	}
	assert_false(totp_code(code, STR("not base32!"), 1));
	assert_false(totp_code(code, STR(""), 1));
}

static int64_t find(int64_t seconds, int64_t last)
{
	return totp_find(secret, STR("005924"), seconds * 1000, last);
}

static void a_step_before_and_behind(void **state)
{
	int64_t step = 1234567890 / 30;

	(void)state;
	assert_int_equal(find(1234567890, 0), step);
	assert_int_equal(find(1234567890 - 30, 0), step);
	assert_int_equal(find(1234567890 + 30, 0), step);
	assert_int_equal(find(1234567890 - 60, 0), 0);
	assert_int_equal(find(1234567890 + 60, 0), 0);
}

static void good_once(void **state)
{
	int64_t step = 1234567890 / 30;

	(void)state;
	assert_int_equal(find(1234567890, step - 1), step);
	assert_int_equal(find(1234567890, step), 0);
	assert_int_equal(find(1234567890, step + 1), 0);
}

static void forms(void **state)
{
	char made[TOTP_SECRET_TEXT + 1], other[TOTP_SECRET_TEXT + 1], code[TOTP_DIGITS + 1];

	(void)state;
	assert_true(totp_is_code(STR("000000")));
	assert_false(totp_is_code(STR("00000")));
	assert_false(totp_is_code(STR("0000000")));
	assert_false(totp_is_code(STR("00000a")));
	totp_make(made);
	totp_make(other);
	assert_string_not_equal(made, other);
	assert_true(totp_code(code, str_of(made), 1));
	assert_int_equal(totp_find(secret, STR("00592"), 1234567890000, 0), 0);
	assert_int_equal(totp_find(secret, STR(""), 1234567890000, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rfc),
		cmocka_unit_test(a_step_before_and_behind),
		cmocka_unit_test(good_once),
		cmocka_unit_test(forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
