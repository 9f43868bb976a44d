#include "base/hash.h"

#include "network/metadata.h"
#include "network/settings.h"
#include "network/state.h"

/*
 * Each object is hashed by itself and the sums are added, so that no order of a table shows; within an object, each
 * part is hashed under a key that the parts before it make. Nothing here may depend on the machine's byte order.
 */

static void mix_str(uint64_t *h, struct str s)
{
	struct hash_key key = {{*h, 0x6e6574776f726b21}};

	*h = hash_bytes(&key, s);
}

static void mix_u64(uint64_t *h, uint64_t v)
{
	char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (char)(v >> 8 * i & 0xff);
	mix_str(h, (struct str){bytes, sizeof(bytes)});
}

/* NULL and empty differ. */
static void mix_cstr(uint64_t *h, const char *s)
{
	mix_u64(h, s != NULL);
	mix_str(h, str_of(s));
}

static void mix_oper(uint64_t *h, const struct user_oper *oper)
{
	mix_cstr(h, oper->name);
	mix_cstr(h, oper->class_name);
	mix_cstr(h, oper->title);
	mix_u64(h, oper->privileges);
	mix_u64(h, oper->notices);
}

static uint64_t hash_user(const struct user *u)
{
	uint64_t h = 1;

	mix_u64(&h, u->id);
	for (int i = 0; i < USER_TEXT_COUNT; i++)
		mix_str(&h, user_str(u, i));
	mix_u64(&h, u->modes);
	mix_u64(&h, u->secure);
	mix_u64(&h, (uint64_t)u->signon);
	mix_u64(&h, (uint64_t)u->spoke);
	mix_cstr(&h, u->away);
	mix_u64(&h, u->ninvites);
	for (uint32_t i = 0; i < u->ninvites; i++)
		mix_u64(&h, u->invites[i]);
	if (u->oper)
		mix_oper(&h, u->oper);
	mix_str(&h, metadata_text(u->metadata));
	mix_cstr(&h, u->markers);
	mix_u64(&h, u->kept);
	return h;
}

static uint64_t hash_list(const struct vec *list)
{
	uint64_t h = 2;

	for (uint32_t i = 0; i < list->count; i++) {
		const struct list_entry *e = list->items[i];

		mix_cstr(&h, e->mask);
		mix_cstr(&h, e->by);
		mix_u64(&h, (uint64_t)e->time);
		mix_u64(&h, (uint64_t)e->until);
	}
	return h;
}

static uint64_t hash_members(const struct channel *c)
{
	uint64_t sum = c->members.count;

	for (uint32_t i = 0; i < c->members.count; i++) {
		uint64_t h = 3;

		mix_u64(&h, channel_member(c, i)->user->id);
		mix_u64(&h, channel_member(c, i)->rank);
		mix_u64(&h, (uint64_t)channel_member(c, i)->joined);
		sum += h;
	}
	return sum;
}

static void mix_settings(uint64_t *h, const struct channel *c)
{
	const struct channel_settings *s = channel_settings(c);

	mix_cstr(h, s->entry);
	mix_u64(h, s->flags);
	mix_u64(h, (uint64_t)s->used);
}

/* All but who is there, and what only this run of the network knows it by. */
static uint64_t hash_kept(const struct channel *c)
{
	char params[RECORD_PARAMS_MAX];
	uint64_t h = 4;

	mix_cstr(&h, c->name);
	mix_u64(&h, (uint64_t)c->created);
	mix_u64(&h, c->flags);
	mix_u64(&h, c->limit);
	mix_cstr(&h, c->key);
	mix_cstr(&h, c->topic);
	mix_cstr(&h, c->topic_by);
	mix_u64(&h, (uint64_t)c->topic_time);
	for (int list = 0; list < CHAN_LIST_COUNT; list++)
		mix_u64(&h, hash_list(&c->lists[list]));
	mix_str(&h, channel_params(c, params, sizeof(params)));
	mix_str(&h, metadata_text(c->metadata));
	mix_settings(&h, c);
	return h;
}

static void mix_recent(uint64_t *h, const struct recent *r)
{
	mix_u64(h, r->count);
	for (uint32_t i = 0; i < r->count; i++) {
		mix_u64(h, r->items[i].user);
		mix_u64(h, (uint64_t)r->items[i].last);
		mix_u64(h, (uint64_t)r->items[i].from);
		mix_u64(h, r->items[i].count);
	}
}

static void mix_paces(uint64_t *h, const struct channel_extra *x)
{
	mix_recent(h, &x->spoke);
	mix_recent(h, &x->knocked);
	mix_u64(h, (uint64_t)x->joins_from);
	mix_u64(h, x->joins_count);
}

static uint64_t hash_channel(const struct channel *c)
{
	uint64_t h = hash_kept(c);

	mix_u64(&h, c->id);
	mix_cstr(&h, c->folded);
	mix_u64(&h, hash_members(c));
	if (c->extra)
		mix_paces(&h, c->extra);
	return h;
}

static void mix_whowas(uint64_t *h, const struct whowas *w)
{
	mix_cstr(h, w->nick);
	mix_cstr(h, w->username);
	mix_cstr(h, w->host);
	mix_cstr(h, w->realname);
	mix_cstr(h, w->account);
	mix_cstr(h, w->address);
	mix_cstr(h, w->realhost);
	mix_u64(h, (uint64_t)w->time);
}

/* Newest first: the order of leaving is part of the state, the place in the ring is not. */
static uint64_t hash_whowas(const struct network *net)
{
	uint32_t max = net->config.whowas_max;
	uint64_t h = 5;

	for (uint32_t back = 1; back <= net->whowas_count; back++)
		mix_whowas(&h, net->whowas[(net->whowas_next + max - back) % max]);
	return h;
}

static uint64_t hash_account(const struct account *a)
{
	uint64_t h = 8;

	mix_u64(&h, a->revision);
	mix_u64(&h, (uint64_t)a->created);
	mix_u64(&h, a->flags);
	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++)
		mix_str(&h, account_str(a, i));
	for (uint32_t i = 0; i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];

		mix_u64(&h, item->kind);
		mix_u64(&h, (uint64_t)item->time);
		mix_cstr(&h, item->text);
	}
	mix_cstr(&h, a->markers);
	return h;
}

static uint64_t hash_accounts(const struct network *net)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < net->accounts.count; i++)
		sum += hash_account(net->accounts.items[i]);
	return sum;
}

/* All but how often it met somebody. */
static uint64_t hash_ban(const struct ban *b)
{
	const uint64_t numbers[] = {
		b->id, b->kind, b->action, b->targets, (uint64_t)b->time, (uint64_t)b->until, (uint64_t)b->ban_ms};
	uint64_t h = 9;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		mix_u64(&h, numbers[i]);
	mix_cstr(&h, b->mask);
	mix_cstr(&h, b->by);
	mix_cstr(&h, b->reason);
	return h;
}

/* The id that comes next is none of it: of bans that are gone, what is kept says nothing. */
static uint64_t hash_bans(const struct network *net)
{
	uint64_t sum = 0;

	for (int kind = 0; kind < BAN_KIND_COUNT; kind++) {
		for (uint32_t i = 0; i < net->bans[kind].count; i++)
			sum += hash_ban(net->bans[kind].items[i]);
	}
	mix_u64(&sum, net->emergency);
	return sum;
}

uint64_t network_hash(const struct network *net)
{
	const struct network_counts *n = &net->counts;
	const uint64_t numbers[] = {net->config.casemap, net->channel_id, net->ban_id, n->users,
				    n->invisible,        n->opers,        n->channels, n->users_max};
	uint64_t sum = 6;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		mix_u64(&sum, numbers[i]);
	for (uint32_t i = 0; i < net->users.count; i++)
		sum += hash_user(net->users.items[i]);
	for (uint32_t i = 0; i < net->channels.count; i++)
		sum += hash_channel(net->channels.items[i]);
	return sum + hash_whowas(net) + hash_accounts(net) + hash_bans(net);
}

/* One who stays: all but what belongs to an operator, and to this run. */
static uint64_t hash_staying(const struct user *u)
{
	uint64_t h = 11, sum = 0;

	for (int i = 0; i < USER_TEXT_COUNT; i++)
		mix_str(&h, user_str(u, i));
	mix_u64(&h, u->modes & ~USER_OPER_MODES);
	mix_cstr(&h, u->away);
	for (uint32_t i = 0; i < u->memberships.count; i++) {
		const struct member *m = u->memberships.items[i];
		uint64_t one = 12;

		mix_cstr(&one, m->channel->name);
		mix_u64(&one, m->rank);
		sum += one;
	}
	return h + sum;
}

uint64_t network_hash_kept(const struct network *net)
{
	uint64_t sum = 7;

	for (uint32_t i = 0; i < net->channels.count; i++) {
		const struct channel *c = net->channels.items[i];

		if (c->flags & CHAN_REGISTERED)
			sum += hash_kept(c);
	}
	for (uint32_t i = 0; i < net->users.count; i++) {
		const struct user *u = net->users.items[i];

		if (u->kept)
			sum += hash_staying(u);
	}
	return sum + hash_accounts(net) + hash_bans(net);
}
