#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "loop/loop.h"
#include "proto/line.h"

struct client;

/*
 * Lines from a pipe or file on their way to one channel. No more than a few of them are ever unacknowledged, so that no
 * server's flood limit is hit and nothing is lost unnoticed: with labels each line is answered by itself; without, an
 * echo of a line or the answer to a PING after it stands for all before it.
 * Empty lines are not sent, for IRC knows no empty message.
 */
enum {
	FEED_WINDOW = 12,          /* unacknowledged lines: below what servers queue for a client */
	FEED_PING_EVERY = 6,       /* lines, where the server knows no labels */
	FEED_PATIENCE_MS = 120000, /* without any acknowledgement */
	FEED_BUFFER = 8192,        /* more than the longest piece of a line */
};

struct feed_handlers {
	/* A line of ours goes out. */
	void (*said)(void *ctx, struct str target, struct str text);
	/* All was sent and acknowledged (code 0), or it ended before that: a sysexits code and static text. Once. */
	void (*done)(void *ctx, int code, const char *why);
};

struct feed {
	struct watch watch;
	struct timer patience;
	struct loop *loop;
	struct client *client;
	const struct feed_handlers *handlers;
	void *ctx;
	const char *target;
	bool file; /* what the poller does not take: always ready */
	bool eof;
	bool open; /* we are in the channel */
	bool done;
	uint64_t sent, acked, echoed, pinged; /* lines */
	char buffer[FEED_BUFFER];
	size_t n;
};

/* handlers and ctx are set already. target: where the lines go; outlives the feed. */
void feed_init(struct feed *f, struct loop *loop, struct client *client, const char *target);
/* The channel is asked for. Nothing is read before we are in it. */
void feed_start(struct feed *f);
void feed_deinit(struct feed *f);

/* Every message from the server. */
void feed_line(struct feed *f, const struct line *line);
