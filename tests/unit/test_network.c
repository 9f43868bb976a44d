#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "network_fixture.h"
#include "network/state.h"

#define SAYS(f, record, words) assert_string_equal(fixture_apply(f, record), words)

/* ann (1) is operator of #a, bob (2) and cat (3) are in it, dan (4) is not. */
static int setup(void **state)
{
	static const char *const nicks[] = {"ann", "bob", "cat", NULL};
	struct fixture *f = calloc(1, sizeof(*f));

	fixture_init(f, 1);
	fixture_people(f, nicks);
	fixture_apply(f, rec_user(4, "dan"));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_deinit(*state);
	free(*state);
	return 0;
}

static const struct user *user(const struct fixture *f, uint64_t id)
{
	return network_user(f->net, id);
}

static const struct channel *chan(const struct fixture *f)
{
	return network_channel(f->net, STR("#a"));
}

static uint8_t rank(const struct fixture *f, uint64_t id)
{
	return network_member(chan(f), user(f, id))->rank;
}

static void test_user_add(void **state)
{
	struct fixture *f = *state;
	struct record r = rec_user(5, "Eve[1]");

	r.user_add.account = STR("eve");
	r.user_add.away = STR("asleep");
	r.user_add.modes = USER_INVISIBLE | USER_OPER;
	SAYS(f, r, "added Eve[1] Eve[1]");
	assert_string_equal(user_text(user(f, 5), USER_NICK_FOLDED), "eve{1}");
	assert_string_equal(user_text(user(f, 5), USER_ACCOUNT), "eve");
	assert_string_equal(user_text(user(f, 5), USER_REALNAME), "A Person");
	assert_string_equal(user(f, 5)->away, "asleep");
	assert_int_equal(user(f, 5)->modes, USER_INVISIBLE | USER_REGISTERED);
	assert_true(user(f, 5)->signon == f->time && user(f, 5)->spoke == f->time);
	assert_ptr_equal(network_user_by_nick(f->net, STR("EVE{1}")), user(f, 5));
	SAYS(f, rec_user(6, "eve{1}"), "refused:nick-in-use - -");
	SAYS(f, rec_user(5, "other"), "");
	SAYS(f, rec_user(0, "other"), "");
	SAYS(f, rec_user(7, ""), "");
	assert_int_equal(network_counts(f->net).users, 5);
	r = rec_override(rec_user(6, "oper"));
	r.user_add.modes = USER_OPER;
	SAYS(f, r, "added oper oper");
	assert_int_equal(network_counts(f->net).opers, 1);
	assert_int_equal(network_counts(f->net).invisible, 1);
}

/* However long what is asked for: the state is bounded. */
static void test_user_add_long(void **state)
{
	struct fixture *f = *state;
	char text[5000];
	struct record r;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	r = rec_user(5, text);
	r.user_add.realname = r.user_add.host = r.user_add.account = str_of(text);
	fixture_apply(f, r);
	assert_int_equal(user_str(user(f, 5), USER_NICK).n, NETWORK_TEXT_MAX);
	assert_int_equal(user_str(user(f, 5), USER_ACCOUNT).n, NETWORK_TEXT_MAX);
	SAYS(f, rec_user(6, text), "refused:nick-in-use - -");
	assert_true(str_starts(str_of(fixture_apply(f, rec_join(5, text, ""))), STR("refused:no-such-channel")));
	assert_null(network_channel(f->net, str_of(text)));
	assert_int_equal(network_counts(f->net).channels, 1);
}

static void test_nick(void **state)
{
	struct fixture *f = *state;

	SAYS(f, rec_nick(1, "anna"), "nick anna anna was='ann'");
	assert_null(network_user_by_nick(f->net, STR("ann")));
	assert_ptr_equal(network_user_by_nick(f->net, STR("ANNA")), user(f, 1));
	SAYS(f, rec_nick(1, "anna"), "");
	SAYS(f, rec_nick(1, "ANNA"), "nick ANNA ANNA was='anna'");
	SAYS(f, rec_nick(1, "Bob"), "refused:nick-in-use ANNA ANNA");
	SAYS(f, rec_nick(9, "zoe"), "");
	assert_string_equal(network_whowas(f->net, STR("ANN"), 0)->nick, "ann");
	assert_null(network_whowas(f->net, STR("anna"), 0));
}

static void test_quit(void **state)
{
	struct fixture *f = *state;

	SAYS(f, rec_quit(2, "bye"), "quit bob bob 'bye'");
	assert_null(user(f, 2));
	assert_null(network_user_by_nick(f->net, STR("bob")));
	assert_int_equal(chan(f)->members.count, 2);
	SAYS(f, rec_quit(2, "bye"), "");
	fixture_apply(f, rec_quit(1, ""));
	fixture_apply(f, rec_quit(3, ""));
	assert_null(chan(f));
	assert_int_equal(network_counts(f->net).users, 1);
	assert_int_equal(network_counts(f->net).users_max, 4);
	assert_int_equal(network_counts(f->net).channels, 0);
}

static void test_kill(void **state)
{
	struct fixture *f = *state;

	SAYS(f, rec_kill(1, 2, "spam"), "refused:not-oper ann -");
	fixture_apply(f, rec_override(rec_umodes(1, USER_OPER, 0)));
	SAYS(f, rec_kill(1, 99, "spam"), "refused:no-such-user ann -");
	SAYS(f, rec_kill(1, 2, "spam"), "quit ann bob 'Killed (ann (spam))'");
	SAYS(f, rec_kill(0, 3, "ghost"), "quit - cat 'Killed (* (ghost))'");
	SAYS(f, rec_kill(1, 1, "done"), "quit ann ann 'Killed (ann (done))'");
	SAYS(f, rec_kill(1, 4, "gone"), "");
	assert_int_equal(network_counts(f->net).opers, 0);
}

static void test_oper(void **state)
{
	struct fixture *f = *state;
	struct record by_itself = rec_oper(1, "helper", PRIV_ALL);

	by_itself.flags = 0;
	SAYS(f, by_itself, "");
	assert_null(user(f, 1)->oper);
	SAYS(f, rec_oper(1, "helper", PRIV_BIT(PRIV_WALLOPS)), "umodes ann ann set=2");
	assert_int_equal(network_counts(f->net).opers, 1);
	assert_string_equal(user(f, 1)->oper->name, "olga");
	assert_string_equal(user(f, 1)->oper->class_name, "helper");
	assert_string_equal(user(f, 1)->oper->title, "a helper");
	assert_true(user_may(user(f, 1), PRIV_WALLOPS));
	assert_false(user_may(user(f, 1), PRIV_KILL));
	SAYS(f, rec_kill(1, 2, "spam"), "refused:not-oper ann -");
	SAYS(f, rec_oper(1, "admin", PRIV_BIT(PRIV_KILL)), "");
	SAYS(f, rec_wallops(1, "hear"), "refused:not-oper ann ann");
	SAYS(f, rec_umodes(1, 0, USER_OPER), "umodes ann ann clear=2");
	assert_null(user(f, 1)->oper);
	assert_false(user_may(user(f, 1), PRIV_KILL));
}

static void test_oper_modes(void **state)
{
	struct fixture *f = *state;
	struct record r = rec_umodes(1, USER_HIDE_OPER | USER_OVERRIDE | USER_NOTICES, 0);

	SAYS(f, r, "");
	fixture_apply(f, rec_oper(1, "x", PRIV_BIT(PRIV_HIDE) | PRIV_BIT(PRIV_NOTICES)));
	SAYS(f, r, "umodes ann ann set=40");
	r.type = RECORD_USER_NOTICES;
	r.user_notices.mask = NOTICE_ALL;
	SAYS(f, r, "umodes ann ann set=100");
	assert_true(user(f, 1)->oper->notices ==
		    (NOTICE_BIT(NOTICE_KILLS) | NOTICE_BIT(NOTICE_OPERS) | NOTICE_BIT(NOTICE_NICKS) |
		     NOTICE_BIT(NOTICE_SERVER) | NOTICE_BIT(NOTICE_REGISTRY)));
	assert_int_equal(network_opers(f->net)->count, 1);
	SAYS(f, rec_oper(1, "y", PRIV_BIT(PRIV_NOTICES)), "umodes ann ann clear=40");
	assert_true(user(f, 1)->oper->notices & NOTICE_BIT(NOTICE_KILLS));
	SAYS(f, rec_oper(1, "z", PRIV_BIT(PRIV_OVERRIDE)), "umodes ann ann clear=100");
	SAYS(f, rec_umodes(1, USER_OVERRIDE, 0), "umodes ann ann set=80");
	SAYS(f, rec_umodes(1, 0, USER_OPER), "umodes ann ann clear=82");
	assert_int_equal(network_opers(f->net)->count, 0);
	r.user_notices.mask = 1;
	SAYS(f, r, "refused:not-oper ann ann");
}

static void test_user_texts(void **state)
{
	struct fixture *f = *state;

	SAYS(f, rec_away(1, "lunch"), "away ann ann 'lunch'");
	SAYS(f, rec_away(1, "tea"), "away ann ann 'tea' was='lunch'");
	SAYS(f, rec_away(1, ""), "away ann ann was='tea'");
	assert_null(user(f, 1)->away);
	SAYS(f, rec_realname(1, "Ann B"), "realname ann ann 'Ann B' was='A Person'");
	SAYS(f, rec_host(1, "a", "cloak"), "host ann ann was='ann@host.example'");
	SAYS(f, rec_host(1, "a", "cloak"), "");
	assert_string_equal(user_text(user(f, 1), USER_NAME), "a");
	assert_string_equal(user_text(user(f, 1), USER_HOST), "cloak");
	assert_string_equal(user_text(user(f, 1), USER_ADDRESS), "192.0.2.7");
	SAYS(f, rec_account(1, "acc"), "account ann ann 'acc' set=20");
	SAYS(f, rec_account(1, "acc"), "");
	SAYS(f, rec_account(1, "acd"), "account ann ann 'acd'");
	SAYS(f, rec_account(1, ""), "account ann ann clear=20");
}

static void test_user_modes(void **state)
{
	struct fixture *f = *state;

	SAYS(f, rec_umodes(1, USER_INVISIBLE | USER_BOT, USER_WALLOPS), "umodes ann ann set=11");
	SAYS(f, rec_umodes(1, USER_BOT, 0), "");
	SAYS(f, rec_umodes(1, USER_OPER | USER_REGISTERED, 0), "");
	SAYS(f, rec_override(rec_umodes(1, USER_OPER | USER_REGISTERED, 0)), "umodes ann ann set=2");
	assert_int_equal(network_counts(f->net).opers, 1);
	SAYS(f, rec_umodes(1, 0, USER_OPER | USER_INVISIBLE), "umodes ann ann clear=3");
	assert_int_equal(network_counts(f->net).opers, 0);
	assert_int_equal(network_counts(f->net).invisible, 0);
	SAYS(f, rec_umodes(1, ~0u << 10, 0), "");
}

static void test_join(void **state)
{
	struct fixture *f = *state;
	struct record r = rec_join(4, "#New", "");

	r.join.new_flags = CHAN_NO_EXTERNAL | CHAN_REGISTERED;
	SAYS(f, r, "joined dan dan #New");
	assert_int_equal(network_channel(f->net, STR("#NEW"))->flags, CHAN_NO_EXTERNAL);
	assert_true(network_channel(f->net, STR("#new"))->created == f->time);
	assert_int_equal(network_member(network_channel(f->net, STR("#new")), user(f, 4))->rank, RANK_OP);
	SAYS(f, rec_join(4, "#nEW", ""), "");
	SAYS(f, rec_join(4, "", ""), "refused:no-such-channel dan dan");
	SAYS(f, rec_join(4, "#A", ""), "joined dan dan #a");
	assert_int_equal(rank(f, 4), 0);
	r = rec_join(4, "#c", "");
	r.join.channels_max = 2;
	SAYS(f, r, "refused:too-many-channels dan dan");
	r.join.channels_max = 0;
	SAYS(f, r, "joined dan dan #c");
	SAYS(f, rec_join(0, "#c", ""), "");
}

static void test_join_refused(void **state)
{
	struct fixture *f = *state;

	fixture_apply(f, rec_modes(f, 1, "#a", "+kkey +bdan!*@*"));
	SAYS(f, rec_join(4, "#a", "key"), "refused:banned dan dan #a");
	SAYS(f, rec_override(rec_join(4, "#a", "")), "joined dan dan #a");
	fixture_apply(f, rec_part(4, "#a", ""));
	fixture_apply(f, rec_modes(f, 1, "#a", "-bdan!*@*"));
	SAYS(f, rec_join(4, "#a", "kei"), "refused:bad-key dan dan #a");
	SAYS(f, rec_join(4, "#a", "key"), "joined dan dan #a");
}

static void test_part(void **state)
{
	struct fixture *f = *state;

	SAYS(f, rec_part(2, "#A", "so long"), "parted bob bob #a 'so long'");
	SAYS(f, rec_part(2, "#a", ""), "refused:not-on-channel bob bob #a");
	SAYS(f, rec_part(2, "#none", ""), "refused:no-such-channel bob -");
	fixture_apply(f, rec_part(1, "#a", ""));
	fixture_apply(f, rec_part(3, "#a", ""));
	assert_null(chan(f));
}

/* An id of a channel is never used twice, so an invite to the old one does not open the new one. */
static void test_channel_again(void **state)
{
	struct fixture *f = *state;
	uint64_t id = chan(f)->id;

	fixture_apply(f, rec_invite(1, "#a", 4));
	for (uint64_t who = 1; who <= 3; who++)
		fixture_apply(f, rec_part(who, "#a", ""));
	assert_null(chan(f));
	fixture_apply(f, rec_join(2, "#a", ""));
	assert_true(chan(f)->id > id);
	assert_int_equal(rank(f, 2), RANK_OP);
	fixture_apply(f, rec_modes(f, 2, "#a", "+i"));
	SAYS(f, rec_join(4, "#a", ""), "refused:invite-only dan dan #a");
}

static void test_channel_registered(void **state)
{
	struct fixture *f = *state;

	SAYS(f, rec_modes(f, 1, "#a", "+r"), "refused:need-rank ann - #a +r");
	SAYS(f, rec_override(rec_modes(f, 1, "#a", "+r")), "modes ann ann #a +r");
	for (uint64_t who = 1; who <= 3; who++)
		fixture_apply(f, rec_part(who, "#a", ""));
	assert_non_null(chan(f));
	SAYS(f, rec_modes(f, 0, "#a", "-r"), "modes - - #a -r");
	assert_null(chan(f));
}

/* Whichever way the last one leaves. */
static void test_channel_registered_stays(void **state)
{
	struct fixture *f = *state;

	fixture_apply(f, rec_modes(f, 0, "#a", "+r"));
	fixture_apply(f, rec_kick(0, "#a", 1, ""));
	fixture_apply(f, rec_kill(0, 2, ""));
	fixture_apply(f, rec_quit(3, ""));
	assert_int_equal(chan(f)->members.count, 0);
	SAYS(f, rec_join(4, "#a", ""), "joined dan dan #a");
	fixture_apply(f, rec_part(4, "#a", ""));
	SAYS(f, rec_channel(f, "#a", 0, ""), "");
	assert_non_null(chan(f));
}

static void test_kick(void **state)
{
	struct fixture *f = *state;

	SAYS(f, rec_kick(2, "#a", 1, "no"), "refused:need-rank bob ann #a");
	SAYS(f, rec_kick(4, "#a", 1, "no"), "refused:not-on-channel dan ann #a");
	SAYS(f, rec_kick(1, "#a", 4, "no"), "refused:target-not-on-channel ann dan #a");
	SAYS(f, rec_kick(1, "#a", 99, "no"), "refused:no-such-user ann - #a");
	SAYS(f, rec_kick(1, "#b", 2, "no"), "refused:no-such-channel ann -");
	SAYS(f, rec_kick(1, "#a", 2, "out"), "kicked ann bob #a 'out'");
	SAYS(f, rec_kick(0, "#a", 2, "out"), "refused:target-not-on-channel - bob #a");
	SAYS(f, rec_kick(0, "#a", 3, "out"), "kicked - cat #a 'out'");
	SAYS(f, rec_override(rec_kick(4, "#a", 1, "out")), "kicked dan ann #a 'out'");
	assert_null(chan(f));
}

static void test_topic(void **state)
{
	struct fixture *f = *state;

	SAYS(f, rec_topic(2, "#a", "hello"), "topic bob bob #a 'hello'");
	assert_string_equal(chan(f)->topic, "hello");
	assert_string_equal(chan(f)->topic_by, "bob!bob@host.example");
	assert_true(chan(f)->topic_time == f->time);
	SAYS(f, rec_topic(1, "#a", "hello"), "topic ann ann #a 'hello'");
	assert_string_equal(chan(f)->topic_by, "ann!ann@host.example");
	SAYS(f, rec_topic(4, "#a", "x"), "refused:not-on-channel dan dan #a");
	fixture_apply(f, rec_modes(f, 1, "#a", "+t"));
	SAYS(f, rec_topic(2, "#a", "x"), "refused:need-rank bob bob #a");
	SAYS(f, rec_topic(0, "#a", "news"), "topic - - #a 'news'");
	SAYS(f, rec_topic(1, "#a", ""), "topic ann ann #a");
	assert_null(chan(f)->topic);
	assert_null(chan(f)->topic_by);
	assert_true(chan(f)->topic_time == 0);
	SAYS(f, rec_topic(1, "#none", "x"), "refused:no-such-channel ann -");
}

static void test_modes_flags(void **state)
{
	struct fixture *f = *state;

	SAYS(f, rec_modes(f, 1, "#a", "+n +t +n -s +m -m"), "modes ann ann #a +n +t +m -m");
	assert_int_equal(chan(f)->flags, CHAN_NO_EXTERNAL | CHAN_TOPIC_LOCKED);
	SAYS(f, rec_modes(f, 1, "#a", "+n"), "");
	SAYS(f, rec_modes(f, 2, "#a", "+i +s"), "refused:need-rank bob - #a +i");
	SAYS(f, rec_modes(f, 4, "#a", "+i"), "refused:need-rank dan - #a +i");
	SAYS(f, rec_modes(f, 1, "#b", "+i"), "refused:no-such-channel ann -");
	SAYS(f, rec_override(rec_modes(f, 4, "#a", "+i")), "modes dan dan #a +i");
}

static void test_modes_params(void **state)
{
	struct fixture *f = *state;

	SAYS(f, rec_modes(f, 1, "#a", "+kone +ktwo +ktwo"), "modes ann ann #a +kone +ktwo");
	assert_string_equal(chan(f)->key, "two");
	SAYS(f, rec_modes(f, 1, "#a", "-kwrong -k"), "modes ann ann #a -k*");
	assert_null(chan(f)->key);
	SAYS(f, rec_modes(f, 1, "#a", "+k"), "");
	SAYS(f, rec_modes(f, 1, "#a", "+l5 +l5 +l05 +l6"), "modes ann ann #a +l5 +l6");
	SAYS(f, rec_modes(f, 1, "#a", "+l0 +lx +l-5 +l4294967296"), "");
	assert_int_equal(chan(f)->limit, 6);
	SAYS(f, rec_modes(f, 1, "#a", "-l9 -l"), "modes ann ann #a -l");
	assert_int_equal(chan(f)->limit, 0);
}

static void test_modes_lists(void **state)
{
	struct fixture *f = *state;
	const struct list_entry *e;

	SAYS(f, rec_modes(f, 1, "#a", "+bx!*@* +bX!*@* +by!*@*"), "modes ann ann #a +bx!*@* +by!*@*");
	e = chan(f)->lists[CHAN_LIST_BAN].items[0];
	assert_string_equal(e->mask, "x!*@*");
	assert_string_equal(e->by, "ann!ann@host.example");
	assert_true(e->time == f->time);
	SAYS(f, rec_modes(f, 1, "#a", "-bnone!*@* -bX!*@* +bz!*@*"), "modes ann ann #a -bx!*@* +bz!*@*");
	e = chan(f)->lists[CHAN_LIST_BAN].items[0];
	assert_string_equal(e->mask, "y!*@*");
	SAYS(f, rec_modes(f, 1, "#a", "+e1!*@* +I2!*@* +b3!*@* +b4!*@* +i +b5!*@*"),
	     "refused:list-full ann - #a '4!*@*' +b4!*@*; modes ann ann #a +e1!*@* +I2!*@* +b3!*@* +i");
	SAYS(f, rec_modes(f, 1, "#a", "+bq!*@* -b3!*@* +bq!*@* -bq!*@*"),
	     "refused:list-full ann - #a 'q!*@*' +bq!*@*; modes ann ann #a -b3!*@* +bq!*@* -bq!*@*");
	SAYS(f, rec_modes(f, 1, "#a", "+b"), "");
}

static void test_modes_ranks(void **state)
{
	struct fixture *f = *state;

	SAYS(f, rec_modes(f, 1, "#a", "+o2 +v2 +h3"), "modes ann ann #a +o2 +v2 +h3");
	assert_int_equal(rank(f, 2), RANK_OP | RANK_VOICE);
	SAYS(f, rec_modes(f, 1, "#a", "+o2"), "");
	SAYS(f, rec_modes(f, 1, "#a", "+o4 +v4 +v99"), "refused:target-not-on-channel ann dan #a +o4");
	SAYS(f, rec_modes(f, 3, "#a", "+v1 +o3 -h3 +v2"), "refused:need-rank cat cat #a +o3; modes cat cat #a +v1 -h3");
	SAYS(f, rec_modes(f, 2, "#a", "-o1 +a2"), "refused:need-rank bob bob #a +a2; modes bob bob #a -o1");
	SAYS(f, rec_modes(f, 0, "#a", "+q1 -v2 +o4"),
	     "refused:target-not-on-channel - dan #a +o4; modes - - #a +q1 -v2");
	SAYS(f, rec_modes(f, 2, "#a", "-q1"), "refused:need-rank bob ann #a -q1");
	SAYS(f, rec_modes(f, 1, "#a", "+a2 -q1"), "modes ann ann #a +a2 -q1");
}

static void test_invite(void **state)
{
	struct fixture *f = *state;

	SAYS(f, rec_invite(2, "#a", 4), "invited bob dan #a");
	assert_int_equal(user(f, 4)->ninvites, 0);
	SAYS(f, rec_invite(1, "#a", 4), "invited ann dan #a");
	SAYS(f, rec_invite(1, "#a", 4), "invited ann dan #a");
	SAYS(f, rec_invite(2, "#a", 4), "invited bob dan #a");
	assert_int_equal(user(f, 4)->ninvites, 1);
	SAYS(f, rec_invite(2, "#a", 3), "refused:already-on-channel bob cat #a");
	SAYS(f, rec_invite(0, "#a", 3), "refused:already-on-channel - cat #a");
	SAYS(f, rec_invite(4, "#a", 4), "refused:not-on-channel dan dan #a");
	SAYS(f, rec_invite(2, "#a", 99), "refused:no-such-user bob - #a");
	SAYS(f, rec_invite(2, "#b", 4), "refused:no-such-channel bob -");
	fixture_apply(f, rec_modes(f, 1, "#a", "+i"));
	SAYS(f, rec_invite(2, "#a", 4), "refused:need-rank bob dan #a");
	SAYS(f, rec_join(4, "#a", ""), "joined dan dan #a");
	assert_int_equal(user(f, 4)->ninvites, 0);
	fixture_apply(f, rec_part(4, "#a", ""));
	SAYS(f, rec_join(4, "#a", ""), "refused:invite-only dan dan #a");
}

/* The oldest makes room. */
static void test_invite_bound(void **state)
{
	struct fixture *f = *state;
	uint64_t second = 0;

	for (int i = 0; i < NETWORK_INVITES_MAX + 1; i++) {
		char name[8] = {'#', 'c', (char)('0' + i / 10), (char)('0' + i % 10)};
		struct record r = rec_join(1, name, "");

		r.join.channels_max = 0;
		fixture_apply(f, r);
		fixture_apply(f, rec_invite(1, name, 4));
		if (i == 1)
			second = network_channel(f->net, str_of(name))->id;
	}
	assert_int_equal(user(f, 4)->ninvites, NETWORK_INVITES_MAX);
	assert_true(user(f, 4)->invites[0] == second);
}

static void test_message_channel(void **state)
{
	struct fixture *f = *state;
	struct record tagmsg = rec_say(2, "#a", "");
	int64_t spoke;

	SAYS(f, rec_say(2, "#A", "hi"), "message bob - #a 'hi'");
	assert_true(user(f, 2)->spoke == f->time);
	spoke = f->time;
	tagmsg.message.kind = MESSAGE_TAGMSG;
	SAYS(f, tagmsg, "message bob - #a");
	assert_true(user(f, 2)->spoke == spoke);
	SAYS(f, rec_say(2, "#none", "hi"), "refused:no-such-channel bob -");
	fixture_apply(f, rec_modes(f, 1, "#a", "+m +n"));
	SAYS(f, rec_say(2, "#a", "hi"), "refused:moderated bob - #a");
	SAYS(f, tagmsg, "refused:moderated bob - #a");
	SAYS(f, rec_say(4, "#a", "hi"), "refused:no-external dan - #a");
	SAYS(f, rec_say(0, "#a", "hi"), "message - - #a 'hi'");
	SAYS(f, rec_override(rec_say(4, "#a", "hi")), "message dan - #a 'hi'");
	SAYS(f, rec_say(9, "#a", "hi"), "");
}

static void test_message_user(void **state)
{
	struct fixture *f = *state;

	SAYS(f, rec_tell(1, 4, "hi"), "message ann dan 'hi'");
	SAYS(f, rec_tell(1, 1, "hi"), "message ann ann 'hi'");
	SAYS(f, rec_tell(1, 99, "hi"), "refused:no-such-user ann -");
	fixture_apply(f, rec_umodes(4, USER_REGISTERED_ONLY, 0));
	SAYS(f, rec_tell(1, 4, "hi"), "refused:speak-needs-account ann dan");
	SAYS(f, rec_tell(0, 4, "hi"), "message - dan 'hi'");
}

static void test_wallops(void **state)
{
	struct fixture *f = *state;

	SAYS(f, rec_wallops(1, "hear"), "refused:not-oper ann ann");
	fixture_apply(f, rec_override(rec_umodes(1, USER_OPER, 0)));
	SAYS(f, rec_wallops(1, "hear"), "wallops ann ann 'hear'");
	SAYS(f, rec_wallops(0, "hear"), "wallops - - 'hear'");
}

static void test_whowas(void **state)
{
	struct fixture *f = *state;
	char nick[2] = {0};

	fixture_apply(f, rec_account(2, "acc"));
	fixture_apply(f, rec_quit(2, "x"));
	assert_string_equal(network_whowas(f->net, STR("BOB"), 0)->account, "acc");
	assert_string_equal(network_whowas(f->net, STR("bob"), 0)->address, "192.0.2.7");
	assert_true(network_whowas(f->net, STR("bob"), 0)->time == f->time);
	fixture_apply(f, rec_user(5, "Bob"));
	fixture_apply(f, rec_nick(5, "rob"));
	assert_string_equal(network_whowas(f->net, STR("bob"), 0)->nick, "Bob");
	assert_null(network_whowas(f->net, STR("bob"), 0)->account);
	assert_string_equal(network_whowas(f->net, STR("bob"), 1)->nick, "bob");
	assert_null(network_whowas(f->net, STR("bob"), 2));
	for (int i = 0; i < 7; i++) {
		nick[0] = (char)('e' + i);
		fixture_apply(f, rec_nick(4, nick));
	}
	assert_non_null(network_whowas(f->net, STR("bob"), 0));
	assert_null(network_whowas(f->net, STR("bob"), 1));
}

static void test_other_records(void **state)
{
	struct fixture *f = *state;
	struct record r = rec_quit(1, "");
	uint64_t before = network_hash(f->net);

	r.type = 0;
	SAYS(f, r, "");
	r.type = RECORD_TYPE_END;
	SAYS(f, r, "");
	assert_true(network_hash(f->net) == before);
}

/* Every kind of record leaves a network with another hash. */
static void test_hash_sees(void **state)
{
	struct fixture *f = *state;
	struct record rows[] = {
		rec_user(5, "eve"),         rec_nick(1, "Ann"),
		rec_away(1, "a"),           rec_away(1, "b"),
		rec_realname(1, "x"),       rec_host(1, "a", "b"),
		rec_umodes(1, USER_BOT, 0), rec_account(1, "a"),
		rec_join(4, "#a", ""),      rec_part(4, "#a", ""),
		rec_topic(1, "#a", "t"),    rec_topic(1, "#a", "t"),
		rec_invite(1, "#a", 4),     rec_say(1, "#a", "time passes"),
		rec_kick(1, "#a", 3, ""),   rec_quit(3, ""),
		rec_kill(0, 2, ""),
	};
	static const char *const steps[] = {"+n",      "+k1",     "+k2",     "+l2", "+l3",
					    "+bx!*@*", "+ex!*@*", "+Ix!*@*", "+v1", "-o1"};
	uint64_t before = network_hash(f->net);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fixture_apply(f, rows[i]);
		if (network_hash(f->net) == before)
			fail_msg("row %zu", i);
		before = network_hash(f->net);
	}
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		fixture_apply(f, rec_modes(f, 1, "#a", steps[i]));
		if (network_hash(f->net) == before)
			fail_msg("%s", steps[i]);
		before = network_hash(f->net);
	}
}

/* What is no part of the state: who hears for a user, and the order in which equals stand in a table. */
static void test_hash_blind(void **state)
{
	struct fixture *f = *state;
	static const uint64_t orders[2][4] = {{1, 2, 3, 4}, {4, 2, 1, 3}};
	static const char *const nicks[] = {"", "ann", "bob", "cat", "dan"};
	uint64_t before = network_hash(f->net);
	uint64_t hashes[2];

	network_user_set_sessions(f->net, 1, f);
	assert_ptr_equal(user(f, 1)->sessions, f);
	network_user_set_sessions(f->net, 99, f);
	assert_true(network_hash(f->net) == before);
	for (int i = 0; i < 2; i++) {
		struct fixture g;

		fixture_init(&g, 77);
		for (int at = 0; at < 4; at++) {
			g.time = 0;
			fixture_apply(&g, rec_user(orders[i][at], nicks[orders[i][at]]));
		}
		hashes[i] = network_hash(g.net);
		fixture_deinit(&g);
	}
	assert_true(hashes[0] == hashes[1]);
}

static void test_lookups(void **state)
{
	struct fixture *f = *state;
	struct network *net = f->net;

	assert_int_equal(network_casemap(net), CASEMAP_RFC1459);
	assert_int_equal(network_users(net)->count, 4);
	assert_int_equal(network_channels(net)->count, 1);
	assert_null(network_user(net, 0));
	assert_null(network_user_by_nick(net, STR_NONE));
	assert_null(network_channel(net, STR_NONE));
	assert_null(network_member(chan(f), user(f, 4)));
	fixture_apply(f, rec_join(4, "#b", ""));
	fixture_apply(f, rec_join(4, "#c", ""));
	assert_null(network_member(chan(f), user(f, 4)));
	assert_null(network_member(network_channel(net, STR("#b")), user(f, 1)));
	assert_non_null(network_member(network_channel(net, STR("#b")), user(f, 4)));
	network_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_user_add),
		TEST(test_user_add_long),
		TEST(test_nick),
		TEST(test_quit),
		TEST(test_kill),
		TEST(test_oper),
		TEST(test_oper_modes),
		TEST(test_user_texts),
		TEST(test_user_modes),
		TEST(test_join),
		TEST(test_join_refused),
		TEST(test_part),
		TEST(test_channel_again),
		TEST(test_channel_registered),
		TEST(test_kick),
		TEST(test_topic),
		TEST(test_modes_flags),
		TEST(test_modes_params),
		TEST(test_modes_lists),
		TEST(test_modes_ranks),
		TEST(test_invite),
		TEST(test_invite_bound),
		TEST(test_message_channel),
		TEST(test_message_user),
		TEST(test_wallops),
		TEST(test_whowas),
		TEST(test_other_records),
		TEST(test_hash_sees),
		TEST(test_hash_blind),
		TEST(test_lookups),
		TEST(test_channel_registered_stays),

	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
