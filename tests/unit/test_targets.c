#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/targets.h"
#include "command_fixture.h"
#include "proto/utf8.h"

static int set_up(void **state)
{
	struct desk *d = malloc(sizeof(*d));

	assert_non_null(d);
	desk_init(d);
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	desk_deinit(*state);
	free(*state);
	return 0;
}

/* A call of PRIVMSG by bob's client; the row is what errors name. */
struct asking {
	struct call call;
	int client;
};

static struct asking asking_by(struct desk *d, uint64_t user)
{
	struct asking a = {.client = desk_client(d, user)};

	a.call = (struct call){
		.env = &d->env,
		.session = stage_session(&d->st, a.client),
		.user = network_user(d->f.net, user),
		.row = command_find("PRIVMSG"),
	};
	return a;
}

/* All the words, "word/pair" each, with a space behind. */
static const char *walk(struct targets *t, const struct call *call)
{
	static char text[4096];

	text[0] = '\0';
	while (targets_next(t, call)) {
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s/%.*s%s ", t->word, STR_ARG(t->pair),
			 targets_repeated(t, CASEMAP_ASCII) ? "!" : "");
	}
	return text;
}

static void lists(void **state)
{
	static const struct {
		const char *list, *pairs, *want;
	} rows[] = {
		{"a", NULL, "a/ "},
		{"a,b,c", NULL, "a/ b/ c/ "},
		{"a,,b,", NULL, "a/ b/ "},
		{",", NULL, ""},
		{"", NULL, ""},
		{NULL, NULL, ""},
		{"a,b,c", "1,2,3", "a/1 b/2 c/3 "},
		{"a,b,c", "1", "a/1 b/ c/ "},
		{"a,b,c", ",2", "a/ b/2 c/ "},
		{"a,,c", "1,2,3", "a/1 c/3 "},
		{"a", "1,2", "a/1 "},
		{"a,b,A,ab,a", NULL, "a/ b/ A/! ab/ a/! "},
	};
	struct desk *d = *state;
	struct asking a = asking_by(d, 2);
	struct targets t;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		targets_init(&t, rows[i].list, rows[i].pairs, TARGETS_ALL);
		assert_string_equal(walk(&t, &a.call), rows[i].want);
		assert_false(targets_next(&t, &a.call));
	}
	assert_string_equal(stage_heard(&d->st, a.client), "");
}

static void too_many(void **state)
{
	struct desk *d = *state;
	struct asking a = asking_by(d, 2);
	struct targets t;

	targets_init(&t, "a,b,c,d", NULL, 2);
	assert_string_equal(walk(&t, &a.call), "a/ b/ ");
	assert_string_equal(stage_heard(&d->st, a.client),
			    ":chat.example 407 bob c :Too many targets. The maximum is 2 for PRIVMSG\n");
	targets_init(&t, "a,,,b,,,", NULL, 2);
	assert_string_equal(walk(&t, &a.call), "a/ b/ ");
	targets_init(&t, "a,b,c,d", NULL, 2);
	t.quiet = true;
	assert_string_equal(walk(&t, &a.call), "a/ b/ ");
	assert_string_equal(stage_heard(&d->st, a.client), "");
}

/* Of the list, what is neither the first nor one too many. */
static void each_but_the_first_has_its_cost(void **state)
{
	struct desk *d = *state;
	struct asking a = asking_by(d, 2);
	struct session *s = stage_session(&d->st, a.client);
	struct targets t;

	d->st.server.no_limits = false;
	d->st.server.flood_burst = 5;
	s->tokens = 5000;
	targets_init(&t, "a,,b,c,d,e", NULL, 4);
	t.cost = 700;
	t.quiet = true;
	assert_string_equal(walk(&t, &a.call), "a/ b/ c/ d/ ");
	assert_in_range(s->tokens, 5000 - 3 * 700, 5000 - 2 * 700);
	targets_init(&t, "a,b,c", NULL, TARGETS_ALL);
	s->tokens = 5000;
	assert_string_equal(walk(&t, &a.call), "a/ b/ c/ ");
	assert_int_equal(s->tokens, 5000);
}

static void long_words_are_cut(void **state)
{
	struct desk *d = *state;
	struct asking a = asking_by(d, 2);
	struct targets t;
	char list[1600] = "";

	for (int i = 0; i < 300; i++)
		strcat(list, "\xe2\x82\xac");
	strcat(list, ",next");
	targets_init(&t, list, NULL, TARGETS_ALL);
	assert_true(targets_next(&t, &a.call));
	assert_in_range(strlen(t.word), 500, LINE_BODY_MAX - 1);
	assert_true(utf8_valid(str_of(t.word)));
	assert_true(targets_next(&t, &a.call));
	assert_string_equal(t.word, "next");
}

static void shown_words_are_one_parameter(void **state)
{
	(void)state;
	assert_string_equal(target_shown("#a"), "#a");
	assert_string_equal(target_shown("a:b"), "a:b");
	assert_string_equal(target_shown(""), "*");
	assert_string_equal(target_shown(":a"), "*");
	assert_string_equal(target_shown("a b"), "*");
}

static void names_are_looked_up(void **state)
{
	struct desk *d = *state;
	struct asking a = asking_by(d, 2);

	assert_ptr_equal(target_user(&a.call, "ANN"), network_user(d->f.net, 1));
	assert_ptr_equal(target_channel(&a.call, "#A"), network_channel(d->f.net, STR("#a")));
	assert_string_equal(stage_heard(&d->st, a.client), "");
	assert_null(target_user(&a.call, "nobody"));
	assert_null(target_user(&a.call, ""));
	assert_null(target_user(&a.call, "a b"));
	assert_null(target_channel(&a.call, "#nowhere"));
	assert_null(target_channel(&a.call, ":x"));
	assert_string_equal(stage_heard(&d->st, a.client), ":chat.example 401 bob nobody :No such nick/channel\n"
							   ":chat.example 401 bob * :No such nick/channel\n"
							   ":chat.example 401 bob * :No such nick/channel\n"
							   ":chat.example 403 bob #nowhere :No such channel\n"
							   ":chat.example 403 bob * :No such channel\n");
}

/* A channel that hides is answered like one that is not there. */
static void hidden_channels_do_not_exist(void **state)
{
	struct desk *d = *state;
	struct asking a, inside;
	char hidden[128], none[128];

	desk_apply(d, rec_modes(&d->f, 1, "#a", "+s"));
	desk_apply(d, rec_user(4, "dan"));
	a = asking_by(d, 4);
	inside = asking_by(d, 2);
	assert_non_null(target_channel(&inside.call, "#a"));
	assert_null(target_channel(&a.call, "#a"));
	strlcpy(hidden, stage_heard(&d->st, a.client), sizeof(hidden));
	assert_null(target_channel(&a.call, "#b"));
	strlcpy(none, stage_heard(&d->st, a.client), sizeof(none));
	strstr(none, "#b")[1] = 'a';
	assert_string_equal(hidden, none);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lists),
		TEST(too_many),
		TEST(each_but_the_first_has_its_cost),
		TEST(long_words_are_cut),
		cmocka_unit_test(shown_words_are_one_parameter),
		TEST(names_are_looked_up),
		TEST(hidden_channels_do_not_exist),
	};

	return cmocka_run_group_tests_name("targets", tests, NULL, NULL);
}
