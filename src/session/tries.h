#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"

/*
 * How often passwords may be tried from one address (of IPv6: from one /64): TRIES_BURST at once, and one more each
 * TRIES_MS. A table of one size, whoever comes: where it is full the one that has most left gives way.
 */
enum { TRIES_BURST = 10, TRIES_MS = 6000 };

struct tries;

struct tries *tries_new(const struct hash_key *seed);
void tries_free(struct tries *t);

/* Takes one; false: none is left. address: numeric, or any other word. now: ms of the monotonic clock. */
bool tries_take(struct tries *t, const char *address, int64_t now);
/* The try was right: it does not count. */
void tries_return(struct tries *t, const char *address, int64_t now);
