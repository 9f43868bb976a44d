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
	bool (*text)(struct str bytes, struct journal_text *out);
};

static struct str pile_key(const void *item)
{
	return ((const struct pile *)item)->name;
}

struct history_mem *history_mem_new(bool (*text)(struct str bytes, struct journal_text *out))
{
	struct history_mem *h = mem_zalloc(sizeof(*h));
	struct hash_key seed;

	arc4random_buf(&seed, sizeof(seed));
	map_init(&h->piles, pile_key, &seed);
	h->text = text;
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

/* The name is one of the places, or of what belongs to one; places: as journal_about has them, may be none. */
static bool is_place(struct str places, struct str name)
{
	char memory[HISTORY_NAME_MAX];
	bool any = places.n == 0 || str_eq(places, STR("*"));
	struct str place;

	while (!any && str_split(&places, '\n', &place))
		for (unsigned n = 0; n < HISTORY_FORMS && !any; n++)
			any = str_eq(history_form(memory, place, n), name);
	return any;
}

static bool goes(const struct history_mem *h, const struct kept *k, const struct journal_about *about)
{
	struct str places = about->target, account = STR_NONE;
	struct journal_text t = {0};

	if (about->msgid.n)
		return str_eq(k->row->msgid, about->msgid);
	if (!str_split(&places, '\n', &account) || k->row->time < about->time || !h->text ||
	    !h->text(k->row->bytes, &t))
		return false;
	return t.account.n && str_eq_nocase(t.account, account) && is_place(places, k->pile->name);
}

void history_mem_remove(struct history_mem *h, const struct journal_about *about)
{
	struct kept *next;

	for (int i = 0; i < STORES; i++) {
		for (struct kept *k = TAILQ_FIRST(&h->all[i]); k; k = next) {
			next = TAILQ_NEXT(k, age);
			if (goes(h, k, about))
				drop(h, k);
		}
	}
}

static struct kept *kept_by_msgid(struct history_mem *h, struct str msgid)
{
	struct kept *k;

	for (int i = 0; i < STORES; i++)
		TAILQ_FOREACH(k, &h->all[i], age)
			if (str_eq(k->row->msgid, msgid))
				return k;
	return NULL;
}

void history_mem_revise(struct history_mem *h, const struct journal_about *about, struct str bytes)
{
	struct kept *k = kept_by_msgid(h, about->msgid);
	struct history_row from, *row;

	if (!k)
		return;
	from = *k->row;
	from.bytes = bytes;
	row = history_row_new(&from);
	if (!row)
		return;
	h->bytes[k->pile->store] += bytes.n - k->row->bytes.n;
	k->weight += bytes.n - k->row->bytes.n;
	mem_free(k->row);
	k->row = row;
}

static void move_pile(struct history_mem *h, struct str from, struct str to)
{
	struct pile *p = map_get(&h->piles, from), *there = map_get(&h->piles, to);
	struct kept *k;

	for (uint32_t n = there ? there->count : 0; n > 0; n--)
		drop(h, TAILQ_FIRST(&there->kept));
	if (!p)
		return;
	there = pile_of(h, to);
	TAILQ_CONCAT(&there->kept, &p->kept, next);
	there->count = p->count;
	TAILQ_FOREACH(k, &there->kept, next)
		k->pile = there;
	map_del(&h->piles, p->name);
	mem_free(p);
}

void history_mem_move(struct history_mem *h, struct str move)
{
	char a[HISTORY_NAME_MAX], b[HISTORY_NAME_MAX];
	struct str from;

	if (!str_split(&move, ' ', &from) || !move.n || str_eq(from, move))
		return;
	for (unsigned n = 0; n < HISTORY_FORMS; n++)
		move_pile(h, history_form(a, from, n), history_form(b, move, n));
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

static bool has_word(struct str text, struct str word)
{
	for (size_t at = 0; at + word.n <= text.n; at++)
		if (str_eq_nocase((struct str){text.p + at, word.n}, word))
			return true;
	return false;
}

/* Each word, and what was quoted, somewhere in the text. */
static bool matches(const struct history_mem *h, const struct history_row *row, const struct history_search *s)
{
	struct journal_text t = {0};
	struct str rest = s->text, word;
	bool quoted;

	if ((s->after && row->time < s->after) || (s->before && row->time > s->before))
		return false;
	if (!h->text || !h->text(row->bytes, &t) || !t.text.n || (s->nick.n && !str_eq_nocase(t.nick, s->nick)))
		return false;
	while (history_search_next(&rest, &word, &quoted))
		if (!has_word(t.text, word))
			return false;
	return true;
}

static int search_pile(const struct history_mem *h, struct history_read *r, const struct history_target *t)
{
	const struct pile *p = map_get(&h->piles, t->name);
	const struct kept *k;

	if (!p)
		return 0;
	TAILQ_FOREACH(k, &p->kept, next) {
		struct history_row row = *k->row, *made;

		if (row.time < t->since || !matches(h, k->row, &r->search))
			continue;
		row.target = t->name;
		made = history_row_new(&row);
		if (!made)
			return -ENOMEM;
		vec_push(&r->rows, made);
	}
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct history_row *x = *(struct history_row *const *)a, *y = *(struct history_row *const *)b;

	return x->position < y->position ? -1 : x->position > y->position;
}

static int search(void *ctx, struct history_read *r)
{
	const struct history_mem *h = ctx;
	struct vec *rows = &r->rows;
	uint32_t drop, from;
	int err = 0;

	for (uint32_t i = 0; i < r->targets.count && !err; i++)
		err = search_pile(h, r, r->targets.items[i]);
	if (rows->count <= r->limit)
		return err;
	qsort(rows->items, rows->count, sizeof(*rows->items), by_time);
	drop = rows->count - r->limit;
	from = r->search.after ? r->limit : 0;
	for (uint32_t i = from; i < from + drop; i++)
		mem_free(rows->items[i]);
	memmove(rows->items, rows->items + (from ? 0 : drop), r->limit * sizeof(*rows->items));
	rows->count = r->limit;
	return err;
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

/* The next of either kind, in the order of positions. */
static const struct kept *next_of_all(const struct kept *next[STORES])
{
	const struct kept *a = next[MESSAGES], *b = next[EVENTS];
	enum store store = !a || (b && b->row->position < a->row->position) ? EVENTS : MESSAGES;
	const struct kept *k = next[store];

	if (k)
		next[store] = TAILQ_NEXT(k, age);
	return k;
}

static int take_said(const struct history_mem *h, struct history_read *r, const struct kept *k)
{
	struct journal_text t = {0};
	struct history_row *made;

	if (k->row->time < r->person_since || !h->text || !h->text(k->row->bytes, &t) ||
	    !str_eq_nocase(t.account, r->person))
		return 0;
	made = history_row_new(k->row);
	if (!made)
		return -ENOMEM;
	vec_push(&r->rows, made);
	return 0;
}

static int said(void *ctx, struct history_read *r)
{
	const struct history_mem *h = ctx;
	const struct kept *next[STORES] = {TAILQ_FIRST(&h->all[MESSAGES]), TAILQ_FIRST(&h->all[EVENTS])};
	const struct kept *k;
	int err = 0;

	while (!err && r->rows.count < r->limit && (k = next_of_all(next))) {
		if (k->row->position <= r->seen)
			continue;
		r->seen = k->row->position;
		err = take_said(h, r, k);
	}
	if (r->rows.count < r->limit)
		r->seen = UINT64_MAX;
	return err;
}

void history_mem_read(struct history_mem *h, struct history_read *r)
{
	const struct history_source source = {scan, find, fetch, search, talks, said, h};

	history_answer(r, &source);
	if (r->err == -ENOENT)
		r->err = HISTORY_NO_MESSAGE;
	history_read_end(r);
}
