#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "network_fixture.h"
#include "network/ban.h"

#define SAYS(f, record, words) assert_string_equal(fixture_apply(f, record), words)

/* ann (1) is operator of #a, bob (2) and cat (3) are in it; all are at host.example. */
static int setup(void **state)
{
	static const char *const nicks[] = {"ann", "bob", "cat", NULL};
	struct fixture *f = calloc(1, sizeof(*f));

	fixture_init(f, 1);
	fixture_people(f, nicks);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_deinit(*state);
	free(*state);
	return 0;
}

static struct record ban(enum ban_kind kind, enum ban_action action, const char *mask)
{
	struct record r = {.type = RECORD_BAN_SET, .flags = RECORD_OVERRIDE, .origin = 1};

	r.ban.kind = kind;
	r.ban.action = action;
	r.ban.mask = str_of(mask);
	r.ban.by = STR("ann!ann@host.example");
	r.ban.reason = STR("enough");
	return r;
}

static struct record unban(uint64_t id)
{
	struct record r = {.type = RECORD_BAN_CLEAR, .flags = RECORD_OVERRIDE};

	r.ban_clear.id = id;
	return r;
}

static struct record person(uint64_t id, const char *nick, const char *address)
{
	struct record r = rec_user(id, nick);

	r.user_add.address = str_of(address);
	return r;
}

static void test_set_and_clear(void **state)
{
	struct fixture *f = *state;
	struct record r = ban(BAN_MASK, BAN_REFUSE, "evil*!*@*");
	uint64_t hash = network_hash(f->net);
	const struct ban *b;

	SAYS(f, r, "ban - -");
	b = network_ban_find(f->net, BAN_MASK, STR("EVIL*!*@*"));
	assert_non_null(b);
	assert_true(b->id == 1 && network_ban_count(f->net) == 1 && network_ban(f->net, 1) == b);
	assert_string_equal(b->reason, "enough");
	assert_true(network_hash(f->net) != hash);
	r.ban.mask = STR("Evil*!*@*");
	r.ban.reason = STR("again");
	r.ban.until = 77;
	SAYS(f, r, "ban - -");
	assert_true(network_ban_count(f->net) == 1 && b->until == 77 && network_ban_due(f->net) == b);
	SAYS(f, rec_user(9, "eviler"), "refused:server-ban - -");
	SAYS(f, unban(2), "");
	SAYS(f, unban(1), "unban - -");
	assert_null(network_ban_due(f->net));
	assert_int_equal(network_ban_count(f->net), 0);
	assert_true(network_ban_next(f->net) == 2);
	SAYS(f, rec_user(9, "eviler"), "added eviler eviler");
}

/* Who asks must have the power to, and need not be here any more. */
static void test_origin(void **state)
{
	struct fixture *f = *state;
	struct record r = ban(BAN_MASK, BAN_REFUSE, "bob!*@*");

	r.flags = 0;
	SAYS(f, r, "");
	r.origin = 99;
	r.flags = RECORD_OVERRIDE;
	SAYS(f, r, "ban - -; quit - bob 'Banned: enough'");
}

static void test_those_who_are_on(void **state)
{
	struct fixture *f = *state;

	fixture_apply(f, rec_oper(3, "helper", PRIV_BIT(PRIV_BAN)));
	SAYS(f, ban(BAN_MASK, BAN_REFUSE, "*!*@host.example"),
	     "ban - -; quit - bob 'Banned: enough'; quit - ann 'Banned: enough'");
	assert_int_equal(network_users(f->net)->count, 1);
}

static void test_addresses(void **state)
{
	struct fixture *f = *state;
	struct cidr c;

	fixture_apply(f, ban(BAN_ADDRESS, BAN_REFUSE, "192.0.2.0/24"));
	fixture_apply(f, ban(BAN_ADDRESS, BAN_SHUN, "198.51.0.0/16"));
	fixture_apply(f, ban(BAN_ADDRESS, BAN_REFUSE, "198.51.100.7"));
	fixture_apply(f, ban(BAN_ADDRESS, BAN_REFUSE, "2001:db8::/32"));
	SAYS(f, ban(BAN_ADDRESS, BAN_REFUSE, "no address"), "");
	SAYS(f, person(10, "a", "192.0.2.9"), "refused:server-ban - -");
	SAYS(f, person(10, "a", "198.51.100.7"), "refused:server-ban - -");
	SAYS(f, person(10, "a", "2001:db8:1::2"), "refused:server-ban - -");
	SAYS(f, person(10, "a", "192.0.3.9"), "added a a");
	SAYS(f, person(11, "b", "198.51.100.8"), "added b b");
	assert_true(network_user(f->net, 11)->shunned);
	assert_false(network_user(f->net, 10)->shunned);
	assert_true(cidr_parse(&c, STR("192.0.2.77")) && network_ban_address(f->net, &c));
	assert_true(cidr_parse(&c, STR("198.51.100.8")) && !network_ban_address(f->net, &c));
	SAYS(f, unban(2), "unban - -");
	assert_false(network_user(f->net, 11)->shunned);
	SAYS(f, unban(1), "unban - -");
	assert_true(cidr_parse(&c, STR("192.0.2.77")) && !network_ban_address(f->net, &c));
}

static void test_accounts(void **state)
{
	struct fixture *f = *state;
	struct record r = rec_user(20, "dan");

	fixture_apply(f, ban(BAN_ACCOUNT, BAN_REFUSE, "Bad*"));
	r.user_add.account = STR("badger");
	SAYS(f, r, "refused:server-ban - -");
	SAYS(f, rec_account(2, "good"), "account bob bob 'good' set=20");
	SAYS(f, rec_account(2, "BADLY"), "account bob bob 'BADLY'; quit bob bob 'Banned: enough'");
	fixture_apply(f, ban(BAN_MASK, BAN_NEED_ACCOUNT, "*!*@host.example"));
	assert_null(network_user(f->net, 3));
	SAYS(f, rec_user(21, "eve"), "refused:server-ban - -");
	r = rec_user(21, "eve");
	r.user_add.account = STR("eve");
	SAYS(f, r, "added eve eve");
}

static void test_shun_follows_the_texts(void **state)
{
	struct fixture *f = *state;

	fixture_apply(f, ban(BAN_REALNAME, BAN_SHUN, "*spam*"));
	assert_false(network_user(f->net, 2)->shunned);
	fixture_apply(f, rec_realname(2, "I Spam you"));
	assert_true(network_user(f->net, 2)->shunned);
	fixture_apply(f, rec_realname(2, "I do not"));
	assert_false(network_user(f->net, 2)->shunned);
	fixture_apply(f, ban(BAN_MASK, BAN_SHUN, "cat!*@*"));
	assert_true(network_user(f->net, 3)->shunned);
	fixture_apply(f, ban(BAN_MASK, BAN_WARN, "CAT!*@*"));
	assert_false(network_user(f->net, 3)->shunned);
}

/* Nobody slips by with another nick or real name. */
static void test_changes_of_texts(void **state)
{
	struct fixture *f = *state;

	fixture_apply(f, ban(BAN_REALNAME, BAN_REFUSE, "*spam*"));
	fixture_apply(f, ban(BAN_MASK, BAN_REFUSE, "evil*!*@*"));
	SAYS(f, rec_nick(2, "evilbob"), "nick evilbob evilbob was='bob'; quit evilbob evilbob 'Banned: enough'");
	SAYS(f, rec_realname(3, "I spam"), "realname cat cat 'I spam' was='A Person'; quit cat cat 'Banned: enough'");
	fixture_apply(f, rec_oper(1, "helper", PRIV_BIT(PRIV_BAN)));
	SAYS(f, rec_nick(1, "evilann"), "nick evilann evilann was='ann'");
}

static void test_bound(void **state)
{
	struct fixture *f = *state;
	struct record r = ban(BAN_REALNAME, BAN_REFUSE, "x");

	r.ban.max = 1;
	SAYS(f, r, "ban - -");
	SAYS(f, r, "ban - -");
	r.ban.mask = STR("y");
	SAYS(f, r, "refused:bans-full - -");
}

static void test_ids(void **state)
{
	struct fixture *f = *state;
	struct record r = ban(BAN_REALNAME, BAN_REFUSE, "x"), again;

	r.ban.id = 40;
	fixture_apply(f, r);
	r.ban.mask = STR("y");
	fixture_apply(f, r);
	assert_true(network_ban_find(f->net, BAN_REALNAME, STR("y"))->id == 41);
	network_ban_record(network_ban(f->net, 40), &again);
	assert_true(again.ban.id == 40 && str_eq(again.ban.mask, STR("x")));
}

static void test_hits(void **state)
{
	struct fixture *f = *state;
	uint64_t hash;

	fixture_apply(f, ban(BAN_REALNAME, BAN_REFUSE, "x"));
	hash = network_hash(f->net);
	network_ban_hit(f->net, network_ban(f->net, 1), 99);
	assert_true(network_ban(f->net, 1)->hits == 1 && network_ban(f->net, 1)->last_hit == 99);
	assert_true(network_hash(f->net) == hash);
}

static void test_words(void **state)
{
	struct fixture *f = *state;
	char memory[256];
	struct record r = ban(BAN_REALNAME, BAN_REFUSE, "x");
	struct buf b;

	r.ban.until = 1700000000000;
	fixture_apply(f, r);
	buf_init(&b, memory, sizeof(memory));
	ban_explain(&b, network_ban(f->net, 1));
	assert_true(str_eq(buf_view(&b), STR("Banned: enough (until 2023-11-14 22:13 UTC)")));
	r.ban.reason = STR_NONE;
	r.ban.until = 0;
	r.ban.action = BAN_NEED_ACCOUNT;
	fixture_apply(f, r);
	buf_init(&b, memory, sizeof(memory));
	ban_reason(&b, network_ban(f->net, 1));
	assert_true(str_eq(buf_view(&b), STR("log in to an account first: no reason given")));
}

static void test_emergency(void **state)
{
	struct fixture *f = *state;
	struct record r = {.type = RECORD_EMERGENCY, .origin = 2};

	r.emergency.level = 2;
	SAYS(f, r, "");
	assert_int_equal(network_emergency(f->net), 0);
	r.flags = RECORD_OVERRIDE;
	SAYS(f, r, "emergency - -");
	SAYS(f, r, "");
	assert_int_equal(network_emergency(f->net), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_set_and_clear, setup, teardown),
		cmocka_unit_test_setup_teardown(test_origin, setup, teardown),
		cmocka_unit_test_setup_teardown(test_those_who_are_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_addresses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_accounts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shun_follows_the_texts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changes_of_texts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bound, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ids, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_words, setup, teardown),
		cmocka_unit_test_setup_teardown(test_emergency, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
