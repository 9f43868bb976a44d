#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "network/account.h"
#include "network_fixture.h"
#include "network/ban.h"
#include "proto/modes.h"

/* Tens of thousands of plausible records; replaying them must give the same changes and the same network. */
enum {
	RECORDS = 50000,
	CHECK_EVERY = 500,
	USERS_MIN = 20,
	ITEMS = 6,
	CHANNELS = 12,
	NICKS = 150,
	TAPE_SIZE = 16 << 20
};

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
	unsigned changes[CHANGE_KNOCKED + 1];
	unsigned refusals[REFUSAL_END];
	char altered[64]; /* a registered channel, or one that was until now, that is not as it was; "": none */
};

struct gen {
	uint64_t random;
	uint64_t next_id;
	int64_t time;
	const struct network *net;
	char text[16][40]; /* of the record being made */
	unsigned ntext;
	struct mode_op ops[RECORD_MODE_OPS_MAX];
	struct list_item items[ITEMS];
	struct account_item account_items[ITEMS];
};

/* An additive counter through a mixer of 64 bits. */
static uint64_t below(struct gen *g, uint64_t n)
{
	uint64_t z = (g->random += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (z ^ (z >> 31)) % n;
}

/* The form, its '%' replaced by the number. */
static struct str text(struct gen *g, const char *form, uint64_t n)
{
	struct buf b;

	buf_init(&b, g->text[g->ntext++ % 16], sizeof(g->text[0]));
	for (; *form; form++) {
		if (*form == '%')
			buf_u64(&b, n);
		else
			buf_chr(&b, *form);
	}
	assert_false(b.full);
	return buf_view(&b);
}

/* Somebody who is here; now and then somebody who is not. */
static uint64_t somebody(struct gen *g)
{
	const struct vec *users = network_users(g->net);

	if (users->count == 0 || below(g, 50) == 0)
		return 1 + below(g, g->next_id + 1);
	return ((const struct user *)users->items[below(g, users->count)])->id;
}

static struct str some_channel(struct gen *g)
{
	return text(g, below(g, 2) ? "#c%" : "#C%", below(g, CHANNELS));
}

static void make_user(struct gen *g, struct record *r)
{
	r->origin = ++g->next_id;
	r->user_add.nick = text(g, "Nick[%]", below(g, NICKS));
	r->user_add.username = text(g, "u%", below(g, 9));
	r->user_add.host = text(g, "h%.example", below(g, 9));
	r->user_add.realname = text(g, "Person %", g->next_id);
	r->user_add.address = text(g, "192.0.2.%", below(g, 250));
	if (below(g, 3) == 0)
		r->user_add.account = text(g, "acc%", below(g, 20));
	if (below(g, 5) == 0)
		r->user_add.away = STR("not yet");
	r->user_add.modes = (uint32_t)below(g, 512);
}

static void make_join(struct gen *g, struct record *r)
{
	r->join.channel = some_channel(g);
	r->join.key = below(g, 3) ? text(g, "k%", below(g, 2)) : STR_NONE;
	r->join.new_flags = (uint32_t)(below(g, 1 << 14) & (below(g, 1 << 14) | 255));
	r->join.channels_max = 6;
}

static struct str some_mask(struct gen *g)
{
	static const char *const forms[] = {"nick{%}!*@*", "*!*@192.0.2.%", "~a:acc%",
					    "~m:*!u%@*",   "*!*@h%.*",      "~m:~a:ACC%"};

	return text(g, forms[below(g, 6)], below(g, 20));
}

static struct str some_value(struct gen *g, uint32_t which)
{
	if (which == CHAN_PARAM_FORWARD)
		return some_channel(g);
	if (which == CHAN_PARAM_FLOOD || which == CHAN_PARAM_JOINS)
		return text(g, "%:3600", which == CHAN_PARAM_FLOOD ? 1 : below(g, 4));
	if (which == CHAN_PARAM_SLOW)
		return text(g, "%000", 9 + below(g, 3));
	if (which == CHAN_PARAM_HISTORY)
		return str_of(chan_history_name((enum chan_history)below(g, 4)));
	return text(g, "%", below(g, 12));
}

static struct mode_op some_mode(struct gen *g)
{
	size_t n;
	const struct chan_mode *modes = chan_modes(&n);
	const struct chan_mode *mode =
		below(g, 6) ? &modes[below(g, below(g, 4) ? n : CHAN_LIST_COUNT)] : chan_mode_find("fFWj"[below(g, 4)]);
	struct mode_op op = {.set = below(g, 2), .letter = mode->letter};

	if (mode->type == CHAN_MODE_PREFIX)
		op.user = somebody(g);
	else if (mode->type == CHAN_MODE_LIST)
		op.param = some_mask(g);
	else if (mode->type == CHAN_MODE_PARAM)
		op.param = text(g, "k%", below(g, 2));
	else if (mode->type == CHAN_MODE_PARAM_SET)
		op.param = some_value(g, mode->bit);
	return op;
}

static void make_modes(struct gen *g, struct record *r)
{
	r->channel_modes.channel = some_channel(g);
	r->channel_modes.ops = g->ops;
	r->channel_modes.nops = 1 + (uint32_t)below(g, 6);
	r->channel_modes.list_max = 8;
	r->channel_modes.until = below(g, 3) ? 0 : r->time + (int64_t)below(g, 9000);
	for (uint32_t i = 0; i < r->channel_modes.nops; i++)
		g->ops[i] = some_mode(g);
}

static void make_message(struct gen *g, struct record *r)
{
	static const char *const texts[] = {"hello %", "\001VERSION\001", "\001ACTION waves\001", "", "\0034red"};

	r->message.kind = (enum message_kind)below(g, 3);
	r->message.text = text(g, texts[below(g, 5)], 1);
	r->message.tags = below(g, 4) ? STR_NONE : STR("+typing=active");
	if (below(g, 4))
		r->message.channel = some_channel(g);
	else
		r->message.target = somebody(g);
}

static void make_other(struct gen *g, struct record *r)
{
	switch (r->type) {
	case RECORD_USER_NICK:
		r->user_nick.nick = text(g, below(g, 2) ? "Nick[%]" : "nick{%}", below(g, NICKS));
		break;
	case RECORD_USER_QUIT:
		r->user_quit.reason = STR("off");
		break;
	case RECORD_USER_KILL:
		r->user_kill.target = somebody(g);
		r->user_kill.reason = STR("enough");
		break;
	case RECORD_USER_AWAY:
		r->user_away.text = below(g, 2) ? text(g, "back at %", below(g, 24)) : STR_NONE;
		break;
	case RECORD_USER_REALNAME:
		r->user_realname.realname = text(g, "Name %", below(g, 5));
		break;
	case RECORD_USER_HOST:
		r->user_host.username = text(g, "u%", below(g, 3));
		r->user_host.host = text(g, "h%.example", below(g, 3));
		break;
	case RECORD_USER_MODES:
		r->user_modes.set = (uint32_t)below(g, 512);
		r->user_modes.clear = (uint32_t)below(g, 512);
		break;
	case RECORD_USER_NOTICES:
		r->user_notices.mask = (uint32_t)below(g, NOTICE_ALL + 1);
		break;
	case RECORD_USER_OPER:
		r->user_oper.name = text(g, "oper%", below(g, 3));
		r->user_oper.title = below(g, 2) ? STR("a helper") : STR_NONE;
		r->user_oper.privileges = below(g, PRIV_ALL);
		break;
	case RECORD_USER_ACCOUNT:
		r->user_account.account = below(g, 3) ? text(g, "acc%", below(g, 20)) : STR_NONE;
		break;
	default:
		r->wallops.text = STR("hear, hear");
		break;
	}
}

static void make_channel_record(struct gen *g, struct record *r)
{
	struct str channel = some_channel(g);

	switch (r->type) {
	case RECORD_PART:
		r->part.channel = channel;
		r->part.reason = STR("later");
		break;
	case RECORD_KICK:
		r->kick.channel = channel;
		r->kick.target = somebody(g);
		r->kick.reason = STR("out");
		break;
	case RECORD_TOPIC:
		r->topic.channel = channel;
		r->topic.text = below(g, 4) ? text(g, "topic %", below(g, 9)) : STR_NONE;
		break;
	case RECORD_KNOCK:
		r->knock.channel = channel;
		r->knock.text = below(g, 2) ? STR("please") : STR_NONE;
		break;
	default:
		r->invite.channel = channel;
		r->invite.target = somebody(g);
		break;
	}
}

/* Registered or not; the entries of its lists get older and older times from the last to the first. */
static void make_kept(struct gen *g, struct record *r)
{
	r->channel.name = some_channel(g);
	r->channel.created = r->time - (int64_t)below(g, 5);
	r->channel.flags = (uint32_t)(below(g, 1 << 14) & below(g, 1 << 14));
	if (below(g, 2))
		r->channel.flags |= CHAN_REGISTERED;
	r->channel.limit = (uint32_t)below(g, 9);
	r->channel.key = below(g, 4) ? STR_NONE : text(g, "k%", below(g, 2));
	r->channel.topic = below(g, 3) ? text(g, "topic %", below(g, 9)) : STR_NONE;
	r->channel.topic_by = below(g, 9) ? text(g, "Nick[%]!u@h", below(g, NICKS)) : STR_NONE;
	r->channel.topic_time = r->time;
	r->channel.params = below(g, 2) ? STR_NONE : text(g, "f#c1 F%:9 Hnever W3", 1 + below(g, 3));
	r->channel.items = g->items;
	r->channel.nitems = (uint32_t)below(g, ITEMS + 1);
	for (uint32_t i = 0; i < r->channel.nitems; i++) {
		g->items[i].list = (enum chan_list)below(g, CHAN_LIST_COUNT);
		g->items[i].mask = text(g, below(g, 9) ? "nick{%}!*@*" : "Nick{%}!*@*", 3 * i + below(g, 3));
		g->items[i].by = below(g, 3) ? STR("somebody!u@h") : STR_NONE;
		g->items[i].time = r->time - 10 + i;
		g->items[i].until = below(g, 4) ? 0 : r->time + i;
	}
}

/* Mostly made of the account as it is; nicks are few, so that two want the same one. */
static void make_account(struct gen *g, struct record *r)
{
	const struct account *was;

	r->account.name = text(g, below(g, 2) ? "Acc[%]" : "acc{%}", below(g, 20));
	was = network_account(g->net, r->account.name);
	r->account.revision = (was ? was->revision : 0) + (below(g, 9) > 0);
	r->account.created = r->time;
	r->account.flags = (uint32_t)below(g, ACCOUNT_FLAGS + 1) | (below(g, 5) ? ACCOUNT_EXISTS : 0);
	r->account.credentials = text(g, "SCRAM-SHA-256$4096:%$a:b", below(g, 99));
	r->account.email = below(g, 2) ? STR("a@example.org") : STR_NONE;
	r->account.items = g->account_items;
	r->account.nitems = (uint32_t)below(g, ITEMS + 1);
	for (uint32_t i = 0; i < r->account.nitems; i++) {
		g->account_items[i].kind = (enum account_item_kind)below(g, ACCOUNT_ITEM_KINDS);
		g->account_items[i].text = text(g, "Nick[%]", below(g, 60));
		g->account_items[i].time = (int64_t)below(g, 9);
	}
}

static void make_ban(struct gen *g, struct record *r)
{
	static const char *const masks[BAN_KIND_COUNT] = {"192.0.2.%/30", "nick{%}!*@*", "acc%", "Person *%", "(%"};

	r->ban.kind = (enum ban_kind)below(g, BAN_KIND_COUNT);
	r->ban.action = (enum ban_action)below(g, 4);
	r->ban.max = 30;
	r->ban.mask = text(g, masks[r->ban.kind], below(g, 20));
	r->ban.id = below(g, 3) ? 0 : below(g, 500);
	r->ban.by = STR("ann!a@h");
	r->ban.reason = below(g, 2) ? STR("enough") : STR_NONE;
	r->ban.until = below(g, 2) ? 0 : r->time + 60000;
}

/* Some ban that there is, mostly. */
static uint64_t some_ban(struct gen *g)
{
	const struct vec *bans = network_bans(g->net, (enum ban_kind)below(g, BAN_KIND_COUNT));

	return bans->count ? ((const struct ban *)bans->items[below(g, bans->count)])->id : below(g, 100);
}

static void make_network(struct gen *g, struct record *r)
{
	if (r->type == RECORD_BAN_SET)
		make_ban(g, r);
	else if (r->type == RECORD_BAN_CLEAR)
		r->ban_clear.id = some_ban(g);
	else
		r->emergency.level = (uint32_t)below(g, 5);
}

/* How often each type comes, in parts of their sum. */
static const unsigned weights[RECORD_TYPE_END] = {
	[RECORD_USER_ADD] = 5,     [RECORD_USER_NICK] = 6,      [RECORD_USER_QUIT] = 2, [RECORD_USER_KILL] = 2,
	[RECORD_USER_AWAY] = 3,    [RECORD_USER_REALNAME] = 2,  [RECORD_USER_HOST] = 2, [RECORD_USER_MODES] = 3,
	[RECORD_USER_ACCOUNT] = 3, [RECORD_JOIN] = 30,          [RECORD_PART] = 6,      [RECORD_KICK] = 8,
	[RECORD_TOPIC] = 5,        [RECORD_CHANNEL_MODES] = 30, [RECORD_INVITE] = 6,    [RECORD_MESSAGE] = 24,
	[RECORD_WALLOPS] = 1,      [RECORD_CHANNEL] = 3,        [RECORD_USER_OPER] = 2, [RECORD_USER_NOTICES] = 1,
	[RECORD_ACCOUNT] = 4,      [RECORD_BAN_SET] = 3,        [RECORD_BAN_CLEAR] = 1, [RECORD_EMERGENCY] = 1,
	[RECORD_KNOCK] = 6,
};

static enum record_type some_type(struct gen *g)
{
	unsigned sum = 0;
	uint64_t at;
	int type = 0;

	if (network_users(g->net)->count < USERS_MIN)
		return RECORD_USER_ADD;
	for (int i = 0; i < RECORD_TYPE_END; i++)
		sum += weights[i];
	at = below(g, sum);
	while (at >= weights[type])
		at -= weights[type++];
	return (enum record_type)type;
}

/* Modes often enough that registered channels, whose first member is no operator, get operators. */
static uint64_t override_one_in(enum record_type type)
{
	return type == RECORD_ACCOUNT                             ? 1
	       : type == RECORD_CHANNEL || type >= RECORD_BAN_SET ? 2
	       : type == RECORD_CHANNEL_MODES                     ? 6
								  : 15;
}

static struct record make(struct gen *g)
{
	struct record r = {.type = some_type(g)};

	g->ntext = 0;
	g->time += (int64_t)below(g, 2000);
	r.time = g->time;
	r.session = below(g, 100);
	r.msgid = STR("id");
	r.flags = below(g, override_one_in(r.type)) == 0 ? RECORD_OVERRIDE : 0;
	r.origin = below(g, 60) ? somebody(g) : 0;
	if (r.type == RECORD_USER_ADD)
		make_user(g, &r);
	else if (r.type == RECORD_JOIN)
		make_join(g, &r);
	else if (r.type == RECORD_CHANNEL_MODES)
		make_modes(g, &r);
	else if (r.type == RECORD_MESSAGE)
		make_message(g, &r);
	else if (r.type == RECORD_CHANNEL)
		make_kept(g, &r);
	else if (r.type == RECORD_ACCOUNT)
		make_account(g, &r);
	else if (r.type >= RECORD_BAN_SET && r.type <= RECORD_EMERGENCY)
		make_network(g, &r);
	else if (r.type == RECORD_KNOCK || (r.type >= RECORD_PART && r.type <= RECORD_INVITE))
		make_channel_record(g, &r);
	else
		make_other(g, &r);
	return r;
}

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
	if (c->type != CHANGE_TOPIC && c->type != CHANGE_CHANNEL_MODES && c->type != CHANGE_JOINED)
		return;
	if (c->record->type != RECORD_CHANNEL && ((c->channel->flags & CHAN_REGISTERED) || unregisters(c)))
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
	assert_true(l->told == told);
	l->altered[0] = '\0';
}

static void record_tapes(struct tape *tape, struct tape *kept, struct listener *l)
{
	struct gen g = {.random = 20240229, .time = 1700000000000, .net = l->net};

	tape_init(tape);
	tape_init(kept);
	while (tape->count < RECORDS) {
		struct record r = make(&g);

		tape_add(tape, &r);
		if (record_class(&r) >= RECORD_KEPT_ACCOUNT)
			tape_add(kept, &r);
		network_apply(l->net, &r, &l->sink);
		keep(kept, l);
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

	for (int i = 0; i <= CHANGE_KNOCKED; i++) {
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
	uint64_t last = 0;

	tape_init(kept);
	for (size_t i = 0; i < x->tape.count; i++) {
		struct record_room room;
		struct record r;

		assert_true(record_decode(&r, &room, tape_record(&x->tape, i)));
		if (record_class(&r) >= RECORD_KEPT_ACCOUNT)
			tape_add(kept, &r);
		network_apply(l->net, &r, &l->sink);
		keep(kept, l);
		replay(kept, rebuilt, at, kept->count);
		at = kept->count;
		assert_true(network_hash_kept(l->net) == network_hash_kept(rebuilt->net));
		hashes += network_hash_kept(l->net) != last;
		last = network_hash_kept(l->net);
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
	}
	for (uint32_t i = 0; i < network_accounts(x->first->net)->count; i++) {
		struct record_room room;
		struct record r;

		network_account_record(network_accounts(x->first->net)->items[i], &r, room.account_items);
		tape_add(tape, &r);
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
		const struct record rows[] = {rec_user(id, "late"), rec_join(id, "#late", ""),
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
