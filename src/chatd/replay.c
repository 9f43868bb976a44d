#include "chatd/replay.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "journal/store_tools.h"
#include "network/network.h"
#include "network/record.h"

struct replaying {
	struct network *net;
	struct record_room *room;
	struct replay_result *result;
};

static bool replay_one(void *ctx, uint64_t position, struct str bytes)
{
	struct replaying *r = ctx;
	struct record record;

	(void)position;
	if (record_decode(&record, r->room, bytes)) {
		network_apply(r->net, &record, NULL);
		r->result->records++;
	} else {
		r->result->damaged++;
	}
	return true;
}

int replay_store(const char *directory, enum casemap casemap, struct replay_result *out, char *why, size_t size)
{
	struct network_config config = {.casemap = casemap};
	struct replaying r = {.result = out};
	int64_t started_us = clock_mono_us();
	int err;

	*out = (struct replay_result){0};
	arc4random_buf(&config.seed, sizeof(config.seed));
	r.net = network_new(&config);
	r.room = mem_alloc(sizeof(*r.room));
	err = store_replay(directory, replay_one, &r, why, size);
	out->us = clock_mono_us() - started_us;
	out->channels = network_channels(r.net)->count;
	out->hash = network_hash_kept(r.net);
	mem_free(r.room);
	network_free(r.net);
	return err;
}
