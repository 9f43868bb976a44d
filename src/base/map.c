#include "base/map.h"

#include "base/mem.h"

/* The hash is kept beside the item, so that probing and moving seldom touch the item itself. */
struct map_slot {
	uint64_t hash;
	void *item; /* NULL: free */
};

enum { SLOTS_MIN = 8 };

void map_init(struct map *m, map_key_fn key, const struct hash_key *seed)
{
	*m = (struct map){.key = key, .seed = *seed};
}

void map_deinit(struct map *m)
{
	mem_free(m->slots);
	m->slots = NULL;
	m->mask = 0;
	m->count = 0;
}

/* The slot of the key; when it is not there, the free slot where its probing ends. At least one slot is free. */
static uint32_t find(const struct map *m, uint64_t hash, struct str key)
{
	uint32_t at = (uint32_t)hash & m->mask;

	for (; m->slots[at].item; at = (at + 1) & m->mask) {
		if (m->slots[at].hash == hash && str_eq(m->key(m->slots[at].item), key))
			break;
	}
	return at;
}

static void insert(struct map *m, struct map_slot slot)
{
	uint32_t at = (uint32_t)slot.hash & m->mask;

	while (m->slots[at].item)
		at = (at + 1) & m->mask;
	m->slots[at] = slot;
}

static void resize(struct map *m, uint32_t size)
{
	struct map_slot *old = m->slots;
	uint32_t old_size = old ? m->mask + 1 : 0;

	m->slots = mem_zalloc(size * sizeof(*m->slots));
	m->mask = size - 1;
	for (uint32_t i = 0; i < old_size; i++) {
		if (old[i].item)
			insert(m, old[i]);
	}
	mem_free(old);
}

void *map_get(const struct map *m, struct str key)
{
	if (!m->slots)
		return NULL;
	return m->slots[find(m, hash_bytes(&m->seed, key), key)].item;
}

void map_put(struct map *m, void *item)
{
	if (!m->slots)
		resize(m, SLOTS_MIN);
	else if (m->count >= (m->mask + 1) / 4 * 3)
		resize(m, (m->mask + 1) * 2);
	insert(m, (struct map_slot){hash_bytes(&m->seed, m->key(item)), item});
	m->count++;
}

/*
 * Fills the gap with the next item behind it that may stand there, and so on until a free slot: an item may move back
 * as long as it does not pass the slot its hash names.
 */
static void close_gap(struct map *m, uint32_t gap)
{
	for (uint32_t at = (gap + 1) & m->mask; m->slots[at].item; at = (at + 1) & m->mask) {
		uint32_t home = (uint32_t)m->slots[at].hash & m->mask;

		if (((at - home) & m->mask) >= ((at - gap) & m->mask)) {
			m->slots[gap] = m->slots[at];
			gap = at;
		}
	}
	m->slots[gap] = (struct map_slot){0, NULL};
}

void map_del(struct map *m, struct str key)
{
	uint32_t at;

	if (!m->slots)
		return;
	at = find(m, hash_bytes(&m->seed, key), key);
	if (!m->slots[at].item)
		return;
	close_gap(m, at);
	m->count--;
	if (m->count == 0)
		map_deinit(m);
	else if (m->mask >= SLOTS_MIN && m->count <= (m->mask + 1) / 8)
		resize(m, (m->mask + 1) / 2);
}

void *map_next(const struct map *m, uint32_t *at)
{
	uint32_t size = m->slots ? m->mask + 1 : 0;

	while (*at < size) {
		void *item = m->slots[(*at)++].item;

		if (item)
			return item;
	}
	return NULL;
}
