#include "record_gen.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "network/account.h"
#include "network/ban.h"
#include "proto/modes.h"

enum {
	USERS_MIN = 20,
	CHANNELS = 12,
	NICKS = 150,
};

/* An additive counter through a mixer of 64 bits. */
static uint64_t below(struct record_gen *g, uint64_t n)
{
	uint64_t z = (g->random += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (z ^ (z >> 31)) % n;
}

/* The form, its '%' replaced by the number. */
static struct str text(struct record_gen *g, const char *form, uint64_t n)
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
static uint64_t somebody(struct record_gen *g)
{
	const struct vec *users = network_users(g->net);

	if (users->count == 0 || below(g, 50) == 0)
		return 1 + below(g, g->next_id + 1);
	return ((const struct user *)users->items[below(g, users->count)])->id;
}

static struct str some_channel(struct record_gen *g)
{
	return text(g, below(g, 2) ? "#c%" : "#C%", below(g, CHANNELS));
}

/* What is known of it: which of it is a matter of the bits. */
static void make_connection(struct record *r, uint64_t which)
{
	r->user_add.cloaks = which & 1 ? STR("a.b.c.ip d.example") : STR_NONE;
	r->user_add.gateway = which & 2 ? STR("kiwi") : STR_NONE;
	r->user_add.country = which & 4 ? STR("DE") : STR_NONE;
	r->user_add.secure = (which & 8) != 0;
}

static void make_user(struct record_gen *g, struct record *r)
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
	make_connection(r, g->next_id);
}

static void make_join(struct record_gen *g, struct record *r)
{
	r->join.channel = some_channel(g);
	r->join.key = below(g, 3) ? text(g, "k%", below(g, 2)) : STR_NONE;
	r->join.new_flags = (uint32_t)(below(g, 1 << 14) & (below(g, 1 << 14) | 255));
	r->join.channels_max = 6;
}

static struct str some_mask(struct record_gen *g)
{
	static const char *const forms[] = {"nick{%}!*@*", "*!*@192.0.2.%", "~a:acc%",
					    "~m:*!u%@*",   "*!*@h%.*",      "~m:~a:ACC%"};

	return text(g, forms[below(g, 6)], below(g, 20));
}

static struct str some_value(struct record_gen *g, uint32_t which)
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

static struct mode_op some_mode(struct record_gen *g)
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

static void make_modes(struct record_gen *g, struct record *r)
{
	r->channel_modes.channel = some_channel(g);
	r->channel_modes.ops = g->ops;
	r->channel_modes.nops = 1 + (uint32_t)below(g, 6);
	r->channel_modes.list_max = 8;
	r->channel_modes.until = below(g, 3) ? 0 : r->time + (int64_t)below(g, 9000);
	for (uint32_t i = 0; i < r->channel_modes.nops; i++)
		g->ops[i] = some_mode(g);
}

static void make_message(struct record_gen *g, struct record *r)
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

static void make_other(struct record_gen *g, struct record *r)
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

static void make_channel_record(struct record_gen *g, struct record *r)
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
	case RECORD_RENAME:
		r->origin = r->origin ? r->origin : somebody(g);
		r->rename.channel = below(g, 3) ? channel : text(g, "#d%", below(g, 60));
		r->rename.name = below(g, 3) ? text(g, "#D%", below(g, 60)) : some_channel(g);
		r->rename.reason = below(g, 2) ? STR("better") : STR_NONE;
		break;
	case RECORD_CHANNEL_SETTINGS:
		r->channel_settings.channel = channel;
		r->channel_settings.what = (uint32_t)below(g, 8);
		r->channel_settings.flags = (uint32_t)below(g, 4);
		r->channel_settings.entry = below(g, 3) ? text(g, "welcome %", below(g, 9)) : STR_NONE;
		r->channel_settings.used = below(g, 2) ? g->time : g->time - (int64_t)below(g, 9000);
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

static void make_edit(struct record_gen *g, struct record *r)
{
	if (below(g, 3))
		r->edit.of.channel = some_channel(g);
	else
		r->edit.of.target = somebody(g);
	r->edit.of.msgid = STR("id-0");
	r->edit.of.author = below(g, 4) ? r->origin : somebody(g);
	r->edit.of.said = g->time - (int64_t)below(g, 2000);
	r->edit.of.window_ms = 1000;
	r->edit.text = STR("better");
}

/* Of a message of one's own or of somebody else's, of now or long ago. */
static void make_removal(struct record_gen *g, struct record *r)
{
	if (r->type == RECORD_FORGET) {
		r->forget.account = STR("nobody");
		return;
	}
	if (r->type == RECORD_EDIT) {
		make_edit(g, r);
		return;
	}
	if (below(g, 3))
		r->redact.channel = some_channel(g);
	else
		r->redact.target = somebody(g);
	r->redact.msgid = STR("id-0");
	r->redact.author = below(g, 2) ? r->origin : somebody(g);
	r->redact.said = g->time - (int64_t)below(g, 2000);
	r->redact.window_ms = 1000;
}

static void make_marker(struct record_gen *g, struct record *r)
{
	struct str account = text(g, "acc{%}", below(g, 20));

	if (r->type == RECORD_ACCOUNT_MARKERS) {
		r->account_markers.account = account;
		r->account_markers.text = text(g, "#c% 12\nx 5\n", below(g, 3));
		return;
	}
	r->flags = RECORD_OVERRIDE;
	r->marker.account = below(g, 2) ? account : STR_NONE;
	r->marker.target = some_channel(g);
	r->marker.time = g->time - (int64_t)below(g, 5000);
}

/* Few keys and values, so that some are set already. */
static void make_metadata(struct record_gen *g, struct record *r)
{
	if (r->type == RECORD_CHANNEL_METADATA) {
		r->channel_metadata.channel = some_channel(g);
		r->channel_metadata.text = below(g, 3) ? text(g, "url %\nkey \n", below(g, 9)) : STR_NONE;
		return;
	}
	if (below(g, 2))
		r->metadata.channel = some_channel(g);
	else
		r->metadata.target = below(g, 3) ? r->origin : somebody(g);
	r->metadata.key = text(g, "key%", below(g, 4));
	r->metadata.remove = below(g, 3) == 0;
	r->metadata.value = r->metadata.remove ? STR_NONE : text(g, "value %", below(g, 3));
	r->metadata.max = 3;
}

/* Registered or not; the entries of its lists get older and older times from the last to the first. */
static void make_kept(struct record_gen *g, struct record *r)
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
	r->channel.nitems = (uint32_t)below(g, RECORD_GEN_ITEMS + 1);
	for (uint32_t i = 0; i < r->channel.nitems; i++) {
		g->items[i].list = (enum chan_list)below(g, CHAN_LIST_COUNT);
		g->items[i].mask = text(g, below(g, 9) ? "nick{%}!*@*" : "Nick{%}!*@*", 3 * i + below(g, 3));
		g->items[i].by = below(g, 3) ? STR("somebody!u@h") : STR_NONE;
		g->items[i].time = r->time - 10 + i;
		g->items[i].until = below(g, 4) ? 0 : r->time + i;
	}
}

/* Mostly made of the account as it is; nicks are few, so that two want the same one. */
static void make_account(struct record_gen *g, struct record *r)
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
	r->account.nitems = (uint32_t)below(g, RECORD_GEN_ITEMS + 1);
	for (uint32_t i = 0; i < r->account.nitems; i++) {
		g->account_items[i].kind = (enum account_item_kind)below(g, ACCOUNT_ITEM_KINDS);
		g->account_items[i].text =
			text(g, g->account_items[i].kind == ACCOUNT_METADATA ? "key% v" : "Nick[%]", below(g, 60));
		g->account_items[i].time = (int64_t)below(g, 9);
	}
}

static void make_ban(struct record_gen *g, struct record *r)
{
	static const char *const masks[BAN_KIND_COUNT] = {"192.0.2.%/30", "nick{%}!*@*", "acc%", "Person *%", "(%",
						   "nick{%}", "#c%", "*@h%", "#C%"};

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
static uint64_t some_ban(struct record_gen *g)
{
	const struct vec *bans = network_bans(g->net, (enum ban_kind)below(g, BAN_KIND_COUNT));

	return bans->count ? ((const struct ban *)bans->items[below(g, bans->count)])->id : below(g, 100);
}

static void make_network(struct record_gen *g, struct record *r)
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
	[RECORD_USER_ADD] = 5,
	[RECORD_USER_NICK] = 6,
	[RECORD_USER_QUIT] = 2,
	[RECORD_USER_KILL] = 2,
	[RECORD_USER_AWAY] = 3,
	[RECORD_USER_REALNAME] = 2,
	[RECORD_USER_HOST] = 2,
	[RECORD_USER_MODES] = 3,
	[RECORD_USER_ACCOUNT] = 3,
	[RECORD_JOIN] = 30,
	[RECORD_PART] = 6,
	[RECORD_KICK] = 8,
	[RECORD_TOPIC] = 5,
	[RECORD_CHANNEL_MODES] = 30,
	[RECORD_INVITE] = 6,
	[RECORD_MESSAGE] = 24,
	[RECORD_WALLOPS] = 1,
	[RECORD_CHANNEL] = 3,
	[RECORD_USER_OPER] = 2,
	[RECORD_USER_NOTICES] = 1,
	[RECORD_ACCOUNT] = 4,
	[RECORD_BAN_SET] = 3,
	[RECORD_BAN_CLEAR] = 1,
	[RECORD_EMERGENCY] = 1,
	[RECORD_RENAME] = 16,
	[RECORD_KNOCK] = 6,
	[RECORD_REDACT] = 6,
	[RECORD_EDIT] = 2,
	[RECORD_FORGET] = 1,
	[RECORD_MARKER] = 6,
	[RECORD_ACCOUNT_MARKERS] = 1,
	[RECORD_METADATA] = 12,
	[RECORD_CHANNEL_METADATA] = 2,
	[RECORD_CHANNEL_SETTINGS] = 6,
};

static enum record_type some_type(struct record_gen *g)
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
	return type == RECORD_ACCOUNT_MARKERS                                                   ? 1
	       : type == RECORD_ACCOUNT                                                         ? 1
	       : type == RECORD_CHANNEL_METADATA                                                ? 1
	       : type == RECORD_CHANNEL_SETTINGS                                                ? 1
	       : type == RECORD_CHANNEL || (type >= RECORD_BAN_SET && type <= RECORD_EMERGENCY) ? 2
	       : type == RECORD_CHANNEL_MODES                                                   ? 6
												: 15;
}

struct record record_gen_next(struct record_gen *g)
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
	else if (r.type == RECORD_REDACT || r.type == RECORD_FORGET || r.type == RECORD_EDIT)
		make_removal(g, &r);
	else if (r.type == RECORD_MARKER || r.type == RECORD_ACCOUNT_MARKERS)
		make_marker(g, &r);
	else if (r.type == RECORD_METADATA || r.type == RECORD_CHANNEL_METADATA)
		make_metadata(g, &r);
	else if (r.type == RECORD_KNOCK || r.type == RECORD_RENAME || r.type == RECORD_CHANNEL_SETTINGS ||
		 (r.type >= RECORD_PART && r.type <= RECORD_INVITE))
		make_channel_record(g, &r);
	else
		make_other(g, &r);
	return r;
}
