#include "check_network.h"

#include "invariant.h"
#include "network/state.h"

static void check_user(const struct network *net, const struct user *u)
{
	invariant(state_user(net, u->id) == u);
	invariant(state_user_by_nick(net, user_str(u, USER_NICK)) == u);
	for (uint32_t i = 0; i < u->memberships.count; i++) {
		const struct member *m = u->memberships.items[i];

		invariant(m->at_user == i && m->user == u);
		invariant(channel_member(m->channel, m->at_channel) == m);
		invariant(network_member(m->channel, u) == m);
	}
}

static void check_channel(const struct network *net, const struct channel *c)
{
	invariant(state_channel(net, str_of(c->name)) == c);
	invariant(c->members.count > 0 || (c->flags & CHAN_REGISTERED));
	for (uint32_t i = 0; i < c->members.count; i++) {
		const struct member *m = channel_member(c, i);

		invariant(m->at_channel == i && m->channel == c);
		invariant(m->user->memberships.items[m->at_user] == m);
		invariant(state_user(net, m->user->id) == m->user);
	}
}

void check_network(const struct network *net)
{
	uint32_t invisible = 0;

	for (uint32_t i = 0; i < net->users.count; i++) {
		const struct user *u = net->users.items[i];

		invariant(u->at == i);
		check_user(net, u);
		invisible += (u->modes & USER_INVISIBLE) != 0;
	}
	for (uint32_t i = 0; i < net->channels.count; i++) {
		const struct channel *c = net->channels.items[i];

		invariant(c->at == i);
		check_channel(net, c);
	}
	invariant(net->users_by_id.count == net->users.count && net->users_by_nick.count == net->users.count);
	invariant(net->channels_by_name.count == net->channels.count);
	invariant(network_counts(net).users == net->users.count && network_counts(net).invisible == invisible);
	invariant(network_counts(net).channels == net->channels.count);
}
