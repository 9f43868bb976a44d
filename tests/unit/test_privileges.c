#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>

#include <cmocka.h>

#include "proto/privileges.h"

static priv_set parsed(const char *list)
{
	struct str bad = STR_NONE;
	priv_set set = 0;

	assert_true(privileges_parse(str_of(list), &set, &bad));
	return set;
}

static const char *shown(priv_set set)
{
	static char text[512];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	privileges_show(&b, set);
	assert_false(b.full);
	text[b.n] = '\0';
	return text;
}

static void every_name_is_found(void **state)
{
	enum privilege found;

	(void)state;
	for (int i = 0; i < PRIV_COUNT; i++) {
		assert_true(privilege_find(str_of(privilege_name((enum privilege)i)), &found));
		assert_int_equal(found, i);
	}
	assert_false(privilege_find(STR("kil"), &found));
	assert_false(privilege_find(STR(""), &found));
}

static void lists(void **state)
{
	(void)state;
	assert_true(parsed("") == 0);
	assert_true(parsed(" ,\t") == 0);
	assert_true(parsed("kill") == PRIV_BIT(PRIV_KILL));
	assert_true(parsed("kill, ban  rehash") == (PRIV_BIT(PRIV_KILL) | PRIV_BIT(PRIV_BAN) | PRIV_BIT(PRIV_REHASH)));
	assert_true(parsed("all") == PRIV_ALL);
	assert_true(parsed("all -die -restart") == (PRIV_ALL & ~(PRIV_BIT(PRIV_DIE) | PRIV_BIT(PRIV_RESTART))));
	assert_true(parsed("kill -all ban") == PRIV_BIT(PRIV_BAN));
}

static void a_wrong_word_is_named(void **state)
{
	struct str bad = STR_NONE;
	priv_set set = 7;

	(void)state;
	assert_false(privileges_parse(STR("kill kil ban"), &set, &bad));
	assert_true(str_eq(bad, STR("kil")));
	assert_false(privileges_parse(STR("-nothing"), &set, &bad));
	assert_true(str_eq(bad, STR("nothing")) || str_eq(bad, STR("-nothing")));
	assert_false(privileges_parse(STR("-"), &set, &bad));
	assert_true(set == 7);
}

static void what_is_shown_parses_to_the_same(void **state)
{
	(void)state;
	assert_string_equal(shown(0), "");
	assert_string_equal(shown(PRIV_ALL), "all");
	assert_string_equal(shown(PRIV_BIT(PRIV_DIE) | PRIV_BIT(PRIV_KILL)), "kill die");
	for (int i = 0; i < PRIV_COUNT; i++)
		assert_true(parsed(shown(PRIV_ALL & ~PRIV_BIT(i))) == (PRIV_ALL & ~PRIV_BIT(i)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_is_found),
		cmocka_unit_test(lists),
		cmocka_unit_test(a_wrong_word_is_named),
		cmocka_unit_test(what_is_shown_parses_to_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
