#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "network_fixture.h"
#include "network/account.h"
#include "network/state.h"

static const char *const change_names[] = {
	[CHANGE_REFUSED] = "refused",   [CHANGE_USER_ADDED] = "added",    [CHANGE_NICK] = "nick",
	[CHANGE_QUIT] = "quit",         [CHANGE_AWAY] = "away",           [CHANGE_REALNAME] = "realname",
	[CHANGE_HOST] = "host",         [CHANGE_USER_MODES] = "umodes",   [CHANGE_ACCOUNT] = "account",
	[CHANGE_JOINED] = "joined",     [CHANGE_PARTED] = "parted",       [CHANGE_KICKED] = "kicked",
	[CHANGE_TOPIC] = "topic",       [CHANGE_CHANNEL_MODES] = "modes", [CHANGE_INVITED] = "invited",
	[CHANGE_MESSAGE] = "message",   [CHANGE_WALLOPS] = "wallops",     [CHANGE_BAN_SET] = "ban",
	[CHANGE_BAN_CLEARED] = "unban", [CHANGE_EMERGENCY] = "emergency", [CHANGE_KNOCKED] = "knock",
	[CHANGE_REDACTED] = "redacted", [CHANGE_EDITED] = "edited", [CHANGE_METADATA] = "metadata", [CHANGE_MARKER] = "marker",
	[CHANGE_RENAMED] = "renamed",
};

static const char *const refusal_names[] = {
	[REFUSAL_NONE] = "none",
	[REFUSAL_NO_SUCH_USER] = "no-such-user",
	[REFUSAL_NO_SUCH_CHANNEL] = "no-such-channel",
	[REFUSAL_NICK_IN_USE] = "nick-in-use",
	[REFUSAL_NOT_ON_CHANNEL] = "not-on-channel",
	[REFUSAL_TARGET_NOT_ON_CHANNEL] = "target-not-on-channel",
	[REFUSAL_ALREADY_ON_CHANNEL] = "already-on-channel",
	[REFUSAL_NEED_RANK] = "need-rank",
	[REFUSAL_TOO_MANY_CHANNELS] = "too-many-channels",
	[REFUSAL_FULL] = "full",
	[REFUSAL_INVITE_ONLY] = "invite-only",
	[REFUSAL_BANNED] = "banned",
	[REFUSAL_BAD_KEY] = "bad-key",
	[REFUSAL_NEED_ACCOUNT] = "need-account",
	[REFUSAL_NO_EXTERNAL] = "no-external",
	[REFUSAL_MODERATED] = "moderated",
	[REFUSAL_MUTED] = "muted",
	[REFUSAL_NO_CTCP] = "no-ctcp",
	[REFUSAL_SPEAK_NEEDS_ACCOUNT] = "speak-needs-account",
	[REFUSAL_LIST_FULL] = "list-full",
	[REFUSAL_NOT_OPER] = "not-oper",
	[REFUSAL_ACCOUNT_CHANGED] = "account-changed",
	[REFUSAL_ACCOUNT_TAKEN] = "account-taken",
	[REFUSAL_SERVER_BAN] = "server-ban",
	[REFUSAL_BANS_FULL] = "bans-full",
	[REFUSAL_NO_NICK_CHANGE] = "no-nick-change",
	[REFUSAL_NO_COLOUR] = "no-colour",
	[REFUSAL_CHANNEL_SPEAKS_ACCOUNT] = "channel-speaks-account",
	[REFUSAL_NO_KNOCK] = "no-knock",
	[REFUSAL_OPEN] = "open",
	[REFUSAL_KNOCK_INSIDE] = "knock-inside",
	[REFUSAL_SLOW] = "slow",
	[REFUSAL_FLOOD] = "flood",
	[REFUSAL_JOINS] = "joins",
	[REFUSAL_FORWARD] = "forward",
	[REFUSAL_FORWARDED] = "forwarded",
	[REFUSAL_KNOCKED] = "knocked",
	[REFUSAL_REDACT] = "redact",
	[REFUSAL_REDACT_LATE] = "redact-late",
	[REFUSAL_METADATA] = "metadata",
	[REFUSAL_METADATA_FULL] = "metadata-full",
	[REFUSAL_NAME_TAKEN] = "name-taken",
	[REFUSAL_CANNOT_RENAME] = "cannot-rename",
	[REFUSAL_FORBIDDEN] = "forbidden",
};

static void add(char *out, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void add(char *out, size_t size, const char *fmt, ...)
{
	size_t n = strlen(out);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out + n, size - n, fmt, ap);
	va_end(ap);
}

static void add_user(char *out, size_t size, const struct user *u)
{
	if (u)
		add(out, size, " %s", user_nick(u));
	else
		add(out, size, " -");
}

static void add_ops(char *out, size_t size, const struct change *c)
{
	for (uint32_t i = 0; i < c->nops; i++) {
		const struct mode_op *op = &c->ops[i];

		add(out, size, " %c%c", op->set ? '+' : '-', op->letter);
		if (op->user)
			add(out, size, "%llu", (unsigned long long)op->user);
		add(out, size, "%.*s", STR_ARG(op->param));
	}
}

void fixture_describe(char *out, size_t size, const struct change *c)
{
	if (out[0])
		add(out, size, "; ");
	add(out, size, "%s", change_names[c->type]);
	if (c->refusal)
		add(out, size, ":%s", refusal_names[c->refusal]);
	add_user(out, size, c->by);
	add_user(out, size, c->user);
	if (c->channel)
		add(out, size, " %s", c->channel->name);
	if (c->text.n)
		add(out, size, " '%.*s'", STR_ARG(c->text));
	if (c->was.n)
		add(out, size, " was='%.*s'", STR_ARG(c->was));
	add_ops(out, size, c);
	if (c->set)
		add(out, size, " set=%x", (unsigned)c->set);
	if (c->clear)
		add(out, size, " clear=%x", (unsigned)c->clear);
}

/* Whoever is told of leaving or coming is there at that moment. */
static void hear(void *ctx, const struct change *c)
{
	struct fixture *f = ctx;

	if (c->type == CHANGE_JOINED || c->type == CHANGE_PARTED || c->type == CHANGE_KICKED) {
		assert_non_null(c->member);
		assert_ptr_equal(network_member(c->channel, c->user), c->member);
	}
	if (c->type == CHANGE_QUIT)
		assert_ptr_equal(network_user(f->net, c->user->id), c->user);
	assert_non_null(c->record);
	fixture_describe(f->said, sizeof(f->said), c);
}

void fixture_init(struct fixture *f, uint64_t seed)
{
	struct network_config config = {CASEMAP_RFC1459, 8, {{seed, ~seed}}};

	memset(f, 0, sizeof(*f));
	f->net = network_new(&config);
	f->sink = (struct change_sink){hear, f};
}

void fixture_deinit(struct fixture *f)
{
	fixture_check(f->net);
	network_free(f->net);
}

const char *fixture_apply(struct fixture *f, struct record r)
{
	f->said[0] = '\0';
	f->time += 1000;
	r.time = f->time;
	network_apply(f->net, &r, &f->sink);
	return f->said;
}

void fixture_people(struct fixture *f, const char *const *nicks)
{
	for (uint64_t id = 1; nicks[id - 1]; id++) {
		fixture_apply(f, rec_user(id, nicks[id - 1]));
		fixture_apply(f, rec_join(id, "#a", ""));
		assert_non_null(network_member(network_channel(f->net, STR("#a")), network_user(f->net, id)));
	}
}

static void check_user(const struct network *net, const struct user *u)
{
	char folded[NETWORK_FOLDED_MAX];

	assert_ptr_equal(state_user(net, u->id), u);
	assert_ptr_equal(state_user_by_nick(net, user_str(u, USER_NICK)), u);
	assert_true(str_eq(casemap_fold(net->config.casemap, folded, user_str(u, USER_NICK)),
			   user_str(u, USER_NICK_FOLDED)));
	for (int i = 0; i < USER_TEXT_COUNT; i++)
		assert_int_equal(strlen(user_text(u, i)), user_str(u, i).n);
	assert_int_equal(!!(u->modes & USER_REGISTERED), user_str(u, USER_ACCOUNT).n > 0);
	assert_true(u->ninvites <= NETWORK_INVITES_MAX && (u->ninvites > 0) == (u->invites != NULL));
	for (uint32_t i = 0; i < u->memberships.count; i++) {
		const struct member *m = u->memberships.items[i];

		assert_int_equal(m->at_user, i);
		assert_ptr_equal(m->user, u);
		assert_ptr_equal(channel_member(m->channel, m->at_channel), m);
		assert_ptr_equal(network_member(m->channel, u), m);
	}
}

static void check_channel(const struct network *net, const struct channel *c)
{
	assert_ptr_equal(state_channel(net, str_of(c->name)), c);
	assert_true(c->members.count > 0 || (c->flags & CHAN_REGISTERED));
	assert_true(c->id <= net->channel_id);
	assert_int_equal(c->topic != NULL, c->topic_by != NULL);
	for (uint32_t i = 0; i < c->members.count; i++) {
		const struct member *m = channel_member(c, i);

		assert_int_equal(m->at_channel, i);
		assert_ptr_equal(m->channel, c);
		assert_ptr_equal(m->user->memberships.items[m->at_user], m);
		assert_ptr_equal(state_user(net, m->user->id), m->user);
	}
	for (int list = 0; list < CHAN_LIST_COUNT; list++) {
		for (uint32_t i = 1; i < c->lists[list].count; i++) {
			const struct list_entry *older = c->lists[list].items[i - 1];
			const struct list_entry *newer = c->lists[list].items[i];

			assert_true(older->time <= newer->time);
		}
	}
	assert_int_equal(c->timed_at != 0, network_list_end(c) != 0);
	if (c->timed_at)
		assert_ptr_equal(network_timed(net)->items[c->timed_at - 1], c);
}

void fixture_check(const struct network *net)
{
	struct network_counts counts = {0};

	counts.users = net->users.count;
	counts.channels = net->channels.count;
	for (uint32_t i = 0; i < net->users.count; i++) {
		const struct user *u = net->users.items[i];

		assert_int_equal(u->at, i);
		check_user(net, u);
		counts.invisible += (u->modes & USER_INVISIBLE) != 0;
		counts.opers += (u->modes & USER_OPER) != 0;
	}
	for (uint32_t i = 0; i < net->channels.count; i++) {
		const struct channel *c = net->channels.items[i];

		assert_int_equal(c->at, i);
		check_channel(net, c);
	}
	assert_int_equal(net->users_by_id.count, counts.users);
	assert_int_equal(net->users_by_nick.count, counts.users);
	assert_int_equal(net->channels_by_name.count, counts.channels);
	assert_int_equal(network_counts(net).users, counts.users);
	assert_int_equal(network_counts(net).channels, counts.channels);
	assert_int_equal(network_counts(net).invisible, counts.invisible);
	assert_int_equal(network_counts(net).opers, counts.opers);
	assert_true(network_counts(net).users_max >= counts.users);
	assert_true(net->whowas_count <= net->config.whowas_max);
}

static struct record make(enum record_type type, uint64_t origin)
{
	return (struct record){.type = type, .origin = origin};
}

struct record rec_user(uint64_t id, const char *nick)
{
	struct record r = make(RECORD_USER_ADD, id);

	r.user_add.nick = str_of(nick);
	r.user_add.username = str_of(nick);
	r.user_add.host = STR("host.example");
	r.user_add.realname = STR("A Person");
	r.user_add.address = STR("192.0.2.7");
	return r;
}

struct record rec_nick(uint64_t id, const char *nick)
{
	struct record r = make(RECORD_USER_NICK, id);

	r.user_nick.nick = str_of(nick);
	return r;
}

struct record rec_quit(uint64_t id, const char *reason)
{
	struct record r = make(RECORD_USER_QUIT, id);

	r.user_quit.reason = str_of(reason);
	return r;
}

struct record rec_kill(uint64_t id, uint64_t target, const char *reason)
{
	struct record r = make(RECORD_USER_KILL, id);

	r.user_kill.target = target;
	r.user_kill.reason = str_of(reason);
	return r;
}

struct record rec_away(uint64_t id, const char *text)
{
	struct record r = make(RECORD_USER_AWAY, id);

	r.user_away.text = str_of(text);
	return r;
}

struct record rec_realname(uint64_t id, const char *text)
{
	struct record r = make(RECORD_USER_REALNAME, id);

	r.user_realname.realname = str_of(text);
	return r;
}

struct record rec_host(uint64_t id, const char *username, const char *host)
{
	struct record r = make(RECORD_USER_HOST, id);

	r.user_host.username = str_of(username);
	r.user_host.host = str_of(host);
	return r;
}

struct record rec_oper(uint64_t id, const char *class_name, priv_set privileges)
{
	struct record r = make(RECORD_USER_OPER, id);

	r.flags = RECORD_OVERRIDE;
	r.user_oper.name = STR("olga");
	r.user_oper.class_name = str_of(class_name);
	r.user_oper.title = STR("a helper");
	r.user_oper.privileges = privileges;
	return r;
}

struct record rec_umodes(uint64_t id, uint32_t set, uint32_t clear)
{
	struct record r = make(RECORD_USER_MODES, id);

	r.user_modes.set = set;
	r.user_modes.clear = clear;
	return r;
}

struct record rec_account(uint64_t id, const char *account)
{
	struct record r = make(RECORD_USER_ACCOUNT, id);

	r.user_account.account = str_of(account);
	return r;
}

struct record rec_join(uint64_t id, const char *channel, const char *key)
{
	struct record r = make(RECORD_JOIN, id);

	r.join.channel = str_of(channel);
	r.join.key = str_of(key);
	r.join.channels_max = 20;
	return r;
}

struct record rec_part(uint64_t id, const char *channel, const char *reason)
{
	struct record r = make(RECORD_PART, id);

	r.part.channel = str_of(channel);
	r.part.reason = str_of(reason);
	return r;
}

struct record rec_kick(uint64_t id, const char *channel, uint64_t target, const char *reason)
{
	struct record r = make(RECORD_KICK, id);

	r.kick.channel = str_of(channel);
	r.kick.target = target;
	r.kick.reason = str_of(reason);
	return r;
}

struct record rec_topic(uint64_t id, const char *channel, const char *text)
{
	struct record r = make(RECORD_TOPIC, id);

	r.topic.channel = str_of(channel);
	r.topic.text = str_of(text);
	return r;
}

static struct mode_op parse_step(struct str step)
{
	struct mode_op op = {.set = step.p[0] == '+', .letter = step.p[1]};

	op.param = (struct str){step.p + 2, step.n - 2};
	if (chan_mode_find(op.letter) && chan_mode_find(op.letter)->type == CHAN_MODE_PREFIX) {
		op.user = strtoull(op.param.p, NULL, 10);
		op.param = STR_NONE;
	}
	return op;
}

struct record rec_modes(struct fixture *f, uint64_t id, const char *channel, const char *steps)
{
	struct record r = make(RECORD_CHANNEL_MODES, id);
	struct str rest = str_of(steps);
	struct str step;

	r.channel_modes.channel = str_of(channel);
	r.channel_modes.ops = f->ops;
	r.channel_modes.list_max = 5;
	while (str_split(&rest, ' ', &step))
		f->ops[r.channel_modes.nops++] = parse_step(step);
	return r;
}

struct record rec_invite(uint64_t id, const char *channel, uint64_t target)
{
	struct record r = make(RECORD_INVITE, id);

	r.invite.channel = str_of(channel);
	r.invite.target = target;
	return r;
}

struct record rec_say(uint64_t id, const char *channel, const char *text)
{
	struct record r = make(RECORD_MESSAGE, id);

	r.message.channel = str_of(channel);
	r.message.text = str_of(text);
	return r;
}

struct record rec_tell(uint64_t id, uint64_t target, const char *text)
{
	struct record r = make(RECORD_MESSAGE, id);

	r.message.target = target;
	r.message.text = str_of(text);
	return r;
}

struct record rec_wallops(uint64_t id, const char *text)
{
	struct record r = make(RECORD_WALLOPS, id);

	r.wallops.text = str_of(text);
	return r;
}

struct record rec_channel(struct fixture *f, const char *name, uint32_t flags, const char *items)
{
	struct record r = make(RECORD_CHANNEL, 0);
	struct str rest = str_of(items);
	struct str step;

	r.channel.name = str_of(name);
	r.channel.created = 1500000000000;
	r.channel.flags = CHAN_REGISTERED | flags;
	r.channel.items = f->items;
	while (str_split(&rest, ' ', &step)) {
		struct list_item *item = &f->items[r.channel.nitems++];
		struct mode_op op = parse_step(step);

		item->list = (enum chan_list)chan_mode_find(op.letter)->bit;
		item->mask = op.param;
		item->by = STR("ann!ann@host.example");
		item->time = r.channel.nitems;
	}
	return r;
}

struct record rec_kept_account(struct fixture *f, const char *name, uint64_t revision, const char *nicks)
{
	struct record r = make(RECORD_ACCOUNT, 0);
	struct str rest = str_of(nicks), nick;

	r.account.name = str_of(name);
	r.account.revision = revision;
	r.account.created = 1500000000000;
	r.account.flags = ACCOUNT_EXISTS;
	r.account.credentials = STR("SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy");
	while (str_split(&rest, ' ', &nick))
		if (nick.n)
			f->account_items[r.account.nitems++] = (struct account_item){ACCOUNT_NICK, nick, 7};
	r.account.items = f->account_items;
	return r;
}

struct record rec_override(struct record r)
{
	r.flags |= RECORD_OVERRIDE;
	return r;
}
