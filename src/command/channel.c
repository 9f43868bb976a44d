#include <stdio.h>

#include "base/mem.h"
#include "command/answers.h"
#include "command/emergency.h"
#include "command/cursor.h"
#include "command/families.h"
#include "command/filter.h"
#include "command/targets.h"
#include "network/rules.h"
#include "proto/name.h"
#include "proto/numerics.h"
#include "proto/utf8.h"

/* Thousandths of a token, for each channel or nick but the first: each is told to all who are there. */
enum { COST_JOIN_MORE = 200, COST_KICK_MORE = 500 };

static void part_submit(const struct call *call, struct str channel, struct str reason)
{
	struct record r = call_record(call, RECORD_PART);

	r.part.channel = channel;
	r.part.reason = reason;
	call_submit(call, &r);
}

/* JOIN 0. The name is copied: the channel may end with this member, and its name with it. */
static void join_none(const struct call *call)
{
	uint32_t left = call_user(call)->memberships.count;
	const struct user *u;

	while (left-- && (u = call_user(call)) && u->memberships.count) {
		const struct member *m = u->memberships.items[0];
		char name[LINE_BODY_MAX];

		strlcpy(name, m->channel->name, sizeof(name));
		call_charge(call, COST_JOIN_MORE);
		part_submit(call, str_of(name), STR_NONE);
	}
}

static void join_one(const struct call *call, const char *name, struct str key)
{
	const struct server *server = call->env->server;
	struct record r;

	if (!name_channel_valid(str_of(name), server->channel_max)) {
		reply(call->session, ERR_NOSUCHCHANNEL, target_shown(name));
		return;
	}
	if (!emergency_may_make(call, name))
		return;
	r = call_record(call, RECORD_JOIN);
	r.join.channel = str_of(name);
	r.join.key = key;
	r.join.new_flags = server->default_channel_flags;
	r.join.channels_max = server->channels_max;
	call_submit(call, &r);
}

static void join_run(struct call *call)
{
	struct targets t;

	if (strcmp(call_param(call, 0), "0") == 0) {
		join_none(call);
		return;
	}
	targets_init(&t, call_param(call, 0), call_param(call, 1), TARGETS_ALL);
	t.cost = COST_JOIN_MORE;
	while (call_user(call) && targets_next(&t, call))
		join_one(call, t.word, t.pair);
}

static void part_run(struct call *call)
{
	struct str reason = str_of(call_param(call, 1));
	struct targets t;

	targets_init(&t, call_param(call, 0), NULL, TARGETS_ALL);
	t.cost = COST_JOIN_MORE;
	while (call_user(call) && targets_next(&t, call)) {
		const struct channel *c = target_channel(call, t.word);

		if (c && filter_stops(call, &(struct filter_try){FILTER_PART, reason, c, t.word}))
			reason = STR_NONE;
		if (c && call_user(call) && network_channel(call->env->net, str_of(t.word)))
			part_submit(call, str_of(t.word), reason);
	}
}

static void topic_show(const struct call *call, const struct channel *c)
{
	if (c->topic)
		answer_topic(call->session, c);
	else
		reply(call->session, RPL_NOTOPIC, c->name);
}

static void topic_run(struct call *call)
{
	const char *name = call_param(call, 0), *text = call_param(call, 1);
	const struct channel *c = target_channel(call, name);
	struct record r;

	if (!c)
		return;
	if (!text) {
		topic_show(call, c);
		return;
	}
	if (filter_stops(call, &(struct filter_try){FILTER_TOPIC, str_of(text), c, name}))
		return;
	r = call_record(call, RECORD_TOPIC);
	r.topic.channel = str_of(name);
	r.topic.text = utf8_cut(str_of(text), call->env->server->topic_max);
	call_submit(call, &r);
}

/* Invitations are ids alone, so that a channel that ended takes them along: its name is looked up among all. */
/* What one is invited to, looked for in steps: channels may be many, and an invitation is an id. */
struct invitations {
	struct stream st; /* first: streams come back as this */
	const struct network *net;
	struct cursor channels;
};

static bool invitations_step(struct stream *st, struct session *s)
{
	struct invitations *l = (struct invitations *)st;
	const struct vec *channels = network_channels(l->net);
	struct cursor_block b;

	if (!s->user)
		return true;
	if (!st->cut && s->user->ninvites && cursor_next(&l->channels, channels->count, CURSOR_WORDS, &b)) {
		for (uint32_t i = b.from; i < b.end; i++) {
			const struct channel *c = channels->items[i];

			if (rule_invited(c, s->user))
				reply(s, RPL_INVITELIST_OWN, c->name);
		}
		if (l->channels.left)
			return false;
	}
	reply(s, RPL_ENDOFINVITELIST_OWN);
	return true;
}

static void invitations_free(struct stream *st)
{
	mem_free(st);
}

static void invite_list(const struct call *call)
{
	struct invitations *l = mem_zalloc(sizeof(*l));

	l->st.step = invitations_step;
	l->st.free = invitations_free;
	l->net = call->env->net;
	l->channels.left = network_channels(l->net)->count;
	session_stream(call->session, &l->st);
}

static void invite_run(struct call *call)
{
	const char *nick = call_word(call, 0), *name = call_word(call, 1);
	const struct user *target;
	struct record r;

	if (!nick && !name) {
		invite_list(call);
		return;
	}
	if (!nick || !name) {
		reply(call->session, ERR_NEEDMOREPARAMS, call->row->name);
		return;
	}
	target = target_user(call, nick);
	if (!target || !target_channel(call, name))
		return;
	r = call_record(call, RECORD_INVITE);
	r.invite.channel = str_of(name);
	r.invite.target = target->id;
	call_submit(call, &r);
}

/* What is said with it is for the operators of the channel; nothing of it is kept. */
static void knock_run(struct call *call)
{
	const char *name = call_word(call, 0), *text = call_word(call, 1);
	const struct channel *c;
	struct record r;

	if (!name) {
		reply(call->session, ERR_NEEDMOREPARAMS, call->row->name);
		return;
	}
	c = target_channel(call, name);
	if (!c || (text && filter_stops(call, &(struct filter_try){FILTER_CHANNEL, str_of(text), c, name})))
		return;
	r = call_record(call, RECORD_KNOCK);
	r.knock.channel = str_of(name);
	r.knock.text = text ? utf8_cut(str_of(text), call->env->server->kick_max) : STR_NONE;
	call_submit(call, &r);
}

/* RENAME <channel> <name> [<reason>]: https://ircv3.net/specs/extensions/channel-rename */
static void rename_run(struct call *call)
{
	const char *name = call_param(call, 0), *to = call_param(call, 1), *reason = call_word(call, 2);
	const struct channel *c = target_channel(call, name);
	char context[2 * LINE_BODY_MAX];
	struct record r;

	if (!c)
		return;
	if (!name_channel_valid(str_of(to), call->env->server->channel_max)) {
		snprintf(context, sizeof(context), "%s %s", c->name, target_shown(to));
		reply_fail(call->session, "RENAME", "CANNOT_RENAME", context, "A channel cannot have that name");
		return;
	}
	if (reason && filter_stops(call, &(struct filter_try){FILTER_CHANNEL, str_of(reason), c, name}))
		return;
	r = call_record(call, RECORD_RENAME);
	r.rename.channel = str_of(name);
	r.rename.name = str_of(to);
	r.rename.reason = reason ? utf8_cut(str_of(reason), call->env->server->kick_max) : STR_NONE;
	call_submit(call, &r);
}

static struct str kick_reason(const struct call *call)
{
	const char *text = call_word(call, 2);

	return utf8_cut(str_of(text ? text : user_nick(call_user(call))), call->env->server->kick_max);
}

static void kick_one(const struct call *call, const char *channel, const char *nick)
{
	const struct user *target = target_user(call, nick);
	struct record r;

	if (!target)
		return;
	r = call_record(call, RECORD_KICK);
	r.kick.channel = str_of(channel);
	r.kick.target = target->id;
	r.kick.reason = kick_reason(call);
	call_submit(call, &r);
}

/* Many channels, and as many nicks: one by one. */
static void kick_pairs(const struct call *call)
{
	char nick[LINE_BODY_MAX];
	struct targets t;

	targets_init(&t, call_param(call, 0), call_param(call, 1), call->env->server->targets_max);
	t.cost = COST_KICK_MORE;
	while (call_user(call) && targets_next(&t, call)) {
		if (t.pair.n == 0) {
			reply(call->session, ERR_NEEDMOREPARAMS, call->row->name);
			return;
		}
		strlcpy(nick, t.pair.p, t.pair.n < sizeof(nick) ? t.pair.n + 1 : sizeof(nick));
		if (target_channel(call, t.word))
			kick_one(call, t.word, nick);
	}
}

static void kick_run(struct call *call)
{
	const char *channel = call_param(call, 0);
	struct targets t;

	if (strchr(channel, ',')) {
		kick_pairs(call);
		return;
	}
	if (!target_channel(call, channel))
		return;
	targets_init(&t, call_param(call, 1), NULL, call->env->server->targets_max);
	t.cost = COST_KICK_MORE;
	while (call_user(call) && targets_next(&t, call))
		kick_one(call, channel, t.word);
}

static const struct command rows[] = {
	{"JOIN", ROLE_USER, 1, 10, -1, join_run},   {"PART", ROLE_USER, 1, 10, -1, part_run},
	{"TOPIC", ROLE_USER, 1, 10, -1, topic_run}, {"INVITE", ROLE_USER, 0, 20, -1, invite_run},
	{"KICK", ROLE_USER, 2, 10, -1, kick_run},   {"KNOCK", ROLE_USER, 1, 30, -1, knock_run},
	{"RENAME", ROLE_USER, 2, 80, -1, rename_run},
};

const struct command *command_family_channel(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
