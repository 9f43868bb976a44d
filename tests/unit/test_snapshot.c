#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "network/ban.h"
#include "network/snapshot.h"
#include "network/state.h"
#include "network_fixture.h"

/* Something of everything that a network can hold. */
static void fill_bans(struct fixture *f)
{
	struct record r = {.type = RECORD_BAN_SET, .flags = RECORD_OVERRIDE};

	r.ban.kind = BAN_ADDRESS;
	r.ban.mask = STR("203.0.113.0/24");
	r.ban.by = STR("ann!a@h");
	r.ban.until = 1900000000000;
	fixture_apply(f, r);
	r.ban.kind = BAN_REALNAME;
	r.ban.action = BAN_SHUN;
	r.ban.mask = STR("*spam*");
	fixture_apply(f, r);
	fixture_apply(f, rec_realname(4, "I spam"));
	r.ban.kind = BAN_FILTER;
	r.ban.action = BAN_BAN;
	r.ban.mask = STR("Buy (this|that)");
	r.ban.targets = 3;
	r.ban.ban_ms = 60000;
	r.ban.reason = STR("no trade");
	fixture_apply(f, r);
	r.ban.kind = BAN_SUSPENDED;
	r.ban.action = BAN_REFUSE;
	r.ban.mask = STR("#shut");
	fixture_apply(f, r);
	r = (struct record){.type = RECORD_BAN_CLEAR, .flags = RECORD_OVERRIDE};
	r.ban_clear.id = 3;
	fixture_apply(f, r);
	r = (struct record){.type = RECORD_EMERGENCY, .flags = RECORD_OVERRIDE};
	r.emergency.level = 2;
	fixture_apply(f, r);
	network_ban_hit(f->net, network_ban(f->net, 1), 5);
}

/* One who stays. */
static struct record stay(void)
{
	static const struct record_place places[] = {{{"#b", 2}, {NULL, 0}, 0, 0, RANK_VOICE}};
	struct record r = {.type = RECORD_USER_STAY, .origin = 40};

	r.stay.account = STR("stayer");
	r.stay.nick = STR("stayer");
	r.stay.places = places;
	r.stay.nplaces = 1;
	return r;
}

static void fill(struct fixture *f)
{
	static const char *const nicks[] = {"ann", "bob", "cat", "dan", "eve", NULL};
	struct record timed;

	fixture_people(f, nicks);
	fixture_apply(f, rec_join(2, "#b", ""));
	fixture_apply(f, rec_join(1, "#b", ""));
	fixture_apply(f, rec_join(3, "#b", ""));
	fixture_apply(f, rec_join(1, "#other", ""));
	fixture_apply(f, rec_part(1, "#a", "moves its last channel to the front"));
	fixture_apply(f, rec_join(1, "#a", ""));
	fixture_apply(f, rec_modes(f, 2, "#b", "+o3 +v3 +v1 +ksecret +l12 +m +t +bx!*@* +by!*@* +ez!*@* +I*!*@h"));
	fixture_apply(f, rec_modes(f, 2, "#b", "-m +f#b +F3:60 +W90 +j9:600 +Hnever"));
	fixture_apply(f, rec_modes(f, 1, "#b", "-v1"));
	fixture_apply(f, rec_say(1, "#b", "it counts"));
	timed = rec_modes(f, 2, "#b", "+m +btimed!*@*");
	timed.channel_modes.list_max = 9;
	timed.channel_modes.until = f->time + 60000;
	fixture_apply(f, timed);
	fixture_apply(f, rec_topic(2, "#b", "What it is about"));
	fixture_apply(f, rec_invite(2, "#b", 4));
	fixture_apply(f, rec_invite(2, "#a", 4));
	fixture_apply(f, rec_away(5, "not here"));
	fixture_apply(f, rec_account(3, "cat-account"));
	fixture_apply(f, rec_override(rec_umodes(3, USER_OPER | USER_INVISIBLE, 0)));
	fixture_apply(f, rec_oper(2, "helper", PRIV_BIT(PRIV_KILL)));
	fixture_apply(f, rec_host(4, "d", "cloak.example"));
	fixture_apply(f, rec_say(4, "#a", "hi"));
	fixture_apply(f, rec_quit(5, "one for WHOWAS"));
	fixture_apply(f, rec_user(9, "eve"));
	fixture_apply(f, rec_account(9, "e"));
	fixture_apply(f, rec_quit(9, "another"));
	fixture_apply(f, rec_nick(2, "[bob]"));
	fixture_apply(f, rec_channel(f, "#kept", CHAN_SECRET, "+bp!*@* +bq!*@*"));
	fixture_apply(f, rec_kept_account(f, "ann", 3, "ann_ ann|away"));
	fixture_apply(f, rec_kept_account(f, "Bob", 1, ""));
	fixture_apply(f, rec_override(stay()));
	fill_bans(f);
	fixture_check(f->net);
}

static void save(const struct fixture *f, struct wire_out *out)
{
	wire_init(out);
	network_save(f->net, out);
	assert_false(out->buf.full);
}

static bool load(struct fixture *f, struct str bytes)
{
	struct wire_in in = wire_read(bytes);

	return network_load(f->net, &in);
}

static void check_same(const struct fixture *a, const struct fixture *b)
{
	assert_true(network_hash(a->net) == network_hash(b->net));
	assert_true(network_hash_kept(a->net) == network_hash_kept(b->net));
	fixture_check(b->net);
}

static void check_empty(struct fixture *f)
{
	struct fixture fresh;

	fixture_init(&fresh, 5);
	check_same(&fresh, f);
	fixture_deinit(&fresh);
}

static void test_empty(void **state)
{
	struct fixture a, b;
	struct wire_out out;

	(void)state;
	fixture_init(&a, 1);
	fixture_init(&b, 2);
	save(&a, &out);
	assert_true(load(&b, buf_view(&out.buf)));
	check_same(&a, &b);
	wire_deinit(&out);
	fixture_deinit(&a);
	fixture_deinit(&b);
}

/* The other network is the same, and saves to the same bytes: so the orders are the same too. */
static void test_everything(void **state)
{
	struct wire_out first, second;
	struct fixture a, b;

	(void)state;
	fixture_init(&a, 1);
	fixture_init(&b, 2);
	fill(&a);
	save(&a, &first);
	assert_true(load(&b, buf_view(&first.buf)));
	check_same(&a, &b);
	assert_true(network_lists_end(a.net) && network_lists_end(a.net) == network_lists_end(b.net));
	assert_int_equal(network_channel(b.net, STR("#b"))->extra->spoke.count, 1);
	assert_true(network_ban(b.net, 1)->hits == 1 && network_user(b.net, 4)->shunned);
	save(&b, &second);
	assert_true(str_eq(buf_view(&first.buf), buf_view(&second.buf)));
	wire_deinit(&first);
	wire_deinit(&second);
	fixture_deinit(&a);
	fixture_deinit(&b);
}

/* What comes afterwards is told in the same words and in the same order. */
static void test_goes_on_alike(void **state)
{
	struct wire_out out;
	struct fixture a, b;
	char said[sizeof(a.said)];

	(void)state;
	fixture_init(&a, 1);
	fixture_init(&b, 2);
	fill(&a);
	save(&a, &out);
	assert_true(load(&b, buf_view(&out.buf)));
	b.time = a.time;
	const struct record next[] = {
		rec_join(4, "#b", "wrong"), /* the invitation opens it */
		rec_join(4, "#new", ""),    /* gets the next id */
		rec_quit(1, "leaves several channels"),
		rec_topic(2, "#b", ""),
		rec_say(2, "#b", "moderated"),
		rec_user(20, "EVE"),
		rec_join(20, "#b", "secret"),
		rec_quit(20, ""),
		rec_part(4, "#new", ""),
	};
	for (size_t i = 0; i < sizeof(next) / sizeof(next[0]); i++) {
		strlcpy(said, fixture_apply(&a, next[i]), sizeof(said));
		assert_string_equal(fixture_apply(&b, next[i]), said);
		check_same(&a, &b);
	}
	assert_string_equal(network_whowas(a.net, STR("eve"), 1)->account, "e");
	assert_string_equal(network_whowas(b.net, STR("eve"), 1)->account, "e");
	wire_deinit(&out);
	fixture_deinit(&a);
	fixture_deinit(&b);
}

/* Wherever it ends too early nothing is left of it. */
static void test_cut(void **state)
{
	struct wire_out out;
	struct fixture a, b;

	(void)state;
	fixture_init(&a, 1);
	fixture_init(&b, 2);
	fill(&a);
	save(&a, &out);
	for (size_t n = 0; n < out.buf.n; n++) {
		assert_false(load(&b, (struct str){out.buf.p, n}));
		check_empty(&b);
	}
	assert_true(load(&b, buf_view(&out.buf)));
	wire_deinit(&out);
	fixture_deinit(&a);
	fixture_deinit(&b);
}

/* True: it was refused. What was not refused saves to what loads to the same. */
static bool try_damaged(struct str bytes)
{
	const struct network_config config = {CASEMAP_RFC1459, 8, {{3, 4}}};
	struct network *first = network_new(&config), *second = network_new(&config);
	struct wire_in in = wire_read(bytes);
	bool loaded = network_load(first, &in);
	struct wire_out out;

	if (loaded) {
		wire_init(&out);
		network_save(first, &out);
		in = wire_read(buf_view(&out.buf));
		assert_true(network_load(second, &in));
		wire_deinit(&out);
	}
	assert_true(network_hash(first) == network_hash(second));
	network_free(first);
	network_free(second);
	return !loaded;
}

static void test_damaged(void **state)
{
	static const unsigned char wrong[] = {0x01, 0x80, 0xff};
	struct wire_out out;
	struct fixture a;
	unsigned refused = 0;

	(void)state;
	fixture_init(&a, 1);
	fill(&a);
	save(&a, &out);
	for (size_t i = 0; i < out.buf.n * sizeof(wrong); i++) {
		char *at = out.buf.p + i / sizeof(wrong);
		char was = *at;

		*at = (char)(*at ^ wrong[i % sizeof(wrong)]);
		refused += try_damaged(buf_view(&out.buf));
		*at = was;
	}
	assert_true(refused > out.buf.n);
	wire_deinit(&out);
	fixture_deinit(&a);
}

static void test_other_casemapping(void **state)
{
	struct network_config config = {.casemap = CASEMAP_ASCII, .whowas_max = 8};
	struct network *net = network_new(&config);
	struct wire_out out;
	struct wire_in in;
	struct fixture a;

	(void)state;
	fixture_init(&a, 1);
	fill(&a);
	save(&a, &out);
	in = wire_read(buf_view(&out.buf));
	assert_false(network_load(net, &in));
	assert_int_equal(network_counts(net).users, 0);
	wire_deinit(&out);
	network_free(net);
	fixture_deinit(&a);
}

/* A later version adds at the ends of sections. */
static void test_newer(void **state)
{
	struct wire_out plain, padded;
	struct fixture a, b;
	struct wire_in in;
	struct str rest;
	size_t begun;

	(void)state;
	fixture_init(&a, 1);
	fixture_init(&b, 2);
	fixture_apply(&a, rec_user(1, "ann"));
	save(&a, &plain);
	wire_init(&padded);
	in = wire_read(buf_view(&plain.buf));
	begun = wire_begin(&padded);
	rest = wire_section(&in).rest;
	wire_put(&padded, rest.p, rest.n);
	wire_put_str(&padded, STR("newer"));
	wire_end(&padded, begun);
	wire_put_u32(&padded, wire_u32(&in));
	begun = wire_begin(&padded);
	rest = wire_section(&in).rest;
	wire_put(&padded, rest.p, rest.n);
	wire_put_str(&padded, STR("newer"));
	wire_end(&padded, begun);
	wire_put(&padded, in.rest.p, in.rest.n);
	wire_put_str(&padded, STR("a part that is new"));
	assert_true(load(&b, buf_view(&padded.buf)));
	check_same(&a, &b);
	wire_deinit(&plain);
	wire_deinit(&padded);
	fixture_deinit(&a);
	fixture_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),   cmocka_unit_test(test_everything),
		cmocka_unit_test(test_cut),     cmocka_unit_test(test_goes_on_alike),
		cmocka_unit_test(test_damaged), cmocka_unit_test(test_other_casemapping),
		cmocka_unit_test(test_newer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
