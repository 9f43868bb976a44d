#include "command/override.h"

#include "command/audit.h"
#include "command/command.h"
#include "network/rules.h"

bool override_is_on(const struct user *u)
{
	return (u->modes & USER_OVERRIDE) && user_may(u, PRIV_OVERRIDE);
}

/* What the record is about. */
struct aim {
	struct str channel;
	uint64_t target; /* 0: nobody */
};

/* False: of a kind that is never overridden. Speaking is one of them. */
static bool aim_of(const struct record *r, struct aim *aim)
{
	*aim = (struct aim){0};
	switch (r->type) {
	case RECORD_JOIN:
		aim->channel = r->join.channel;
		return true;
	case RECORD_KICK:
		*aim = (struct aim){r->kick.channel, r->kick.target};
		return true;
	case RECORD_TOPIC:
		aim->channel = r->topic.channel;
		return true;
	case RECORD_INVITE:
		*aim = (struct aim){r->invite.channel, r->invite.target};
		return true;
	case RECORD_CHANNEL_MODES:
		aim->channel = r->channel_modes.channel;
		return true;
	default:
		return false;
	}
}

static bool may_modes(const struct channel *c, const struct user *u, const struct record *r)
{
	for (uint32_t i = 0; i < r->channel_modes.nops; i++) {
		if (rule_mode(c, u, &r->channel_modes.ops[i]) != REFUSAL_NONE)
			return false;
	}
	return true;
}

static bool may(const struct network *net, const struct channel *c, const struct user *u, const struct record *r,
		const struct user *target)
{
	switch (r->type) {
	case RECORD_JOIN:
		return network_member(c, u) || rule_join(net, c, u, r->join.key) == REFUSAL_NONE;
	case RECORD_KICK:
		return !target || rule_kick(c, u, target) == REFUSAL_NONE;
	case RECORD_TOPIC:
		return rule_topic(c, u) == REFUSAL_NONE;
	case RECORD_INVITE:
		return !target || rule_invite(c, u, target) == REFUSAL_NONE;
	default:
		return may_modes(c, u, r);
	}
}

void override_apply(const struct call *call, struct record *r)
{
	const struct network *net = call->env->net;
	const struct user *u = call_user(call), *target;
	const struct channel *c;
	struct aim aim;

	if (!u || (r->flags & RECORD_OVERRIDE) || !override_is_on(u) || !aim_of(r, &aim))
		return;
	c = network_channel(net, aim.channel);
	target = aim.target ? network_user(net, aim.target) : NULL;
	if (!c || may(net, c, u, r, target))
		return;
	r->flags |= RECORD_OVERRIDE;
	oper_audit(call, &(struct deed){.command = "OVERRIDE",
					.channel = c->name,
					.target = target ? user_nick(target) : NULL,
					.reason = call->row->name});
}
