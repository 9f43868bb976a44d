#include "command/oper_force.h"

#include "command/audit.h"
#include "command/mode.h"
#include "command/targets.h"
#include "proto/name.h"
#include "proto/utf8.h"

/* Of the target, with the power of the server; the operator hears what became of it. */
static struct record record_of(const struct call *call, enum record_type type, const struct user *target)
{
	struct record r = call_record(call, type);

	r.origin = target->id;
	r.flags |= RECORD_OVERRIDE;
	return r;
}

static void join_one(const struct call *call, const struct user *u, const char *name)
{
	const struct server *server = call->env->server;
	struct record r;

	if (!name_channel_valid(str_of(name), server->channel_max)) {
		reply(call->session, ERR_NOSUCHCHANNEL, target_shown(name));
		return;
	}
	oper_audit(call, &(struct deed){.target = user_nick(u), .channel = name});
	r = record_of(call, RECORD_JOIN, u);
	r.join.channel = str_of(name);
	r.join.new_flags = server->default_channel_flags;
	call_submit(call, &r);
}

void sajoin_run(struct call *call)
{
	const struct user *u = target_user(call, call_param(call, 0));
	struct targets t;

	targets_init(&t, call_param(call, 1), NULL, call->env->server->targets_max);
	while (u && targets_next(&t, call))
		join_one(call, u, t.word);
}

static void part_one(const struct call *call, const struct user *u, const char *name)
{
	const struct channel *c = network_channel(call->env->net, str_of(name));
	const char *reason = call_word(call, 2);
	struct record r;

	if (!c) {
		reply(call->session, ERR_NOSUCHCHANNEL, target_shown(name));
		return;
	}
	if (!network_member(c, u)) {
		reply(call->session, ERR_USERNOTINCHANNEL, user_nick(u), c->name);
		return;
	}
	oper_audit(call, &(struct deed){.target = user_nick(u), .channel = c->name, .reason = reason});
	r = record_of(call, RECORD_PART, u);
	r.part.channel = str_of(name);
	r.part.reason = utf8_cut(str_of(reason), call->env->server->kick_max);
	call_submit(call, &r);
}

void sapart_run(struct call *call)
{
	const struct user *u = target_user(call, call_param(call, 0));
	struct targets t;

	targets_init(&t, call_param(call, 1), NULL, call->env->server->targets_max);
	while (u && targets_next(&t, call))
		part_one(call, u, t.word);
}

void sanick_run(struct call *call)
{
	const struct user *u = target_user(call, call_param(call, 0));
	const char *nick = call_param(call, 1);
	struct record r;

	if (!u)
		return;
	if (!name_nick_valid(call->env->server->casemap, str_of(nick), call->env->server->nick_max)) {
		reply(call->session, ERR_ERRONEUSNICKNAME, target_shown(nick));
		return;
	}
	oper_audit(call, &(struct deed){.target = user_nick(u), .reason = nick});
	r = record_of(call, RECORD_USER_NICK, u);
	r.user_nick.nick = str_of(nick);
	call_submit(call, &r);
}

/* Those modes that the user could alter by itself: nobody is made an operator, or logged in, this way. */
static void modes_of_user(const struct call *call, const struct user *u, const char *letters)
{
	struct record r = record_of(call, RECORD_USER_MODES, u);
	bool set = true, unknown = false;

	r.user_modes.set = r.user_modes.clear = 0;
	for (const char *at = letters; *at; at++) {
		const struct user_mode *mode = user_mode_find(*at);

		if (*at == '+' || *at == '-')
			set = *at == '+';
		else if (!mode || !mode->settable || mode->bit == USER_CLOAKED)
			unknown = true;
		else
			mode_user_want(&r, mode->bit, set);
	}
	if (unknown)
		reply(call->session, ERR_UMODEUNKNOWNFLAG);
	if (!(r.user_modes.set | r.user_modes.clear))
		return;
	oper_audit(call, &(struct deed){.target = user_nick(u), .reason = letters});
	call_submit(call, &r);
}

/* Parameters are not logged: a key is a secret. */
void samode_run(struct call *call)
{
	const char *name = call_param(call, 0);
	const struct channel *c;
	const struct user *u;

	if (!name_is_channel(name)) {
		u = target_user(call, name);
		if (u)
			modes_of_user(call, u, call_param(call, 1));
		return;
	}
	c = target_channel(call, name);
	if (!c)
		return;
	oper_audit(call, &(struct deed){.channel = c->name, .reason = call_param(call, 1)});
	call->forced = true;
	mode_channel_run(call);
}
