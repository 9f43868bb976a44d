#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "chat-client/multiline.h"
#include "chat-client/recall.h"

static enum multiline_result take(struct multiline *m, const char *raw, struct line *whole)
{
	struct line line;

	assert_int_equal(line_parse(&line, str_of(raw), LINE_TAGS_MAX), LINE_OK);
	return multiline_take(m, &line, whole);
}

static void test_whole(void **state)
{
	struct multiline m = {0};
	struct line whole;

	(void)state;
	assert_int_equal(take(&m, "@msgid=x :a!u@h BATCH +1 draft/multiline #c", &whole), MULTILINE_TAKEN);
	assert_int_equal(take(&m, "@batch=1 :a!u@h NOTICE #c :one ", &whole), MULTILINE_TAKEN);
	assert_int_equal(take(&m, ":a!u@h PRIVMSG #c :other", &whole), MULTILINE_NOT);
	assert_int_equal(take(&m, "@batch=2 :a!u@h PRIVMSG #c :other", &whole), MULTILINE_NOT);
	assert_int_equal(take(&m, "@batch=1;draft/multiline-concat :a!u@h NOTICE #c :two", &whole), MULTILINE_TAKEN);
	assert_int_equal(take(&m, "@batch=1 :a!u@h NOTICE #c :", &whole), MULTILINE_TAKEN);
	assert_int_equal(take(&m, "BATCH -2", &whole), MULTILINE_NOT);
	assert_int_equal(take(&m, "BATCH -1", &whole), MULTILINE_WHOLE);
	assert_int_equal(whole.nparams, 2);
	assert_true(str_eq(whole.command, STR("NOTICE")));
	assert_true(str_eq(whole.source, STR("a!u@h")));
	assert_true(str_eq(whole.params[0], STR("#c")));
	assert_true(str_eq(whole.params[1], STR("one two\n")));
	assert_true(str_eq(recall_msgid(&whole), STR("x")));
	assert_int_equal(take(&m, "BATCH -1", &whole), MULTILINE_NOT);
	multiline_reset(&m);
}

static void test_nothing_in_it(void **state)
{
	struct multiline m = {0};
	struct line whole;

	(void)state;
	assert_int_equal(take(&m, ":a BATCH +1 draft/multiline #c", &whole), MULTILINE_TAKEN);
	assert_int_equal(take(&m, "BATCH -1", &whole), MULTILINE_TAKEN);
	assert_int_equal(take(&m, "BATCH +1 chathistory #c", &whole), MULTILINE_NOT);
	assert_int_equal(take(&m, "BATCH +1 draft/multiline", &whole), MULTILINE_NOT);
	assert_int_equal(take(&m, "BATCH", &whole), MULTILINE_NOT);
	multiline_reset(&m);
}

static void test_too_many_go_on_one_by_one(void **state)
{
	struct multiline m = {0};
	struct line whole;
	char raw[64];

	(void)state;
	for (int i = 0; i < MULTILINE_OPEN_MAX; i++) {
		snprintf(raw, sizeof(raw), ":a BATCH +%d draft/multiline #c", i);
		assert_int_equal(take(&m, raw, &whole), MULTILINE_TAKEN);
	}
	assert_int_equal(take(&m, ":a BATCH +more draft/multiline #c", &whole), MULTILINE_NOT);
	assert_int_equal(take(&m, "@batch=more :a PRIVMSG #c :x", &whole), MULTILINE_NOT);
	multiline_reset(&m);
}

static void note(struct recall *r, const char *raw, bool mine)
{
	struct line line;

	assert_int_equal(line_parse(&line, str_of(raw), LINE_TAGS_MAX), LINE_OK);
	recall_note(r, &line, line.params[0], mine);
}

static void test_recall(void **state)
{
	static struct recall r;
	char raw[128];

	(void)state;
	note(&r, "@msgid=1 :a!u@h PRIVMSG #c :\1ACTION waves\1", false);
	note(&r, "@msgid=2 :b!u@h PRIVMSG #c :first and more", false);
	note(&r, "@msgid=3 :me!u@h PRIVMSG #c :mine", true);
	note(&r, ":a!u@h PRIVMSG #c :without", false);
	assert_string_equal(recall_find(&r, STR("1"))->text, "waves");
	assert_null(recall_find(&r, STR("4")));
	assert_null(recall_find(&r, STR_NONE));
	assert_string_equal(recall_last(&r, "#C", STR_NONE, false)->msgid, "2");
	assert_string_equal(recall_last(&r, "#c", STR("A"), false)->msgid, "1");
	assert_string_equal(recall_last(&r, "#c", STR_NONE, true)->msgid, "3");
	assert_null(recall_last(&r, "#d", STR_NONE, false));
	for (int i = 0; i < RECALL_MAX; i++) {
		snprintf(raw, sizeof(raw), "@msgid=n%d :a!u@h PRIVMSG #c :%d", i, i);
		note(&r, raw, false);
	}
	assert_null(recall_find(&r, STR("1")));
	assert_string_equal(recall_find(&r, STR("n0"))->text, "0");
	recall_deinit(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_nothing_in_it),
		cmocka_unit_test(test_too_many_go_on_one_by_one),
		cmocka_unit_test(test_recall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
