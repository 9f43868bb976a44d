#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/filters.h"
#include "network_fixture.h"
#include "network/ban.h"

struct
try {
	struct fixture f;
	struct filters *filters;
};

static int setup(void **state)
{
	struct try *t = calloc(1, sizeof(*t));

	fixture_init(&t->f, 1);
	t->filters = filters_new(t->f.net, NULL);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct try *t = *state;

	filters_free(t->filters);
	fixture_deinit(&t->f);
	free(t);
	return 0;
}

static void set(struct try *t, const char *pattern, uint32_t targets)
{
	struct record r = {.type = RECORD_BAN_SET, .flags = RECORD_OVERRIDE};

	r.ban.kind = BAN_FILTER;
	r.ban.targets = targets;
	r.ban.mask = str_of(pattern);
	fixture_apply(&t->f, r);
}

static void clear(struct try *t, const char *pattern)
{
	struct record r = {.type = RECORD_BAN_CLEAR, .flags = RECORD_OVERRIDE};

	r.ban_clear.id = network_ban_find(t->f.net, BAN_FILTER, str_of(pattern))->id;
	fixture_apply(&t->f, r);
}

static bool met(struct try *t, const char *text)
{
	return filters_match(t->filters, FILTER_CHANNEL, str_of(text));
}

static void test_words(void **state)
{
	struct try *t = *state;

	assert_false(met(t, "badword"));
	set(t, "badword", FILTER_ALL);
	assert_true(met(t, "badword") && met(t, "a BadWord!") && met(t, "(badword)"));
	assert_false(met(t, "badwords") || met(t, "abadword") || met(t, "bad word") ||
		     met(t, "\xc3\xa9"
			    "badword"));
	clear(t, "badword");
	assert_false(met(t, "badword"));
	set(t, "free*coins", FILTER_ALL);
	assert_true(met(t, "get free-bit-coins here"));
	assert_false(met(t, "free bit coins"));
	set(t, "buy now", FILTER_ALL);
	assert_true(met(t, "BUY   now") && !met(t, "buynow"));
	set(t, "c++", FILTER_ALL);
	assert_true(met(t, "I like c++.") && !met(t, "ccc"));
	set(t, "w?rd", FILTER_ALL);
	assert_true(met(t, "w\xc3\xb6rd") && !met(t, "wrd"));
}

static void test_regex(void **state)
{
	struct try *t = *state;

	set(t, "/(buy|sell) \\d{3,} coins?$/", FILTER_ALL);
	assert_true(met(t, "now SELL 1234 coins"));
	assert_false(met(t, "sell 12 coins") || met(t, "sell 1234 coins now"));
}

static void test_colours_hide_nothing(void **state)
{
	struct try *t = *state;

	set(t, "badword", FILTER_ALL);
	assert_true(met(t, "b\x02"
			   "ad\x03"
			   "04,12wo\x0f"
			   "rd") &&
		    met(t, "\x03"
			   "4badword") &&
		    met(t, "bad\x1dword"));
	assert_false(met(t, "bad\x03,word"));
}

static void test_targets(void **state)
{
	struct try *t = *state;
	uint32_t targets;

	set(t, "badword", FILTER_TOPIC | FILTER_QUIT);
	assert_false(met(t, "badword"));
	assert_non_null(filters_match(t->filters, FILTER_TOPIC, STR("badword")));
	assert_true(filter_targets_parse("cq", &targets) && targets == (FILTER_CHANNEL | FILTER_QUIT));
	assert_true(filter_targets_parse("*", &targets) && targets == FILTER_ALL);
	assert_false(filter_targets_parse("", &targets) || filter_targets_parse("cx", &targets));
}

static void test_first_of_several(void **state)
{
	struct try *t = *state;

	set(t, "one", FILTER_ALL);
	set(t, "two", FILTER_ALL);
	assert_string_equal(filters_match(t->filters, FILTER_CHANNEL, STR("two one"))->mask, "one");
	assert_string_equal(filters_match(t->filters, FILTER_CHANNEL, STR("two"))->mask, "two");
}

/* Exponential for others: it is given up, and the text let through. */
static void test_slow_patterns_end(void **state)
{
	struct try *t = *state;
	char text[401];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 2] = '!';
	text[sizeof(text) - 1] = '\0';
	set(t, "/^(a|aa)+$/", FILTER_ALL);
	set(t, "/^(a+)+$/", FILTER_ALL);
	for (int i = 0; i < 50; i++)
		assert_false(met(t, text));
	assert_true(met(t, "aaaa"));
}

static void test_check(void **state)
{
	static const char *const good[] = {"word", "/a|b/", "two words", "/\\p{Greek}+/", "a/b", "//"};
	static const char *const bad[] = {"",         "a",     "/(/", "/[/", "/*/", "/(((((((a{999}){999}){999})))))/",
					  "\xff\xff", "/a\\C/"};
	char why[128], long_one[FILTER_PATTERN_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_null(filter_pattern_check(str_of(good[i]), why));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(filter_pattern_check(str_of(bad[i]), why));
	memset(long_one, 'x', sizeof(long_one));
	assert_null(filter_pattern_check((struct str){long_one, FILTER_PATTERN_MAX}, why));
	assert_non_null(filter_pattern_check((struct str){long_one, FILTER_PATTERN_MAX + 1}, why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_words, setup, teardown),
		cmocka_unit_test_setup_teardown(test_regex, setup, teardown),
		cmocka_unit_test_setup_teardown(test_colours_hide_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_targets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_first_of_several, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow_patterns_end, setup, teardown),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
