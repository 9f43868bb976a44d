#include <stdint.h>

#include "check.h"
#include "network/account.h"
#include "network/network.h"
#include "network/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PEOPLE = 3 };

/* Three people in "#a", the first its operator and an IRC operator. */
static void populate(struct network *net)
{
	static const char *const nicks[PEOPLE] = {"ann", "bob", "cat"};

	for (uint64_t id = 1; id <= PEOPLE; id++) {
		struct record r = {.type = RECORD_USER_ADD, .flags = RECORD_OVERRIDE, .time = 1, .origin = id};

		r.user_add.nick = r.user_add.username = str_of(nicks[id - 1]);
		r.user_add.host = r.user_add.address = STR("192.0.2.1");
		r.user_add.modes = id == 1 ? 2 : 0;
		network_apply(net, &r, NULL);
		r = (struct record){.type = RECORD_JOIN, .time = 2, .origin = id};
		r.join.channel = STR("#a");
		network_apply(net, &r, NULL);
	}
}

static void hear(void *ctx, const struct change *c)
{
	unsigned *told = ctx;

	CHECK(c->record && c->type <= CHANGE_REDACTED && c->refusal < REFUSAL_END);
	CHECK((c->type == CHANGE_REFUSED) == (c->refusal != REFUSAL_NONE));
	CHECK(c->nops <= RECORD_MODE_OPS_MAX);
	(*told)++;
}

/* What the registered channels of a network say of themselves makes the same ones in an empty network. */
static void check_kept(const struct network *net)
{
	struct network_config config = {.seed = {{3, 9}}};
	struct network *other = network_new(&config);
	const struct vec *channels = network_channels(net);

	for (uint32_t i = 0; i < channels->count; i++) {
		struct record_room room;
		struct record r;

		network_channel_record(channels->items[i], &r, &room);
		network_apply(other, &r, NULL);
	}
	for (uint32_t i = 0; i < network_accounts(net)->count; i++) {
		struct record_room room;
		struct record r;

		network_account_record(network_accounts(net)->items[i], &r, room.account_items);
		network_apply(other, &r, NULL);
	}
	CHECK(network_hash_kept(net) == network_hash_kept(other));
	network_free(other);
}

/* Two networks that get the same are the same, whatever the record asks for. */
static void check_apply(const struct record *r)
{
	unsigned told[2] = {0, 0};
	uint64_t hash[2];

	for (int i = 0; i < 2; i++) {
		struct network_config config = {.whowas_max = 2, .seed = {{(uint64_t)i, 9}}};
		struct network *net = network_new(&config);
		struct change_sink sink = {hear, &told[i]};

		populate(net);
		network_apply(net, r, &sink);
		hash[i] = network_hash(net);
		check_kept(net);
		network_free(net);
	}
	CHECK(told[0] == told[1]);
	CHECK(hash[0] == hash[1]);
}

/* What decodes encodes to the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record_room room;
	struct record r;
	static char memory[1 << 16];
	struct buf out;

	if (size > sizeof(memory) || !record_decode(&r, &room, (struct str){(const char *)data, size}))
		return 0;
	buf_init(&out, memory, sizeof(memory));
	record_encode(&out, &r);
	CHECK(!out.full);
	CHECK(str_eq(buf_view(&out), (struct str){(const char *)data, size}));
	check_apply(&r);
	return 0;
}
