#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/vec.h"
#include "journal/history_source.h"
#include "journal/journal.h"

/* What one record may take when encoded. */
enum { RECORD_SIZE_FIRST = 1024, RECORD_SIZE_MAX = 1 << 20 };

struct entry {
	struct journal_about about; /* its views last until the next record is encoded */
	size_t n;
	char bytes[];
};

/* Positions count from 1 without a gap: the record at position p is entries[p - 1]. */
struct mem {
	struct journal base; /* first: a journal is freed as what it is */
	struct journal_owner owner;
	struct vec entries;
	struct history_mem *history;
};

/* 0 or -errno. */
static int encode_in(const struct mem *m, const void *record, size_t size, struct entry **out)
{
	struct entry *e = mem_try_alloc(sizeof(*e) + size);
	struct journal_about about = {0};
	struct buf b;

	if (!e)
		return -ENOMEM;
	buf_init(&b, e->bytes, size);
	m->owner.encode(m->owner.ctx, &b, record, &about);
	if (b.full) {
		mem_free(e);
		return -EMSGSIZE;
	}
	e->n = b.n;
	e->about = about;
	*out = e;
	return 0;
}

static struct entry *encode(const struct mem *m, const void *record, int *err)
{
	struct entry *e = NULL;

	*err = -EMSGSIZE;
	for (size_t size = RECORD_SIZE_FIRST; *err == -EMSGSIZE && size <= RECORD_SIZE_MAX; size *= 2)
		*err = encode_in(m, record, size, &e);
	return e ? mem_realloc(e, sizeof(*e) + e->n) : NULL;
}

static int mem_append(struct journal *j, const void *record, enum journal_class class)
{
	struct mem *m = (struct mem *)j;
	int err;
	struct entry *e = encode(m, record, &err);
	uint64_t position;

	if (!e)
		return err;
	position = (uint64_t)vec_push(&m->entries, e) + 1;
	if (class == JOURNAL_MESSAGE)
		history_mem_add(m->history, position, &e->about, (struct str){e->bytes, e->n});
	else if (class == JOURNAL_REMOVAL)
		history_mem_remove(m->history, &e->about);
	else if (class == JOURNAL_REVISION)
		history_mem_revise(m->history, &e->about, (struct str){e->bytes, e->n});
	else if (class == JOURNAL_STATE)
		history_mem_move(m->history, e->about.target);
	m->owner.ordered(m->owner.ctx, position, record);
	if (class != JOURNAL_PASSING)
		m->owner.durable(m->owner.ctx, position, 0);
	return 0;
}

static uint64_t mem_head(const struct journal *j)
{
	return ((const struct mem *)j)->entries.count;
}

static int mem_restore(struct journal *j, journal_each_fn each, void *ctx)
{
	const struct mem *m = (const struct mem *)j;

	for (uint64_t at = 0; at < m->entries.count; at++) {
		const struct entry *e = m->entries.items[at];

		if (!each(ctx, at + 1, (struct str){e->bytes, e->n}))
			break;
	}
	return 0;
}

static void mem_read(struct journal *j, struct history_read *r)
{
	history_mem_read(((struct mem *)j)->history, r);
}

static void mem_free_journal(struct journal *j)
{
	struct mem *m = (struct mem *)j;

	history_mem_free(m->history);
	for (uint32_t i = 0; i < m->entries.count; i++)
		mem_free(m->entries.items[i]);
	vec_deinit(&m->entries);
	mem_free(m);
}

struct journal *journal_mem_new(const struct journal_owner *owner)
{
	static const struct journal_ops ops = {mem_append, mem_head, mem_restore, mem_read, mem_free_journal};
	struct mem *m = mem_zalloc(sizeof(*m));

	m->base.ops = &ops;
	m->owner = *owner;
	m->history = history_mem_new(owner->text);
	return &m->base;
}
