#pragma once

#include <stdint.h>

#include "base/str.h"

struct hash_key {
	uint64_t k[2];
};

/* SipHash-1-3 of the bytes: hard to collide on purpose for those who do not know the key. */
uint64_t hash_bytes(const struct hash_key *key, struct str s);
