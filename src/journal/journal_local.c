#include "base/buf.h"
#include "base/mem.h"
#include "journal/history_source.h"
#include "journal/journal.h"

enum { MESSAGE_MAX = 64 << 10 };

struct local {
	struct journal base; /* first: a journal is freed as what it is */
	struct journal_owner owner;
	uint64_t head;
	struct history_mem *history;
	char memory[MESSAGE_MAX];
};

/* What is longer than any line of a chat is passed over. */
static void remember(struct local *l, uint64_t position, const void *record, enum journal_class class)
{
	struct journal_about about = {0};
	struct buf b;

	buf_init(&b, l->memory, sizeof(l->memory));
	l->owner.encode(l->owner.ctx, &b, record, &about);
	if (class == JOURNAL_REMOVAL && b.n)
		history_mem_remove(l->history, &about);
	else if (class == JOURNAL_REVISION && b.n && !b.full)
		history_mem_revise(l->history, &about, buf_view(&b));
	else if (class == JOURNAL_STATE)
		history_mem_move(l->history, about.target);
	else if (b.n && !b.full)
		history_mem_add(l->history, position, &about, buf_view(&b));
}

static int local_append(struct journal *j, const void *record, enum journal_class class)
{
	struct local *l = (struct local *)j;
	uint64_t position = ++l->head;

	l->owner.ordered(l->owner.ctx, position, record);
	if (class != JOURNAL_PASSING)
		remember(l, position, record, class);
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

static void local_read(struct journal *j, struct history_read *r)
{
	history_mem_read(((struct local *)j)->history, r);
}

static void local_free(struct journal *j)
{
	history_mem_free(((struct local *)j)->history);
	mem_free(j);
}

struct journal *journal_local_new(const struct journal_owner *owner)
{
	static const struct journal_ops ops = {local_append, local_head, local_restore, local_read, local_free};
	struct local *l = mem_zalloc(sizeof(*l));

	l->base.ops = &ops;
	l->owner = *owner;
	l->history = history_mem_new(owner->text);
	return &l->base;
}
