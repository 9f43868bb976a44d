#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "network/ban.h"
#include "network_fixture.h"

/* Names that nobody gets, and channels that are suspended. */

#define SAYS(f, record, words) assert_string_equal(fixture_apply(f, record), words)

enum { ANN = 1, BOB, OPER };

/* ann is operator of #a, and bob is in it; oper is in no channel. */
static int setup(void **state)
{
	static const char *const nicks[] = {"ann", "bob", NULL};
	struct fixture *f = calloc(1, sizeof(*f));

	fixture_init(f, 1);
	fixture_people(f, nicks);
	fixture_apply(f, rec_user(OPER, "oper"));
	fixture_apply(f, rec_oper(OPER, "all", PRIV_ALL));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_deinit(*state);
	free(*state);
	return 0;
}

static struct record forbid(enum ban_kind kind, const char *mask)
{
	struct record r = {.type = RECORD_BAN_SET, .flags = RECORD_OVERRIDE};

	r.ban.kind = kind;
	r.ban.action = BAN_REFUSE;
	r.ban.mask = str_of(mask);
	r.ban.by = STR("oper!oper@host.example");
	r.ban.reason = STR("no");
	return r;
}

static struct record allow(struct fixture *f, enum ban_kind kind, const char *mask)
{
	struct record r = {.type = RECORD_BAN_CLEAR, .flags = RECORD_OVERRIDE};

	r.ban_clear.id = network_ban_find(f->net, kind, str_of(mask))->id;
	return r;
}

static void test_nicks(void **state)
{
	struct fixture *f = *state;

	SAYS(f, forbid(BAN_NICK, "bad*"), "ban - -");
	SAYS(f, rec_user(9, "BadOne"), "refused:forbidden - -");
	SAYS(f, rec_nick(ANN, "bad"), "refused:forbidden ann ann");
	SAYS(f, rec_user(9, "abad"), "added abad abad");
}

static void test_nicks_of_those_who_may(void **state)
{
	struct fixture *f = *state;

	fixture_apply(f, forbid(BAN_NICK, "bad"));
	SAYS(f, rec_override(rec_nick(ANN, "bad")), "nick bad bad was='ann'");
	SAYS(f, rec_nick(ANN, "ann"), "nick ann ann was='bad'");
	SAYS(f, rec_nick(OPER, "bad"), "nick bad bad was='oper'");
	SAYS(f, rec_nick(OPER, "oper"), "nick oper oper was='bad'");
	fixture_apply(f, allow(f, BAN_NICK, "BAD"));
	SAYS(f, rec_nick(ANN, "bad"), "nick bad bad was='ann'");
}

static void test_channels(void **state)
{
	struct fixture *f = *state;

	SAYS(f, forbid(BAN_CHANNEL, "#b*"), "ban - -");
	SAYS(f, rec_join(ANN, "#Bad", ""), "refused:forbidden ann ann");
	assert_null(network_channel(f->net, STR("#bad")));
	SAYS(f, rec_join(OPER, "#bad", ""), "joined oper oper #bad");
	SAYS(f, rec_override(rec_join(ANN, "#bad", "")), "joined ann ann #bad");
	SAYS(f, forbid(BAN_CHANNEL, "#b*"),
	     "ban - -; kicked - ann #bad 'This channel is forbidden: no'; kicked - oper #bad 'This channel is forbidden: no'");
	assert_null(network_channel(f->net, STR("#bad")));
	fixture_apply(f, allow(f, BAN_CHANNEL, "#b*"));
	SAYS(f, rec_join(ANN, "#bad", ""), "joined ann ann #bad");
}

static void test_suspended(void **state)
{
	struct fixture *f = *state;
	struct record r = forbid(BAN_SUSPENDED, "#A");

	fixture_apply(f, rec_override(rec_modes(f, ANN, "#a", "+r")));
	fixture_apply(f, rec_override(rec_topic(ANN, "#a", "what it is")));
	r.ban.until = 86400000;
	SAYS(f, r,
	     "ban - -; kicked - bob #a 'This channel is suspended: no (until 1970-01-02 00:00 UTC)'; "
	     "kicked - ann #a 'This channel is suspended: no (until 1970-01-02 00:00 UTC)'");
	assert_string_equal(network_channel(f->net, STR("#a"))->topic, "what it is");
	SAYS(f, rec_join(BOB, "#a", ""), "refused:forbidden bob bob");
	SAYS(f, rec_join(OPER, "#a", ""), "joined oper oper #a");
	assert_ptr_equal(network_ban_due(f->net), network_channel_shut(f->net, STR("#a")));
	fixture_apply(f, allow(f, BAN_SUSPENDED, "#a"));
	SAYS(f, rec_join(BOB, "#a", ""), "joined bob bob #a");
}

/* No way in by another name, nor by another channel. */
static void test_no_way_around(void **state)
{
	struct fixture *f = *state;
	struct record r = {.type = RECORD_RENAME, .origin = ANN};

	fixture_apply(f, forbid(BAN_CHANNEL, "#bad"));
	r.rename.channel = STR("#a");
	r.rename.name = STR("#bad");
	SAYS(f, r, "refused:forbidden ann ann #a");
	fixture_apply(f, rec_join(OPER, "#c", ""));
	fixture_apply(f, rec_override(rec_modes(f, OPER, "#c", "+r")));
	fixture_apply(f, forbid(BAN_SUSPENDED, "#c"));
	fixture_apply(f, rec_override(rec_modes(f, ANN, "#a", "+if#c")));
	fixture_apply(f, rec_user(9, "eve"));
	SAYS(f, rec_join(9, "#a", ""), "refused:invite-only eve eve #a");
}

static void test_what_is_met(void **state)
{
	struct fixture *f = *state;

	fixture_apply(f, forbid(BAN_EMAIL, "*@bad.example"));
	fixture_apply(f, forbid(BAN_NICK, "#odd"));
	fixture_apply(f, forbid(BAN_SUSPENDED, "#*"));
	assert_non_null(network_forbidden(f->net, BAN_EMAIL, STR("Who@Bad.example")));
	assert_null(network_forbidden(f->net, BAN_EMAIL, STR("who@good.example")));
	assert_null(network_forbidden(f->net, BAN_NICK, STR("who@bad.example")));
	/* A suspension is of one channel, whatever its name looks like. */
	assert_null(network_channel_shut(f->net, STR("#a")));
	assert_non_null(network_channel_shut(f->net, STR("#*")));
	/* None of it is against people. */
	SAYS(f, rec_user(9, "eve"), "added eve eve");
}

static void test_hash(void **state)
{
	struct fixture *f = *state;
	uint64_t before = network_hash_kept(f->net);

	fixture_apply(f, forbid(BAN_EMAIL, "*@bad.example"));
	assert_true(network_hash_kept(f->net) != before);
	fixture_apply(f, allow(f, BAN_EMAIL, "*@bad.example"));
	assert_true(network_hash_kept(f->net) == before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nicks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nicks_of_those_who_may, setup, teardown),
		cmocka_unit_test_setup_teardown(test_channels, setup, teardown),
		cmocka_unit_test_setup_teardown(test_suspended, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_way_around, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_met, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hash, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
