#include "chatd/places.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "net/address.h"
#include "proto/cidr.h"

enum { SETS = 1024, WAYS = 4, MINUTE_MS = 60 * 1000, IPV4_BITS = 96, NAME_MAX_BYTES = ADDRESS_TEXT_MAX };

struct place {
	uint32_t count;
	char name[];
};

/* What is left is kept as the time when all will be there again. */
struct pace {
	uint64_t who; /* 0: nobody */
	int64_t full_at;
};

struct places {
	unsigned bits4, bits6;
	struct hash_key seed;
	struct map inside; /* struct place, addresses and networks */
	struct pace paces[SETS][WAYS];
};

static struct str key_of(const void *item)
{
	return str_of(((const struct place *)item)->name);
}

struct places *places_new(unsigned bits4, unsigned bits6)
{
	struct places *p = mem_zalloc(sizeof(*p));

	p->bits4 = bits4;
	p->bits6 = bits6;
	arc4random_buf(&p->seed, sizeof(p->seed));
	map_init(&p->inside, key_of, &p->seed);
	return p;
}

void places_free(struct places *p)
{
	struct place *each;
	uint32_t at = 0;

	if (!p)
		return;
	while ((each = map_next(&p->inside, &at)))
		mem_free(each);
	map_deinit(&p->inside);
	mem_free(p);
}

/* "net 192.0.2.0/24". False: the host is in none. */
static bool network_of(const struct places *p, const char *host, char dst[NAME_MAX_BYTES])
{
	static const char prefix[] = "net ";
	struct cidr c;

	if (!cidr_parse(&c, str_of(host)))
		return false;
	if (memcmp(c.bytes, "\0\0\0\0\0\0\0\0\0\0\xff\xff", IPV4_BITS / 8) == 0)
		cidr_cut(&c, IPV4_BITS + p->bits4);
	else
		cidr_cut(&c, p->bits6);
	memcpy(dst, prefix, sizeof(prefix) - 1);
	cidr_format(&c, dst + sizeof(prefix) - 1);
	return true;
}

static void count_in(struct places *p, const char *name)
{
	struct place *each = map_get(&p->inside, str_of(name));

	if (!each) {
		each = mem_zalloc(sizeof(*each) + strlen(name) + 1);
		memcpy(each->name, name, strlen(name) + 1);
		map_put(&p->inside, each);
	}
	each->count++;
}

static void count_out(struct places *p, const char *name)
{
	struct place *each = map_get(&p->inside, str_of(name));

	if (!each || --each->count)
		return;
	map_del(&p->inside, str_of(name));
	mem_free(each);
}

static bool is_full(const struct places *p, const char *name, uint32_t most)
{
	const struct place *each = most ? map_get(&p->inside, str_of(name)) : NULL;

	return each && each->count >= most;
}

/* Its own, or the one that has most left and so forgets least. */
static struct pace *pace_of(struct places *p, const char *name)
{
	uint64_t who = hash_bytes(&p->seed, str_of(name)) | 1;
	struct pace *set = p->paces[who / 2 % SETS], *best = set;

	for (int i = 0; i < WAYS; i++) {
		if (set[i].who == who)
			return &set[i];
		if (set[i].full_at < best->full_at)
			best = &set[i];
	}
	*best = (struct pace){.who = who};
	return best;
}

static bool too_fast(struct places *p, const char *name, uint32_t rate, int64_t now)
{
	struct pace *pace;
	int64_t from, each;

	if (!rate)
		return false;
	pace = pace_of(p, name);
	from = pace->full_at > now ? pace->full_at : now;
	each = rate > MINUTE_MS ? 1 : MINUTE_MS / rate;
	if (from + each - now > MINUTE_MS)
		return true;
	pace->full_at = from + each;
	return false;
}

enum places_result places_enter(struct places *p, const char *host, const struct places_limits *limits, int64_t now)
{
	char address[NAME_MAX_BYTES], network[NAME_MAX_BYTES];
	bool has_network = network_of(p, host, network);

	address_place(host, address);
	if (is_full(p, address, limits->per_address))
		return PLACES_ADDRESS_FULL;
	if (has_network && is_full(p, network, limits->per_network))
		return PLACES_NETWORK_FULL;
	if (too_fast(p, address, limits->address_rate, now))
		return PLACES_TOO_FAST;
	if (has_network && too_fast(p, network, limits->network_rate, now))
		return PLACES_TOO_FAST;
	places_add(p, host);
	return PLACES_OK;
}

void places_add(struct places *p, const char *host)
{
	char name[NAME_MAX_BYTES];

	address_place(host, name);
	count_in(p, name);
	if (network_of(p, host, name))
		count_in(p, name);
}

void places_remove(struct places *p, const char *host)
{
	char name[NAME_MAX_BYTES];

	address_place(host, name);
	count_out(p, name);
	if (network_of(p, host, name))
		count_out(p, name);
}
