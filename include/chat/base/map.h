#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/str.h"

/*
 * A hash table of items that carry their own key. Items are the caller's; the table keeps pointers.
 * Open addressing, linear probing, deletion without tombstones; grows and shrinks with what it holds.
 */
typedef struct str (*map_key_fn)(const void *item);

struct map_slot;

struct map {
	struct map_slot *slots; /* NULL while empty */
	uint32_t mask;
	uint32_t count;
	map_key_fn key;
	struct hash_key seed;
};

void map_init(struct map *m, map_key_fn key, const struct hash_key *seed);
void map_deinit(struct map *m); /* the items stay the caller's */

void *map_get(const struct map *m, struct str key); /* NULL: not there */
void map_put(struct map *m, void *item);            /* its key must not be there yet */
void map_del(struct map *m, struct str key);        /* no-op when not there */

/*
 * Walks all items in no order: start with *at = 0; NULL ends it. The map must not change meanwhile.
 */
void *map_next(const struct map *m, uint32_t *at);
