#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session/monitor.h"
#include "session_fixture.h"

enum { MAX = 5 };

static int set_up(void **state)
{
	struct stage *st = malloc(sizeof(*st));

	assert_non_null(st);
	stage_init(st, NULL);
	for (int i = 0; i < 3; i++)
		stage_add(st);
	*state = st;
	return 0;
}

static int tear_down(void **state)
{
	stage_deinit(*state);
	free(*state);
	return 0;
}

static enum monitor_result add(struct stage *st, int i, const char *nick)
{
	return monitor_add(st->hub.monitor, stage_session(st, i), str_of(nick), MAX);
}

static void take(struct stage *st, int i, const char *nick)
{
	monitor_remove(st->hub.monitor, stage_session(st, i), str_of(nick));
}

static unsigned watchers(struct stage *st, const char *nick)
{
	const struct vec *v = monitor_watchers(st->hub.monitor, str_of(nick));

	for (uint32_t k = 0; v && k < v->count; k++)
		assert_int_equal(((const struct monitor_watch *)v->items[k])->at, k);
	return v ? v->count : 0;
}

static bool watches(struct stage *st, int i, const char *nick)
{
	const struct vec *v = monitor_watchers(st->hub.monitor, str_of(nick));

	for (uint32_t k = 0; v && k < v->count; k++)
		if (((const struct monitor_watch *)v->items[k])->session == st->clients[i].s)
			return true;
	return false;
}

static void adds_once(void **state)
{
	struct stage *st = *state;

	assert_int_equal(add(st, 0, "Ann"), MONITOR_ADDED);
	assert_int_equal(add(st, 0, "Ann"), MONITOR_ALREADY);
	assert_int_equal(add(st, 0, "aNN"), MONITOR_ALREADY);
	assert_int_equal(add(st, 1, "aNN"), MONITOR_ADDED);
	assert_int_equal(watchers(st, "ANN"), 2);
	assert_string_equal(monitor_nth(stage_session(st, 0), 0), "Ann");
	assert_string_equal(monitor_nth(stage_session(st, 1), 0), "aNN");
	assert_null(monitor_nth(stage_session(st, 0), 1));
}

static void is_bounded(void **state)
{
	struct stage *st = *state;
	char nick[400];

	for (int i = 0; i < MAX; i++) {
		snprintf(nick, sizeof(nick), "n%d", i);
		assert_int_equal(add(st, 0, nick), MONITOR_ADDED);
	}
	assert_int_equal(add(st, 0, "one-more"), MONITOR_FULL);
	assert_int_equal(watchers(st, "one-more"), 0);
	assert_int_equal(add(st, 0, "N3"), MONITOR_ALREADY);
	take(st, 0, "N3");
	assert_int_equal(add(st, 0, "one-more"), MONITOR_ADDED);
	memset(nick, 'n', sizeof(nick) - 1);
	nick[sizeof(nick) - 1] = '\0';
	assert_int_equal(add(st, 1, nick), MONITOR_FULL);
	assert_int_equal(watchers(st, nick), 0);
}

static void removes(void **state)
{
	struct stage *st = *state;

	for (int i = 0; i < 3; i++) {
		add(st, i, "ann");
		add(st, i, "bob");
		add(st, i, "cid");
	}
	take(st, 0, "ANN");
	take(st, 0, "ANN");
	take(st, 0, "nobody");
	assert_int_equal(watchers(st, "ann"), 2);
	assert_false(watches(st, 0, "ann"));
	assert_true(watches(st, 1, "ann") && watches(st, 2, "ann"));
	assert_true(watches(st, 0, "bob") && watches(st, 0, "cid"));
	take(st, 1, "ann");
	take(st, 2, "ann");
	assert_null(monitor_watchers(st->hub.monitor, STR("ann")));
	assert_int_equal(watchers(st, "bob"), 3);
	assert_int_equal(watchers(st, "cid"), 3);
}

static void a_closed_session_watches_nobody(void **state)
{
	struct stage *st = *state;

	add(st, 0, "ann");
	add(st, 0, "bob");
	add(st, 1, "bob");
	session_close(stage_session(st, 0), "bye");
	assert_null(monitor_watchers(st->hub.monitor, STR("ann")));
	assert_int_equal(watchers(st, "bob"), 1);
	assert_true(watches(st, 1, "bob"));
	monitor_clear(st->hub.monitor, stage_session(st, 1));
	assert_null(monitor_watchers(st->hub.monitor, STR("bob")));
	assert_null(monitor_nth(stage_session(st, 1), 0));
	assert_int_equal(add(st, 1, "bob"), MONITOR_ADDED);
}

/* Many interests that come and go, beside a plain matrix of who should watch whom. */
static void agrees_with_a_matrix(void **state)
{
	enum { NICKS = 8, STEPS = 4000 };
	struct stage *st = *state;
	bool want[3][NICKS] = {{false}};
	unsigned count[3] = {0};
	uint32_t random = 12345;
	char nick[8];

	for (int step = 0; step < STEPS; step++) {
		random = random * 1103515245 + 12345;
		int i = (int)(random >> 16) % 3, n = (int)(random >> 20) % NICKS;

		snprintf(nick, sizeof(nick), "%c%d", random >> 30 ? 'n' : 'N', n);
		if ((random >> 24) & 1) {
			enum monitor_result r = add(st, i, nick);

			assert_int_equal(r, want[i][n]       ? MONITOR_ALREADY
					    : count[i] < MAX ? MONITOR_ADDED
							     : MONITOR_FULL);
			count[i] += r == MONITOR_ADDED;
			want[i][n] = want[i][n] || r == MONITOR_ADDED;
		} else {
			take(st, i, nick);
			count[i] -= want[i][n];
			want[i][n] = false;
		}
		assert_int_equal(watchers(st, nick), want[0][n] + want[1][n] + want[2][n]);
		assert_int_equal(watches(st, i, nick), want[i][n]);
	}
}

/* Both ends free what is left, whichever goes first. */
static void nothing_is_lost_with_the_monitor(void **state)
{
	const struct hash_key seed = {{3, 4}};
	struct monitor *m = monitor_new(CASEMAP_RFC1459, &seed);
	struct session *s = stage_session(*state, 0);

	assert_int_equal(monitor_add(m, s, STR("a[b]"), MAX), MONITOR_ADDED);
	assert_int_equal(monitor_add(m, s, STR("A{B}"), MAX), MONITOR_ALREADY);
	assert_int_equal(monitor_watchers(m, STR("A{b]"))->count, 1);
	monitor_clear(m, s);
	monitor_free(m);
	monitor_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(adds_once),
		TEST(is_bounded),
		TEST(removes),
		TEST(a_closed_session_watches_nobody),
		TEST(agrees_with_a_matrix),
		TEST(nothing_is_lost_with_the_monitor),
	};

	return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
