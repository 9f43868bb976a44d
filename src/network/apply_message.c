#include "network/apply.h"
#include "network/rules.h"
#include "proto/multiline.h"

/* Nothing here allocates: this is what a server does most. */
static void tell_message(struct apply *a, const struct user *target, const struct channel *channel)
{
	struct change c = apply_change(a, CHANGE_MESSAGE);

	if (a->origin && a->r->message.kind != MESSAGE_TAGMSG)
		a->origin->spoke = a->r->time;
	c.user = target;
	c.channel = channel;
	c.text = a->r->message.text;
	apply_tell(a, &c);
}

/* A message of several lines counts as so many. */
static enum refusal too_fast(const struct apply *a, struct channel *c)
{
	return state_pace_speak(c, a->origin, a->r->time, (uint32_t)multiline_count(a->r->message.text));
}

static void to_channel(struct apply *a)
{
	struct channel *c = apply_channel(a, a->r->message.channel);

	if (!c)
		return;
	if (!a->unchecked && apply_refuse(a, rule_speak(a->net, c, a->origin, a->r->message.text), NULL, c))
		return;
	if (!a->unchecked && a->r->message.kind != MESSAGE_TAGMSG &&
	    apply_refuse(a, too_fast(a, c), NULL, c))
		return;
	tell_message(a, NULL, c);
}

void apply_message(struct apply *a)
{
	const struct user *target;

	if (a->r->message.channel.n) {
		to_channel(a);
		return;
	}
	target = apply_target(a, a->r->message.target, NULL);
	if (!target)
		return;
	if (!a->unchecked && apply_refuse(a, rule_speak_to(target, a->origin), target, NULL))
		return;
	tell_message(a, target, NULL);
}

void apply_redact(struct apply *a)
{
	const struct redaction *r = &a->r->redact;
	struct change c = apply_change(a, CHANGE_REDACTED);

	c.channel = r->channel.n ? state_channel(a->net, r->channel) : NULL;
	c.user = r->target ? state_user(a->net, r->target) : NULL;
	c.text = r->reason;
	if (r->channel.n && !c.channel && !a->unchecked) {
		apply_refuse(a, REFUSAL_NO_SUCH_CHANNEL, NULL, NULL);
		return;
	}
	if (!a->unchecked && apply_refuse(a, rule_redact(a->net, a->origin, r, a->r->time), c.user, c.channel))
		return;
	apply_tell(a, &c);
}

/* Whoever may not say it there does not say it with an edit either. */
static enum refusal may_say(const struct apply *a, struct channel *c, const struct user *target)
{
	enum refusal why;

	if (target)
		return rule_speak_to(target, a->origin);
	if (!c)
		return REFUSAL_NONE;
	why = rule_speak(a->net, c, a->origin, a->r->edit.text);
	return why == REFUSAL_NONE ? state_pace_speak(c, a->origin, a->r->time, 1) : why;
}

/* Whose it is is asked whatever power goes along: it is said in somebody's name. */
void apply_edit(struct apply *a)
{
	const struct redaction *r = &a->r->edit.of;
	struct change c = apply_change(a, CHANGE_EDITED);
	struct channel *channel = r->channel.n ? state_channel(a->net, r->channel) : NULL;

	c.channel = channel;
	c.user = r->target ? state_user(a->net, r->target) : NULL;
	c.text = a->r->edit.text;
	if (r->channel.n && !channel) {
		apply_refuse(a, REFUSAL_NO_SUCH_CHANNEL, NULL, NULL);
		return;
	}
	if (apply_refuse(a, rule_edit(a->net, a->origin, r, a->r->time), c.user, c.channel))
		return;
	if (!a->unchecked && apply_refuse(a, may_say(a, channel, c.user), c.user, c.channel))
		return;
	apply_tell(a, &c);
}

/* Nobody is told: what is on the screens of others is theirs. */
void apply_forget(struct apply *a)
{
	if (!a->unchecked && !str_eq_nocase(a->r->forget.account, user_str(a->origin, USER_ACCOUNT)))
		apply_refuse(a, REFUSAL_REDACT, a->origin, NULL);
}

/* It has been done, and told, by the record that it is a copy of. */
void apply_event(struct apply *a)
{
	(void)a;
}

void apply_wallops(struct apply *a)
{
	struct change c = apply_change(a, CHANGE_WALLOPS);

	if (!a->unchecked && !user_may(a->origin, PRIV_WALLOPS)) {
		apply_refuse(a, REFUSAL_NOT_OPER, a->origin, NULL);
		return;
	}
	c.text = a->r->wallops.text;
	apply_tell(a, &c);
}
