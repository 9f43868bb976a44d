#include <stdio.h>
#include <string.h>

#include "command/families.h"
#include "command/filter.h"
#include "command/targets.h"
#include "network/rules.h"
#include "proto/name.h"
#include "proto/utf8.h"

/*
 * RELAYMSG <channel> <name/elsewhere> <text>: operators of a channel, bridges above all, speak there for people of
 * elsewhere. https://github.com/ircv3/ircv3-specifications/pull/417
 * The name has a separator in it, which no nick has, so that nobody is taken for somebody who is here.
 */
enum { SEPARATOR = '/', NAME_MAX_BYTES = 2 * NAME_NICK_MAX };

/* Both parts are fit for nicks, but for digits in front. */
static bool name_fits(struct str name)
{
	const char *slash = name.n ? memchr(name.p, SEPARATOR, name.n) : NULL;

	if (!slash || slash == name.p || slash + 1 == name.p + name.n || name.n > NAME_MAX_BYTES || !utf8_valid(name))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || name.p[i] == '\177' || strchr("!@*?,:+#&~%$", name.p[i]))
			return false;
	return true;
}

static void fail(struct session *s, const char *code, const char *text)
{
	reply_fail(s, "RELAYMSG", code, NULL, text);
}

static const struct channel *find_channel(const struct call *call)
{
	const struct channel *c = network_channel(call->env->net, str_of(call_param(call, 0)));

	if (c && rule_has_rank(network_member(c, call->user), RANK_OP))
		return c;
	if (!c || !rule_sees_channel(c, call->user))
		reply(call->session, ERR_NOSUCHCHANNEL, target_shown(call_param(call, 0)));
	else
		fail(call->session, "PRIVS_NEEDED", N_("Only operators of the channel may relay messages there"));
	return NULL;
}

static void relaymsg_run(struct call *call)
{
	const char *name = call_param(call, 1), *text = call_param(call, 2);
	const struct channel *c = find_channel(call);
	struct record r = call_record(call, RECORD_MESSAGE);
	char by[NAME_MAX_BYTES + NAME_USER_MAX + NAME_HOST_MAX + 3];
	struct filter_try t = {FILTER_CHANNEL, str_of(text), c, call_param(call, 0)};

	if (!c)
		return;
	if (!name_fits(str_of(name))) {
		fail(call->session, "INVALID_NICK", N_("A relayed name is two parts with a / between them"));
		return;
	}
	if (!*text) {
		fail(call->session, "BLANK_MSG", N_("There is nothing to relay"));
		return;
	}
	if (filter_stops(call, &t))
		return;
	snprintf(by, sizeof(by), "%s!%s@%s", name, user_text(call->user, USER_NAME), user_text(call->user, USER_HOST));
	r.message.kind = MESSAGE_PRIVMSG;
	r.message.channel = str_of(c->name);
	r.message.text = str_of(text);
	r.message.by = str_of(by);
	r.message.relay = user_str(call->user, USER_NICK);
	call_submit(call, &r);
}

static const struct command rows[] = {
	{"RELAYMSG", ROLE_USER, 3, 10, -1, relaymsg_run},
};

const struct command *command_family_relay(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
