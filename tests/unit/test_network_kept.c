#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
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

static const struct channel *chan(const struct fixture *f)
{
	return network_channel(f->net, STR("#a"));
}

static struct record kept_sample(struct fixture *f)
{
	struct record r = rec_channel(f, "#Kept", CHAN_SECRET, "+bx!*@* +by!*@* +Iz!*@*");

	r.channel.limit = 5;
	r.channel.key = STR("key");
	r.channel.topic = STR("news");
	r.channel.topic_by = STR("ann!a@h");
	r.channel.topic_time = 77;
	return r;
}

static void test_channel(void **state)
{
	struct fixture *f = *state;
	const struct channel *c;
	struct record r = kept_sample(f);
	uint64_t hash;

	SAYS(f, r, "topic - - #Kept 'news'; modes - - #Kept +bx!*@* +by!*@* +Iz!*@* +kkey +l5 +r +s");
	c = network_channel(f->net, STR("#kept"));
	assert_string_equal(c->name, "#Kept");
	assert_true(c->created == 1500000000000 && c->topic_time == 77);
	assert_string_equal(c->topic_by, "ann!a@h");
	assert_string_equal(((const struct list_entry *)c->lists[CHAN_LIST_BAN].items[1])->mask, "y!*@*");
	assert_string_equal(((const struct list_entry *)c->lists[CHAN_LIST_INVEX].items[0])->by,
			    "ann!ann@host.example");
	assert_true(((const struct list_entry *)c->lists[CHAN_LIST_INVEX].items[0])->time == 3);
	hash = network_hash(f->net);
	SAYS(f, r, "");
	assert_true(network_hash(f->net) == hash);
	r = rec_channel(f, "#KEPT", CHAN_MODERATED, "+bnew!*@* +by!*@* +ez!*@*");
	r.channel.created = 12;
	SAYS(f, r, "topic - - #KEPT; modes - - #KEPT -bx!*@* +bnew!*@* +ez!*@* -Iz!*@* -k* -l +m -s");
	c = network_channel(f->net, STR("#kept"));
	assert_true(c->created == 12 && !c->topic_by && c->topic_time == 0);
	r.channel.flags = 0;
	SAYS(f, r, "modes - - #KEPT -r");
	assert_null(network_channel(f->net, STR("#kept")));
	SAYS(f, r, "");
	assert_int_equal(network_counts(f->net).channels, 1);
}

static void test_channel_members(void **state)
{
	struct fixture *f = *state;
	struct record r = rec_channel(f, "#a", 0, "");
	uint64_t id = chan(f)->id;

	fixture_apply(f, rec_topic(1, "#a", "news"));
	r.channel.topic = STR("news");
	r.channel.flags |= 1u << 31;
	SAYS(f, r, "modes - - #a +r");
	assert_true(chan(f)->id == id);
	assert_int_equal(chan(f)->flags, CHAN_REGISTERED);
	assert_int_equal(chan(f)->members.count, 3);
	assert_int_equal(network_member(chan(f), network_user(f->net, 1))->rank, RANK_OP);
	assert_string_equal(chan(f)->topic_by, "*");
	SAYS(f, rec_channel(f, "#a", 0, ""), "topic - - #a");
	r = rec_channel(f, "#a", CHAN_SECRET, "+bx!*@*");
	r.channel.topic = STR("not taken");
	r.channel.flags = CHAN_SECRET;
	SAYS(f, r, "modes - - #a -r");
	assert_int_equal(chan(f)->flags, 0);
	assert_int_equal(chan(f)->members.count, 3);
	SAYS(f, r, "");
}

/* Who asks must have the power to, and need not be here any more. */
static void test_channel_origin(void **state)
{
	struct fixture *f = *state;
	struct record r = rec_channel(f, "#a", 0, "");
	uint64_t hash = network_hash(f->net);

	r.origin = 1;
	SAYS(f, r, "");
	r.origin = 99;
	SAYS(f, r, "");
	r.channel.name = STR_NONE;
	SAYS(f, rec_override(r), "");
	assert_true(network_hash(f->net) == hash);
	r.channel.name = STR("#a");
	SAYS(f, rec_override(r), "modes - - #a +r");
	r.channel.limit = 3;
	r.origin = 1;
	SAYS(f, rec_override(r), "modes - - #a +l3");
}

/* A channel's lists as they are told: no change has more steps than a record can, nor more than a line holds. */
struct counted {
	unsigned changes;
	unsigned steps;
};

static void count_steps(void *ctx, const struct change *c)
{
	struct counted *n = ctx;
	size_t bytes = 0;

	assert_int_equal(c->type, CHANGE_CHANNEL_MODES);
	assert_in_range(c->nops, 1, RECORD_MODE_OPS_MAX);
	for (uint32_t i = 0; i < c->nops; i++)
		bytes += c->ops[i].param.n;
	assert_in_range(bytes, 0, 400);
	n->changes++;
	n->steps += c->nops;
}

static void test_channel_lists(void **state)
{
	struct fixture *f = *state;
	struct record r = rec_channel(f, "#a", 0, "");
	char text[RECORD_LIST_ITEMS_MAX + 1][64];
	struct counted n;
	const struct change_sink sink = {count_steps, &n};

	for (size_t i = 0; i < RECORD_LIST_ITEMS_MAX + 1; i++)
		snprintf(text[i], sizeof(text[i]), "%04zu!*%050d", i, 0);
	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < RECORD_LIST_ITEMS_MAX; i++) {
			size_t length = round && i % 2 ? 50 : 5 + round;

			f->items[i] = (struct list_item){i % CHAN_LIST_COUNT, {text[i], length}, {0}, 1};
		}
		r.channel.nitems = RECORD_LIST_ITEMS_MAX;
		n = (struct counted){0};
		network_apply(f->net, &r, &sink);
		assert_int_equal(state_list_entries(chan(f)), RECORD_LIST_ITEMS_MAX);
		assert_int_equal(n.steps, round ? 2 * RECORD_LIST_ITEMS_MAX : 1 + RECORD_LIST_ITEMS_MAX);
		assert_in_range(n.changes, round ? 40 : 17, round ? 60 : 17);
	}
	r = rec_modes(f, 1, "#a", "+bone!more@*");
	r.channel_modes.list_max = 0;
	SAYS(f, r, "refused:list-full ann - #a 'one!more@*' +bone!more@*");
	r.channel_modes.list_max = 10000;
	SAYS(f, r, "refused:list-full ann - #a 'one!more@*' +bone!more@*");
}

/* Items that no list can hold are as if they were not there, and those past the bound. */
static void test_channel_strange(void **state)
{
	struct fixture *f = *state;
	struct record r = rec_channel(f, "#a", 0, "+bx!*@* +b +by!*@*");

	f->items[2].list = CHAN_LIST_COUNT;
	SAYS(f, r, "modes - - #a +bx!*@* +r");
	r.channel.nitems = UINT32_MAX;
	for (size_t i = 0; i < RECORD_LIST_ITEMS_MAX; i++)
		f->items[i].mask = STR_NONE;
	SAYS(f, r, "modes - - #a -bx!*@*");
}

/* A record of views into the channel itself. */
static void test_channel_own(void **state)
{
	struct fixture *f = *state;
	struct record_room room;
	struct record r = kept_sample(f);
	uint64_t hash;

	fixture_apply(f, r);
	hash = network_hash(f->net);
	network_channel_record(network_channel(f->net, STR("#kept")), &r, &room);
	assert_int_equal(r.channel.nitems, 3);
	assert_int_equal(r.origin, 0);
	for (int i = 0; i < 2; i++)
		SAYS(f, r, "");
	assert_true(network_hash(f->net) == hash);
	assert_true(str_eq(r.channel.topic, STR("news")) && str_eq(room.items[2].mask, STR("z!*@*")));
	r.channel.topic = r.channel.key;
	SAYS(f, r, "topic - - #Kept 'key'");
}

enum { KEPT_FIELDS = 11 };

/* The sample with one field other than it was. */
static struct record kept_altered(struct fixture *f, int field)
{
	struct record r = kept_sample(f);

	r.channel.created += field == 0;
	r.channel.flags |= field == 1 ? CHAN_MODERATED : 0;
	r.channel.limit += field == 2;
	r.channel.topic_time += field == 3;
	f->items[2].time += field == 4;
	if (field == 5)
		r.channel.name = STR("#KEPT");
	else if (field == 6)
		r.channel.key = STR("kez");
	else if (field == 7)
		r.channel.topic = STR("old");
	else if (field == 8)
		r.channel.topic_by = STR("bob");
	else if (field == 9)
		f->items[0].mask = STR("q!*@*");
	else if (field == 10)
		f->items[1].by = STR("bob");
	return r;
}

static void test_hash_kept(void **state)
{
	struct fixture *f = *state;
	struct fixture *other = calloc(1, sizeof(*other));
	uint64_t none = network_hash_kept(f->net), kept;

	fixture_apply(f, rec_topic(1, "#a", "not kept"));
	assert_true(network_hash_kept(f->net) == none);
	fixture_apply(f, kept_sample(f));
	kept = network_hash_kept(f->net);
	assert_true(kept != none);
	fixture_apply(f, rec_override(rec_join(4, "#kept", "")));
	fixture_apply(f, rec_modes(f, 0, "#kept", "+v4"));
	assert_int_equal(network_channel(f->net, STR("#kept"))->members.count, 1);
	fixture_init(other, 5);
	fixture_apply(other, kept_sample(other));
	assert_true(network_hash_kept(f->net) == kept && network_hash_kept(other->net) == kept);
	for (int field = 0; field < KEPT_FIELDS; field++) {
		fixture_apply(f, kept_altered(f, field));
		if (network_hash_kept(f->net) == kept)
			fail_msg("field %d", field);
		fixture_apply(f, kept_altered(f, KEPT_FIELDS));
		assert_true(network_hash_kept(f->net) == kept);
	}
	fixture_deinit(other);
	free(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Bob, who stays: in #a, and in #own with a key and a rank. */
static void make_stay(struct fixture *f)
{
	fixture_apply(f, rec_account(2, "bob"));
	fixture_apply(f, rec_join(2, "#own", ""));
	fixture_apply(f, rec_modes(f, 2, "#own", "+ksecret +s"));
	fixture_apply(f, rec_away(2, "gone"));
}

static struct record stay_record(const struct fixture *f, struct record_room *room)
{
	struct record r;

	network_user_record(network_user(f->net, 2), &r, room);
	return r;
}

/* Through its bytes into another network, which knows nothing. */
static void carry(struct fixture *to, const struct record *r)
{
	static char bytes[64 << 10];
	static struct record_room room;
	struct record again;
	struct buf b;

	buf_init(&b, bytes, sizeof(bytes));
	record_encode(&b, r);
	assert_true(record_decode(&again, &room, buf_view(&b)));
	network_apply(to->net, &again, &to->sink);
	fixture_check(to->net);
}

static void test_stay(void **state)
{
	static struct record_room room;
	struct fixture *f = *state, other;
	struct record r;
	const struct user *u;
	uint64_t hash;

	make_stay(f);
	r = stay_record(f, &room);
	SAYS(f, r, "");
	hash = network_hash(f->net);
	SAYS(f, r, "");
	assert_true(network_hash(f->net) == hash);
	fixture_init(&other, 9);
	carry(&other, &r);
	carry(&other, &r);
	u = network_user_by_nick(other.net, STR("BOB"));
	assert_non_null(u);
	assert_true(u->id == 2 && u->kept && (u->modes & USER_REGISTERED));
	assert_string_equal(u->away, "gone");
	assert_int_equal(u->memberships.count, 2);
	assert_int_equal(network_member(network_channel(other.net, STR("#own")), u)->rank, RANK_OP);
	assert_string_equal(network_channel(other.net, STR("#own"))->key, "secret");
	assert_true(network_channel(other.net, STR("#own"))->flags & CHAN_SECRET);
	assert_int_equal(network_member(network_channel(other.net, STR("#a")), u)->rank, 0);
	assert_true(network_hash_kept(other.net) == network_hash_kept(f->net));
	fixture_deinit(&other);
}

/* Each record replaces what the one before said. */
static void test_stay_changes(void **state)
{
	static struct record_room room;
	struct fixture *f = *state, other;
	struct record r, gone = {.type = RECORD_USER_STAY, .flags = RECORD_OVERRIDE, .origin = 2};

	make_stay(f);
	fixture_init(&other, 9);
	r = stay_record(f, &room);
	fixture_apply(f, r);
	carry(&other, &r);
	fixture_apply(f, rec_part(2, "#a", ""));
	fixture_apply(f, rec_nick(2, "bobby"));
	fixture_apply(f, rec_modes(f, 2, "#own", "-s -ksecret"));
	fixture_apply(f, rec_away(2, ""));
	r = stay_record(f, &room);
	carry(&other, &r);
	assert_null(network_user_by_nick(other.net, STR("bob")));
	assert_null(network_channel(other.net, STR("#a")));
	assert_null(network_user(other.net, 2)->away);
	assert_int_equal(network_channel(other.net, STR("#own"))->flags, 0);
	assert_null(network_channel(other.net, STR("#own"))->key);
	assert_true(network_hash_kept(other.net) == network_hash_kept(f->net));
	/* Another one never takes its nick, and nobody but the server keeps anybody. */
	r.origin = 3;
	carry(&other, &r);
	assert_null(network_user(other.net, 3));
	r.stay.nick = STR("cat");
	r.flags = 0;
	carry(&other, &r);
	assert_null(network_user(other.net, 3));
	/* Logged out here, it stays with its devices; there it is gone. */
	fixture_apply(f, rec_account(2, ""));
	assert_false(network_user(f->net, 2)->kept);
	SAYS(f, gone, "");
	assert_non_null(network_user(f->net, 2));
	carry(&other, &gone);
	assert_null(network_user(other.net, 2));
	assert_int_equal(network_counts(other.net).channels, 0);
	fixture_deinit(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_channel),         TEST(test_channel_members),
		TEST(test_channel_origin),  TEST(test_channel_lists),
		TEST(test_channel_strange), TEST(test_channel_own),
		TEST(test_hash_kept),       TEST(test_stay),
		TEST(test_stay_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
