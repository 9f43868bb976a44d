#pragma once

#include <stdint.h>

#include "base/hash.h"
#include "base/str.h"

/*
 * Answers of the DNS that hold for a while, those that say "there is none" as well. Of a fixed size, for strangers choose what is
 * asked: where it is full the one that came first gives way. Times are ms of the monotonic clock.
 */
struct dns_cache;

struct dns_cache *dns_cache_new(uint32_t max, const struct hash_key *seed);
void dns_cache_free(struct dns_cache *c);
void dns_cache_clear(struct dns_cache *c);

/* What was put under that key, valid until the next put; NULL: nothing, or it holds no more. */
const char *dns_cache_find(struct dns_cache *c, struct str key, int64_t now);
/* Replaces what was there. */
void dns_cache_put(struct dns_cache *c, struct str key, const char *words, int64_t until);
uint32_t dns_cache_count(const struct dns_cache *c);
