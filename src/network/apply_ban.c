#include "network/apply.h"

/* Bans and the emergency level: who asks must have the server's power, and need not be here any more. */

enum { EXPLAIN_MAX = 2 * NETWORK_TEXT_MAX };

static void leave_banned(struct apply *a, struct user *u, const struct ban *ban)
{
	char memory[EXPLAIN_MAX];
	struct buf text;

	buf_init(&text, memory, sizeof(memory));
	ban_explain(&text, ban);
	apply_leave(a, u, buf_view(&text), ban);
}

/* Whoever may set bans is not ended by one, or a slip of the finger would leave nobody to take it back. */
bool apply_banned(struct apply *a, struct user *u)
{
	const struct ban_subject s = ban_subject_of(u);
	const struct ban *ban = user_may(u, PRIV_BAN) ? NULL : network_ban_against(a->net, &s);

	if (ban)
		leave_banned(a, u, ban);
	return ban;
}

/* From the last to the first: the last one takes the place of whoever goes. */
static void meet_all(struct apply *a, const struct ban *ban)
{
	for (uint32_t i = a->net->users.count; i-- > 0;) {
		struct user *u = a->net->users.items[i];
		const struct ban_subject s = ban_subject_of(u);

		if (!ban_matches(a->net, ban, &s))
			continue;
		if (ban->action == BAN_SHUN)
			u->shunned = true;
		else if (user_may(u, PRIV_BAN))
			continue;
		else if (ban->action == BAN_REFUSE || (ban->action == BAN_NEED_ACCOUNT && !s.account.n))
			leave_banned(a, u, ban);
	}
}

bool apply_forbidden(const struct apply *a, const struct ban *ban, enum privilege needs)
{
	struct change c = apply_change(a, CHANGE_REFUSED);

	if (!ban || a->unchecked || (a->origin && user_may(a->origin, needs)))
		return false;
	c.refusal = REFUSAL_FORBIDDEN;
	c.ban = ban;
	apply_tell(a, &c);
	return true;
}

static void look_at_all(const struct apply *a)
{
	for (uint32_t i = 0; i < a->net->users.count; i++) {
		struct user *u = a->net->users.items[i];

		if (u->shunned)
			state_ban_look(a->net, u);
	}
}

void apply_ban_set(struct apply *a)
{
	const struct record *r = a->r;
	struct change c = apply_change(a, CHANGE_BAN_SET);
	const struct ban *was = state_ban_find(a->net, r->ban.kind, r->ban.mask);
	bool shunned = was && was->action == BAN_SHUN;

	if (!a->unchecked)
		return;
	if (!was && r->ban.max && network_ban_count(a->net) >= r->ban.max) {
		apply_refuse(a, REFUSAL_BANS_FULL, NULL, NULL);
		return;
	}
	if (!state_ban_put(a->net, r))
		return;
	c.ban = state_ban_find(a->net, r->ban.kind, r->ban.mask);
	apply_tell(a, &c);
	if (shunned)
		look_at_all(a);
	if (c.ban->kind == BAN_CHANNEL || c.ban->kind == BAN_SUSPENDED)
		apply_put_out(a, c.ban);
	else if (!ban_is_of_name(c.ban->kind))
		meet_all(a, c.ban);
}

void apply_ban_clear(struct apply *a)
{
	struct ban *ban = state_ban_by_id(a->net, a->r->ban_clear.id);
	struct change c = apply_change(a, CHANGE_BAN_CLEARED);

	if (!a->unchecked || !ban)
		return;
	state_ban_take(a->net, ban);
	c.ban = ban;
	apply_tell(a, &c);
	if (ban->action == BAN_SHUN)
		look_at_all(a);
	state_ban_free(ban);
}

/* Told where it is another one. */
void apply_emergency(struct apply *a)
{
	struct change c = apply_change(a, CHANGE_EMERGENCY);

	if (!a->unchecked || a->net->emergency == a->r->emergency.level)
		return;
	a->net->emergency = a->r->emergency.level;
	apply_tell(a, &c);
}
