#include "chatd/list_watch.h"

#include <stddef.h>

#include "base/mem.h"

/*
 * All that ends within one GAP goes at once, so that however many there are, they are looked through once in that time,
 * and only while some end. The wait is measured by another clock than people read: it is looked at again after a day.
 */
enum { GAP_MS = 1000, WAIT_MAX_MS = 24 * 3600 * 1000 };

static int64_t real_ms(const struct list_watch *w)
{
	return loop_clock(w->loop)->real_ms;
}

static void arm(struct list_watch *w, int64_t least_ms)
{
	int64_t wait;

	w->until = network_lists_end(w->net);
	if (!w->until) {
		loop_timer_stop(w->loop, &w->timer);
		return;
	}
	wait = w->until - real_ms(w);
	if (wait > WAIT_MAX_MS)
		wait = WAIT_MAX_MS;
	if (wait < least_ms)
		wait = least_ms;
	loop_timer_set(w->loop, &w->timer, loop_clock(w->loop)->mono_ms + wait);
}

/* Texts of its own: what it was made of goes with what it asks for. */
static void submit_one(struct list_watch *w, const struct channel *c, const struct mode_op *ops, uint32_t nops)
{
	struct record r = {.type = RECORD_CHANNEL_MODES, .flags = RECORD_OVERRIDE};
	struct mode_op own[RECORD_MODE_OPS_MAX];
	char *name = mem_strdup(c->name), *masks[RECORD_MODE_OPS_MAX];

	for (uint32_t i = 0; i < nops; i++) {
		masks[i] = mem_strndup(ops[i].param.p, ops[i].param.n);
		own[i] = ops[i];
		own[i].param = str_of(masks[i]);
	}
	r.channel_modes.channel = str_of(name);
	r.channel_modes.ops = own;
	r.channel_modes.nops = nops;
	w->submit(w->ctx, &r);
	for (uint32_t i = 0; i < nops; i++)
		mem_free(masks[i]);
	mem_free(name);
}

/* Each channel once a time: one that has more than a record holds has its next turn soon. */
static void due(struct timer *t)
{
	struct list_watch *w = (struct list_watch *)((char *)t - offsetof(struct list_watch, timer));
	struct mode_op ops[RECORD_MODE_OPS_MAX];
	const struct vec *timed = network_timed(w->net);

	for (uint32_t i = timed->count; i-- > 0;) {
		const struct channel *c = timed->items[i];
		uint32_t nops = network_list_over(c, real_ms(w), ops);

		if (nops)
			submit_one(w, c, ops, nops);
	}
	arm(w, GAP_MS);
}

void list_watch_start(struct list_watch *w)
{
	w->timer.due = due;
	arm(w, 0);
}

void list_watch_stop(struct list_watch *w)
{
	loop_timer_stop(w->loop, &w->timer);
}

void list_watch_note(struct list_watch *w, const struct change *c)
{
	int64_t until = c->record->type == RECORD_CHANNEL_MODES ? c->record->channel_modes.until : 0;

	if (c->type != CHANGE_CHANNEL_MODES)
		return;
	if (c->record->type == RECORD_CHANNEL)
		until = network_list_end(c->channel);
	if (until && (!w->until || until < w->until)) {
		int64_t wait = until - real_ms(w);

		wait = wait < 0 ? 0 : wait > WAIT_MAX_MS ? WAIT_MAX_MS : wait;
		w->until = until;
		loop_timer_set(w->loop, &w->timer, loop_clock(w->loop)->mono_ms + wait);
	}
}
