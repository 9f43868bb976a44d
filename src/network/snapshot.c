#include "network/snapshot.h"

#include "base/mem.h"
#include "network/markers.h"
#include "network/metadata.h"
#include "network/settings.h"
#include "network/state.h"

/*
 * Sections in this order: what the network counts, users, channels, whowas, accounts, bans. Each user, channel and
 * member is a section of its own, so that later versions can add to them. What a newcomer adds to the state is added
 * here and in hash.c; bits that a later version knows and this one does not are passed over.
 */

/* Parts behind those that were there from the first version on: accounts, bans. */
enum { PARTS_MORE = 2 };
enum { SECTION_LEAST = 4, CHANNEL_TEXT_MAX = 64 << 10, RECENT_SIZE = 28, RECENT_LOAD_MAX = 256 };

/* How a user is written, without the folded nick, which comes of the nick. */
static const enum user_text user_texts[] = {USER_NICK, USER_NAME, USER_HOST, USER_REALNAME, USER_ADDRESS, USER_ACCOUNT};
enum { USER_TEXTS = sizeof(user_texts) / sizeof(user_texts[0]) };

/* Writing */

static void save_oper(struct wire_out *out, const struct user_oper *oper)
{
	size_t begun = wire_begin(out);

	if (oper) {
		wire_put_text(out, oper->name);
		wire_put_text(out, oper->class_name);
		wire_put_text(out, oper->title);
		wire_put_u64(out, oper->privileges);
		wire_put_u32(out, oper->notices);
	}
	wire_end(out, begun);
}

static void save_user(struct wire_out *out, const struct user *u)
{
	size_t begun = wire_begin(out);

	wire_put_u64(out, u->id);
	for (size_t i = 0; i < USER_TEXTS; i++)
		wire_put_text(out, user_text(u, user_texts[i]));
	wire_put_u32(out, u->modes);
	wire_put_i64(out, u->signon);
	wire_put_i64(out, u->spoke);
	wire_put_text(out, u->away);
	wire_put_u32(out, u->ninvites);
	for (uint32_t i = 0; i < u->ninvites; i++)
		wire_put_u64(out, u->invites[i]);
	wire_put_u32(out, u->memberships.count);
	save_oper(out, u->oper);
	wire_put_text(out, user_text(u, USER_REALHOST));
	wire_put_str(out, metadata_text(u->metadata));
	wire_put_text(out, user_text(u, USER_CLOAKS));
	wire_put_text(out, user_text(u, USER_GATEWAY));
	wire_put_text(out, user_text(u, USER_COUNTRY));
	wire_put_u8(out, u->secure);
	wire_put_u8(out, u->kept);
	wire_put_text(out, u->markers);
	wire_end(out, begun);
}

static void save_member(struct wire_out *out, const struct member *m)
{
	size_t begun = wire_begin(out);

	wire_put_u32(out, m->user->at);
	wire_put_u32(out, m->at_user);
	wire_put_u8(out, m->rank);
	wire_put_i64(out, m->joined);
	wire_end(out, begun);
}

static void save_list(struct wire_out *out, const struct vec *list)
{
	wire_put_u32(out, list->count);
	for (uint32_t i = 0; i < list->count; i++) {
		const struct list_entry *e = list->items[i];
		size_t begun = wire_begin(out);

		wire_put_text(out, e->mask);
		wire_put_text(out, e->by);
		wire_put_i64(out, e->time);
		wire_end(out, begun);
	}
}

static void save_recent(struct wire_out *out, const struct recent *r)
{
	wire_put_u32(out, r->count);
	for (uint32_t i = 0; i < r->count; i++) {
		wire_put_u64(out, r->items[i].user);
		wire_put_i64(out, r->items[i].last);
		wire_put_i64(out, r->items[i].from);
		wire_put_u32(out, r->items[i].count);
	}
}

static void save_extra(struct wire_out *out, const struct channel *c)
{
	char params[RECORD_PARAMS_MAX];

	wire_put_str(out, channel_params(c, params, sizeof(params)));
	save_recent(out, &c->extra->spoke);
	save_recent(out, &c->extra->knocked);
	wire_put_i64(out, c->extra->joins_from);
	wire_put_u32(out, c->extra->joins_count);
}

static void save_settings(struct wire_out *out, const struct channel_settings *s)
{
	wire_put_text(out, s->entry);
	wire_put_u32(out, s->flags);
	wire_put_i64(out, s->used);
}

/* When each entry of the lists ends, in their order, and then what few channels have. */
static void save_channel_more(struct wire_out *out, const struct channel *c)
{
	for (int list = 0; list < CHAN_LIST_COUNT; list++) {
		for (uint32_t i = 0; i < c->lists[list].count; i++)
			wire_put_i64(out, ((const struct list_entry *)c->lists[list].items[i])->until);
	}
	wire_put_u8(out, c->extra != NULL);
	if (c->extra)
		save_extra(out, c);
	wire_put_str(out, metadata_text(c->metadata));
	save_settings(out, channel_settings(c));
}

static void save_channel(struct wire_out *out, const struct channel *c)
{
	size_t begun = wire_begin(out);

	wire_put_u64(out, c->id);
	wire_put_text(out, c->name);
	wire_put_i64(out, c->created);
	wire_put_u32(out, c->flags);
	wire_put_u32(out, c->limit);
	wire_put_text(out, c->key);
	wire_put_text(out, c->topic);
	wire_put_text(out, c->topic_by);
	wire_put_i64(out, c->topic_time);
	wire_put_u32(out, CHAN_LIST_COUNT);
	for (int list = 0; list < CHAN_LIST_COUNT; list++)
		save_list(out, &c->lists[list]);
	wire_put_u32(out, c->members.count);
	for (uint32_t i = 0; i < c->members.count; i++)
		save_member(out, channel_member(c, i));
	save_channel_more(out, c);
	wire_end(out, begun);
}

/* Oldest first, so that each is added as it once was. */
static void save_whowas(struct wire_out *out, const struct network *net)
{
	uint32_t max = net->config.whowas_max;

	wire_put_u32(out, net->whowas_count);
	for (uint32_t back = net->whowas_count; back > 0; back--) {
		const struct whowas *w = net->whowas[(net->whowas_next + max - back) % max];
		size_t begun = wire_begin(out);

		wire_put_text(out, w->nick);
		wire_put_text(out, w->username);
		wire_put_text(out, w->host);
		wire_put_text(out, w->realname);
		wire_put_text(out, w->address);
		wire_put_text(out, w->account ? w->account : "");
		wire_put_i64(out, w->time);
		wire_put_text(out, w->realhost);
		wire_end(out, begun);
	}
}

static void save_account(struct wire_out *out, const struct account *a)
{
	size_t begun = wire_begin(out);

	wire_put_u64(out, a->revision);
	wire_put_i64(out, a->created);
	wire_put_u32(out, a->flags);
	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++)
		if (i != ACCOUNT_FOLDED)
			wire_put_text(out, account_text(a, i));
	wire_put_u32(out, a->items.count);
	for (uint32_t i = 0; i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];

		wire_put_u8(out, (uint8_t)item->kind);
		wire_put_i64(out, item->time);
		wire_put_text(out, item->text);
	}
	wire_put_text(out, a->markers);
	wire_end(out, begun);
}

static void save_ban(struct wire_out *out, const struct ban *b)
{
	size_t begun = wire_begin(out);

	wire_put_u64(out, b->id);
	wire_put_u8(out, (uint8_t)b->kind);
	wire_put_u8(out, (uint8_t)b->action);
	wire_put_u32(out, b->targets);
	wire_put_text(out, b->mask);
	wire_put_text(out, b->by);
	wire_put_text(out, b->reason);
	wire_put_i64(out, b->time);
	wire_put_i64(out, b->until);
	wire_put_i64(out, b->ban_ms);
	wire_put_u64(out, b->hits);
	wire_put_i64(out, b->last_hit);
	wire_end(out, begun);
}

static void save_bans(struct wire_out *out, const struct network *net)
{
	size_t begun = wire_begin(out);

	wire_put_u64(out, net->ban_id);
	wire_put_u32(out, net->emergency);
	wire_put_u32(out, (uint32_t)network_ban_count(net));
	for (int kind = 0; kind < BAN_KIND_COUNT; kind++) {
		for (uint32_t i = 0; i < net->bans[kind].count; i++)
			save_ban(out, net->bans[kind].items[i]);
	}
	wire_end(out, begun);
}

static void save_accounts(struct wire_out *out, const struct network *net)
{
	wire_put_u32(out, net->accounts.count);
	for (uint32_t i = 0; i < net->accounts.count; i++)
		save_account(out, net->accounts.items[i]);
}

void network_save(const struct network *net, struct wire_out *out)
{
	size_t begun = wire_begin(out);

	wire_put_u32(out, net->config.casemap);
	wire_put_u64(out, net->channel_id);
	wire_put_u32(out, net->counts.users_max);
	wire_put_u8(out, PARTS_MORE);
	wire_end(out, begun);
	wire_put_u32(out, net->users.count);
	for (uint32_t i = 0; i < net->users.count; i++)
		save_user(out, net->users.items[i]);
	wire_put_u32(out, net->channels.count);
	for (uint32_t i = 0; i < net->channels.count; i++)
		save_channel(out, net->channels.items[i]);
	save_whowas(out, net);
	save_accounts(out, net);
	save_bans(out, net);
}

/* Reading */

/* NUL-terminated copy of a text; NULL where there was none. */
static char *take_text(struct wire_in *in, size_t max)
{
	struct str s = wire_text(in, max);

	return s.p ? mem_strndup(s.p, s.n) : NULL;
}

/* Of a user, and of those who were here: there, though it may be empty. */
static void take_user_texts(struct wire_in *in, struct str text[USER_TEXT_COUNT])
{
	for (size_t i = 0; i < USER_TEXTS; i++) {
		text[user_texts[i]] = wire_text(in, NETWORK_TEXT_MAX);
		if (!text[user_texts[i]].p)
			wire_fail(in);
	}
	text[USER_NICK_FOLDED] = STR_NONE;
	for (int i = USER_REALHOST; i < USER_TEXT_COUNT; i++)
		text[i] = STR_NONE;
}

/* What later versions put at the end: a predecessor wrote none. */
static struct str take_late_text(struct wire_in *in)
{
	return wire_more(in) ? wire_text(in, NETWORK_TEXT_MAX) : STR_NONE;
}

static void load_invites(struct wire_in *in, struct user *u)
{
	uint32_t count = wire_count(in, sizeof(*u->invites));

	if (count > NETWORK_INVITES_MAX)
		wire_fail(in);
	for (uint32_t i = 0; i < count && !in->bad; i++)
		state_user_invite(u, wire_u64(in));
	if (u->ninvites != count)
		wire_fail(in);
}

/* Room for as many as there will be: where each goes is said with the channels. */
static void load_membership_room(struct wire_in *in, struct user *u)
{
	uint32_t count = wire_u32(in);

	if (count > UINT16_MAX)
		wire_fail(in);
	for (uint32_t i = 0; i < count && !in->bad; i++)
		vec_push(&u->memberships, NULL);
}

/* A predecessor that knew no classes wrote nothing of it. */
static void load_oper(struct wire_in *in, struct user *u)
{
	struct state_oper text;
	struct wire_in one;
	priv_set privileges;

	if (!wire_more(in))
		return;
	one = wire_section(in);
	if (!wire_more(&one))
		return;
	text.name = wire_text(&one, NETWORK_TEXT_MAX);
	text.class_name = wire_text(&one, NETWORK_TEXT_MAX);
	text.title = wire_text(&one, NETWORK_TEXT_MAX);
	privileges = wire_u64(&one);
	text.notices = wire_more(&one) ? wire_u32(&one) : 0;
	if (one.bad || !(u->modes & USER_OPER))
		wire_fail(in);
	else
		state_user_set_oper(u, &text, privileges);
}

static void load_late_text(struct network *net, struct wire_in *in, struct user *u, enum user_text which)
{
	struct str text = take_late_text(in);

	if (text.n)
		state_user_set_text(net, u, which, text);
}

static void load_late(struct network *net, struct wire_in *in, struct user *u)
{
	load_late_text(net, in, u, USER_REALHOST);
	if (wire_more(in))
		metadata_take(&u->metadata, wire_str(in));
	load_late_text(net, in, u, USER_CLOAKS);
	load_late_text(net, in, u, USER_GATEWAY);
	load_late_text(net, in, u, USER_COUNTRY);
	if (wire_more(in))
		u->secure = wire_bounded(in, 1, 1);
	if (wire_more(in))
		u->kept = wire_bounded(in, 1, 1);
	if (u->kept && !user_str(u, USER_ACCOUNT).n)
		wire_fail(in);
	if (wire_more(in))
		markers_take(&u->markers, wire_text(in, MARKERS_TEXT_MAX));
}

static bool load_user(struct network *net, struct wire_in *in)
{
	uint64_t id = wire_u64(in);
	struct str text[USER_TEXT_COUNT];
	struct str away;
	uint32_t modes;
	struct user *u;

	take_user_texts(in, text);
	modes = wire_u32(in) & STATE_USER_MODES;
	if (in->bad || !id || text[USER_NICK].n == 0)
		return false;
	if (state_user(net, id) || state_user_by_nick(net, text[USER_NICK]))
		return false;
	u = state_user_add(net, id, text);
	state_user_set_modes(net, u, modes);
	u->signon = wire_i64(in);
	u->spoke = wire_i64(in);
	away = wire_text(in, CHANNEL_TEXT_MAX);
	if (away.p && !away.n)
		wire_fail(in);
	state_user_set_away(u, away);
	load_invites(in, u);
	load_membership_room(in, u);
	load_oper(in, u);
	load_late(net, in, u);
	return !in->bad && !(modes & USER_REGISTERED) == !text[USER_ACCOUNT].n;
}

/* While memberships are still being filled in. */
static bool is_member(const struct user *u, const struct channel *c)
{
	for (uint32_t i = 0; i < u->memberships.count; i++) {
		const struct member *m = u->memberships.items[i];

		if (m && m->channel == c)
			return true;
	}
	return false;
}

static bool load_member(const struct network *net, struct channel *c, struct wire_in *in)
{
	uint32_t user = wire_u32(in);
	uint32_t at_user = wire_u32(in);
	uint8_t rank = wire_u8(in) & (RANK_VOICE | RANK_HALFOP | RANK_OP | RANK_ADMIN | RANK_OWNER);
	struct member *m;
	struct user *u;

	if (in->bad || user >= net->users.count)
		return false;
	u = net->users.items[user];
	if (at_user >= u->memberships.count || u->memberships.items[at_user] || is_member(u, c))
		return false;
	m = mem_alloc(sizeof(*m));
	*m = (struct member){.user = u, .channel = c, .at_user = (uint16_t)at_user, .rank = rank};
	/* Versions before did not know: then it was not before the user came. */
	m->joined = wire_more(in) ? wire_i64(in) : u->signon;
	m->at_channel = vec_push(&c->members, m);
	u->memberships.items[at_user] = m;
	return true;
}

static bool load_members(const struct network *net, struct channel *c, struct wire_in *in)
{
	uint32_t count = wire_count(in, SECTION_LEAST);

	for (uint32_t i = 0; i < count; i++) {
		struct wire_in one = wire_section(in);

		if (!load_member(net, c, &one) || one.bad)
			return false;
	}
	return !in->bad && (c->members.count || (c->flags & CHAN_REGISTERED));
}

static bool load_entry(const struct network *net, struct channel *c, enum chan_list list, struct wire_in *in)
{
	struct str mask = wire_text(in, NETWORK_MASK_MAX);
	struct str by = wire_text(in, NETWORK_MASK_MAX);
	int64_t time = wire_i64(in);

	if (in->bad || !mask.n || !by.n || state_list_entries(c) >= RECORD_LIST_ITEMS_MAX)
		return false;
	if (state_list_find(net, c, list, mask))
		return false;
	state_list_add(&c->lists[list], &(struct list_item){list, mask, by, time, 0});
	return true;
}

/* A list that this version does not know is one that a later one has added. */
static bool load_lists(const struct network *net, struct channel *c, struct wire_in *in)
{
	uint32_t lists = wire_count(in, SECTION_LEAST);

	for (uint32_t list = 0; list < lists; list++) {
		uint32_t count = wire_count(in, SECTION_LEAST);

		for (uint32_t i = 0; i < count; i++) {
			struct wire_in one = wire_section(in);

			if (list < CHAN_LIST_COUNT && !load_entry(net, c, (enum chan_list)list, &one))
				return false;
		}
	}
	return !in->bad;
}

static bool load_topic(struct channel *c, struct wire_in *in)
{
	c->topic = take_text(in, CHANNEL_TEXT_MAX);
	c->topic_by = take_text(in, NETWORK_MASK_MAX);
	c->topic_time = wire_i64(in);
	return !in->bad && !c->topic == !c->topic_by;
}

static void load_recent(struct recent *r, struct wire_in *in)
{
	uint32_t count = wire_count(in, RECENT_SIZE);

	for (uint32_t i = 0; i < count && i < RECENT_LOAD_MAX && !in->bad; i++) {
		struct recent_one one = {.user = wire_u64(in)};

		one.last = wire_i64(in);
		one.from = wire_i64(in);
		one.count = wire_u32(in);
		if (!in->bad)
			state_recent_add(r, &one);
	}
}

static void load_extra(struct channel *c, struct wire_in *in)
{
	c->extra = mem_zalloc(sizeof(*c->extra));
	state_params_take(c, wire_str(in));
	load_recent(&c->extra->spoke, in);
	load_recent(&c->extra->knocked, in);
	c->extra->joins_from = wire_i64(in);
	c->extra->joins_count = wire_u32(in);
}

static void load_settings(struct channel *c, struct wire_in *in)
{
	struct record r = {.type = RECORD_CHANNEL_SETTINGS};

	r.channel_settings.what = CHANNEL_SET_ENTRY | CHANNEL_SET_FLAGS | CHANNEL_SET_USED;
	r.channel_settings.entry = wire_text(in, NETWORK_TEXT_MAX);
	r.channel_settings.flags = wire_u32(in);
	r.channel_settings.used = wire_i64(in);
	if (!in->bad && (c->flags & CHAN_REGISTERED))
		state_settings_take(c, &r);
}

/* A version before this one wrote none of it. */
static bool load_channel_more(struct network *net, struct channel *c, struct wire_in *in)
{
	if (!wire_more(in))
		return !in->bad;
	for (int list = 0; list < CHAN_LIST_COUNT; list++) {
		for (uint32_t i = 0; i < c->lists[list].count; i++)
			((struct list_entry *)c->lists[list].items[i])->until = wire_i64(in);
	}
	state_list_note_ends(net, c);
	if (wire_u8(in))
		load_extra(c, in);
	if (wire_more(in))
		metadata_take(&c->metadata, wire_str(in));
	if (wire_more(in))
		load_settings(c, in);
	return !in->bad;
}

static bool load_channel(struct network *net, struct wire_in *in)
{
	uint64_t last = net->channel_id;
	uint64_t id = wire_u64(in);
	struct str name = wire_text(in, NETWORK_TEXT_MAX);
	int64_t created = wire_i64(in);
	uint32_t flags = wire_u32(in) & STATE_CHAN_FLAGS;
	struct channel *c;

	if (in->bad || !id || id > last)
		return false;
	if (!state_channel_name_fits(name) || state_channel(net, name))
		return false;
	c = state_channel_add(net, name, flags, created);
	net->channel_id = last;
	c->id = id;
	c->limit = wire_u32(in);
	c->key = take_text(in, CHANNEL_TEXT_MAX);
	return load_topic(c, in) && load_lists(net, c, in) && load_members(net, c, in) && load_channel_more(net, c, in);
}

static bool load_whowas(struct network *net, struct wire_in *in)
{
	struct str text[USER_TEXT_COUNT];
	int64_t time;

	take_user_texts(in, text);
	time = wire_i64(in);
	text[USER_REALHOST] = take_late_text(in);
	if (in->bad || !text[USER_NICK].n)
		return false;
	state_whowas_restore(net, text, time);
	return true;
}

enum { ACCOUNT_ITEM_LEAST = 13 };

static uint32_t load_account_items(struct wire_in *in, struct account_item items[RECORD_ACCOUNT_ITEMS_MAX])
{
	uint32_t count = wire_count(in, ACCOUNT_ITEM_LEAST);

	if (count > RECORD_ACCOUNT_ITEMS_MAX)
		wire_fail(in);
	for (uint32_t i = 0; i < count && !in->bad; i++) {
		items[i].kind = (enum account_item_kind)wire_bounded(in, 1, ACCOUNT_ITEM_KINDS - 1);
		items[i].time = wire_i64(in);
		items[i].text = wire_text(in, NETWORK_TEXT_MAX);
	}
	return in->bad ? 0 : count;
}

static bool founder_fits(const struct network *net, struct str text)
{
	struct str channel;
	uint8_t rank;

	return !access_parse(text, &channel, &rank) || rank != RANK_OWNER || !network_founder(net, channel);
}

static bool load_account(struct network *net, struct wire_in *in)
{
	struct account_item items[RECORD_ACCOUNT_ITEMS_MAX];
	struct record r = {.type = RECORD_ACCOUNT};

	r.account.revision = wire_u64(in);
	r.account.created = wire_i64(in);
	r.account.flags = wire_u32(in);
	r.account.name = wire_text(in, NETWORK_TEXT_MAX);
	r.account.credentials = wire_text(in, NETWORK_TEXT_MAX);
	r.account.email = wire_text(in, NETWORK_TEXT_MAX);
	r.account.vhost = wire_text(in, NETWORK_TEXT_MAX);
	r.account.note = wire_text(in, NETWORK_TEXT_MAX);
	r.account.nitems = load_account_items(in, items);
	r.account.items = items;
	if (in->bad || !(r.account.flags & ACCOUNT_EXISTS) || !state_account_fits(&r) ||
	    network_account_of_nick(net, r.account.name))
		return false;
	for (uint32_t i = 0; i < r.account.nitems; i++) {
		if (items[i].kind == ACCOUNT_NICK && network_account_of_nick(net, items[i].text))
			return false;
		if (items[i].kind == ACCOUNT_CHANNEL && !founder_fits(net, items[i].text))
			return false;
		if (items[i].kind == ACCOUNT_CERTFP && network_account_of_cert(net, items[i].text))
			return false;
	}
	state_account_set(net, NULL, &r);
	if (wire_more(in))
		markers_take(&state_account(net, r.account.name)->markers, wire_text(in, MARKERS_TEXT_MAX));
	return !in->bad;
}

typedef bool (*load_fn)(struct network *net, struct wire_in *in);

static bool load_each(struct network *net, struct wire_in *in, load_fn load)
{
	uint32_t count = wire_count(in, SECTION_LEAST);

	for (uint32_t i = 0; i < count; i++) {
		struct wire_in one = wire_section(in);

		if (!load(net, &one))
			return false;
	}
	return !in->bad;
}

/* One of a kind or an action that only a later version knows is passed over, as if there were none. */
static bool load_ban(struct network *net, struct wire_in *in)
{
	struct record r = {.type = RECORD_BAN_SET};
	uint64_t id = wire_u64(in);
	uint8_t kind = wire_u8(in), action = wire_u8(in);
	struct ban *b;

	r.ban.targets = wire_u32(in);
	r.ban.mask = wire_text(in, NETWORK_MASK_MAX - 1);
	r.ban.by = wire_text(in, NETWORK_TEXT_MAX);
	r.ban.reason = wire_text(in, NETWORK_TEXT_MAX);
	r.time = wire_i64(in);
	r.ban.until = wire_i64(in);
	r.ban.ban_ms = wire_i64(in);
	if (in->bad || !id || state_ban_by_id(net, id))
		return false;
	if (kind >= BAN_KIND_COUNT || action >= BAN_ACTION_COUNT)
		return true;
	r.ban.id = id;
	r.ban.kind = (enum ban_kind)kind;
	r.ban.action = (enum ban_action)action;
	if (state_ban_find(net, r.ban.kind, r.ban.mask) || !state_ban_put(net, &r))
		return false;
	b = state_ban_by_id(net, id);
	b->hits = wire_u64(in);
	b->last_hit = wire_i64(in);
	return !in->bad;
}

static bool load_bans(struct network *net, struct wire_in *in)
{
	struct wire_in bans = wire_section(in);
	uint64_t last = wire_u64(&bans);

	net->emergency = wire_u32(&bans);
	if (!load_each(net, &bans, load_ban) || net->ban_id > last)
		return false;
	net->ban_id = last;
	for (uint32_t i = 0; i < net->users.count; i++)
		state_ban_look(net, net->users.items[i]);
	return !in->bad;
}

static bool no_member_is_missing(const struct network *net)
{
	for (uint32_t i = 0; i < net->users.count; i++) {
		const struct user *u = net->users.items[i];

		for (uint32_t k = 0; k < u->memberships.count; k++)
			if (!u->memberships.items[k])
				return false;
	}
	return true;
}

static bool load_all(struct network *net, struct wire_in *in)
{
	struct wire_in head = wire_section(in);
	uint32_t users_max;
	uint8_t more;

	if (wire_u32(&head) != net->config.casemap)
		return false;
	net->channel_id = wire_u64(&head);
	users_max = wire_u32(&head);
	more = wire_more(&head) ? wire_u8(&head) : 0;
	if (head.bad || !load_each(net, in, load_user) || !load_each(net, in, load_channel) ||
	    !load_each(net, in, load_whowas))
		return false;
	if (users_max < net->counts.users || !no_member_is_missing(net))
		return false;
	if (more > 0 && !load_each(net, in, load_account))
		return false;
	if (more > 1 && !load_bans(net, in))
		return false;
	net->counts.users_max = users_max;
	return true;
}

bool network_load(struct network *net, struct wire_in *in)
{
	if (load_all(net, in))
		return true;
	state_clear(net);
	return false;
}
