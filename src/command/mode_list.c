#include "command/mode.h"

#include "base/mem.h"
#include "command/cursor.h"
#include "network/rules.h"
#include "proto/numerics.h"

/* One list of a channel on its way to a client, the newest entry first. */
struct list_stream {
	struct stream st;
	const struct network *net;
	char *name;
	uint64_t id; /* a later channel of that name is another one */
	enum chan_list list;
	struct cursor entries;
};

static void entry_show(struct session *s, const struct channel *c, enum chan_list list, const struct list_entry *e)
{
	long long time = (long long)(e->time / 1000);

	if (list == CHAN_LIST_BAN)
		reply(s, RPL_BANLIST, c->name, e->mask, e->by, time);
	else if (list == CHAN_LIST_EXCEPT)
		reply(s, RPL_EXCEPTLIST, c->name, e->mask, e->by, time);
	else
		reply(s, RPL_INVEXLIST, c->name, e->mask, e->by, time);
}

static void end_show(struct session *s, const char *channel, enum chan_list list)
{
	if (list == CHAN_LIST_BAN)
		reply(s, RPL_ENDOFBANLIST, channel);
	else if (list == CHAN_LIST_EXCEPT)
		reply(s, RPL_ENDOFEXCEPTLIST, channel);
	else
		reply(s, RPL_ENDOFINVEXLIST, channel);
}

/* Bans are no secret to those who see the channel; who is excepted from them is for those who may change it. */
static bool may_see(const struct channel *c, const struct user *u, enum chan_list list)
{
	if (list == CHAN_LIST_BAN)
		return rule_sees_channel(c, u);
	return rule_has_rank(network_member(c, u), RANK_HALFOP);
}

static bool list_step(struct stream *st, struct session *s)
{
	struct list_stream *l = (struct list_stream *)st;
	const struct channel *c = network_channel(l->net, str_of(l->name));
	struct cursor_block b;

	if (!s->user)
		return true;
	if (!st->cut && c && c->id == l->id && may_see(c, s->user, l->list) &&
	    cursor_next(&l->entries, c->lists[l->list].count, CURSOR_LINES, &b)) {
		for (uint32_t i = b.end; i-- > b.from;)
			entry_show(s, c, l->list, c->lists[l->list].items[i]);
		if (l->entries.left)
			return false;
	}
	end_show(s, l->name, l->list);
	return true;
}

static void list_free(struct stream *st)
{
	struct list_stream *l = (struct list_stream *)st;

	mem_free(l->name);
	mem_free(l);
}

void mode_list_show(const struct call *call, const struct channel *c, enum chan_list list)
{
	struct list_stream *l;

	if (!may_see(c, call_user(call), list)) {
		reply(call->session, ERR_CHANOPRIVSNEEDED, c->name);
		return;
	}
	l = mem_zalloc(sizeof(*l));
	l->st.step = list_step;
	l->st.free = list_free;
	l->net = call->env->net;
	l->name = mem_strdup(c->name);
	l->id = c->id;
	l->list = list;
	l->entries.left = c->lists[list].count;
	session_stream(call->session, &l->st);
}
