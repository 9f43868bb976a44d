#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "loop/loop.h"
#include "network/change.h"
#include "network/network.h"
#include "network/record.h"

/*
 * What bans need beside the state that they are: a record when the time of one is over, the log, and how often each met
 * somebody.
 */
struct ban_watch {
	struct loop *loop;
	struct network *net;
	void (*submit)(void *ctx, struct record *r);
	void *ctx;
	struct timer timer;
	int64_t until; /* what the timer is set for, ms since 1970; 0: nothing */
};

/* Looks for the first that ends; when the state is complete. */
void ban_watch_start(struct ban_watch *w);
void ban_watch_stop(struct ban_watch *w);

/* Each change, when it is told. */
void ban_watch_note(struct ban_watch *w, const struct change *c);

/* Somebody was turned away before there was a record of it; host: from where. */
void ban_watch_met(struct ban_watch *w, const struct ban *b, const char *host);

/* Whether nobody comes in from there, which counts as met: then why is a sentence for the peer. */
struct address;
bool ban_watch_refuses(struct ban_watch *w, const struct address *peer, char *why, size_t size);
