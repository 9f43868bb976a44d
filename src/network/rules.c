#include "network/rules.h"

#include <string.h>

#include "network/state.h"
#include "proto/multiline.h"
#include "proto/modes.h"

/* The highest rank alone: what people are compared by. */
static uint8_t rank_top(uint8_t rank)
{
	while (rank & (rank - 1))
		rank &= (uint8_t)(rank - 1);
	return rank;
}

bool rule_invited(const struct channel *c, const struct user *u)
{
	for (uint32_t i = 0; i < u->ninvites; i++) {
		if (u->invites[i] == c->id)
			return true;
	}
	return false;
}

static bool banned(const struct network *net, const struct channel *c, const struct user *u, enum mask_use use)
{
	return state_list_matches(net, &c->lists[CHAN_LIST_BAN], u, use) &&
	       !state_list_matches(net, &c->lists[CHAN_LIST_EXCEPT], u, use);
}

static bool has_account(const struct user *u)
{
	return user_str(u, USER_ACCOUNT).n > 0;
}

enum refusal rule_join(const struct network *net, const struct channel *c, const struct user *u, struct str key)
{
	if (banned(net, c, u, MASK_JOIN))
		return REFUSAL_BANNED;
	if ((c->flags & CHAN_INVITE_ONLY) && !rule_invited(c, u) &&
	    !state_list_matches(net, &c->lists[CHAN_LIST_INVEX], u, MASK_JOIN))
		return REFUSAL_INVITE_ONLY;
	if (c->key && !str_eq(str_of(c->key), key))
		return REFUSAL_BAD_KEY;
	if (c->limit && c->members.count >= c->limit && !rule_invited(c, u))
		return REFUSAL_FULL;
	if ((c->flags & CHAN_REGISTERED_ONLY) && !has_account(u))
		return REFUSAL_NEED_ACCOUNT;
	return REFUSAL_NONE;
}

static bool is_ctcp(struct str text)
{
	return str_starts(text, STR("\001")) && !str_eq(text, STR("\001ACTION")) &&
	       !str_eq(text, STR("\001ACTION\001")) && !str_starts(text, STR("\001ACTION "));
}

static bool holds_ctcp(struct str text)
{
	struct multiline lines = multiline_begin(text);
	struct str line;
	bool concat;

	while (multiline_next(&lines, &line, &concat)) {
		if (is_ctcp(line))
			return true;
	}
	return false;
}

/* Bold, colour, hex colour, reset, monospace, reverse, italics, strike, underline: modern.ircdocs.horse/formatting. */
bool rule_is_formatted(struct str text)
{
	static const char codes[] = "\002\003\004\017\021\026\035\036\037";

	for (size_t i = 0; i < text.n; i++) {
		if (memchr(codes, text.p[i], sizeof(codes) - 1))
			return true;
	}
	return false;
}

enum refusal rule_speak(const struct network *net, const struct channel *c, const struct user *u, struct str text)
{
	const struct member *m = network_member(c, u);

	if ((c->flags & CHAN_NO_EXTERNAL) && !m)
		return REFUSAL_NO_EXTERNAL;
	if ((c->flags & CHAN_NO_CTCP) && holds_ctcp(text))
		return REFUSAL_NO_CTCP;
	if ((c->flags & CHAN_NO_COLOUR) && rule_is_formatted(text))
		return REFUSAL_NO_COLOUR;
	if (rule_has_rank(m, RANK_VOICE))
		return REFUSAL_NONE;
	if (c->flags & CHAN_MODERATED)
		return REFUSAL_MODERATED;
	if ((c->flags & CHAN_SPEAK_ACCOUNT) && !has_account(u))
		return REFUSAL_CHANNEL_SPEAKS_ACCOUNT;
	if (banned(net, c, u, MASK_SPEAK))
		return REFUSAL_MUTED;
	return REFUSAL_NONE;
}

enum refusal rule_speak_to(const struct user *target, const struct user *u)
{
	if (!(target->modes & USER_REGISTERED_ONLY) || target == u)
		return REFUSAL_NONE;
	return has_account(u) || (u->modes & USER_OPER) ? REFUSAL_NONE : REFUSAL_SPEAK_NEEDS_ACCOUNT;
}

enum refusal rule_nick(const struct user *u, const struct channel **where)
{
	for (uint32_t i = 0; i < u->memberships.count; i++) {
		const struct member *m = u->memberships.items[i];

		if (!(m->channel->flags & CHAN_NO_NICK) || rule_has_rank(m, RANK_HALFOP))
			continue;
		*where = m->channel;
		return REFUSAL_NO_NICK_CHANGE;
	}
	return REFUSAL_NONE;
}

/* The door is shut by a mode that an invitation opens. */
enum refusal rule_knock(const struct network *net, const struct channel *c, const struct user *u)
{
	if (network_member(c, u))
		return REFUSAL_KNOCK_INSIDE;
	if ((c->flags & CHAN_NO_KNOCK) || banned(net, c, u, MASK_SPEAK))
		return REFUSAL_NO_KNOCK;
	if (!(c->flags & CHAN_INVITE_ONLY) && !c->key && !(c->limit && c->members.count >= c->limit))
		return REFUSAL_OPEN;
	return REFUSAL_NONE;
}

enum refusal rule_topic(const struct channel *c, const struct user *u)
{
	const struct member *m = network_member(c, u);

	if (!m)
		return REFUSAL_NOT_ON_CHANNEL;
	if ((c->flags & CHAN_TOPIC_LOCKED) && !rule_has_rank(m, RANK_HALFOP))
		return REFUSAL_NEED_RANK;
	return REFUSAL_NONE;
}

enum refusal rule_invite(const struct channel *c, const struct user *u, const struct user *target)
{
	const struct member *m = network_member(c, u);

	if (!m)
		return REFUSAL_NOT_ON_CHANNEL;
	if (network_member(c, target))
		return REFUSAL_ALREADY_ON_CHANNEL;
	if ((c->flags & CHAN_INVITE_ONLY) && !rule_has_rank(m, RANK_HALFOP))
		return REFUSAL_NEED_RANK;
	return REFUSAL_NONE;
}

enum refusal rule_kick(const struct channel *c, const struct user *u, const struct user *target)
{
	const struct member *m = network_member(c, u);
	const struct member *t = network_member(c, target);

	if (!m)
		return REFUSAL_NOT_ON_CHANNEL;
	if (!rule_has_rank(m, RANK_HALFOP))
		return REFUSAL_NEED_RANK;
	if (!t)
		return REFUSAL_TARGET_NOT_ON_CHANNEL;
	return rank_top(m->rank) < rank_top(t->rank) ? REFUSAL_NEED_RANK : REFUSAL_NONE;
}

/* The least rank that gives and takes the rank. */
static uint8_t rank_to_change(uint32_t rank)
{
	switch (rank) {
	case RANK_VOICE:
		return RANK_HALFOP;
	case RANK_HALFOP:
	case RANK_OP:
		return RANK_OP;
	case RANK_ADMIN:
		return RANK_ADMIN;
	default:
		return RANK_OWNER;
	}
}

static enum refusal rule_rank(const struct member *m, const struct mode_op *op, uint32_t rank,
			      const struct member *target)
{
	if (target && target == m && !op->set)
		return REFUSAL_NONE;
	if (!rule_has_rank(m, rank_to_change(rank)))
		return REFUSAL_NEED_RANK;
	if (!target)
		return REFUSAL_TARGET_NOT_ON_CHANNEL;
	if (!op->set && rank_top(m->rank) < rank_top(target->rank))
		return REFUSAL_NEED_RANK;
	return REFUSAL_NONE;
}

enum refusal state_rule_mode(const struct channel *c, const struct user *u, const struct mode_op *op,
			     const struct member *target)
{
	const struct chan_mode *mode = chan_mode_find(op->letter);
	const struct member *m = network_member(c, u);

	if (mode && mode->type == CHAN_MODE_PREFIX)
		return rule_rank(m, op, mode->bit, target);
	if (mode && mode->type == CHAN_MODE_FLAG && mode->bit == CHAN_REGISTERED)
		return REFUSAL_NEED_RANK;
	return rule_has_rank(m, RANK_HALFOP) ? REFUSAL_NONE : REFUSAL_NEED_RANK;
}

enum refusal rule_mode(const struct channel *c, const struct user *u, const struct mode_op *op)
{
	const struct member *target = NULL;

	for (uint32_t i = 0; op->user && !target && i < c->members.count; i++) {
		if (channel_member(c, i)->user->id == op->user)
			target = channel_member(c, i);
	}
	return state_rule_mode(c, u, op, target);
}

bool rule_is_author(const struct user *u, const struct redaction *r)
{
	if (r->account.n)
		return str_eq_nocase(r->account, user_str(u, USER_ACCOUNT));
	return r->author == u->id;
}

/* By whoever had an account of that name before. What is of the very millisecond of its making is older. */
static bool is_of_former(const struct network *net, const struct redaction *r)
{
	const struct account *a = r->account.n ? network_account(net, r->account) : NULL;

	return a && r->said <= a->created;
}

/* Not that of somebody who is there, and above. */
static bool may_moderate(const struct network *net, const struct channel *c, const struct member *m,
			 const struct redaction *r)
{
	const struct user *author = network_user(net, r->author);
	const struct member *theirs = author ? network_member(c, author) : NULL;

	return rule_has_rank(m, RANK_HALFOP) && (!theirs || rank_top(m->rank) >= rank_top(theirs->rank));
}

enum refusal rule_redact(const struct network *net, const struct user *u, const struct redaction *r, int64_t time)
{
	const struct channel *c = r->channel.n ? network_channel(net, r->channel) : NULL;
	const struct member *m = c ? network_member(c, u) : NULL;
	bool own = rule_is_author(u, r) && !is_of_former(net, r);

	if (r->channel.n && !m)
		return REFUSAL_NOT_ON_CHANNEL;
	if (c && may_moderate(net, c, m, r))
		return REFUSAL_NONE;
	if (own && r->window_ms && time - r->said > r->window_ms)
		return REFUSAL_REDACT_LATE;
	return own ? REFUSAL_NONE : REFUSAL_REDACT;
}

enum refusal rule_edit(const struct network *net, const struct user *u, const struct redaction *r, int64_t time)
{
	const struct channel *c = r->channel.n ? network_channel(net, r->channel) : NULL;

	if (r->channel.n && (!c || !network_member(c, u)))
		return REFUSAL_NOT_ON_CHANNEL;
	if (!rule_is_author(u, r) || is_of_former(net, r))
		return REFUSAL_REDACT;
	return r->window_ms && time - r->said > r->window_ms ? REFUSAL_REDACT_LATE : REFUSAL_NONE;
}

bool rule_sees_channel(const struct channel *c, const struct user *viewer)
{
	return !(c->flags & CHAN_SECRET) ||
	       (viewer && (network_member(c, viewer) || user_may(viewer, PRIV_SEE_SECRET)));
}

bool rule_sees_member(const struct user *viewer, const struct member *m)
{
	if (!(m->channel->flags & CHAN_AUDITORIUM) || rule_has_rank(m, RANK_VOICE) || m->user == viewer)
		return true;
	return viewer &&
	       (rule_has_rank(network_member(m->channel, viewer), RANK_HALFOP) || user_may(viewer, PRIV_SEE_HIDDEN));
}

bool rule_share_channel(const struct user *a, const struct user *b)
{
	const struct user *few = a->memberships.count <= b->memberships.count ? a : b;
	const struct user *many = few == a ? b : a;

	for (uint32_t i = 0; i < few->memberships.count; i++) {
		const struct channel *c = ((const struct member *)few->memberships.items[i])->channel;
		const struct member *m = network_member(c, many) ? network_member(c, b) : NULL;

		if (m && rule_sees_member(a, m))
			return true;
	}
	return false;
}
