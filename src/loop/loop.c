#include "loop/loop.h"

#include <errno.h>
#include <stddef.h>

#include "base/mem.h"
#include "loop/poller.h"

enum { BATCH = 256 };
enum phase { OTHER, TIMERS, HOOKS };

struct loop {
	struct poller *poller;
	struct clock clock;
	struct heap timers;
	TAILQ_HEAD(hook_list, turn_hook) hooks;
	STAILQ_HEAD(trash_list, disposal) trash;
	struct turn_hook *hook_next; /* the one to run after the one that runs */
	struct turn_hook *hook_last; /* the one this turn ends with */
	int fetched;                 /* events in the batch, */
	int handled;                 /* and how many of them are behind us */
	enum phase phase;
	bool again; /* something ran that this turn's hooks have not seen: the next turn must not wait */
	bool stopped;
	uint64_t turns;
	struct poll_event batch[BATCH];
};

int loop_new(struct loop **out)
{
	struct loop *loop = mem_zalloc(sizeof(*loop));
	int error = poller_new(&loop->poller);
	if (error) {
		mem_free(loop);
		return error;
	}
	heap_init(&loop->timers);
	TAILQ_INIT(&loop->hooks);
	STAILQ_INIT(&loop->trash);
	clock_read(&loop->clock);
	*out = loop;
	return 0;
}

static void empty_trash(struct loop *loop)
{
	struct disposal *d;
	while ((d = STAILQ_FIRST(&loop->trash))) {
		STAILQ_REMOVE_HEAD(&loop->trash, next);
		loop->again = true;
		d->dispose(d);
	}
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	empty_trash(loop);
	heap_deinit(&loop->timers);
	poller_free(loop->poller);
	mem_free(loop);
}

const struct clock *loop_clock(const struct loop *loop)
{
	return &loop->clock;
}

uint64_t loop_turns(const struct loop *loop)
{
	return loop->turns;
}

/* The descriptor's number may have a new owner before the batch is through: what was fetched for w dies with it. */
static void forget_fetched(struct loop *loop, const struct watch *w)
{
	for (int i = loop->handled; i < loop->fetched; i++)
		if (loop->batch[i].data == w)
			loop->batch[i].data = NULL;
}

int loop_watch(struct loop *loop, struct watch *w, unsigned want)
{
	want &= POLL_READ | POLL_WRITE;
	if (want == w->want)
		return 0;
	int error = poller_want(loop->poller, w->fd, w->want, want, w);
	if (error)
		return error;
	w->want = (uint8_t)want;
	if (!want)
		forget_fetched(loop, w);
	return 0;
}

void loop_watch_stop(struct loop *loop, struct watch *w)
{
	if (!w->want)
		return;
	/* It fails only when the descriptor is closed already, and then the kernel has forgotten it too. */
	(void)poller_want(loop->poller, w->fd, w->want, 0, w);
	w->want = 0;
	forget_fetched(loop, w);
}

/* A timer that is set again to "now" by a due one must not keep the turn from ending. */
void loop_timer_set(struct loop *loop, struct timer *t, int64_t mono_ms)
{
	if (loop->phase == TIMERS && mono_ms <= loop->clock.mono_ms)
		mono_ms = loop->clock.mono_ms + 1;
	heap_set(&loop->timers, &t->node, mono_ms);
}

void loop_timer_stop(struct loop *loop, struct timer *t)
{
	heap_del(&loop->timers, &t->node);
}

void loop_hook_add(struct loop *loop, struct turn_hook *hook)
{
	TAILQ_INSERT_TAIL(&loop->hooks, hook, next);
	if (loop->phase == HOOKS)
		loop->again = true;
}

static struct turn_hook *hook_after(const struct loop *loop, struct turn_hook *hook)
{
	return hook == loop->hook_last ? NULL : TAILQ_NEXT(hook, next);
}

void loop_hook_remove(struct loop *loop, struct turn_hook *hook)
{
	if (hook == loop->hook_next)
		loop->hook_next = hook_after(loop, hook);
	if (hook == loop->hook_last)
		loop->hook_last = TAILQ_PREV(hook, hook_list, next);
	TAILQ_REMOVE(&loop->hooks, hook, next);
}

void loop_dispose(struct loop *loop, struct disposal *d)
{
	STAILQ_INSERT_TAIL(&loop->trash, d, next);
}

/*
 * Milliseconds until a deadline. The clock is asked anew: that of the turn is as old as its handlers took. As it is
 * rounded down the wait is rounded up, so no wait ends just before what it is for.
 */
static int64_t ms_until(int64_t mono_ms)
{
	int64_t now_ms = clock_mono_us() / 1000;
	return mono_ms > now_ms ? mono_ms - now_ms : 0;
}

static int64_t wait_ms(const struct loop *loop, int64_t max_wait_ms)
{
	if (loop->again || !STAILQ_EMPTY(&loop->trash))
		return 0;
	const struct heap_node *first = heap_min(&loop->timers);
	int64_t ms = first ? ms_until(first->key) : -1;
	if (max_wait_ms >= 0 && (ms < 0 || ms > max_wait_ms))
		ms = max_wait_ms;
	return ms;
}

static void run_ready(struct loop *loop, int fetched)
{
	loop->fetched = fetched;
	loop->handled = 0;
	while (loop->handled < loop->fetched) {
		const struct poll_event *ev = &loop->batch[loop->handled++];
		struct watch *w = ev->data;
		if (w && (ev->happened & w->want))
			w->ready(w, ev->happened & (w->want | POLL_HANGUP));
	}
	loop->fetched = loop->handled = 0;
}

static void run_due(struct loop *loop)
{
	struct heap_node *node;
	loop->phase = TIMERS;
	while ((node = heap_min(&loop->timers)) && node->key <= loop->clock.mono_ms) {
		struct timer *t = (struct timer *)((char *)node - offsetof(struct timer, node));
		heap_del(&loop->timers, node);
		t->due(t);
	}
	loop->phase = OTHER;
}

/* Hooks may add and remove hooks, themselves included. One that is added meanwhile begins with the next turn. */
static void run_hooks(struct loop *loop)
{
	struct turn_hook *hook = TAILQ_FIRST(&loop->hooks);
	loop->hook_last = TAILQ_LAST(&loop->hooks, hook_list);
	loop->phase = HOOKS;
	while (hook) {
		loop->hook_next = hook_after(loop, hook);
		hook->run(hook);
		hook = loop->hook_next;
	}
	loop->phase = OTHER;
	loop->hook_next = loop->hook_last = NULL;
}

int loop_turn(struct loop *loop, int64_t max_wait_ms)
{
	int n = poller_wait(loop->poller, loop->batch, BATCH, wait_ms(loop, max_wait_ms));
	if (n < 0)
		return n;
	loop->again = false;
	loop->turns++;
	clock_read(&loop->clock);
	run_ready(loop, n);
	run_due(loop);
	run_hooks(loop);
	empty_trash(loop);
	return 0;
}

int loop_run(struct loop *loop)
{
	int error = 0;
	while (!error && !loop->stopped)
		error = loop_turn(loop, -1);
	loop->stopped = false;
	return error;
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}
