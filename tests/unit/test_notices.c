#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/notices.h"

static void letters(void **state)
{
	char all[NOTICE_COUNT + 2], bad = 0;
	uint32_t mask = 0;

	(void)state;
	notices_show(NOTICE_ALL, all);
	assert_string_equal(all, "+ckxofnesr");
	assert_true(notices_change(&mask, all, &bad));
	assert_true(mask == NOTICE_ALL);
	notices_show(0, all);
	assert_string_equal(all, "+");
	for (int i = 0; i < NOTICE_COUNT; i++)
		for (int k = 0; k < i; k++)
			assert_true(notice_letter((enum notice)i) != notice_letter((enum notice)k));
}

static void changes(void **state)
{
	uint32_t mask = NOTICE_BIT(NOTICE_KILLS);
	char bad = 0;

	(void)state;
	assert_true(notices_change(&mask, "c", &bad));
	assert_true(mask == (NOTICE_BIT(NOTICE_KILLS) | NOTICE_BIT(NOTICE_CONNECTS)));
	assert_true(notices_change(&mask, "-k+o-c", &bad));
	assert_true(mask == NOTICE_BIT(NOTICE_OPERS));
	assert_false(notices_change(&mask, "-oz", &bad));
	assert_true(bad == 'z' && mask == NOTICE_BIT(NOTICE_OPERS));
	assert_true(notices_change(&mask, "", &bad));
	assert_true(mask == NOTICE_BIT(NOTICE_OPERS));
}

static void privileges(void **state)
{
	(void)state;
	assert_true(notices_allowed(PRIV_ALL) == NOTICE_ALL);
	assert_true(notices_allowed(PRIV_ALL & ~PRIV_BIT(PRIV_NOTICES)) == 0);
	assert_false(notices_allowed(PRIV_BIT(PRIV_NOTICES)) & NOTICE_BIT(NOTICE_CONNECTS));
	assert_true(notices_allowed(PRIV_BIT(PRIV_NOTICES)) & NOTICE_BIT(NOTICE_KILLS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters),
		cmocka_unit_test(changes),
		cmocka_unit_test(privileges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
