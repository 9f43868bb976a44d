#include "session/reactions.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"

enum { PAIRS_MAX = 1 << 16, PAIRS_OF_ONE = 4096 };

/* One user and one reaction. */
struct pair {
	uint64_t who, what;
	uint32_t changes; /* how often it was set or taken back */
	bool stands;
};

struct reacted {
	uint64_t id; /* of the message: a hash of where it is and its msgid */
	TAILQ_ENTRY(reacted) age;
	uint32_t count;
	uint32_t different; /* reactions that stand, whoever set them */
	struct pair *pairs;
};

struct reactions {
	struct hash_key seed;
	struct map messages;
	TAILQ_HEAD(reacted_list, reacted) all; /* the one that was reacted to last at the end */
	uint32_t pairs;
};

static struct str id_of(const void *item)
{
	return (struct str){(const char *)&((const struct reacted *)item)->id, sizeof(uint64_t)};
}

struct reactions *reactions_new(void)
{
	struct reactions *t = mem_zalloc(sizeof(*t));
	struct hash_key key;

	arc4random_buf(&t->seed, sizeof(t->seed));
	arc4random_buf(&key, sizeof(key));
	map_init(&t->messages, id_of, &key);
	TAILQ_INIT(&t->all);
	return t;
}

static void forget(struct reactions *t, struct reacted *m)
{
	t->pairs -= m->count;
	TAILQ_REMOVE(&t->all, m, age);
	map_del(&t->messages, id_of(m));
	mem_free(m->pairs);
	mem_free(m);
}

void reactions_free(struct reactions *t)
{
	if (!t)
		return;
	while (!TAILQ_EMPTY(&t->all))
		forget(t, TAILQ_FIRST(&t->all));
	map_deinit(&t->messages);
	mem_free(t);
}

static struct reacted *message_of(struct reactions *t, const struct reaction *r)
{
	const uint64_t parts[] = {hash_bytes(&t->seed, r->where), hash_bytes(&t->seed, r->msgid)};
	uint64_t id = hash_bytes(&t->seed, (struct str){(const char *)parts, sizeof(parts)});
	struct reacted *m = map_get(&t->messages, (struct str){(const char *)&id, sizeof(id)});

	if (m) {
		TAILQ_REMOVE(&t->all, m, age);
	} else {
		m = mem_zalloc(sizeof(*m));
		m->id = id;
		map_put(&t->messages, m);
	}
	TAILQ_INSERT_TAIL(&t->all, m, age);
	return m;
}

/* What is known of a message, of one user and of one reaction. */
struct tally {
	struct pair *pair; /* of both; NULL: none */
	uint32_t changes;  /* of the user */
	bool shared;       /* others have set that reaction */
};

static struct tally count(const struct reacted *m, uint64_t who, uint64_t what)
{
	struct tally t = {0};

	for (uint32_t i = 0; i < m->count; i++) {
		struct pair *p = &m->pairs[i];

		if (p->who == who)
			t.changes += p->changes;
		if (p->what != what)
			continue;
		if (p->who == who)
			t.pair = p;
		else if (p->stands)
			t.shared = true;
	}
	return t;
}

static struct pair *add(struct reactions *t, struct reacted *m, uint64_t who, uint64_t what)
{
	/* Room is made in powers of two. */
	if ((m->count & (m->count - 1)) == 0)
		m->pairs = mem_realloc(m->pairs, (m->count ? 2 * (size_t)m->count : 1) * sizeof(*m->pairs));
	m->pairs[m->count] = (struct pair){.who = who, .what = what};
	t->pairs++;
	return &m->pairs[m->count++];
}

static void set(struct reacted *m, const struct tally *n, bool stands)
{
	if (n->pair->stands != stands && !n->shared)
		m->different += stands ? 1 : -1;
	n->pair->changes++;
	n->pair->stands = stands;
}

enum reaction_verdict reactions_take(struct reactions *t, const struct reaction *r, uint32_t most, uint32_t most_each)
{
	uint64_t who = hash_bytes(&t->seed, r->who), what = hash_bytes(&t->seed, r->what);
	struct reacted *m = message_of(t, r);
	struct tally n = count(m, who, what);

	if (most_each && n.changes >= most_each)
		return REACTION_USER_FULL;
	if (!r->back && most && !n.shared && !(n.pair && n.pair->stands) && m->different >= most)
		return REACTION_MESSAGE_FULL;
	if (!n.pair && m->count >= PAIRS_OF_ONE)
		return REACTION_MESSAGE_FULL;
	if (!n.pair)
		n.pair = add(t, m, who, what);
	set(m, &n, !r->back);
	while (t->pairs > PAIRS_MAX)
		forget(t, TAILQ_FIRST(&t->all));
	return REACTION_FINE;
}
