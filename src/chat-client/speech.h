#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "proto/line.h"

/*
 * What we say. One line goes out at once, in as many messages as it takes. Several lines go as one message where the
 * server takes such (IRCv3 draft/multiline); else one by one, and never more than a few before the server has answered
 * a PING behind them, so that no flood limit is hit.
 */
struct client;

enum { SPEECH_BURST = 4, SPEECH_TARGET_MAX = 256 };

struct speech {
	struct client *client;
	/* Text of ours has gone out. Several lines of one message have line feeds between them. */
	void (*said)(void *ctx, struct str target, struct str text);
	void *ctx;
	char target[SPEECH_TARGET_MAX]; /* of what waits */
	char *waiting;                  /* whole lines; NULL: nothing waits */
	size_t nwaiting;
	unsigned pings, batches;
};

void speech_say(struct speech *s, struct str target, struct str text);

/* text: lines with '\n' between them. What waited already is followed by it if it goes to the same target. */
void speech_say_lines(struct speech *s, struct str target, struct str text);

/* True when the line was the answer to a PING of ours. */
bool speech_line(struct speech *s, const struct line *line);

/* The connection is over. Returns how many lines were not said. */
size_t speech_end(struct speech *s);
