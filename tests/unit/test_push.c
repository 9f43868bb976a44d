#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "chatd/push_pace.h"
#include "chatd/push_text.h"

static void words_could_be_nicks(void **state)
{
	static const char *const wanted[] = {"ann", "b[o]b", "\xc3\xa9", "c-d_e", "x"};
	struct str rest = STR("(ann): @b[o]b,\n\0\xc3\xa9!! c-d_e... <x>"), word;

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		assert_true(push_word(&rest, &word));
		assert_true(str_eq(word, str_of(wanted[i])));
	}
	assert_false(push_word(&rest, &word));
}

static void each_account_has_its_own_pace(void **state)
{
	const struct hash_key seed = {0};
	struct push_pace p;
	char name[16];

	(void)state;
	push_pace_init(&p, &seed);
	for (int i = 0; i < 3; i++)
		assert_true(push_pace_take(&p, STR("ann"), 3, 1000));
	assert_false(push_pace_take(&p, STR("ann"), 3, 1000));
	assert_true(push_pace_take(&p, STR("bob"), 3, 1000));
	assert_false(push_pace_take(&p, STR("ann"), 3, 1000 + 19999));
	assert_true(push_pace_take(&p, STR("ann"), 3, 1000 + 20000));
	assert_false(push_pace_take(&p, STR("ann"), 3, 1000 + 20000));
	/* Those who rest are forgotten. */
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "a%d", i);
		assert_true(push_pace_take(&p, str_of(name), 3, 100000 + 1000000LL * i));
	}
	assert_true(p.accounts.count <= 64);
	push_pace_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_could_be_nicks),
		cmocka_unit_test(each_account_has_its_own_pace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
