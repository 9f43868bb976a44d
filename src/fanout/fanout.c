#include "fanout/fanout.h"

#include <stdio.h>

#include "base/mem.h"
#include "fanout/render.h"
#include "fanout/rendered.h"
#include "network/ban.h"
#include "network/metadata.h"
#include "network/network.h"
#include "network/rules.h"
#include "session/monitor.h"
#include "session/reply.h"
#include "session/server.h"
#include "session/session.h"
#include "session/subscriptions.h"

enum { TIME_MAX = 32 };

struct fanout {
	struct session_hub *hub;
	const struct network *net;
	struct rendered *rendered;
	struct render_context ctx;
};

struct fanout *fanout_new(struct session_hub *hub, const struct network *net)
{
	struct fanout *f = mem_zalloc(sizeof(*f));

	f->hub = hub;
	f->net = net;
	f->rendered = rendered_new();
	return f;
}

void fanout_free(struct fanout *f)
{
	if (!f)
		return;
	rendered_free(f->rendered);
	mem_free(f);
}

static void tell_origin_message(struct fanout *f, struct session *s, const struct change *c)
{
	BUF_MEMORY struct render_said r;

	render_said(&r, &f->ctx, c);
	said_reply(s, &r.said);
}

/* The part of its answer that a change is for the session that asked for it: with its label. */
static void tell_origin(struct fanout *f, struct session *s, const struct change *c)
{
	BUF_MEMORY char tags_memory[RENDER_TAGS_MAX], body_memory[RENDER_BODY_MAX];
	struct buf tags, body;
	struct str rest, line;

	buf_init(&tags, tags_memory, sizeof(tags_memory));
	buf_init(&body, body_memory, sizeof(body_memory));
	render_tags(&tags, c, s->caps);
	render_body(&body, &f->ctx, c, s->caps);
	rest = buf_view(&body);
	while (str_split(&rest, '\n', &line) && line.n)
		reply_line(s, buf_view(&tags), line);
}

static void tell_plain(struct fanout *f, struct session *s, const struct change *c)
{
	(void)c;
	session_write(s, rendered_for(f->rendered, s->caps));
}

static void tell(struct fanout *f, struct session *s, const struct change *c)
{
	if (s->answer && c->record->session == s->id && c->type == CHANGE_MESSAGE)
		tell_origin_message(f, s, c);
	else if (s->answer && c->record->session == s->id)
		tell_origin(f, s, c);
	else
		tell_plain(f, s, c);
}

static void tell_user(struct fanout *f, const struct user *u, const struct change *c)
{
	for (struct session *s = u->sessions; s; s = s->next_own)
		tell(f, s, c);
}

static void tell_channel(struct fanout *f, const struct change *c)
{
	const struct channel *ch = c->channel;

	for (uint32_t i = 0; i < ch->members.count; i++)
		tell_user(f, channel_member(ch, i)->user, c);
}

/* The same for what makes a member show itself: in an auditorium not everybody may know of it. */
static void tell_channel_of(struct fanout *f, const struct change *c)
{
	const struct channel *ch = c->channel;

	for (uint32_t i = 0; i < ch->members.count; i++) {
		const struct user *u = channel_member(ch, i)->user;

		if (rule_sees_member(u, c->member))
			tell_user(f, u, c);
	}
}

/* Each session once, whatever number of ways leads to it. */
static void tell_once(struct fanout *f, const struct user *u, const struct change *c)
{
	for (struct session *s = u->sessions; s; s = s->next_own) {
		if (s->mark == f->hub->mark)
			continue;
		s->mark = f->hub->mark;
		tell(f, s, c);
	}
}

static void mark_own(struct fanout *f, const struct user *u)
{
	for (struct session *s = u->sessions; s; s = s->next_own)
		s->mark = f->hub->mark;
}

static void begin_once(struct fanout *f)
{
	f->hub->mark++;
}

/* All who share a channel with the user, each once. */
static void tell_peers(struct fanout *f, const struct change *c)
{
	const struct user *u = c->user;

	for (uint32_t i = 0; i < u->memberships.count; i++) {
		const struct member *mine = u->memberships.items[i];
		const struct channel *ch = mine->channel;

		for (uint32_t k = 0; k < ch->members.count; k++)
			if (rule_sees_member(channel_member(ch, k)->user, mine))
				tell_once(f, channel_member(ch, k)->user, c);
	}
}

/* https://ircv3.net/specs/extensions/extended-monitor: those who watch the nick hear it as if they shared a channel. */
static void tell_watchers(struct fanout *f, const struct change *c)
{
	const struct vec *watchers = monitor_watchers(f->hub->monitor, user_str(c->user, USER_NICK));

	for (uint32_t i = 0; watchers && i < watchers->count; i++) {
		struct session *s = ((const struct monitor_watch *)watchers->items[i])->session;

		if (!session_has(s, CAP_EXTENDED_MONITOR) || s->mark == f->hub->mark || !s->user)
			continue;
		s->mark = f->hub->mark;
		tell(f, s, c);
	}
}

static void watch_line(struct fanout *f, const struct vec *watchers, const char *digits, const char *who)
{
	for (uint32_t i = 0; watchers && i < watchers->count; i++) {
		struct session *s = ((const struct monitor_watch *)watchers->items[i])->session;
		char line[LINE_BODY_MAX];
		int n = snprintf(line, sizeof(line), ":%s %s %s :%s", f->ctx.server, digits, session_nick(s), who);

		reply_unasked(s, (struct str){line, n < (int)sizeof(line) ? (size_t)n : sizeof(line) - 1});
	}
}

static void watch_online(struct fanout *f, const struct user *u)
{
	char who[LINE_BODY_MAX];

	snprintf(who, sizeof(who), "%s!%s@%s", user_nick(u), user_text(u, USER_NAME), user_text(u, USER_HOST));
	watch_line(f, monitor_watchers(f->hub->monitor, user_str(u, USER_NICK)), "730", who);
}

static void watch_offline(struct fanout *f, struct str nick)
{
	char who[LINE_BODY_MAX];

	snprintf(who, sizeof(who), "%.*s", STR_ARG(nick));
	watch_line(f, monitor_watchers(f->hub->monitor, nick), "731", who);
}

/* https://ircv3.net/specs/extensions/metadata: those who want to hear of the key, but not whoever set it. */
static void tell_metadata(struct fanout *f, struct session *s, const struct subscription_line *l)
{
	if (s->mark == f->hub->mark || !subscriptions_has(s, l->key))
		return;
	s->mark = f->hub->mark;
	subscriptions_tell(s, l, false);
}

static void metadata_to_channel(struct fanout *f, const struct channel *c, const struct member *of,
				const struct subscription_line *l)
{
	for (uint32_t i = 0; i < c->members.count; i++) {
		const struct user *u = channel_member(c, i)->user;

		for (struct session *s = !of || rule_sees_member(u, of) ? u->sessions : NULL; s; s = s->next_own)
			tell_metadata(f, s, l);
	}
}

static void metadata_to_watchers(struct fanout *f, const struct user *u, const struct subscription_line *l)
{
	const struct vec *watchers = monitor_watchers(f->hub->monitor, user_str(u, USER_NICK));

	for (uint32_t i = 0; watchers && i < watchers->count; i++)
		tell_metadata(f, ((const struct monitor_watch *)watchers->items[i])->session, l);
}

static void on_metadata(struct fanout *f, const struct change *c)
{
	char source[2 * LINE_BODY_MAX];
	struct subscription_line l = {.key = c->key, .value = c->text, .removed = c->removed};

	if (c->by) {
		snprintf(source, sizeof(source), "%s!%s@%s", user_nick(c->by), user_text(c->by, USER_NAME),
			 user_text(c->by, USER_HOST));
		l.source = source;
	}
	begin_once(f);
	for (struct session *s = c->by ? c->by->sessions : NULL; s; s = s->next_own)
		if (s->id == c->record->session)
			s->mark = f->hub->mark;
	l.target = c->channel ? c->channel->name : user_nick(c->user);
	if (c->channel) {
		metadata_to_channel(f, c->channel, NULL, &l);
		return;
	}
	for (struct session *s = c->user->sessions; s; s = s->next_own)
		tell_metadata(f, s, &l);
	for (uint32_t i = 0; i < c->user->memberships.count; i++) {
		const struct member *m = c->user->memberships.items[i];

		metadata_to_channel(f, m->channel, m, &l);
	}
	metadata_to_watchers(f, c->user, &l);
}

/* To all devices, as an answer to the one that said it. */
static void on_marker(struct fanout *f, const struct change *c)
{
	char time[TIME_MAX];
	struct buf b;

	(void)f;
	buf_init(&b, time, sizeof(time));
	buf_time(&b, c->record->marker.time);
	for (struct session *s = c->user->sessions; s; s = s->next_own)
		if (session_has(s, CAP_READ_MARKER))
			reply_server(s, "MARKREAD %.*s timestamp=%.*s", STR_ARG(c->text), STR_ARG(buf_view(&b)));
}

/* What somebody brings along: to those who are there already, or who wait for that. */
static void metadata_of_newcomer(struct fanout *f, const struct user *u, const struct member *m)
{
	struct subscription_line l = {.target = user_nick(u)};
	struct str text = metadata_text(u->metadata);

	while (metadata_next(&text, &l.key, &l.value)) {
		begin_once(f);
		mark_own(f, u);
		if (m)
			metadata_to_channel(f, m->channel, m, &l);
		else
			metadata_to_watchers(f, u, &l);
	}
}

static void on_user_added(struct fanout *f, const struct change *c)
{
	watch_online(f, c->user);
	metadata_of_newcomer(f, c->user, NULL);
}

static void on_nick(struct fanout *f, const struct change *c)
{
	begin_once(f);
	tell_once(f, c->user, c);
	tell_peers(f, c);
	if (casemap_eq(network_casemap(f->net), c->was, user_str(c->user, USER_NICK)))
		return;
	watch_offline(f, c->was);
	watch_online(f, c->user);
}

/* The victim is told who did it; the ERROR that follows is the engine's. */
static void tell_killed(struct fanout *f, const struct change *c)
{
	for (struct session *s = c->user->sessions; s; s = s->next_own) {
		char line[2 * LINE_BODY_MAX];
		int n = c->by ? snprintf(line, sizeof(line), ":%s!%s@%s KILL %s :%.*s", user_nick(c->by),
					 user_text(c->by, USER_NAME), user_text(c->by, USER_HOST), user_nick(c->user),
					 STR_ARG(c->record->user_kill.reason))
			      : snprintf(line, sizeof(line), ":%s KILL %s :%.*s", f->ctx.server, user_nick(c->user),
					 STR_ARG(c->record->user_kill.reason));

		reply_unasked(s, (struct str){line, n < (int)sizeof(line) ? (size_t)n : sizeof(line) - 1});
	}
}

static void tell_banned(const struct change *c)
{
	char memory[LINE_BODY_MAX];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	ban_reason(&b, c->ban);
	for (struct session *s = c->user->sessions; s; s = s->next_own)
		reply(s, ERR_YOUREBANNEDCREEP, STR_ARG(buf_view(&b)));
}

static void on_quit(struct fanout *f, const struct change *c)
{
	begin_once(f);
	mark_own(f, c->user);
	tell_peers(f, c);
	if (c->ban)
		tell_banned(c);
	else if (c->record->type == RECORD_USER_KILL)
		tell_killed(f, c);
	watch_offline(f, user_str(c->user, USER_NICK));
}

/* What peers and watchers hear, and oneself too. */
static void on_profile(struct fanout *f, const struct change *c)
{
	begin_once(f);
	tell_once(f, c->user, c);
	tell_peers(f, c);
	tell_watchers(f, c);
}

static void on_away(struct fanout *f, const struct change *c)
{
	if (str_eq(c->was, c->text))
		return;
	begin_once(f);
	mark_own(f, c->user);
	tell_peers(f, c);
	tell_watchers(f, c);
}

static void on_self(struct fanout *f, const struct change *c)
{
	tell_user(f, c->user, c);
}

static void on_joined(struct fanout *f, const struct change *c)
{
	struct change away = *c;

	tell_channel_of(f, c);
	metadata_of_newcomer(f, c->user, c->member);
	if (!c->user->away)
		return;
	away.type = CHANGE_AWAY;
	away.text = str_of(c->user->away);
	rendered_begin(f->rendered, &f->ctx, &away);
	begin_once(f);
	mark_own(f, c->user);
	for (uint32_t i = 0; i < c->channel->members.count; i++)
		if (rule_sees_member(channel_member(c->channel, i)->user, c->member))
			tell_once(f, channel_member(c->channel, i)->user, &away);
}

static void on_member(struct fanout *f, const struct change *c)
{
	tell_channel_of(f, c);
}

/* To those who could invite. */
static void on_knocked(struct fanout *f, const struct change *c)
{
	struct str text = c->text.n ? c->text : STR("asks to be let in");

	(void)f;
	for (uint32_t i = 0; i < c->channel->members.count; i++) {
		const struct member *m = channel_member(c->channel, i);

		if (!rule_has_rank(m, RANK_HALFOP))
			continue;
		for (struct session *s = m->user->sessions; s; s = s->next_own)
			reply(s, RPL_KNOCK, c->channel->name, user_nick(c->by), user_text(c->by, USER_NAME),
			      user_text(c->by, USER_HOST), STR_ARG(text));
	}
}

static void on_channel(struct fanout *f, const struct change *c)
{
	tell_channel(f, c);
}

/* https://ircv3.net/specs/extensions/invite-notify: those who could have invited are told. */
static void on_invited(struct fanout *f, const struct change *c)
{
	tell_user(f, c->user, c);
	for (uint32_t i = 0; i < c->channel->members.count; i++) {
		const struct member *m = channel_member(c->channel, i);

		if (m->user == c->by || !rule_has_rank(m, RANK_HALFOP))
			continue;
		for (struct session *s = m->user->sessions; s; s = s->next_own)
			if (session_has(s, CAP_INVITE_NOTIFY))
				tell_plain(f, s, c);
	}
}

/*
 * The device that wrote it hears it when it asked for echoes, and the author's other devices always do. A message to
 * oneself comes twice to the device that wrote it: as the echo, which bears the label, and as the message.
 */
static void tell_author(struct fanout *f, const struct change *c)
{
	uint64_t writer = c->record->session;

	for (struct session *s = c->by->sessions; s; s = s->next_own)
		if (s->id == writer || !writer ? session_has(s, CAP_ECHO_MESSAGE) : c->user != c->by)
			tell(f, s, c);
}

static void tell_readers(struct fanout *f, const struct change *c)
{
	const struct channel *ch = c->channel;
	uint8_t least = c->record->message.min_rank;

	for (uint32_t i = 0; i < ch->members.count; i++) {
		const struct member *m = channel_member(ch, i);

		if (m->user == c->by || m->rank < least)
			continue;
		for (struct session *s = m->user->sessions; s; s = s->next_own)
			tell_plain(f, s, c);
	}
}

static void on_message(struct fanout *f, const struct change *c)
{
	if (c->by)
		tell_author(f, c);
	if (c->channel) {
		tell_readers(f, c);
		return;
	}
	for (struct session *s = c->user->sessions; s; s = s->next_own)
		tell_plain(f, s, c);
}

/* As the message was told; whoever asked hears it in any case, for it is the answer. */
static void tell_of_message(struct fanout *f, const struct change *c, const struct redaction *r)
{
	const struct user *author = network_user(f->net, r->author);

	begin_once(f);
	if (c->by)
		tell_once(f, c->by, c);
	for (uint32_t i = 0; c->channel && i < c->channel->members.count; i++) {
		const struct member *m = channel_member(c->channel, i);

		if (m->rank >= r->min_rank || m->user == author)
			tell_once(f, m->user, c);
	}
	if (r->channel.n)
		return;
	if (c->user)
		tell_once(f, c->user, c);
	if (author)
		tell_once(f, author, c);
}

static void on_redacted(struct fanout *f, const struct change *c)
{
	tell_of_message(f, c, &c->record->redact);
}

static void on_edited(struct fanout *f, const struct change *c)
{
	tell_of_message(f, c, &c->record->edit.of);
}

static void tell_unknowing(struct fanout *f, const struct user *u, const struct change *c)
{
	rendered_begin(f->rendered, &f->ctx, c);
	for (struct session *s = u->sessions; s; s = s->next_own)
		if (!session_has(s, CAP_CHANNEL_RENAME))
			tell(f, s, c);
}

/* https://ircv3.net/specs/extensions/channel-rename: who does not know of it leaves one channel and comes into another. */
static void on_renamed(struct fanout *f, const struct change *c)
{
	struct change seen = *c;

	tell_channel(f, c);
	if (casemap_eq(network_casemap(f->net), c->was, str_of(c->channel->name)))
		return;
	for (uint32_t i = 0; i < c->channel->members.count; i++) {
		seen.member = channel_member(c->channel, i);
		seen.user = seen.by = seen.member->user;
		seen.type = CHANGE_PARTED;
		tell_unknowing(f, seen.user, &seen);
		seen.type = CHANGE_JOINED;
		tell_unknowing(f, seen.user, &seen);
	}
}

/* Operators alone: who attacks need not know what is done about it. */
static void on_emergency(struct fanout *f, const struct change *c)
{
	const struct vec *users = network_users(f->net);
	const struct emergency *e = &f->hub->server->emergency;
	unsigned level = emergency_defcon(c->record->emergency.level);
	char steps[LINE_BODY_MAX];
	struct buf b;

	buf_init(&b, steps, sizeof(steps));
	emergency_show(&b, e->steps[level]);
	for (uint32_t i = 0; i < users->count; i++) {
		const struct user *u = users->items[i];

		for (struct session *s = u->modes & USER_OPER ? u->sessions : NULL; s; s = s->next_own)
			reply_notice(s, "The emergency level is now %u (%s), by %.*s: %.*s", level, e->names[level],
				     STR_ARG(c->record->emergency.by), STR_ARG(buf_view(&b)));
	}
}

static void on_wallops(struct fanout *f, const struct change *c)
{
	const struct vec *users = network_users(f->net);

	for (uint32_t i = 0; i < users->count; i++) {
		const struct user *u = users->items[i];

		if (u->modes & USER_WALLOPS)
			tell_user(f, u, c);
	}
}

typedef void (*audience_fn)(struct fanout *f, const struct change *c);

static const audience_fn audiences[] = {
	[CHANGE_USER_ADDED] = on_user_added,
	[CHANGE_NICK] = on_nick,
	[CHANGE_QUIT] = on_quit,
	[CHANGE_AWAY] = on_away,
	[CHANGE_REALNAME] = on_profile,
	[CHANGE_HOST] = on_profile,
	[CHANGE_USER_MODES] = on_self,
	[CHANGE_ACCOUNT] = on_profile,
	[CHANGE_JOINED] = on_joined,
	[CHANGE_PARTED] = on_member,
	[CHANGE_KICKED] = on_member,
	[CHANGE_TOPIC] = on_channel,
	[CHANGE_CHANNEL_MODES] = on_channel,
	[CHANGE_INVITED] = on_invited,
	[CHANGE_KNOCKED] = on_knocked,
	[CHANGE_MESSAGE] = on_message,
	[CHANGE_METADATA] = on_metadata,
	[CHANGE_MARKER] = on_marker,
	[CHANGE_WALLOPS] = on_wallops,
	[CHANGE_EMERGENCY] = on_emergency,
	[CHANGE_REDACTED] = on_redacted,
	[CHANGE_EDITED] = on_edited,
	[CHANGE_RENAMED] = on_renamed,
};

void fanout_tell(struct fanout *f, const struct change *c)
{
	if ((size_t)c->type >= sizeof(audiences) / sizeof(audiences[0]) || !audiences[c->type])
		return;
	f->ctx = (struct render_context){f->hub->server->name, f->net};
	rendered_begin(f->rendered, &f->ctx, c);
	audiences[c->type](f, c);
}
