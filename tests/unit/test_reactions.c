#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "session/reactions.h"

static enum reaction_verdict take(struct reactions *t, const char *who, const char *what, bool back)
{
	const struct reaction r = {STR("#a"), STR("msgid"), str_of(who), str_of(what), back};

	return reactions_take(t, &r, 3, 5);
}

static void different_ones_are_counted(void **state)
{
	struct reactions *t = reactions_new();

	(void)state;
	assert_int_equal(take(t, "ann", "one", false), REACTION_FINE);
	assert_int_equal(take(t, "ann", "two", false), REACTION_FINE);
	assert_int_equal(take(t, "ben", "three", false), REACTION_FINE);
	assert_int_equal(take(t, "ben", "four", false), REACTION_MESSAGE_FULL);
	/* What stands there already is no other one. */
	assert_int_equal(take(t, "ben", "one", false), REACTION_FINE);
	assert_int_equal(take(t, "cid", "three", false), REACTION_FINE);
	/* It stands there as long as anybody has set it. */
	assert_int_equal(take(t, "ben", "one", true), REACTION_FINE);
	assert_int_equal(take(t, "cid", "four", false), REACTION_MESSAGE_FULL);
	assert_int_equal(take(t, "ann", "one", true), REACTION_FINE);
	assert_int_equal(take(t, "cid", "four", false), REACTION_FINE);
	/* What was never set, taken back. */
	assert_int_equal(take(t, "dan", "nine", true), REACTION_FINE);
	assert_int_equal(take(t, "dan", "nine", false), REACTION_MESSAGE_FULL);
	reactions_free(t);
}

static void each_has_a_number_of_them(void **state)
{
	struct reactions *t = reactions_new();
	const struct reaction elsewhere = {STR("#b"), STR("msgid"), STR("ann"), STR("one"), false};

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(take(t, "ann", "one", i % 2), REACTION_FINE);
	assert_int_equal(take(t, "ann", "one", false), REACTION_USER_FULL);
	assert_int_equal(take(t, "ann", "two", true), REACTION_USER_FULL);
	assert_int_equal(take(t, "ben", "one", false), REACTION_FINE);
	assert_int_equal(reactions_take(t, &elsewhere, 3, 5), REACTION_FINE);
	reactions_free(t);
}

static void none_is_no_limit(void **state)
{
	struct reactions *t = reactions_new();
	char what[32];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct reaction r = {STR("#a"), STR("msgid"), STR("ann"), STR_NONE, false};

		snprintf(what, sizeof(what), "%d", i);
		r.what = str_of(what);
		assert_int_equal(reactions_take(t, &r, 0, 0), REACTION_FINE);
	}
	reactions_free(t);
}

/* However many messages are reacted to, what is remembered ends: those of long ago are forgotten, and one alone has a
 * bound too. */
static void what_is_remembered_ends(void **state)
{
	struct reactions *t = reactions_new();
	struct reaction r = {STR("#a"), STR_NONE, STR("ann"), STR("one"), false};
	char text[32];
	int fine = 0;

	(void)state;
	r.msgid = STR("first");
	assert_int_equal(reactions_take(t, &r, 1, 1), REACTION_FINE);
	assert_int_equal(reactions_take(t, &r, 1, 1), REACTION_USER_FULL);
	for (int i = 0; i < 100000; i++) {
		snprintf(text, sizeof(text), "m%d", i);
		r.msgid = str_of(text);
		assert_int_equal(reactions_take(t, &r, 1, 1), REACTION_FINE);
	}
	assert_int_equal(reactions_take(t, &r, 1, 1), REACTION_USER_FULL);
	r.msgid = STR("first");
	assert_int_equal(reactions_take(t, &r, 1, 1), REACTION_FINE);
	for (int i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "user%d", i);
		r.who = str_of(text);
		fine += reactions_take(t, &r, 0, 0) == REACTION_FINE;
	}
	assert_true(fine > 4000 && fine < 5000);
	reactions_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(different_ones_are_counted),
		cmocka_unit_test(each_has_a_number_of_them),
		cmocka_unit_test(none_is_no_limit),
		cmocka_unit_test(what_is_remembered_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
