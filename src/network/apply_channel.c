#include "base/mem.h"
#include "network/apply.h"
#include "network/rules.h"
#include "proto/mask.h"

/* Members are only altered here, so what rules call const is ours to change. */
static struct member *member_of(const struct channel *c, const struct user *u)
{
	return (struct member *)network_member(c, u);
}

static void tell_member(const struct apply *a, enum change_type type, const struct member *m, struct str text)
{
	struct change c = apply_change(a, type);

	c.user = m->user;
	c.channel = m->channel;
	c.member = m;
	c.text = text;
	apply_tell(a, &c);
}

/* The rank that the member has by its account, and did not have before; 0: none. */
static uint8_t take_access(const struct apply *a, struct member *m)
{
	uint8_t rank;

	if (!(m->channel->flags & CHAN_REGISTERED) || !user_str(m->user, USER_ACCOUNT).n)
		return 0;
	rank = network_access(a->net, network_account(a->net, user_str(m->user, USER_ACCOUNT)),
			      str_of(m->channel->name));
	if (m->rank & rank)
		return 0;
	m->rank |= rank;
	return rank;
}

/* By the server. */
static void tell_access(const struct apply *a, const struct member *m, uint8_t rank)
{
	struct change c = apply_change(a, CHANGE_CHANNEL_MODES);
	struct mode_op op = {.set = true, .user = m->user->id};
	const struct chan_mode *modes;
	size_t n;

	if (!rank)
		return;
	modes = chan_modes(&n);
	for (size_t i = 0; i < n; i++)
		if (modes[i].type == CHAN_MODE_PREFIX && modes[i].bit == rank)
			op.letter = modes[i].letter;
	c.by = NULL;
	c.user = NULL;
	c.channel = m->channel;
	c.ops = &op;
	c.nops = 1;
	apply_tell(a, &c);
}

void apply_access(const struct apply *a, struct member *m)
{
	tell_access(a, m, take_access(a, m));
}

/* Whoever is to keep order there is not kept out. */
static bool has_access(const struct apply *a, const struct channel *c)
{
	const struct account *account = network_account(a->net, user_str(a->origin, USER_ACCOUNT));

	return (c->flags & CHAN_REGISTERED) && network_access(a->net, account, str_of(c->name)) >= RANK_OP;
}

static bool has_room(const struct apply *a, const struct channel *c)
{
	uint32_t max = a->r->join.channels_max;
	uint32_t in = a->origin->memberships.count;

	if ((max && in >= max) || in >= UINT16_MAX)
		return !apply_refuse(a, REFUSAL_TOO_MANY_CHANNELS, a->origin, c);
	if (!c && !state_channel_name_fits(a->r->join.channel))
		return !apply_refuse(a, REFUSAL_NO_SUCH_CHANNEL, a->origin, NULL);
	return true;
}

static enum refusal may_join(const struct apply *a, const struct channel *c)
{
	enum refusal refusal;

	if (!c || a->unchecked || has_access(a, c))
		return REFUSAL_NONE;
	refusal = rule_join(a->net, c, a->origin, a->r->join.key);
	if (refusal == REFUSAL_NONE && !rule_invited(c, a->origin))
		refusal = state_pace_join(c, a->r->time);
	return refusal;
}

/* Who is banned, or does not know the key, is sent nowhere; and nobody is sent on twice. */
static struct channel *forwarded_to(const struct apply *a, const struct channel *c, enum refusal why)
{
	struct channel *to;

	if (!c->extra || !c->extra->forward || why == REFUSAL_BANNED || why == REFUSAL_BAD_KEY)
		return NULL;
	to = state_channel(a->net, str_of(c->extra->forward));
	if (!to || to == c || member_of(to, a->origin) || network_channel_shut(a->net, str_of(to->name)))
		return NULL;
	return may_join(a, to) == REFUSAL_NONE ? to : NULL;
}

/* The channel that the origin comes into: this one, or where it sends those whom it does not let in. */
static struct channel *let_in(const struct apply *a, struct channel *c)
{
	struct change told = apply_change(a, CHANGE_REFUSED);
	enum refusal refusal = may_join(a, c);
	struct channel *to;

	if (refusal == REFUSAL_NONE)
		return c;
	to = forwarded_to(a, c, refusal);
	told.refusal = to ? REFUSAL_FORWARDED : refusal;
	told.channel = c;
	told.text = to ? str_of(to->name) : STR_NONE;
	apply_tell(a, &told);
	return to;
}

static struct channel *make_channel(const struct apply *a)
{
	uint32_t flags = a->r->join.new_flags & STATE_CHAN_FLAGS;

	if (!a->unchecked)
		flags &= ~(uint32_t)CHAN_REGISTERED;
	return state_channel_add(a->net, a->r->join.channel, flags, a->r->time);
}

void apply_join(struct apply *a)
{
	struct channel *c = state_channel(a->net, a->r->join.channel);
	uint8_t rank = c ? 0 : RANK_OP;
	struct member *m;

	if ((c && member_of(c, a->origin)) || !has_room(a, c) ||
	    apply_forbidden(a, network_channel_shut(a->net, a->r->join.channel), PRIV_REGISTER))
		return;
	c = c ? let_in(a, c) : make_channel(a);
	if (!c)
		return;
	state_user_uninvite(a->origin, c->id);
	if (!a->unchecked)
		state_pace_joined(c, a->r->time);
	m = state_member_add(c, a->origin, rank);
	m->joined = a->r->time;
	/* Before it is told: whom an auditorium shows, and what NAMES says, goes by the rank. */
	rank = take_access(a, m);
	tell_member(a, CHANGE_JOINED, m, STR_NONE);
	tell_access(a, m, rank);
}

void apply_part(struct apply *a)
{
	struct channel *c = apply_channel(a, a->r->part.channel);
	struct member *m;

	if (!c)
		return;
	m = member_of(c, a->origin);
	if (!m) {
		apply_refuse(a, REFUSAL_NOT_ON_CHANNEL, a->origin, c);
		return;
	}
	tell_member(a, CHANGE_PARTED, m, a->r->part.reason);
	state_member_remove(a->net, m);
}

void apply_kick(struct apply *a)
{
	struct channel *c = apply_channel(a, a->r->kick.channel);
	struct user *target = c ? apply_target(a, a->r->kick.target, c) : NULL;
	struct member *m;

	if (!target)
		return;
	if (!a->unchecked && apply_refuse(a, rule_kick(c, a->origin, target), target, c))
		return;
	m = member_of(c, target);
	if (!m) {
		apply_refuse(a, REFUSAL_TARGET_NOT_ON_CHANNEL, target, c);
		return;
	}
	tell_member(a, CHANGE_KICKED, m, a->r->kick.reason);
	state_member_remove(a->net, m);
}

static void put_all_out(const struct apply *a, const struct ban *ban, struct channel *c)
{
	char memory[2 * NETWORK_TEXT_MAX];
	struct change change = apply_change(a, CHANGE_KICKED);
	struct buf text;

	buf_init(&text, memory, sizeof(memory));
	forbid_explain(&text, ban);
	change.by = NULL;
	change.channel = c;
	change.text = buf_view(&text);
	change.ban = ban;
	for (uint32_t left = c->members.count; left-- > 0;) {
		struct member *m = channel_member(c, left);

		change.user = m->user;
		change.member = m;
		apply_tell(a, &change);
		state_member_remove(a->net, m);
	}
}

/* Operators too: who of those that are here is one does not outlive the process, and what is kept of the ban does. */
void apply_put_out(const struct apply *a, const struct ban *ban)
{
	struct channel *c;

	if (ban->action != BAN_REFUSE)
		return;
	if (ban->kind == BAN_SUSPENDED) {
		c = state_channel(a->net, str_of(ban->mask));
		if (c)
			put_all_out(a, ban, c);
		return;
	}
	for (uint32_t i = a->net->channels.count; i-- > 0;) {
		c = a->net->channels.items[i];
		if (mask_match(a->net->config.casemap, str_of(ban->mask), str_of(c->name)))
			put_all_out(a, ban, c);
	}
}

static void set_topic(const struct apply *a, struct channel *c)
{
	char memory[NETWORK_MASK_MAX];
	struct buf by;

	mem_free(c->topic);
	mem_free(c->topic_by);
	c->topic = NULL;
	c->topic_by = NULL;
	c->topic_time = 0;
	if (!a->r->topic.text.n)
		return;
	buf_init(&by, memory, sizeof(memory));
	state_user_mask(&by, a->origin, USER_HOST);
	c->topic = mem_strndup(a->r->topic.text.p, a->r->topic.text.n);
	c->topic_by = mem_strndup(by.p, by.n);
	c->topic_time = a->r->time;
}

void apply_topic(struct apply *a)
{
	struct channel *c = apply_channel(a, a->r->topic.channel);
	struct change change = apply_change(a, CHANGE_TOPIC);

	if (!c)
		return;
	if (!a->unchecked && apply_refuse(a, rule_topic(c, a->origin), a->origin, c))
		return;
	set_topic(a, c);
	change.channel = c;
	change.text = a->r->topic.text;
	apply_tell(a, &change);
}

void apply_invite(struct apply *a)
{
	struct channel *c = apply_channel(a, a->r->invite.channel);
	struct user *target = c ? apply_target(a, a->r->invite.target, c) : NULL;
	struct change change = apply_change(a, CHANGE_INVITED);

	if (!target)
		return;
	if (!a->unchecked && apply_refuse(a, rule_invite(c, a->origin, target), target, c))
		return;
	if (member_of(c, target)) {
		apply_refuse(a, REFUSAL_ALREADY_ON_CHANNEL, target, c);
		return;
	}
	if (a->unchecked || rule_has_rank(member_of(c, a->origin), RANK_HALFOP))
		state_user_invite(target, c->id);
	change.user = target;
	change.channel = c;
	apply_tell(a, &change);
}

void apply_knock(struct apply *a)
{
	struct channel *c = apply_channel(a, a->r->knock.channel);
	struct change change = apply_change(a, CHANGE_KNOCKED);
	enum refusal refusal;

	if (!c)
		return;
	refusal = rule_knock(a->net, c, a->origin);
	if (refusal == REFUSAL_NONE)
		refusal = state_pace_knock(c, a->origin, a->r->time);
	if (apply_refuse(a, refusal, a->origin, c))
		return;
	change.channel = c;
	change.text = a->r->knock.text;
	apply_tell(a, &change);
}
