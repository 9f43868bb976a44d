#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "network/account.h"
#include "network_fixture.h"
#include "record_gen.h"
#include "network/ban.h"
#include "network/metadata.h"
#include "network/settings.h"
#include "proto/modes.h"

/* Tens of thousands of plausible records; replaying them must give the same changes and the same network. */
enum { RECORDS = 56000, CHECK_EVERY = 500, TAPE_SIZE = 20 << 20 };

/* Records as they are stored, one behind the other. */
struct tape {
	char *memory;
	struct buf bytes;
	size_t start[2 * RECORDS + 1]; /* where each begins; the last: where all end */
	size_t count;
};

/* A network and what it told so far. */
struct listener {
	struct network *net;
	struct change_sink sink;
	uint64_t told; /* a hash of every change in its order */
	unsigned changes[CHANGE_RENAMED + 1];
	unsigned refusals[REFUSAL_END];
	char altered[64]; /* a registered channel, or one that was until now, that is not as it was; "": none */
};

static bool unregisters(const struct change *c)
{
	for (uint32_t i = 0; i < c->nops; i++) {
		if (c->ops[i].letter == 'r' && !c->ops[i].set)
			return true;
	}
	return false;
}

/* What a kept channel is may be another after this. */
static void note(struct listener *l, const struct change *c)
{
	if (c->type != CHANGE_TOPIC && c->type != CHANGE_CHANNEL_MODES && c->type != CHANGE_JOINED &&
	    c->type != CHANGE_METADATA && c->type != CHANGE_RENAMED)
		return;
	if (c->channel && c->record->type != RECORD_CHANNEL &&
	    ((c->channel->flags & CHAN_REGISTERED) || unregisters(c)))
		snprintf(l->altered, sizeof(l->altered), "%s", c->channel->name);
}

static void hear(void *ctx, const struct change *c)
{
	static const struct hash_key key = {{1, 2}};
	struct listener *l = ctx;
	char words[1024] = "";

	snprintf(words, sizeof(words), "%016llx ", (unsigned long long)l->told);
	fixture_describe(words, sizeof(words), c);
	l->told = hash_bytes(&key, str_of(words));
	l->changes[c->type]++;
	l->refusals[c->refusal]++;
	note(l, c);
}

static struct listener *listener_new(uint64_t seed)
{
	struct network_config config = {CASEMAP_RFC1459, 100, {{seed, seed * 3}}};
	struct listener *l = calloc(1, sizeof(*l));

	l->net = network_new(&config);
	l->sink = (struct change_sink){hear, l};
	return l;
}

static void listener_free(struct listener *l)
{
	network_free(l->net);
	free(l);
}

static void tape_init(struct tape *tape)
{
	tape->memory = malloc(TAPE_SIZE);
	buf_init(&tape->bytes, tape->memory, TAPE_SIZE);
	tape->count = 0;
}

static void tape_add(struct tape *tape, const struct record *r)
{
	tape->start[tape->count++] = tape->bytes.n;
	record_encode(&tape->bytes, r);
	assert_false(tape->bytes.full);
	tape->start[tape->count] = tape->bytes.n;
}

static void tape_metadata(struct tape *tape, const struct channel *c, struct record *r)
{
	*r = (struct record){.type = RECORD_CHANNEL_METADATA, .flags = RECORD_OVERRIDE};
	r->channel_metadata.channel = str_of(c->name);
	r->channel_metadata.text = metadata_text(c->metadata);
	tape_add(tape, r);
}

static void tape_settings(struct tape *tape, const struct channel *c, struct record *r)
{
	network_settings_record(c, r);
	tape_add(tape, r);
}

static void tape_markers(struct tape *tape, const struct account *a)
{
	struct record r = {.type = RECORD_ACCOUNT_MARKERS, .flags = RECORD_OVERRIDE};

	r.account_markers.account = account_str(a, ACCOUNT_NAME);
	r.account_markers.text = str_of(a->markers);
	if (a->markers)
		tape_add(tape, &r);
}

/*
 * As whoever owns a network does: what became of a registered channel is kept as a record of it as a whole. That record
 * has its place in the order like any other, and alters nothing that is so already.
 */
static void keep(struct tape *kept, struct listener *l)
{
	const struct channel *c = network_channel(l->net, str_of(l->altered));
	struct record r = {.type = RECORD_CHANNEL};
	struct record_room room;
	uint64_t told = l->told;

	if (!l->altered[0])
		return;
	if (c)
		network_channel_record(c, &r, &room);
	else
		r.channel.name = str_of(l->altered);
	tape_add(kept, &r);
	network_apply(l->net, &r, &l->sink);
	if (c && (c->flags & CHAN_REGISTERED)) {
		tape_metadata(kept, c, &r);
		network_apply(l->net, &r, &l->sink);
		tape_settings(kept, c, &r);
		network_apply(l->net, &r, &l->sink);
	}
	assert_true(l->told == told);
	l->altered[0] = '\0';
}

/* A new name is kept where it was given. */
static void apply_and_keep(struct tape *kept, struct listener *l, struct record *r)
{
	unsigned renamed = l->changes[CHANGE_RENAMED];

	if (record_class(r) >= RECORD_KEPT_ACCOUNT && r->type != RECORD_RENAME)
		tape_add(kept, r);
	network_apply(l->net, r, &l->sink);
	if (l->changes[CHANGE_RENAMED] > renamed) {
		record_rename_kept(r);
		tape_add(kept, r);
	}
	keep(kept, l);
}

static void record_tapes(struct tape *tape, struct tape *kept, struct listener *l)
{
	struct record_gen g = {.random = 20240229, .time = 1700000000000, .net = l->net};

	tape_init(tape);
	tape_init(kept);
	while (tape->count < RECORDS) {
		struct record r = record_gen_next(&g);

		tape_add(tape, &r);
		apply_and_keep(kept, l, &r);
		if (tape->count % CHECK_EVERY == 0)
			fixture_check(l->net);
	}
	fixture_check(l->net);
}

static struct str tape_record(const struct tape *tape, size_t i)
{
	return (struct str){tape->memory + tape->start[i], tape->start[i + 1] - tape->start[i]};
}

static void replay(const struct tape *tape, struct listener *l, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		struct record_room room;
		struct record r;

		assert_true(record_decode(&r, &room, tape_record(tape, i)));
		network_apply(l->net, &r, &l->sink);
	}
}

struct fixed {
	struct tape tape, kept;
	struct listener *first;
};

static int setup(void **state)
{
	struct fixed *x = calloc(1, sizeof(*x));

	*state = x;
	x->first = listener_new(1);
	record_tapes(&x->tape, &x->kept, x->first);
	return 0;
}

static int teardown(void **state)
{
	struct fixed *x = *state;

	listener_free(x->first);
	free(x->tape.memory);
	free(x->kept.memory);
	free(x);
	return 0;
}

/* Else what follows says little. */
static void test_everything_happened(void **state)
{
	struct fixed *x = *state;

	for (int i = 0; i <= CHANGE_RENAMED; i++) {
		if (x->first->changes[i] < 20)
			fail_msg("change %d came %u times", i, x->first->changes[i]);
	}
	for (int i = 1; i < REFUSAL_END; i++) {
		if (x->first->refusals[i] < 2)
			fail_msg("refusal %d came %u times", i, x->first->refusals[i]);
	}
	assert_true(network_users(x->first->net)->count > 10);
	assert_true(network_channels(x->first->net)->count > 3);
}

static void same_after_replay(const struct fixed *x, uint64_t seed)
{
	struct listener *l = listener_new(seed);

	replay(&x->tape, l, 0, x->tape.count);
	fixture_check(l->net);
	assert_true(network_hash(l->net) == network_hash(x->first->net));
	assert_true(l->told == x->first->told);
	listener_free(l);
}

static void test_replay(void **state)
{
	same_after_replay(*state, 1);
}

static void test_replay_other_seed(void **state)
{
	same_after_replay(*state, 0xfeedface);
}

/* Without anybody listening, as at a start from the journal. */
static void test_replay_unheard(void **state)
{
	struct fixed *x = *state;
	struct listener *l = listener_new(5);

	for (size_t i = 0; i < x->tape.count; i++) {
		struct record_room room;
		struct record r;

		assert_true(record_decode(&r, &room, tape_record(&x->tape, i)));
		network_apply(l->net, &r, NULL);
	}
	assert_true(network_hash(l->net) == network_hash(x->first->net));
	listener_free(l);
}

/* What is kept makes the registered channels, and nothing else. */
static void test_kept(void **state)
{
	struct fixed *x = *state;
	struct listener *l = listener_new(7);
	uint32_t registered = 0;

	assert_true(x->kept.count > 1000);
	replay(&x->kept, l, 0, x->kept.count);
	fixture_check(l->net);
	assert_int_equal(network_users(l->net)->count, 0);
	for (uint32_t i = 0; i < network_channels(x->first->net)->count; i++) {
		const struct channel *c = network_channels(x->first->net)->items[i];

		registered += (c->flags & CHAN_REGISTERED) != 0;
	}
	assert_true(registered > 3);
	assert_int_equal(network_channels(l->net)->count, registered);
	assert_true(network_hash_kept(l->net) == network_hash_kept(x->first->net));
	listener_free(l);
}

/* The same at every point of the way, not at its end alone: each record that is kept makes both networks alike again.
 */
static void test_kept_on_the_way(void **state)
{
	struct fixed *x = *state;
	struct listener *l = listener_new(1), *rebuilt = listener_new(9);
	struct tape *kept = calloc(1, sizeof(*kept));
	size_t at = 0;
	unsigned hashes = 0;
	uint64_t hash, last = 0;

	tape_init(kept);
	for (size_t i = 0; i < x->tape.count; i++) {
		struct record_room room;
		struct record r;

		assert_true(record_decode(&r, &room, tape_record(&x->tape, i)));
		apply_and_keep(kept, l, &r);
		/* What is not kept changes nothing of that: now and then is often enough to see so. */
		if (kept->count == at && i % 32 != 0)
			continue;
		replay(kept, rebuilt, at, kept->count);
		at = kept->count;
		hash = network_hash_kept(l->net);
		assert_true(hash == network_hash_kept(rebuilt->net));
		hashes += hash != last;
		last = hash;
	}
	assert_int_equal(kept->bytes.n, x->kept.bytes.n);
	assert_memory_equal(kept->memory, x->kept.memory, kept->bytes.n);
	assert_true(hashes > 1000);
	free(kept->memory);
	free(kept);
	listener_free(l);
	listener_free(rebuilt);
}

static void add_network(struct tape *tape, const struct network *net)
{
	struct record r = {.type = RECORD_EMERGENCY};

	r.emergency.level = network_emergency(net);
	tape_add(tape, &r);
	for (int kind = 0; kind < BAN_KIND_COUNT; kind++) {
		const struct vec *bans = network_bans(net, (enum ban_kind)kind);

		for (uint32_t i = bans->count; i-- > 0;) {
			network_ban_record(bans->items[i], &r);
			tape_add(tape, &r);
		}
	}
}

/* A snapshot: one record of each channel, account and ban as it is now, through the stored form. */
static void test_kept_snapshot(void **state)
{
	struct fixed *x = *state;
	struct listener *l = listener_new(3);
	struct tape *tape = calloc(1, sizeof(*tape));

	tape_init(tape);
	for (uint32_t i = 0; i < network_channels(x->first->net)->count; i++) {
		struct record_room room;
		struct record r;

		network_channel_record(network_channels(x->first->net)->items[i], &r, &room);
		tape_add(tape, &r);
		tape_metadata(tape, network_channels(x->first->net)->items[i], &r);
		tape_settings(tape, network_channels(x->first->net)->items[i], &r);
	}
	for (uint32_t i = 0; i < network_accounts(x->first->net)->count; i++) {
		struct record_room room;
		struct record r;

		network_account_record(network_accounts(x->first->net)->items[i], &r, room.account_items);
		tape_add(tape, &r);
		tape_markers(tape, network_accounts(x->first->net)->items[i]);
	}
	add_network(tape, x->first->net);
	replay(tape, l, 0, tape->count);
	assert_true(network_hash_kept(l->net) == network_hash_kept(x->first->net));
	free(tape->memory);
	free(tape);
	listener_free(l);
}

/* The same records twice, and at the end a topic: one letter of it makes another network. */
static void test_mutated(void **state)
{
	struct fixed *x = *state;
	static const char *const topics[] = {"a", "a", "b"};
	uint64_t hashes[3];

	for (int i = 0; i < 3; i++) {
		struct listener *l = listener_new(1);
		const uint64_t id = 1ull << 40;
		const struct record rows[] = {rec_override(rec_user(id, "late")), rec_join(id, "#late", ""),
					      rec_topic(id, "#late", topics[i])};

		replay(&x->tape, l, 0, x->tape.count);
		for (size_t row = 0; row < 3; row++)
			network_apply(l->net, &rows[row], &l->sink);
		assert_string_equal(network_channel(l->net, STR("#late"))->topic, topics[i]);
		hashes[i] = network_hash(l->net);
		listener_free(l);
	}
	assert_true(hashes[0] == hashes[1]);
	assert_true(hashes[0] != hashes[2]);
}

/* The same without one record of the middle that did something: a user who came. */
static void test_left_out(void **state)
{
	struct fixed *x = *state;
	struct listener *l = listener_new(1);
	uint64_t last = 0;
	size_t at = 0;

	for (size_t i = 0; i < x->tape.count; i++) {
		struct record_room room;
		struct record r;

		assert_true(record_decode(&r, &room, tape_record(&x->tape, i)));
		if (r.type == RECORD_USER_ADD && network_user(x->first->net, r.origin)) {
			last = r.origin;
			at = i;
		}
	}
	assert_true(last != 0);
	replay(&x->tape, l, 0, at);
	replay(&x->tape, l, at + 1, x->tape.count);
	assert_null(network_user(l->net, last));
	assert_true(network_hash(l->net) != network_hash(x->first->net));
	assert_true(l->told != x->first->told);
	listener_free(l);
}

/* When all are gone, nothing is left but the registered channels. */
static void test_all_leave(void **state)
{
	struct fixed *x = *state;
	struct listener *l = listener_new(1);

	replay(&x->tape, l, 0, x->tape.count);
	while (network_users(l->net)->count) {
		const struct user *u = network_users(l->net)->items[0];
		struct record r = rec_quit(u->id, "");

		network_apply(l->net, &r, &l->sink);
	}
	fixture_check(l->net);
	for (uint32_t i = 0; i < network_channels(l->net)->count; i++) {
		const struct channel *c = network_channels(l->net)->items[i];

		assert_true(c->flags & CHAN_REGISTERED);
	}
	listener_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_happened),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_replay_other_seed),
		cmocka_unit_test(test_replay_unheard),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_all_leave),
		cmocka_unit_test(test_mutated),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_kept_on_the_way),
		cmocka_unit_test(test_kept_snapshot),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
