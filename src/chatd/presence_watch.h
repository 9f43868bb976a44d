#pragma once

#include <stdint.h>

#include "loop/loop.h"
#include "network/network.h"
#include "network/record.h"

struct server;

/*
 * Takes those off the network who are here without a device for longer than the configuration lets them: one timer,
 * never set for later than the first of them.
 */
struct presence_watch {
	struct loop *loop;
	const struct network *net;
	const struct server *server;
	void (*submit)(void *ctx, struct record *r);
	void *ctx;
	struct timer timer;
	int64_t until; /* what the timer is set for, ms since 1970; 0: nothing */
};

/* Looks for the first; when the state is complete, and when the configuration is another one. */
void presence_watch_start(struct presence_watch *w);
void presence_watch_stop(struct presence_watch *w);
/* Somebody has lost the last device. */
void presence_watch_note(struct presence_watch *w);
