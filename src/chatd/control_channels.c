#include "chatd/control_channels.h"

#include <stdio.h>
#include <string.h>

#include "chatd/control_bans.h"
#include "chatd/control_private.h"
#include "command/command.h"
#include "command/expiry.h"
#include "network/access.h"
#include "network/account.h"
#include "network/ban.h"
#include "network/settings.h"

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
	} else if (strcmp(words[0], "show") == 0 && n == 2) {
		channel = find(c, words[1]);
		if (!channel)
			return;
		show(c, channel);
		control_ok(c);
	} else {
		control_fail(c, "bad_request", "wanted is channel show, suspend, unsuspend, suspended or noexpire");
	}
}
