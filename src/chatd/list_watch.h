#pragma once

#include <stdint.h>

#include "loop/loop.h"
#include "network/change.h"
#include "network/network.h"
#include "network/record.h"

/* Takes entries of the channels' lists away when their time is over: one timer, set for the first that ends. */
struct list_watch {
	struct loop *loop;
	const struct network *net;
	void (*submit)(void *ctx, struct record *r);
	void *ctx;
	struct timer timer;
	int64_t until; /* what the timer is set for, ms since 1970; 0: nothing */
};

/* Looks for the first that ends; when the state is complete. */
void list_watch_start(struct list_watch *w);
void list_watch_stop(struct list_watch *w);
/* Each change, when it is told. */
void list_watch_note(struct list_watch *w, const struct change *c);
