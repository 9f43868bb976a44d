#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/str.h"

/* How many messages each account may get: so many at once, and as many in a minute. Nothing is remembered of those who rest. */
struct push_pace {
	struct hash_key seed;
	struct map accounts;
};

void push_pace_init(struct push_pace *p, const struct hash_key *seed);
void push_pace_deinit(struct push_pace *p);
/* Takes one of that account. False: none is left. */
bool push_pace_take(struct push_pace *p, struct str account, uint32_t per_minute, int64_t now_ms);
