#include "account/logins.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"

enum { SLOTS = 4096, WHOLE = 1000 };

/* Failures in thousandths as of that time. */
struct slot {
	int64_t at;
	int64_t failures;
};

struct logins {
	struct hash_key seed;
	unsigned char secret[CREDENTIAL_KEY_SIZE];
	struct slot slots[LOGINS_KINDS][SLOTS];
};

struct logins *logins_new(void)
{
	struct logins *l = mem_zalloc(sizeof(*l));

	arc4random_buf(&l->seed, sizeof(l->seed));
	arc4random_buf(l->secret, sizeof(l->secret));
	return l;
}

void logins_free(struct logins *l)
{
	if (l)
		explicit_bzero(l->secret, sizeof(l->secret));
	mem_free(l);
}

static size_t slot_of(const struct logins *l, struct str who)
{
	return hash_bytes(&l->seed, who) % SLOTS;
}

/* What has not been forgiven yet. */
static int64_t failures(const struct slot *s, const struct logins_limit *limit, int64_t now)
{
	int64_t max = (int64_t)limit->max * WHOLE, forgiven;

	if (now - s->at >= limit->window_ms)
		return 0;
	forgiven = max * (now - s->at) / limit->window_ms;
	return forgiven < s->failures ? s->failures - forgiven : 0;
}

bool logins_may(const struct logins *l, enum logins_kind kind, struct str who, const struct logins_limit *limit,
		int64_t now_ms)
{
	if (!limit->max)
		return true;
	return failures(&l->slots[kind][slot_of(l, who)], limit, now_ms) <= (int64_t)(limit->max - 1) * WHOLE;
}

void logins_count(struct logins *l, enum logins_kind kind, struct str who, const struct logins_limit *limit,
		  int64_t now_ms)
{
	struct slot *s = &l->slots[kind][slot_of(l, who)];
	int64_t most = (int64_t)limit->max * WHOLE;

	if (!limit->max)
		return;
	s->failures = failures(s, limit, now_ms) + WHOLE;
	if (s->failures > most)
		s->failures = most;
	s->at = now_ms;
}

const unsigned char *logins_secret(const struct logins *l)
{
	return l->secret;
}
