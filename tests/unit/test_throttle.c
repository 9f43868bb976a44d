#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session/throttle.h"
#include "session_fixture.h"

static int set_up(void **state)
{
	struct stage *st = malloc(sizeof(*st));

	assert_non_null(st);
	stage_init(st, NULL);
	st->server.flood_burst = 3;
	st->server.flood_rate = 5;
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

/* Time goes on by that much, as far as the bucket can tell. */
static void pass(struct session *s, int64_t ms)
{
	s->refilled -= ms;
}

static void burst_then_empty(void **state)
{
	struct session *s = stage_session(*state, 0);

	assert_false(throttle_take(s, 1000));
	assert_false(throttle_take(s, 1000));
	assert_false(throttle_take(s, 1000));
	assert_int_equal(s->tokens, 0);
	assert_true(throttle_take(s, 1));
	assert_int_equal(s->tokens, -1);
}

static void refills_at_the_rate(void **state)
{
	struct session *s = stage_session(*state, 0);

	assert_false(throttle_take(s, 3000));
	pass(s, 199);
	assert_true(throttle_take(s, 1000));
	assert_int_equal(s->tokens, -5);
	pass(s, 201);
	assert_false(throttle_take(s, 1000));
	assert_int_equal(s->tokens, 0);
}

static void never_holds_more_than_the_burst(void **state)
{
	struct session *s = stage_session(*state, 0);

	pass(s, INT64_C(1000) * 60 * 60 * 24 * 365 * 100);
	assert_false(throttle_take(s, 3000));
	assert_int_equal(s->tokens, 0);
	assert_true(throttle_take(s, 1000));
}

/* A smaller burst after a reload counts at once. */
static void follows_the_configuration(void **state)
{
	struct stage *st = *state;
	struct session *s = stage_session(st, 0);

	st->server.flood_burst = 1;
	assert_false(throttle_take(s, 1000));
	assert_true(throttle_take(s, 1000));
	st->server.no_limits = true;
	assert_false(throttle_take(s, 1000000));
	assert_int_equal(s->tokens, -1000);
}

/* To the millisecond, whatever rate and debt: not empty then, empty one millisecond before. */
static void says_when_there_is_a_token(void **state)
{
	static const uint32_t rates[] = {1, 2, 3, 5, 7, 999, 1000, 10000};
	struct stage *st = *state;
	struct session *s = stage_session(st, 0);

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		st->server.flood_rate = rates[i];
		for (int32_t debt = 1; debt < 30000; debt = debt * 3 + 1) {
			int64_t now = s->refilled, wait;

			s->tokens = -debt;
			wait = throttle_until(s) - now;
			assert_in_range(wait, 1, debt);
			pass(s, wait - 1);
			assert_true(throttle_take(s, 0));
			pass(s, 1);
			assert_false(throttle_take(s, 0));
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(burst_then_empty),
		TEST(refills_at_the_rate),
		TEST(never_holds_more_than_the_burst),
		TEST(follows_the_configuration),
		TEST(says_when_there_is_a_token),
	};

	return cmocka_run_group_tests_name("throttle", tests, NULL, NULL);
}
