#include "command/answers.h"

#include <stdio.h>
#include <time.h>

#include "base/mem.h"
#include "chat_version.h"
#include "command/ban_order.h"
#include "command/forbid.h"
#include "command/markread.h"
#include "command/metadata.h"
#include "command/mode.h"
#include "command/past.h"
#include "command/services.h"
#include "command/visible.h"
#include "network/ban.h"
#include "network/settings.h"

void answer_isupport(const struct command_env *env, struct session *s)
{
	const struct text_lines *lines = &env->server->isupport;
	bool batched = session_has(s, CAP_BATCH) && session_has(s, CAP_EXTENDED_ISUPPORT);
	struct reply_batch batch;

	if (batched)
		reply_batch_begin(s, &batch, "draft/isupport");
	for (size_t i = 0; i < lines->count; i++)
		reply(s, RPL_ISUPPORT, lines->lines[i]);
	if (batched)
		reply_batch_end(s, &batch);
}

/* Those who hide are not counted among operators, or LUSERS would tell of them. */
static uint32_t opers_shown(const struct command_env *env, const struct session *s)
{
	const struct vec *opers = network_opers(env->net);
	uint32_t shown = 0;

	for (uint32_t i = 0; i < opers->count; i++)
		shown += visible_oper(s->user, opers->items[i]);
	return shown;
}

void answer_lusers(const struct command_env *env, struct session *s)
{
	struct network_counts n = network_counts(env->net);
	uint32_t unknown = env->hub->unregistered;

	reply(s, RPL_LUSERCLIENT, n.users - n.invisible, n.invisible, 1u);
	reply(s, RPL_LUSEROP, opers_shown(env, s));
	if (unknown)
		reply(s, RPL_LUSERUNKNOWN, unknown);
	reply(s, RPL_LUSERCHANNELS, n.channels);
	reply(s, RPL_LUSERME, n.users, 0u);
	reply(s, RPL_LOCALUSERS, n.users, n.users_max, n.users, n.users_max);
	reply(s, RPL_GLOBALUSERS, n.users, n.users_max, n.users, n.users_max);
}

void answer_motd(const struct command_env *env, struct session *s)
{
	const struct text_lines *motd = &env->server->motd;

	if (motd->count == 0) {
		reply(s, ERR_NOMOTD);
		return;
	}
	reply(s, RPL_MOTDSTART, env->server->name);
	for (size_t i = 0; i < motd->count; i++)
		reply(s, RPL_MOTD, motd->lines[i]);
	reply(s, RPL_ENDOFMOTD);
}

/* The letters of 004. param: those channel modes alone that take one. */
static void mode_letters(char *user, char *channel, char *param)
{
	size_t count;
	const struct user_mode *u = user_modes(&count);
	const struct chan_mode *c;

	for (size_t i = 0; i < count; i++)
		*user++ = u[i].letter;
	c = chan_modes(&count);
	for (size_t i = 0; i < count; i++) {
		*channel++ = c[i].letter;
		if (c[i].type != CHAN_MODE_FLAG)
			*param++ = c[i].letter;
	}
	*user = *channel = *param = '\0';
}

void answer_welcome(const struct command_env *env, struct session *s)
{
	const struct server *server = env->server;
	char user[40], channel[64], param[64], who[LINE_BODY_MAX];

	mode_letters(user, channel, param);
	snprintf(who, sizeof(who), "%s!%s@%s", user_nick(s->user), user_text(s->user, USER_NAME),
		 user_text(s->user, USER_HOST));
	reply(s, RPL_WELCOME, server->network, who);
	reply(s, RPL_YOURHOST, server->name, CHAT_VERSION);
	reply(s, RPL_CREATED, server->started);
	reply(s, RPL_MYINFO, server->name, CHAT_VERSION, user, channel, param);
	answer_isupport(env, s);
	answer_lusers(env, s);
	metadata_welcome(s);
	answer_motd(env, s);
	if (s->user->modes)
		mode_user_show(s);
}

void answer_topic(struct session *s, const struct channel *c)
{
	if (!c->topic)
		return;
	reply(s, RPL_TOPIC, c->name, c->topic);
	reply(s, RPL_TOPICWHOTIME, c->name, c->topic_by, (long long)(c->topic_time / 1000));
}

/* Of which list an entry did not fit. */
static char list_letter(const struct change *c)
{
	for (uint32_t i = 0; i < c->nops; i++)
		return c->ops[i].letter;
	return 'b';
}

static const char *cannot_send(enum refusal why)
{
	switch (why) {
	case REFUSAL_NO_EXTERNAL:
		return N_("+n: no messages from outside");
	case REFUSAL_MODERATED:
		return N_("+m: it is moderated");
	case REFUSAL_NO_CTCP:
		return N_("+C: no CTCP");
	case REFUSAL_NO_COLOUR:
		return N_("+c: no colours and other formatting");
	case REFUSAL_SLOW:
		return N_("+W: slow mode, wait a little");
	case REFUSAL_FLOOD:
		return N_("+F: too many lines, wait a little");
	default:
		return N_("+b: you are banned or muted");
	}
}

static struct str wanted_nick(const struct record *r)
{
	return r->type == RECORD_USER_ADD ? r->user_add.nick : r->user_nick.nick;
}

/* Whoever is still connecting has to choose another one. */
static void want_no_nick(struct session *s)
{
	if (!s->reg)
		return;
	mem_free(s->reg->nick);
	s->reg->nick = NULL;
}

static void refused_name(struct session *s, const struct change *c)
{
	char nick[LINE_BODY_MAX];

	snprintf(nick, sizeof(nick), "%.*s", STR_ARG(wanted_nick(c->record)));
	reply(s, ERR_NICKNAMEINUSE, nick);
	want_no_nick(s);
}

/* The channel's name as the record has it, for a channel that may not be there. */
static struct str wanted_channel(const struct record *r)
{
	switch (r->type) {
	case RECORD_JOIN:
		return r->join.channel;
	case RECORD_PART:
		return r->part.channel;
	case RECORD_KICK:
		return r->kick.channel;
	case RECORD_TOPIC:
		return r->topic.channel;
	case RECORD_CHANNEL_MODES:
		return r->channel_modes.channel;
	case RECORD_INVITE:
		return r->invite.channel;
	case RECORD_MESSAGE:
		return r->message.channel;
	case RECORD_CHANNEL:
		return r->channel.name;
	case RECORD_KNOCK:
		return r->knock.channel;
	case RECORD_RENAME:
		return r->rename.channel;
	case RECORD_REDACT:
		return r->redact.channel.n ? r->redact.channel : r->redact.to;
	case RECORD_EDIT:
		return r->edit.of.channel.n ? r->edit.of.channel : r->edit.of.to;
	default:
		return STR("*");
	}
}

static void refused_speech(struct session *s, const struct change *c, const char *name)
{
	if (c->refusal == REFUSAL_SPEAK_NEEDS_ACCOUNT)
		reply(s, ERR_NEEDREGGEDNICK, c->user ? user_nick(c->user) : "*");
	else if (c->refusal == REFUSAL_CHANNEL_SPEAKS_ACCOUNT)
		reply(s, ERR_NEEDREGGEDNICK, name);
	else
		reply(s, ERR_CANNOTSENDTOCHAN, name, reply_words(s, cannot_send(c->refusal)));
}

static void refused_join(struct session *s, enum refusal why, const char *name)
{
	switch (why) {
	case REFUSAL_TOO_MANY_CHANNELS:
		reply(s, ERR_TOOMANYCHANNELS, name);
		break;
	case REFUSAL_FULL:
		reply(s, ERR_CHANNELISFULL, name);
		break;
	case REFUSAL_INVITE_ONLY:
		reply(s, ERR_INVITEONLYCHAN, name);
		break;
	case REFUSAL_BANNED:
		reply(s, ERR_BANNEDFROMCHAN, name);
		break;
	case REFUSAL_BAD_KEY:
		reply(s, ERR_BADCHANNELKEY, name);
		break;
	case REFUSAL_JOINS:
		reply(s, ERR_THROTTLE, name);
		break;
	default:
		reply(s, ERR_NEEDREGGEDNICK, name);
	}
}

static void refused_knock(struct session *s, enum refusal why, const char *name)
{
	if (why == REFUSAL_NO_KNOCK)
		reply(s, ERR_CANNOTSENDTOCHAN, name, reply_words(s, "+K: no knocking, or you are banned"));
	else if (why == REFUSAL_OPEN)
		reply(s, ERR_CHANOPEN, name);
	else if (why == REFUSAL_KNOCK_INSIDE)
		reply(s, ERR_KNOCKONCHAN, name);
	else
		reply(s, ERR_TOOMANYKNOCK, name);
}

/* Where there is none, and where one may not send people, is the same: a secret channel is not told of. */
static void refused_forward(struct session *s, struct str to)
{
	char name[LINE_BODY_MAX];

	snprintf(name, sizeof(name), "%.*s", STR_ARG(to));
	reply(s, ERR_CHANOPRIVSNEEDED, name);
}

/* Why, and until when. Its connection ends with that; see answer_change. */
static void refused_by_ban(struct session *s, const struct ban *ban)
{
	char memory[LINE_BODY_MAX];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	ban_reason(&b, ban);
	reply(s, ERR_YOUREBANNEDCREEP, STR_ARG(buf_view(&b)));
}

/* The rest is about saying it there, as of any message. */
static bool is_about_message(enum refusal why)
{
	return why == REFUSAL_REDACT || why == REFUSAL_REDACT_LATE || why == REFUSAL_NOT_ON_CHANNEL ||
	       why == REFUSAL_NO_SUCH_CHANNEL;
}

static void refused_edit(struct session *s, const struct change *c, const char *name)
{
	const struct redaction *r = &c->record->edit.of;
	char context[LINE_BODY_MAX];
	int n = snprintf(context, sizeof(context), "%s %.*s", name, STR_ARG(r->msgid));

	if (c->refusal == REFUSAL_REDACT) {
		reply_fail(s, "EDIT", "EDIT_FORBIDDEN", context, "You may not edit this message");
	} else if (c->refusal == REFUSAL_REDACT_LATE) {
		snprintf(context + n, sizeof(context) - (size_t)n, " %lld", (long long)(r->window_ms / 1000));
		reply_fail(s, "EDIT", "EDIT_WINDOW_EXPIRED", context, "It is too late to edit this message");
	} else {
		reply_fail(s, "EDIT", "INVALID_TARGET", name, "You cannot edit messages there");
	}
}

/* Whoever is not in the channel is told no more than that. */
static void refused_redact(struct session *s, const struct change *c, const char *name)
{
	const struct redaction *r = &c->record->redact;
	char context[LINE_BODY_MAX];
	int n = snprintf(context, sizeof(context), "%s %.*s", name, STR_ARG(r->msgid));

	if (c->refusal == REFUSAL_REDACT) {
		reply_fail(s, "REDACT", "REDACT_FORBIDDEN", context, "You may not take back this message");
	} else if (c->refusal == REFUSAL_REDACT_LATE) {
		snprintf(context + n, sizeof(context) - (size_t)n, " %lld", (long long)(r->window_ms / 1000));
		reply_fail(s, "REDACT", "REDACT_WINDOW_EXPIRED", context, "It is too late to take back this message");
	} else {
		reply_fail(s, "REDACT", "INVALID_TARGET", name, "You cannot take back messages there");
	}
}

static void refused_rename(struct session *s, const struct change *c)
{
	char context[2 * LINE_BODY_MAX];

	snprintf(context, sizeof(context), "%.*s %.*s", STR_ARG(c->record->rename.channel),
		 STR_ARG(c->record->rename.name));
	if (c->refusal == REFUSAL_NAME_TAKEN)
		reply_fail(s, "RENAME", "CHANNEL_NAME_IN_USE", context, "There is a channel of that name");
	else if (c->refusal == REFUSAL_FORBIDDEN)
		reply_fail(s, "RENAME", "CANNOT_RENAME", context, "One of these channels is forbidden or suspended");
	else
		reply_fail(s, "RENAME", "CANNOT_RENAME", context, "It has that name already");
}

/* Why, and until when. */
static void refused_forbidden(struct session *s, const struct change *c, const char *name)
{
	char memory[LINE_BODY_MAX], nick[LINE_BODY_MAX];
	struct buf b;

	if (c->record->type == RECORD_RENAME) {
		refused_rename(s, c);
		return;
	}
	buf_init(&b, memory, sizeof(memory) - 1);
	forbid_say(&b, c->ban, session_language(s));
	memory[b.n] = '\0';
	if (c->record->type == RECORD_JOIN) {
		reply(s, ERR_UNAVAILRESOURCE, name, memory);
		return;
	}
	snprintf(nick, sizeof(nick), "%.*s", STR_ARG(wanted_nick(c->record)));
	reply(s, ERR_NICKFORBIDDEN, nick, memory);
	want_no_nick(s);
}

/* A NOTICE is never answered, not even with what went wrong: two programs could go on for ever. */
static bool is_notice(const struct record *r)
{
	return r->type == RECORD_MESSAGE && r->message.kind == MESSAGE_NOTICE;
}

void answer_refused(struct session *s, const struct change *c)
{
	const char *nick = c->user ? user_nick(c->user) : "*";
	char name[LINE_BODY_MAX];

	if (is_notice(c->record))
		return;
	snprintf(name, sizeof(name), "%.*s", STR_ARG(wanted_channel(c->record)));
	if (c->record->type == RECORD_REDACT) {
		refused_redact(s, c, name);
		return;
	}
	if (c->record->type == RECORD_EDIT && is_about_message(c->refusal)) {
		refused_edit(s, c, name);
		return;
	}
	switch (c->refusal) {
	case REFUSAL_NONE:
		break;
	case REFUSAL_NO_SUCH_USER:
		reply(s, ERR_NOSUCHNICK, nick);
		break;
	case REFUSAL_NO_SUCH_CHANNEL:
		reply(s, ERR_NOSUCHCHANNEL, name);
		break;
	case REFUSAL_NICK_IN_USE:
		refused_name(s, c);
		break;
	case REFUSAL_NOT_ON_CHANNEL:
		reply(s, ERR_NOTONCHANNEL, name);
		break;
	case REFUSAL_TARGET_NOT_ON_CHANNEL:
		reply(s, ERR_USERNOTINCHANNEL, nick, name);
		break;
	case REFUSAL_ALREADY_ON_CHANNEL:
		reply(s, ERR_USERONCHANNEL, nick, name);
		break;
	case REFUSAL_NEED_RANK:
		reply(s, ERR_CHANOPRIVSNEEDED, name);
		break;
	case REFUSAL_NO_EXTERNAL:
	case REFUSAL_MODERATED:
	case REFUSAL_MUTED:
	case REFUSAL_NO_CTCP:
	case REFUSAL_NO_COLOUR:
	case REFUSAL_SLOW:
	case REFUSAL_FLOOD:
	case REFUSAL_CHANNEL_SPEAKS_ACCOUNT:
	case REFUSAL_SPEAK_NEEDS_ACCOUNT:
		refused_speech(s, c, name);
		break;
	case REFUSAL_NOT_OPER:
		reply(s, ERR_NOPRIVILEGES);
		break;
	case REFUSAL_ACCOUNT_CHANGED:
	case REFUSAL_ACCOUNT_TAKEN:
	case REFUSAL_REDACT:
	case REFUSAL_REDACT_LATE:
		break; /* whoever asked looks at the account, and says it in its own words */
	case REFUSAL_SERVER_BAN:
		refused_by_ban(s, c->ban);
		break;
	case REFUSAL_BANS_FULL:
		reply_fail(s, "UBAN", "LIST_FULL", NULL, "There are as many bans as the configuration allows");
		break;
	case REFUSAL_NO_NICK_CHANGE:
		reply(s, ERR_NONICKCHANGE, c->channel->name);
		break;
	case REFUSAL_NO_KNOCK:
	case REFUSAL_OPEN:
	case REFUSAL_KNOCK_INSIDE:
	case REFUSAL_KNOCKED:
		refused_knock(s, c->refusal, name);
		break;
	case REFUSAL_FORWARD:
		refused_forward(s, c->text);
		break;
	case REFUSAL_FORWARDED:
		reply(s, ERR_LINKCHANNEL, name, c->channel->extra->forward);
		break;
	case REFUSAL_METADATA:
	case REFUSAL_METADATA_FULL:
		metadata_refused(s, c);
		break;
	case REFUSAL_FORBIDDEN:
		refused_forbidden(s, c, name);
		break;
	case REFUSAL_NAME_TAKEN:
	case REFUSAL_CANNOT_RENAME:
		refused_rename(s, c);
		break;
	case REFUSAL_LIST_FULL:
		reply(s, ERR_BANLISTFULL, name, list_letter(c));
		break;
	default:
		refused_join(s, c->refusal, name);
	}
}

static void owe_joined(const struct command_env *env, struct session *s, const struct change *c)
{
	const struct past_span shown = {.limit = env->server->history.on_join};

	answer_topic(s, c->channel);
	markread_joined(env, s, c->channel);
	if (!session_has(s, CAP_NO_IMPLICIT_NAMES))
		answer_names(env, s, c->channel, c->channel->name);
	metadata_joined(s, env, c->channel);
	if (channel_settings(c->channel)->entry)
		services_say(s, "ChanServ", "[%s] %s", c->channel->name, channel_settings(c->channel)->entry);
	if (shown.limit && !session_has(s, CAP_CHATHISTORY) && !session_has(s, CAP_ZNC_PLAYBACK))
		past_replay_one(env, s, c->channel->name, &shown);
}

void answer_renamed(const struct command_env *env, const struct change *c)
{
	if (casemap_eq(network_casemap(env->net), c->was, str_of(c->channel->name)))
		return;
	for (uint32_t i = 0; i < c->channel->members.count; i++) {
		for (struct session *s = channel_member(c->channel, i)->user->sessions; s; s = s->next_own) {
			if (session_has(s, CAP_CHANNEL_RENAME))
				continue;
			answer_topic(s, c->channel);
			if (!session_has(s, CAP_NO_IMPLICIT_NAMES))
				answer_names(env, s, c->channel, c->channel->name);
		}
	}
}

static void owe_invited(struct session *s, const struct change *c)
{
	reply(s, RPL_INVITING, user_nick(c->user), c->channel->name);
	if (c->user->away)
		reply(s, RPL_AWAY, user_nick(c->user), c->user->away);
}

static bool is_origin(const struct session *s, const struct change *c)
{
	return c->record->session == s->id;
}

static void owe_ban(struct session *s, const struct change *c)
{
	const struct ban *b = c->ban;
	char text[LINE_BODY_MAX];
	struct buf out;

	buf_init(&out, text, sizeof(text));
	if (c->type == CHANGE_BAN_CLEARED)
		buf_fmt(&out, reply_words(s, "Ban #%llu of %s is removed"), (unsigned long long)b->id, b->mask);
	else
		ban_describe(&out, b, session_language(s), c->record->time);
	reply_notice(s, "%.*s", STR_ARG(buf_view(&out)));
}

static void turn_out(const struct command_env *env, struct session *s, const struct ban *ban)
{
	char memory[LINE_BODY_MAX];
	struct buf b;

	buf_init(&b, memory, sizeof(memory) - 1);
	ban_explain(&b, ban);
	memory[b.n] = '\0';
	env->host->quit(env->host->ctx, s, memory);
}

void answer_change(const struct command_env *env, struct session *s, const struct change *c)
{
	if (c->type == CHANGE_JOINED) {
		owe_joined(env, s, c);
		return;
	}
	if (!is_origin(s, c))
		return;
	switch (c->type) {
	case CHANGE_REFUSED:
		answer_refused(s, c);
		if (c->refusal == REFUSAL_SERVER_BAN)
			turn_out(env, s, c->ban);
		break;
	case CHANGE_BAN_SET:
	case CHANGE_BAN_CLEARED:
		owe_ban(s, c);
		break;
	case CHANGE_USER_ADDED:
		answer_welcome(env, s);
		break;
	case CHANGE_AWAY:
		if (c->text.n)
			reply(s, RPL_NOWAWAY);
		else
			reply(s, RPL_UNAWAY);
		break;
	case CHANGE_METADATA:
		metadata_answer(s, c);
		break;
	case CHANGE_KNOCKED:
		reply(s, RPL_KNOCKDLVR, c->channel->name);
		break;
	case CHANGE_INVITED:
		owe_invited(s, c);
		break;
	case CHANGE_MESSAGE:
		if (c->record->message.kind == MESSAGE_PRIVMSG && c->user && c->user->away)
			reply(s, RPL_AWAY, user_nick(c->user), c->user->away);
		break;
	case CHANGE_USER_MODES:
		if (c->set & USER_OPER)
			reply(s, RPL_YOUREOPER);
		if (c->record->type == RECORD_USER_NOTICES)
			mode_notices_show(s);
		break;
	default:
		break;
	}
}
