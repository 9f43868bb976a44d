#include "chatd/control_channels.h"

#include <stdio.h>
#include <string.h>

#include "chatd/control_bans.h"
#include "chatd/control_private.h"
#include "command/account_edit.h"
#include "command/command.h"
#include "command/expiry.h"
#include "network/access.h"
#include "network/account.h"
#include "network/ban.h"
#include "network/settings.h"
#include "proto/name.h"

enum { ITEM_MAX = 300 };

static const struct command_env *env_of(struct control_conn *c)
{
	return engine_env(control_of(c)->host.engine);
}

bool control_switch(const char *word)
{
	return strcmp(word, "on") == 0 || strcmp(word, "off") == 0;
}

/* NULL: answered. */
static const struct channel *find(struct control_conn *c, const char *name)
{
	const struct channel *channel = network_channel(env_of(c)->net, str_of(name));

	if (channel && (channel->flags & CHAN_REGISTERED))
		return channel;
	control_fail(c, "no_such_channel", "there is no registered channel of that name");
	return NULL;
}

static void show_keeping(struct json *j, const struct command_env *env, const struct channel *channel)
{
	const struct channel_settings *s = channel_settings(channel);
	int64_t until = expiry_of_channel(env->net, env->server, channel);

	if (s->used)
		json_time(j, "last_used", s->used);
	if (until)
		json_time(j, "expires", until);
	json_bool(j, "no_expiry", s->flags & CHANNEL_NO_EXPIRY);
	json_str(j, "entry_message", str_of(s->entry));
}

static void show(struct control_conn *c, const struct channel *channel)
{
	const struct command_env *env = env_of(c);
	const struct account *founder = network_founder(env->net, str_of(channel->name));
	const struct ban *b = network_forbidden(env->net, BAN_SUSPENDED, str_of(channel->name));
	struct json *j = &c->json;

	json_begin(j);
	json_str(j, "channel", str_of(channel->name));
	json_time(j, "since", channel->created);
	json_str(j, "founder", founder ? account_str(founder, ACCOUNT_NAME) : STR_NONE);
	json_u64(j, "members", channel->members.count);
	show_keeping(j, env, channel);
	json_bool(j, "suspended", b != NULL);
	if (b)
		json_str(j, "suspended_by", str_of(b->by));
	if (b)
		json_str(j, "reason", str_of(b->reason));
	if (b && b->until)
		json_time(j, "until", b->until);
	json_end(j);
}

/* "CHANNEL on|off" */
static void keep(struct control_conn *c, const char *rest)
{
	char line[CONTROL_REQUEST_MAX + 1], *word = line, *name;
	const struct channel *channel;

	snprintf(line, sizeof(line), "%s", rest);
	name = strsep(&word, " ");
	if (!word || !control_switch(word)) {
		control_fail(c, "bad_request", "wanted is channel noexpire CHANNEL on, or off");
		return;
	}
	channel = find(c, name);
	if (!channel)
		return;
	control_log(c, &(struct control_deed){.command = "channel noexpire", .channel = channel->name, .reason = word});
	expiry_keep_channel(env_of(c), channel, strcmp(word, "on") == 0);
	control_ok(c);
}

/* Whose rank it was keeps none, or would have it again with whoever registers the channel later. */
static void take_access(struct control_conn *c, const char *name)
{
	const struct command_env *env = env_of(c);
	const struct vec *list;
	struct account_edit e;
	char item[ITEM_MAX];
	bool done = true;

	while (done && (list = network_access_list(env->net, str_of(name))) && list->count) {
		const struct account *a = list->items[list->count - 1];
		uint32_t dropped = 0;

		account_edit_begin(&e, a);
		for (const char *letter = "qaohv"; *letter; letter++) {
			snprintf(item, sizeof(item), "%s %c", name, *letter);
			dropped += account_edit_drop_exact(&e, ACCOUNT_CHANNEL, str_of(item));
		}
		done = dropped && account_edit_submit(&e, env);
	}
}

static void drop(struct control_conn *c, const struct channel *channel)
{
	char name[ITEM_MAX];

	snprintf(name, sizeof(name), "%s", channel->name);
	control_log(c, &(struct control_deed){.command = "channel delete", .channel = name});
	take_access(c, name);
	account_unregister_channel(env_of(c), str_of(name));
	control_ok(c);
}

/* One that is there keeps all that it has. */
static void make(struct control_conn *c, const char *name, const struct account *founder)
{
	const struct command_env *env = env_of(c);
	const struct channel *channel = network_channel(env->net, str_of(name));
	struct engine *engine = control_of(c)->host.engine;
	struct record r = {.type = RECORD_CHANNEL};
	struct account_edit e;
	char item[ITEM_MAX];

	r.channel.flags = env->server->default_channel_flags;
	r.channel.created = loop_clock(env->hub->loop)->real_ms;
	if (channel)
		network_channel_record(channel, &r, engine_room(engine));
	r.flags |= RECORD_OVERRIDE;
	r.channel.name = str_of(channel ? channel->name : name);
	r.channel.flags |= CHAN_REGISTERED;
	snprintf(item, sizeof(item), "%s q", channel ? channel->name : name);
	account_edit_begin(&e, founder);
	if (account_edit_add(&e, ACCOUNT_CHANNEL, str_of(item), loop_clock(env->hub->loop)->real_ms) &&
	    engine_ask(engine, &r) == REFUSAL_NONE && account_edit_submit(&e, env))
		control_ok(c);
	else
		control_fail(c, "refused", "the network refused it");
}

/* "CHANNEL ACCOUNT" */
static void create(struct control_conn *c, const char *rest)
{
	char line[CONTROL_REQUEST_MAX + 1], *word = line, *name;
	const struct command_env *env = env_of(c);
	const struct account *founder;
	const struct channel *channel;

	snprintf(line, sizeof(line), "%s", rest);
	name = strsep(&word, " ");
	founder = word ? network_account(env->net, str_of(word)) : NULL;
	channel = network_channel(env->net, str_of(name));
	if (!founder) {
		control_fail(c, "no_such_account", "there is no such account");
	} else if (!name_channel_valid(str_of(name), env->server->channel_max)) {
		control_fail(c, "bad_request", "that is no name of a channel");
	} else if ((channel && (channel->flags & CHAN_REGISTERED)) || network_founder(env->net, str_of(name))) {
		control_fail(c, "refused", "the channel is registered already");
	} else {
		control_log(c, &(struct control_deed){.command = "channel create", .channel = name, .target = word});
		make(c, name, founder);
	}
}

void control_channel(struct control_conn *c, const char *const *words, size_t n)
{
	const struct channel *channel;

	if (strcmp(words[0], "suspend") == 0 && n == 2) {
		control_suspend(c, words[1]);
	} else if (strcmp(words[0], "unsuspend") == 0 && n == 2) {
		control_unsuspend(c, words[1]);
	} else if (strcmp(words[0], "suspended") == 0 && n == 1) {
		control_suspensions(c);
	} else if (strcmp(words[0], "noexpire") == 0 && n == 2) {
		keep(c, words[1]);
	} else if (strcmp(words[0], "create") == 0 && n == 2) {
		create(c, words[1]);
	} else if (strcmp(words[0], "delete") == 0 && n == 2) {
		channel = find(c, words[1]);
		if (channel)
			drop(c, channel);
	} else if (strcmp(words[0], "show") == 0 && n == 2) {
		channel = find(c, words[1]);
		if (!channel)
			return;
		show(c, channel);
		control_ok(c);
	} else {
		control_fail(c, "bad_request",
			     "wanted is channel show, create, delete, suspend, unsuspend, suspended or noexpire");
	}
}
