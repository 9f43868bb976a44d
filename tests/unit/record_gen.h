#pragma once

#include <stdint.h>

#include "network/network.h"
#include "network/record.h"

/* Plausible records, one after the other: the same from the same start. */
enum { RECORD_GEN_ITEMS = 6 };

struct record_gen {
	uint64_t random;
	uint64_t next_id;
	int64_t time;
	const struct network *net;
	char text[16][40]; /* of the record being made */
	unsigned ntext;
	struct mode_op ops[RECORD_MODE_OPS_MAX];
	struct list_item items[RECORD_GEN_ITEMS];
	struct account_item account_items[RECORD_GEN_ITEMS];
};

/* random, time and net are set, all else is zero. Valid until the next one is made. */
struct record record_gen_next(struct record_gen *g);
