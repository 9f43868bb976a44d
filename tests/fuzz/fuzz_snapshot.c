#include <stdint.h>

#include "check.h"
#include "network/snapshot.h"
#include "network/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct network *network_make(uint64_t seed)
{
	struct network_config config = {.casemap = CASEMAP_RFC1459, .whowas_max = 4, .seed = {{seed, 9}}};

	return network_new(&config);
}

static void check_members(const struct network *net, const struct channel *c)
{
	CHECK(c->members.count || (c->flags & CHAN_REGISTERED));
	for (uint32_t i = 0; i < c->members.count; i++) {
		const struct member *m = channel_member(c, i);

		CHECK(m->at_channel == i && m->channel == c);
		CHECK(m->user->memberships.items[m->at_user] == m);
		CHECK(network_user(net, m->user->id) == m->user);
		CHECK(network_member(c, m->user) == m);
	}
}

static void check_whole(const struct network *net)
{
	for (uint32_t i = 0; i < net->users.count; i++) {
		const struct user *u = net->users.items[i];

		CHECK(u->at == i && network_user_by_nick(net, user_str(u, USER_NICK)) == u);
	}
	for (uint32_t i = 0; i < net->channels.count; i++) {
		const struct channel *c = net->channels.items[i];

		CHECK(c->at == i && network_channel(net, str_of(c->name)) == c && c->id <= net->channel_id);
		check_members(net, c);
	}
}

/* Whatever loads is whole, and what it saves to loads to the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_in in = wire_read((struct str){(const char *)data, size});
	struct network *first = network_make(1), *second = network_make(2);
	bool loaded = network_load(first, &in);
	struct wire_out out;

	check_whole(first);
	CHECK(loaded || network_hash(first) == network_hash(second));
	if (loaded) {
		wire_init(&out);
		network_save(first, &out);
		in = wire_read(buf_view(&out.buf));
		CHECK(network_load(second, &in));
		CHECK(network_hash(first) == network_hash(second));
		wire_deinit(&out);
	}
	network_free(first);
	network_free(second);
	return 0;
}
