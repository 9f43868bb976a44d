#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/heap.h"

/*
 * The event loop. One turn: wait -> handlers of all that is ready -> due timers -> end-of-turn hooks (journal batch,
 * then one flush of each connection that got bytes) -> what was given to loop_dispose is freed. So a deadline costs
 * one wake-up, what a timer writes is flushed in its turn, and input that came in time is seen before its deadline.
 * A turn after one with disposals does not wait, for the hooks have not seen what those did.
 * Nothing is freed while handlers run: an object leaves with loop_watch_stop/loop_timer_stop and loop_dispose, and no
 * event that was already fetched for it, or for a new owner of its descriptor number, reaches a wrong handler.
 * Not thread-safe; only worker.h crosses threads.
 */
struct loop;

/* A descriptor that is watched, embedded in its owner. */
struct watch {
	void (*ready)(struct watch *w, unsigned happened); /* POLL_* */
	int fd;
	uint8_t want; /* POLL_READ | POLL_WRITE */
};

/* A deadline, embedded in its owner. Fires once; may be set again from its handler. */
struct timer {
	struct heap_node node;
	void (*due)(struct timer *t);
};

/* Called at the end of every turn, in order of registration; may add and remove hooks (a new one begins next turn). */
struct turn_hook {
	void (*run)(struct turn_hook *hook);
	TAILQ_ENTRY(turn_hook) next;
};

/* Something to free when no handler runs. */
struct disposal {
	void (*dispose)(struct disposal *d);
	STAILQ_ENTRY(disposal) next;
};

int loop_new(struct loop **out); /* 0 or -errno */
void loop_free(struct loop *loop);

/* The time of this turn. */
const struct clock *loop_clock(const struct loop *loop);

/* How many turns there were. */
uint64_t loop_turns(const struct loop *loop);

/*
 * Starts to watch, or changes what is wanted (0 keeps the watch but asks for nothing). 0 or -errno, and then nothing
 * has changed; -EPERM is epoll's word for a regular file, which is always ready. A handler is only called with at
 * least one of what is wanted at that moment.
 */
int loop_watch(struct loop *loop, struct watch *w, unsigned want);
/* Stops watching; before close(w->fd). No-op when not watched. */
void loop_watch_stop(struct loop *loop, struct watch *w);

/* A time that has passed is due in this turn; set so by a due timer, a millisecond later. */
void loop_timer_set(struct loop *loop, struct timer *t, int64_t mono_ms);
void loop_timer_stop(struct loop *loop, struct timer *t); /* no-op when not set */
static inline bool loop_timer_is_set(const struct timer *t)
{
	return t->node.at != 0;
}

void loop_hook_add(struct loop *loop, struct turn_hook *hook);
void loop_hook_remove(struct loop *loop, struct turn_hook *hook);

/* Calls d->dispose after this turn's hooks. A disposal may dispose of others; they are called too. */
void loop_dispose(struct loop *loop, struct disposal *d);

/* Runs until loop_stop. 0 or -errno. loop_turn does one turn, waiting max_wait_ms at most (-1: till the next deadline).
 */
int loop_run(struct loop *loop);
int loop_turn(struct loop *loop, int64_t max_wait_ms);
void loop_stop(struct loop *loop);
