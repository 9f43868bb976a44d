#include "session/tries.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"

enum { SETS = 1024, WAYS = 4, FULL_MS = TRIES_BURST * TRIES_MS, V6_PART = 8 };

/* What an address has left is kept as the time when it will have all again. */
struct slot {
	uint64_t who;
	int64_t full_at;
};

struct tries {
	struct hash_key seed;
	struct slot slots[SETS][WAYS];
};

struct tries *tries_new(const struct hash_key *seed)
{
	struct tries *t = mem_zalloc(sizeof(*t));

	t->seed = *seed;
	return t;
}

void tries_free(struct tries *t)
{
	mem_free(t);
}

static uint64_t who_is(const struct tries *t, const char *address)
{
	struct in6_addr v6;
	uint64_t who;

	if (inet_pton(AF_INET6, address, &v6) == 1 && !IN6_IS_ADDR_V4MAPPED(&v6))
		who = hash_bytes(&t->seed, (struct str){(const char *)&v6, V6_PART});
	else
		who = hash_bytes(&t->seed, str_of(address));
	return who ? who : 1;
}

/* Its own, or the one that has most left and so forgets least. */
static struct slot *slot_of(struct tries *t, uint64_t who)
{
	struct slot *set = t->slots[who % SETS], *best = set;

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].who == who)
			return &set[i];
		if (set[i].full_at < best->full_at)
			best = &set[i];
	}
	*best = (struct slot){.who = who};
	return best;
}

bool tries_take(struct tries *t, const char *address, int64_t now)
{
	struct slot *s = slot_of(t, who_is(t, address));
	int64_t from = s->full_at > now ? s->full_at : now;

	if (from + TRIES_MS - now > FULL_MS)
		return false;
	s->full_at = from + TRIES_MS;
	return true;
}

void tries_return(struct tries *t, const char *address, int64_t now)
{
	struct slot *s = slot_of(t, who_is(t, address));

	if (s->full_at > now)
		s->full_at -= TRIES_MS;
}
