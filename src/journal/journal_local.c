#include "base/mem.h"
#include "journal/journal.h"

struct local {
	struct journal base; /* first: a journal is freed as what it is */
	struct journal_owner owner;
	uint64_t head;
};

static int local_append(struct journal *j, const void *record, enum journal_class class)
{
	struct local *l = (struct local *)j;
	uint64_t position = ++l->head;

	l->owner.ordered(l->owner.ctx, position, record);
	if (class != JOURNAL_PASSING)
		l->owner.durable(l->owner.ctx, position, 0);
	return 0;
}

static uint64_t local_head(const struct journal *j)
{
	return ((const struct local *)j)->head;
}

static int local_restore(struct journal *j, journal_each_fn each, void *ctx)
{
	(void)j;
	(void)each;
	(void)ctx;
	return 0;
}

static void local_free(struct journal *j)
{
	mem_free(j);
}

struct journal *journal_local_new(const struct journal_owner *owner)
{
	static const struct journal_ops ops = {local_append, local_head, local_restore, local_free};
	struct local *l = mem_zalloc(sizeof(*l));

	l->base.ops = &ops;
	l->owner = *owner;
	return &l->base;
}
