#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chatctl/cell.h"
#include "chatctl/table.h"

static const struct table_column columns[] = {
	{.name = "nick", .title = "NICK"},
	{.name = "idle", .title = "IDLE", .right = true, .show = table_show_seconds},
	{.name = "text", .title = "TEXT"},
	{.name = NULL},
};

struct printed {
	struct table *table;
	FILE *out;
	char *text;
	size_t n;
};

static void begin(struct printed *p, unsigned width)
{
	p->out = open_memstream(&p->text, &p->n);
	p->table = table_new(p->out, columns, width);
}

static void row(struct printed *p, const char *json)
{
	char *copy = strdup(json);
	struct flat f;

	assert_true(flat_read(&f, copy));
	table_row(p->table, &f);
	free(copy);
}

static void end(struct printed *p, const char *expected)
{
	table_end(p->table, true);
	fclose(p->out);
	if (expected)
		assert_string_equal(p->text, expected);
	free(p->text);
}

static void test_columns_are_as_wide_as_what_is_in_them(void **state)
{
	struct printed p;

	(void)state;
	begin(&p, 80);
	row(&p, "{\"nick\":\"somebody\",\"idle\":7,\"text\":\"a\",\"more\":1}");
	row(&p, "{\"nick\":\"x\",\"idle\":7200}");
	end(&p, "NICK      IDLE  TEXT\n"
		"somebody    7s  a\n"
		"x           2h  \n");
}

static void test_they_fit_the_terminal(void **state)
{
	struct printed p;

	(void)state;
	begin(&p, 24);
	row(&p, "{\"nick\":\"short\",\"idle\":1,\"text\":\"a text that goes on and on\"}");
	row(&p, "{\"nick\":\"longer\",\"idle\":1,\"text\":\"fits well\"}");
	end(&p, "NICK    IDLE  TEXT\n"
		"short     1s  a text th~\n"
		"longer    1s  fits well\n");
}

static void test_without_a_terminal_nothing_is_cut(void **state)
{
	struct printed p;

	(void)state;
	begin(&p, 0);
	row(&p, "{\"nick\":\"short\",\"idle\":1,\"text\":\"a text that goes on and on\"}");
	end(&p, "NICK   IDLE  TEXT\nshort    1s  a text that goes on and on\n");
}

static void test_bytes_of_strangers_are_shown(void **state)
{
	struct printed p;

	(void)state;
	begin(&p, 0);
	row(&p, "{\"nick\":\"a\\u001b[2J\",\"idle\":1,\"text\":\"\\u202e\\u009b\\n\"}");
	end(&p, "NICK      IDLE  TEXT\na\\033[2J    1s  \\342\\200\\256\\302\\233\\012\n");
}

/* Widths are settled after some rows; what comes then does not break the table. */
static void test_many_rows(void **state)
{
	struct printed p;
	unsigned lines = 0;

	(void)state;
	begin(&p, 30);
	for (int i = 0; i < 3 * TABLE_AHEAD; i++)
		row(&p, i < 2 * TABLE_AHEAD ? "{\"nick\":\"a\",\"idle\":1,\"text\":\"b\"}"
					    : "{\"nick\":\"longlong\",\"idle\":90000,\"text\":\"more than before\"}");
	fflush(p.out);
	for (char *line = strtok(p.text, "\n"); line; line = strtok(NULL, "\n")) {
		assert_true(strlen(line) <= 30);
		lines++;
	}
	assert_true(lines >= 3 * TABLE_AHEAD);
	end(&p, NULL);
}

static void test_an_empty_table_has_titles(void **state)
{
	struct printed p;

	(void)state;
	begin(&p, 80);
	end(&p, "NICK  IDLE  TEXT\n");
}

static void test_wide_characters(void **state)
{
	(void)state;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	assert_int_equal(cell_width("\xe6\x97\xa5\xe6\x9c\xac"), 4);
	assert_int_equal(cell_width("e\xcc\x81"), 1);
	setlocale(LC_CTYPE, "C");
	assert_int_equal(cell_width("\xe6\x97\xa5"), 1);
}

static void test_show(void **state)
{
	char text[32];

	(void)state;
	table_show_seconds("59", text, sizeof(text));
	assert_string_equal(text, "59s");
	table_show_seconds("3599", text, sizeof(text));
	assert_string_equal(text, "59m");
	table_show_seconds("90000", text, sizeof(text));
	assert_string_equal(text, "1d");
	table_show_bytes("10239", text, sizeof(text));
	assert_string_equal(text, "10239");
	table_show_bytes("20480", text, sizeof(text));
	assert_string_equal(text, "20k");
	table_show_bytes("10485760", text, sizeof(text));
	assert_string_equal(text, "10M");
	table_show_bool("true", text, sizeof(text));
	assert_string_equal(text, "yes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns_are_as_wide_as_what_is_in_them),
		cmocka_unit_test(test_they_fit_the_terminal),
		cmocka_unit_test(test_without_a_terminal_nothing_is_cut),
		cmocka_unit_test(test_bytes_of_strangers_are_shown),
		cmocka_unit_test(test_many_rows),
		cmocka_unit_test(test_an_empty_table_has_titles),
		cmocka_unit_test(test_wide_characters),
		cmocka_unit_test(test_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
