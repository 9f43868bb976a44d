#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/map.h"
#include "base/mem.h"
#include "journal/history_source.h"
#include "journal/journal.h"

enum { KEPT_OF_TARGET = 1000 };

/* What happens beside messages must not take their room: a crowd that comes in is soon told of. */
enum store { MESSAGES, EVENTS, STORES };

static const size_t kept_bytes[STORES] = {[MESSAGES] = 16 << 20, [EVENTS] = 1 << 20};

struct kept {
	struct history_row *row;
	struct pile *pile;
	size_t weight;
	TAILQ_ENTRY(kept) age;  /* of all */
	TAILQ_ENTRY(kept) next; /* of its target, in the order of history */
};

TAILQ_HEAD(kept_list, kept);

/* What is kept of one target. */
struct pile {
	struct kept_list kept;
	uint32_t count;
	enum store store;
	struct str name;
	char memory[];
};

struct history_mem {
	struct map piles;
	struct kept_list all[STORES]; /* the oldest first */
	size_t bytes[STORES];
};

static struct str pile_key(const void *item)
{
	return ((const struct pile *)item)->name;
}

struct history_mem *history_mem_new(void)
{
	struct history_mem *h = mem_zalloc(sizeof(*h));
	struct hash_key seed;

	arc4random_buf(&seed, sizeof(seed));
	map_init(&h->piles, pile_key, &seed);
	for (int i = 0; i < STORES; i++)
		TAILQ_INIT(&h->all[i]);
	return h;
}

static void drop(struct history_mem *h, struct kept *k)
{
	struct pile *pile = k->pile;

	TAILQ_REMOVE(&h->all[pile->store], k, age);
	TAILQ_REMOVE(&pile->kept, k, next);
	h->bytes[pile->store] -= k->weight;
	mem_free(k->row);
	mem_free(k);
	if (--pile->count)
		return;
	map_del(&h->piles, pile->name);
	mem_free(pile);
}

void history_mem_free(struct history_mem *h)
{
	struct kept *k;

	if (!h)
		return;
	for (int i = 0; i < STORES; i++)
		while ((k = TAILQ_FIRST(&h->all[i])))
			drop(h, k);
	map_deinit(&h->piles);
	mem_free(h);
}

static struct pile *pile_of(struct history_mem *h, struct str name)
{
	struct pile *p = map_get(&h->piles, name);

	if (p)
		return p;
	p = mem_zalloc(sizeof(*p) + name.n);
	memcpy(p->memory, name.p, name.n);
	p->name = (struct str){p->memory, name.n};
	TAILQ_INIT(&p->kept);
	p->store = str_starts(name, STR("*")) ? EVENTS : MESSAGES;
	map_put(&h->piles, p);
	return p;
}

/* Nearly always at the end: a clock that was set back is why it may be elsewhere. */
static void insert(struct pile *p, struct kept *k)
{
	struct kept *at = TAILQ_LAST(&p->kept, kept_list);

	while (at && at->row->time > k->row->time)
		at = TAILQ_PREV(at, kept_list, next);
	if (at)
		TAILQ_INSERT_AFTER(&p->kept, at, k, next);
	else
		TAILQ_INSERT_HEAD(&p->kept, k, next);
	p->count++;
}

void history_mem_add(struct history_mem *h, uint64_t position, const struct journal_about *about, struct str bytes)
{
	const struct history_row from = {
		.position = position, .time = about->time, .msgid = about->msgid, .bytes = bytes};
	struct history_row *row = about->target.n ? history_row_new(&from) : NULL;
	enum store store;
	struct kept *k;

	if (!row)
		return;
	k = mem_zalloc(sizeof(*k));
	k->row = row;
	k->pile = pile_of(h, about->target);
	k->weight = sizeof(*k) + sizeof(*row) + about->msgid.n + bytes.n;
	store = k->pile->store;
	h->bytes[store] += k->weight;
	insert(k->pile, k);
	TAILQ_INSERT_TAIL(&h->all[store], k, age);
	if (k->pile->count > KEPT_OF_TARGET)
		drop(h, TAILQ_FIRST(&k->pile->kept));
	while (h->bytes[store] > kept_bytes[store])
		drop(h, TAILQ_FIRST(&h->all[store]));
}

static bool goes(const struct kept *k, const struct journal_about *about,
		 bool (*text)(struct str bytes, struct journal_text *out))
{
	struct journal_text t = {0};

	if (about->msgid.n)
		return str_eq(k->row->msgid, about->msgid);
	return text && text(k->row->bytes, &t) && t.account.n && str_eq_nocase(t.account, about->target);
}

void history_mem_remove(struct history_mem *h, const struct journal_about *about,
			bool (*text)(struct str bytes, struct journal_text *out))
{
	struct kept *next;

	for (int i = 0; i < STORES; i++) {
		for (struct kept *k = TAILQ_FIRST(&h->all[i]); k; k = next) {
			next = TAILQ_NEXT(k, age);
			if (goes(k, about, text))
				drop(h, k);
		}
	}
}

static bool is_behind(const struct history_row *row, const struct history_place *p)
{
	return row->time != p->time ? row->time > p->time : row->position > p->position;
}

static bool is_in_front(const struct history_row *row, const struct history_place *p)
{
	return row->time != p->time ? row->time < p->time : row->position < p->position;
}

static int scan(void *ctx, struct history_scan *s)
{
	const struct history_mem *h = ctx;
	const struct pile *p = map_get(&h->piles, s->target->name);
	const struct kept *k = p ? s->newest ? TAILQ_LAST(&p->kept, kept_list) : TAILQ_FIRST(&p->kept) : NULL;

	for (s->count = 0; k && s->count < s->limit;
	     k = s->newest ? TAILQ_PREV(k, kept_list, next) : TAILQ_NEXT(k, next)) {
		if (is_behind(k->row, &s->after) && is_in_front(k->row, &s->before))
			s->places[s->count++] = (struct history_place){k->row->time, k->row->position, k->row};
	}
	return 0;
}

static const struct kept *find_in(const struct pile *p, struct str msgid)
{
	const struct kept *k;

	TAILQ_FOREACH(k, &p->kept, next)
		if (str_eq(k->row->msgid, msgid))
			return k;
	return NULL;
}

static int find(void *ctx, const struct history_read *r, struct str msgid, struct history_place *out)
{
	const struct history_mem *h = ctx;

	for (uint32_t i = 0; i < r->targets.count; i++) {
		const struct pile *p = map_get(&h->piles, ((const struct history_target *)r->targets.items[i])->name);
		const struct kept *k = p ? find_in(p, msgid) : NULL;

		if (!k)
			continue;
		*out = (struct history_place){k->row->time, k->row->position, k->row};
		return 0;
	}
	return -ENOENT;
}

static int fetch(void *ctx, const struct history_place *at, struct history_row **out)
{
	(void)ctx;
	*out = history_row_new(at->item);
	return *out ? 0 : -ENOMEM;
}

static int talks(void *ctx, struct str person, history_talk_fn each, void *each_ctx)
{
	const struct history_mem *h = ctx;
	const struct pile *p;
	uint32_t at = 0;
	int err = 0;

	while (!err && (p = map_next(&h->piles, &at)))
		if (history_talk_other(p->name, person).n)
			err = each(each_ctx, p->name);
	return err;
}

void history_mem_read(struct history_mem *h, struct history_read *r)
{
	const struct history_source source = {scan, find, fetch, talks, h};

	history_answer(r, &source);
	if (r->err == -ENOENT)
		r->err = HISTORY_NO_MESSAGE;
	history_read_end(r);
}
