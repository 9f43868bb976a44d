#include "chatd/push_pace.h"

#include <string.h>

#include "base/mem.h"
#include "base/vec.h"

enum { SWEEP_FROM = 64, MINUTE_MS = 60000 };

struct paced {
	int64_t paid_ms; /* when all that it was granted is paid for */
	char account[];
};

static struct str key_of(const void *item)
{
	return str_of(((const struct paced *)item)->account);
}

void push_pace_init(struct push_pace *p, const struct hash_key *seed)
{
	p->seed = *seed;
	map_init(&p->accounts, key_of, &p->seed);
}

static void forget(struct push_pace *p, int64_t paid_ms)
{
	struct vec over = {0};
	struct paced *one;
	uint32_t at = 0;

	while ((one = map_next(&p->accounts, &at)))
		if (one->paid_ms <= paid_ms)
			vec_push(&over, one);
	for (uint32_t i = 0; i < over.count; i++) {
		one = over.items[i];
		map_del(&p->accounts, str_of(one->account));
		mem_free(one);
	}
	vec_deinit(&over);
}

void push_pace_deinit(struct push_pace *p)
{
	forget(p, INT64_MAX);
	map_deinit(&p->accounts);
}

static struct paced *paced_of(struct push_pace *p, struct str account, int64_t now_ms)
{
	struct paced *one = map_get(&p->accounts, account);

	if (one)
		return one;
	/* Each time that it has doubled, at the most. */
	if (p->accounts.count >= SWEEP_FROM && (p->accounts.count & (p->accounts.count - 1)) == 0)
		forget(p, now_ms);
	one = mem_zalloc(sizeof(*one) + account.n + 1);
	memcpy(one->account, account.p, account.n);
	map_put(&p->accounts, one);
	return one;
}

bool push_pace_take(struct push_pace *p, struct str account, uint32_t per_minute, int64_t now_ms)
{
	struct paced *one = paced_of(p, account, now_ms);
	int64_t each = MINUTE_MS / (per_minute ? per_minute : 1);

	if (one->paid_ms < now_ms)
		one->paid_ms = now_ms;
	if (one->paid_ms + each - now_ms > MINUTE_MS)
		return false;
	one->paid_ms += each;
	return true;
}
