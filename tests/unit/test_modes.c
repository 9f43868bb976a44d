#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/modes.h"
#include "proto/privileges.h"

static void test_chan_rows(void **state)
{
	const struct chan_mode *rows;
	size_t count = 0;
	char order[64] = "";

	(void)state;
	rows = chan_modes(&count);
	assert_true(count < sizeof(order));
	for (size_t i = 0; i < count; i++) {
		order[i] = rows[i].letter;
		assert_ptr_equal(chan_mode_find(rows[i].letter), &rows[i]);
		assert_int_equal(rows[i].prefix != 0, rows[i].type == CHAN_MODE_PREFIX);
	}
	assert_string_equal(order, "beIklfFHWjCKMNRScimnrstuqaohv");
	assert_null(chan_mode_find('x'));
	assert_null(chan_mode_find('\0'));
	assert_null(chan_mode_find('+'));
	assert_null(chan_mode_find((char)0xe9));
	assert_int_equal(chan_mode_find('I')->bit, CHAN_LIST_INVEX);
	assert_int_equal(chan_mode_find('k')->type, CHAN_MODE_PARAM);
	assert_int_equal(chan_mode_find('l')->type, CHAN_MODE_PARAM_SET);
	assert_int_equal(chan_mode_find('i')->bit, CHAN_INVITE_ONLY);
	assert_int_equal(chan_mode_find('t')->bit, CHAN_TOPIC_LOCKED);
	assert_int_equal(chan_mode_find('W')->bit, CHAN_PARAM_SLOW);
	assert_true(chan_mode_takes_value(chan_mode_find('k')) && chan_mode_takes_value(chan_mode_find('j')));
	assert_false(chan_mode_takes_value(chan_mode_find('u')) || chan_mode_takes_value(chan_mode_find('b')));
}

static void test_values(void **state)
{
	static const struct {
		enum chan_param which;
		const char *value, *whole; /* NULL: it is none */
	} rows_of[] = {
		{CHAN_PARAM_LIMIT, "007", "7"},
		{CHAN_PARAM_LIMIT, "0", NULL},
		{CHAN_PARAM_LIMIT, "4294967296", NULL},
		{CHAN_PARAM_FORWARD, "#there", "#there"},
		{CHAN_PARAM_FORWARD, "there", NULL},
		{CHAN_PARAM_FLOOD, "05:010", "5:10"},
		{CHAN_PARAM_FLOOD, "5", NULL},
		{CHAN_PARAM_FLOOD, "5:0", NULL},
		{CHAN_PARAM_FLOOD, "0:5", NULL},
		{CHAN_PARAM_FLOOD, "5:3601", NULL},
		{CHAN_PARAM_FLOOD, "1001:10", NULL},
		{CHAN_PARAM_FLOOD, "5:10:2", NULL},
		{CHAN_PARAM_JOINS, "1000:3600", "1000:3600"},
		{CHAN_PARAM_SLOW, "21600", "21600"},
		{CHAN_PARAM_SLOW, "21601", NULL},
		{CHAN_PARAM_SLOW, "-1", NULL},
		{CHAN_PARAM_HISTORY, "joined", "joined"},
		{CHAN_PARAM_HISTORY, "always", "always"},
		{CHAN_PARAM_HISTORY, "never", "never"},
		{CHAN_PARAM_HISTORY, "Never", NULL},
		{CHAN_PARAM_HISTORY, "", NULL},
		{CHAN_PARAM_KEY, "k", "k"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows_of) / sizeof(rows_of[0]); i++) {
		char memory[32];
		struct buf b;
		bool good;

		buf_init(&b, memory, sizeof(memory));
		good = chan_param_normalise(&b, rows_of[i].which, str_of(rows_of[i].value));
		if (good != (rows_of[i].whole != NULL) || (good && !str_eq(buf_view(&b), str_of(rows_of[i].whole))))
			fail_msg("%s gives %.*s", rows_of[i].value, STR_ARG(buf_view(&b)));
	}
}

static void test_user_rows(void **state)
{
	static const struct {
		char letter;
		uint32_t bit;
		bool settable, unsettable;
		int needs;
	} want[] = {
		{'i', USER_INVISIBLE, true, true, -1},
		{'o', USER_OPER, false, true, -1},
		{'w', USER_WALLOPS, true, true, -1},
		{'R', USER_REGISTERED_ONLY, true, true, -1},
		{'B', USER_BOT, true, true, -1},
		{'r', USER_REGISTERED, false, false, -1},
		{'H', USER_HIDE_OPER, false, true, PRIV_HIDE},
		{'p', USER_OVERRIDE, false, true, PRIV_OVERRIDE},
		{'s', USER_NOTICES, false, true, -1},
		{'x', USER_CLOAKED, true, true, -1},
	};
	size_t count = 0;

	(void)state;
	user_modes(&count);
	assert_int_equal(count, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < count; i++) {
		const struct user_mode *mode = user_mode_find(want[i].letter);

		assert_non_null(mode);
		assert_int_equal(mode->bit, want[i].bit);
		assert_int_equal(mode->settable, want[i].settable);
		assert_int_equal(mode->unsettable, want[i].unsettable);
		assert_int_equal(mode->needs, want[i].needs);
	}
	assert_null(user_mode_find('y'));
}

static void test_ranks(void **state)
{
	static const struct {
		uint8_t rank;
		const char *all, *highest;
	} rows[] = {
		{0, "", ""},
		{RANK_VOICE, "+", "+"},
		{RANK_OP | RANK_VOICE, "@+", "@"},
		{RANK_HALFOP, "%", "%"},
		{RANK_ADMIN | RANK_HALFOP, "&%", "&"},
		{RANK_OWNER | RANK_ADMIN | RANK_OP | RANK_HALFOP | RANK_VOICE, "~&@%+", "~"},
		{0xe0, "", ""},
	};
	char got[6];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(rank_prefixes(rows[i].rank, true, got), strlen(rows[i].all));
		assert_string_equal(got, rows[i].all);
		assert_int_equal(rank_prefixes(rows[i].rank, false, got), strlen(rows[i].highest));
		assert_string_equal(got, rows[i].highest);
		assert_int_equal(rank_prefix(rows[i].rank), rows[i].highest[0]);
	}
	assert_int_equal(rank_of_prefix('~'), RANK_OWNER);
	assert_int_equal(rank_of_prefix('&'), RANK_ADMIN);
	assert_int_equal(rank_of_prefix('@'), RANK_OP);
	assert_int_equal(rank_of_prefix('%'), RANK_HALFOP);
	assert_int_equal(rank_of_prefix('+'), RANK_VOICE);
	assert_int_equal(rank_of_prefix('#'), 0);
	assert_int_equal(rank_of_prefix('\0'), 0);
}

/* Each step as "+x", with "=param", "?" for a list query, "!" for an unknown letter. */
static void check_parse(const char *modes, const char *const *params, size_t nparams, const char *want)
{
	char memory[256];
	struct mode_parse m;
	struct mode_step step;
	struct buf b;

	buf_init(&b, memory, sizeof(memory) - 1);
	mode_parse_init(&m, modes, params, nparams);
	while (mode_parse_next(&m, &step)) {
		buf_chr(&b, step.set ? '+' : '-');
		buf_chr(&b, step.letter);
		assert_ptr_equal(step.mode, chan_mode_find(step.letter));
		if (!step.mode)
			buf_chr(&b, '!');
		if (step.query)
			buf_chr(&b, '?');
		if (step.param) {
			buf_chr(&b, '=');
			buf_cstr(&b, step.param);
		}
		buf_chr(&b, ' ');
	}
	memory[b.n] = '\0';
	assert_string_equal(memory, want);
	assert_false(mode_parse_next(&m, &step));
}

static void test_parse(void **state)
{
	static const char *const abc[] = {"A", "B", "C"};
	static const char *const empty[] = {"", ""};
	static const struct {
		const char *modes;
		const char *const *params;
		size_t nparams;
		const char *want;
	} rows[] = {
		{"", abc, 3, ""},
		{"+", abc, 3, ""},
		{"+-+-", abc, 3, ""},
		{"nt", NULL, 0, "+n +t "},
		{"+n-t", NULL, 0, "+n -t "},
		{"+-n", NULL, 0, "-n "},
		{"-+n--++-i", NULL, 0, "+n -i "},
		{"+o-v", abc, 2, "+o=A -v=B "},
		{"+ooo", abc, 2, "+o=A +o=B +o "},
		{"-o", NULL, 0, "-o "},
		{"+nov", abc, 2, "+n +o=A +v=B "},
		{"+l", abc, 1, "+l=A "},
		{"+l", NULL, 0, "+l "},
		{"-l", abc, 1, "-l "},
		{"-lo", abc, 1, "-l -o=A "},
		{"+k-k", abc, 2, "+k=A -k=B "},
		{"-k", NULL, 0, "-k "},
		{"+klo", abc, 3, "+k=A +l=B +o=C "},
		{"b", NULL, 0, "+b? "},
		{"-b", NULL, 0, "-b? "},
		{"+beI", abc, 1, "+b=A +e? +I? "},
		{"+bb", abc, 2, "+b=A +b=B "},
		{"+b", empty, 1, "+b? "},
		{"+bk", empty, 2, "+b? +k= "},
		{"+xo", abc, 1, "+x! +o=A "},
		{"+X\xe9 ,", abc, 1, "+X! +\xe9! + ! +,! "},
		{"+r", abc, 1, "+r "},
		{"+i", abc, 3, "+i "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_parse(rows[i].modes, rows[i].params, rows[i].nparams, rows[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chan_rows), cmocka_unit_test(test_values), cmocka_unit_test(test_user_rows),
		cmocka_unit_test(test_ranks),     cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
