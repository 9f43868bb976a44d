#pragma once

#include <stddef.h>
#include <stdint.h>

#include "proto/casemap.h"

/*
 * What a store gives, applied to an empty network, as a start of the server does.
 */
struct replay_result {
	uint64_t records; /* applied */
	uint64_t damaged; /* passed over */
	uint64_t channels;
	uint64_t hash; /* network_hash_kept */
	int64_t us;    /* it took */
};

/* 0 or -errno with a sentence in why. The directory is looked at, and not changed. */
int replay_store(const char *directory, enum casemap casemap, struct replay_result *out, char *why, size_t size);
