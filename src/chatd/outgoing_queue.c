#include "chatd/outgoing_queue.h"

#include <string.h>

#include "base/mem.h"

void outgoing_queue_init(struct outgoing_queue *q)
{
	*q = (struct outgoing_queue){0};
	STAILQ_INIT(&q->list);
}

static void drop(struct outgoing_queue *q, struct outgoing_queued *e)
{
	q->count--;
	q->bytes -= e->n;
	mem_free(e->text);
	mem_free(e);
}

static void drop_first(struct outgoing_queue *q)
{
	struct outgoing_queued *e = STAILQ_FIRST(&q->list);

	STAILQ_REMOVE_HEAD(&q->list, next);
	drop(q, e);
}

void outgoing_queue_deinit(struct outgoing_queue *q)
{
	while (q->count)
		drop_first(q);
}

/* The first that is not being told. */
static void drop_waiting(struct outgoing_queue *q)
{
	struct outgoing_queued *before = NULL, *e = STAILQ_FIRST(&q->list);

	for (uint32_t i = 0; i < q->telling; i++) {
		before = e;
		e = STAILQ_NEXT(e, next);
	}
	if (!before) {
		drop_first(q);
		return;
	}
	STAILQ_REMOVE_AFTER(&q->list, before, next);
	drop(q, e);
}

uint32_t outgoing_queue_add(struct outgoing_queue *q, char *text, uint32_t max)
{
	struct outgoing_queued *e = mem_zalloc(sizeof(*e));
	uint32_t dropped = 0;

	e->text = text;
	e->n = strlen(text);
	STAILQ_INSERT_TAIL(&q->list, e, next);
	q->count++;
	q->bytes += e->n;
	for (; q->count > q->telling && (q->count > max || q->bytes > OUTGOING_BYTES_MAX); dropped++)
		drop_waiting(q);
	return dropped;
}

uint32_t outgoing_queue_tell(struct outgoing_queue *q)
{
	const struct outgoing_queued *e = STAILQ_FIRST(&q->list);
	size_t bytes = 0;

	q->telling = 0;
	for (; e && q->telling < OUTGOING_BATCH_MAX; e = STAILQ_NEXT(e, next)) {
		bytes += e->n;
		if (q->telling && bytes > OUTGOING_BATCH_BYTES_MAX)
			break;
		q->telling++;
	}
	return q->telling;
}

void outgoing_queue_told(struct outgoing_queue *q)
{
	for (; q->telling; q->telling--)
		drop_first(q);
}
