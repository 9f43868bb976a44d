#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "network/rules.h"
#include "network_fixture.h"

/* How fast, and until when: by the times of records alone. */
enum { OP = 1, ANN, BOB, OUTSIDER };

static int setup(void **state)
{
	static const char *const nicks[] = {"op", "ann", "bob", NULL};
	struct fixture *f = calloc(1, sizeof(*f));

	fixture_init(f, 1);
	fixture_people(f, nicks);
	fixture_apply(f, rec_user(OUTSIDER, "outsider"));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_deinit(*state);
	free(*state);
	return 0;
}

/* So many ms after the record before. */
static const char *after(struct fixture *f, int64_t ms, struct record r)
{
	f->time += ms - 1000;
	return fixture_apply(f, r);
}

static void check_refused(struct fixture *f, int64_t ms, struct record r, const char *why)
{
	char start[64] = "refused:";
	const char *said = after(f, ms, r);

	strlcat(start, why, sizeof(start));
	if (strncmp(said, start, strlen(start)) != 0)
		fail_msg("\"%s\" does not start with \"%s\"", said, start);
}

static void check_done(struct fixture *f, int64_t ms, struct record r, const char *what)
{
	const char *said = after(f, ms, r);

	if (strncmp(said, what, strlen(what)) != 0)
		fail_msg("\"%s\" does not start with \"%s\"", said, what);
}

static void test_slow(void **state)
{
	struct fixture *f = *state;

	fixture_apply(f, rec_modes(f, OP, "#a", "+W10"));
	check_done(f, 0, rec_say(ANN, "#a", "one"), "message");
	check_refused(f, 9999, rec_say(ANN, "#a", "two"), "slow");
	check_done(f, 0, rec_say(BOB, "#a", "mine"), "message");
	check_done(f, 1, rec_say(ANN, "#a", "three"), "message");
	check_refused(f, 9999, rec_say(ANN, "#a", "four"), "slow");
	check_done(f, 0, rec_say(OP, "#a", "a"), "message");
	check_done(f, 0, rec_say(OP, "#a", "b"), "message");
	check_done(f, -60000, rec_say(ANN, "#a", "the clock was set back"), "message");
}

static void test_flood(void **state)
{
	struct fixture *f = *state;

	fixture_apply(f, rec_modes(f, OP, "#a", "+F2:10"));
	check_done(f, 0, rec_say(ANN, "#a", "one"), "message");
	check_done(f, 9000, rec_say(ANN, "#a", "two"), "message");
	check_refused(f, 999, rec_say(ANN, "#a", "three"), "flood");
	check_done(f, 1, rec_say(ANN, "#a", "four"), "message");
	check_done(f, 0, rec_say(ANN, "#a", "five"), "message");
	check_refused(f, 0, rec_say(ANN, "#a", "six"), "flood");
	check_done(f, 0, rec_modes(f, OP, "#a", "-F"), "modes");
	check_done(f, 0, rec_say(ANN, "#a", "seven"), "message");
}

static void test_joins(void **state)
{
	struct fixture *f = *state;

	fixture_apply(f, rec_modes(f, OP, "#a", "+j1:10"));
	check_done(f, 0, rec_join(OUTSIDER, "#a", ""), "joined");
	fixture_apply(f, rec_part(OUTSIDER, "#a", ""));
	check_refused(f, 8999, rec_join(OUTSIDER, "#a", ""), "joins");
	check_done(f, 1000, rec_join(OUTSIDER, "#a", ""), "joined");
	fixture_apply(f, rec_part(OUTSIDER, "#a", ""));
	check_refused(f, 0, rec_join(OUTSIDER, "#a", ""), "joins");
	fixture_apply(f, rec_invite(OP, "#a", OUTSIDER));
	check_done(f, 0, rec_join(OUTSIDER, "#a", ""), "joined");
}

static void test_nobody_is_forgotten_early(void **state)
{
	struct fixture *f = *state;

	fixture_apply(f, rec_modes(f, OP, "#a", "+W600"));
	check_done(f, 0, rec_say(ANN, "#a", "one"), "message");
	for (uint64_t id = 100; id < 300; id++) {
		char nick[16];

		snprintf(nick, sizeof(nick), "n%u", (unsigned)id);
		after(f, 1, rec_user(id, nick));
		after(f, 1, rec_join(id, "#a", ""));
		check_done(f, 1, rec_say(id, "#a", "me too"), "message");
	}
	check_refused(f, 1, rec_say(ANN, "#a", "two"), "slow");
}

/* A channel without such modes has nothing of them. */
static void test_costs_nothing(void **state)
{
	struct fixture *f = *state;

	fixture_apply(f, rec_say(ANN, "#a", "one"));
	assert_null(network_channel(f->net, STR("#a"))->extra);
}

static struct record timed(struct fixture *f, const char *steps, int64_t ms)
{
	struct record r = rec_modes(f, OP, "#a", steps);

	r.channel_modes.until = f->time + ms;
	return r;
}

static void test_timed_bans(void **state)
{
	struct fixture *f = *state;
	struct mode_op ops[RECORD_MODE_OPS_MAX];
	int64_t start;
	const struct channel *c = network_channel(f->net, STR("#a"));

	assert_int_equal(network_lists_end(f->net), 0);
	fixture_apply(f, rec_modes(f, OP, "#a", "+bstays!*@*"));
	assert_int_equal(network_timed(f->net)->count, 0);
	start = f->time;
	after(f, 0, timed(f, "+blate!*@*", 9000));
	after(f, 0, timed(f, "+bsoon!*@* +esoon!*@*", 5000));
	assert_int_equal(network_timed(f->net)->count, 1);
	assert_int_equal(network_lists_end(f->net), start + 5000);
	assert_int_equal(network_list_over(c, start + 4999, ops), 0);
	assert_int_equal(network_list_over(c, start + 5000, ops), 2);
	assert_true(!ops[0].set && ops[0].letter == 'b' && str_eq(ops[0].param, STR("soon!*@*")));
	assert_true(ops[1].letter == 'e');
	fixture_apply(f, rec_modes(f, OP, "#a", "-bsoon!*@* -esoon!*@*"));
	assert_int_equal(network_lists_end(f->net), start + 9000);
	fixture_check(f->net);
	fixture_apply(f, rec_modes(f, OP, "#a", "-blate!*@*"));
	assert_int_equal(network_timed(f->net)->count, 0);
	after(f, 0, timed(f, "+bend!*@*", 9000));
	for (uint64_t id = OP; id <= BOB; id++)
		fixture_apply(f, rec_quit(id, "off"));
	assert_int_equal(network_timed(f->net)->count, 0);
}

static void test_masks(void **state)
{
	static const struct {
		const char *mask, *whole; /* NULL: it is none */
	} rows[] = {
		{"~r:*bad?word*", "~r:*bad?word*"},
		{"~c:#There", "~c:#There"},
		{"~c:there", NULL},
		{"~U:nick", "~U:nick!*@*"},
		{"~m:~U:nick", "~m:~U:nick!*@*"},
		{"~m:~r:x*", "~m:~r:x*"},
		{"~U:~c:#x", "~U:~c:#x"},
		{"~U:~m:nick", NULL},
		{"~U:~U:nick", NULL},
		{"~q:x", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char memory[128];
		struct buf b;
		bool good;

		buf_init(&b, memory, sizeof(memory));
		good = rule_mask_normalise(&b, str_of(rows[i].mask));
		if (good != (rows[i].whole != NULL) || (good && !str_eq(buf_view(&b), str_of(rows[i].whole))))
			fail_msg("%s gives %.*s", rows[i].mask, STR_ARG(buf_view(&b)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_slow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flood, setup, teardown),
		cmocka_unit_test_setup_teardown(test_joins, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody_is_forgotten_early, setup, teardown),
		cmocka_unit_test_setup_teardown(test_costs_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timed_bans, setup, teardown),
		cmocka_unit_test(test_masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
