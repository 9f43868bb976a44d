#include "session/dns_cache.h"

#include <sys/queue.h>

#include "base/map.h"
#include "base/mem.h"

struct entry {
	char *key, *words;
	int64_t until;
	TAILQ_ENTRY(entry) next;
};

struct dns_cache {
	struct map map;
	TAILQ_HEAD(entries, entry) entries; /* the first came first */
	uint32_t max;
};

static struct str key_of(const void *item)
{
	return str_of(((const struct entry *)item)->key);
}

struct dns_cache *dns_cache_new(uint32_t max, const struct hash_key *seed)
{
	struct dns_cache *c = mem_zalloc(sizeof(*c));

	map_init(&c->map, key_of, seed);
	TAILQ_INIT(&c->entries);
	c->max = max;
	return c;
}

static void drop(struct dns_cache *c, struct entry *e)
{
	map_del(&c->map, str_of(e->key));
	TAILQ_REMOVE(&c->entries, e, next);
	mem_free(e->key);
	mem_free(e->words);
	mem_free(e);
}

void dns_cache_clear(struct dns_cache *c)
{
	struct entry *e;

	while ((e = TAILQ_FIRST(&c->entries)))
		drop(c, e);
}

void dns_cache_free(struct dns_cache *c)
{
	if (!c)
		return;
	dns_cache_clear(c);
	map_deinit(&c->map);
	mem_free(c);
}

const char *dns_cache_find(struct dns_cache *c, struct str key, int64_t now)
{
	struct entry *e = map_get(&c->map, key);

	if (!e)
		return NULL;
	if (e->until > now)
		return e->words;
	drop(c, e);
	return NULL;
}

void dns_cache_put(struct dns_cache *c, struct str key, const char *words, int64_t until)
{
	struct entry *e = map_get(&c->map, key);

	if (e)
		drop(c, e);
	else if (c->map.count >= c->max)
		drop(c, TAILQ_FIRST(&c->entries));
	e = mem_zalloc(sizeof(*e));
	e->key = mem_strndup(key.p, key.n);
	e->words = mem_strdup(words);
	e->until = until;
	map_put(&c->map, e);
	TAILQ_INSERT_TAIL(&c->entries, e, next);
}

uint32_t dns_cache_count(const struct dns_cache *c)
{
	return c->map.count;
}
